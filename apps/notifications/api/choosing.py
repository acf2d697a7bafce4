"""What a person chooses to be told, over REST."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.approvals.api.schema import errors
from apps.core import clock
from apps.core.actor import Actor
from apps.core.api import HasPerm
from apps.notifications import operations, queries
from apps.notifications.rules import EmailChoice, TopicGroup

from .serializers import PreferencesSerializer

_RISK = {"topicGroup": "RISK", "email": "DIGEST", "inApp": True}
_EXAMPLE = {"preferences": [{**_RISK, "title": "Risk: alerts, levels, incidents, liquidity"}]}


class PreferencesView(APIView):
    """How the signed-in person hears of each group of messages."""

    permission_classes = [HasPerm("notifications.view_notification")]

    @extend_schema(
        tags=["notifications"],
        summary="Read how you are told",
        description="Every group of messages. Critical ones always come, by email and in-app.",
        responses={200: PreferencesSerializer, **errors({403: "FORBIDDEN"})},
        examples=[OpenApiExample("risk once a day", value=_EXAMPLE, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        """Every group."""
        return Response(_answer(request))

    @extend_schema(
        tags=["notifications"],
        summary="Choose how you are told",
        description="Groups that are not named stay as they are.",
        request=PreferencesSerializer,
        responses={
            200: PreferencesSerializer,
            **errors({400: "VALIDATION_ERROR, by field", 403: "FORBIDDEN"}),
        },
        examples=[
            OpenApiExample("risk once a day", value={"preferences": [_RISK]}, request_only=True)
        ],
    )
    def put(self, request: Request) -> Response:
        """The groups that are named."""
        asked = PreferencesSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        user: Any = request.user
        for item in asked.validated_data["preferences"]:
            operations.set_preference(
                user_id=user.pk,
                topic_group=TopicGroup(item["topic_group"]),
                email=EmailChoice(item["email"]),
                in_app=item["in_app"],
                actor=Actor.of_request(request),
                at=clock.now(),
            )
        return Response(_answer(request))


def _answer(request: Request) -> dict[str, Any]:
    user: Any = request.user
    return {
        "preferences": [
            {
                "topic_group": one.topic_group.value,
                "title": one.title,
                "email": one.email.value,
                "in_app": one.in_app,
            }
            for one in queries.preferences(user.pk)
        ]
    }
