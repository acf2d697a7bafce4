"""The door for mail providers: a mail that had left did not arrive.

A provider has no account here; it shows the secret that the environment and its own settings share.
Whether there was such a mail the answer does not say.
"""

from typing import Any

from django.conf import settings
from django.utils.crypto import constant_time_compare
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView

from apps.approvals.api.schema import errors
from apps.core import clock
from apps.core.errors import Refused
from apps.notifications import operations
from apps.notifications.rules import FailureType

from .serializers import BounceSerializer, BounceTaken

HEADER = "X-Paimon-Bounce-Secret"


class WrongSecret(Refused):
    """The header does not carry the secret, or none is configured."""

    code = "AUTH_INVALID"


class BouncesView(APIView):
    """Told by a mail provider, at a rate of its own."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]
    throttle_classes = [ScopedRateThrottle]
    throttle_scope = "bounces"

    @extend_schema(
        tags=["notifications"],
        summary="Tell that a mail did not arrive",
        description="For mail providers. The answer is the same whether there is such a mail.",
        parameters=[
            OpenApiParameter(
                HEADER,
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                required=True,
                description="The secret shared with the provider.",
            )
        ],
        request=BounceSerializer,
        responses={
            202: BounceTaken,
            **errors({400: "VALIDATION_ERROR, by field", 401: "AUTH_INVALID: the secret is wrong"}),
        },
        examples=[
            OpenApiExample(
                "a mailbox that is not there",
                value={
                    "messageId": "<4711.0.9f2c@paimon.example>",
                    "type": "INVALID_RECIPIENT",
                    "detail": "550 5.1.1 no such user",
                },
                request_only=True,
            )
        ],
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Write down what became of the mail."""
        shown, expected = request.headers.get(HEADER, ""), settings.MAIL_BOUNCE_SECRET
        if not expected or not constant_time_compare(shown, expected):
            raise WrongSecret("The secret is wrong.")
        told = BounceSerializer(data=request.data)
        told.is_valid(raise_exception=True)
        _record(told.validated_data)
        return Response({"accepted": True}, status=status.HTTP_202_ACCEPTED)


def _record(told: dict[str, Any]) -> None:
    try:
        operations.record_bounce(
            provider_id=told["message_id"],
            failure_type=FailureType(told["type"]),
            detail=told["detail"],
            at=clock.now(),
        )
    except operations.NoSuchNotification:
        return  # whoever guesses numbers learns nothing
