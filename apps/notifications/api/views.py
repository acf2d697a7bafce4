"""Messages: list, send again, let be, mark read."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.approvals.api.schema import errors
from apps.core import clock
from apps.core.actor import Actor
from apps.core.api import HasPerm
from apps.notifications import operations
from apps.notifications.models import IN_APP_SHOWN, Notification
from apps.notifications.rules import Channel, Severity, Status

from .serializers import FilterSerializer, NotificationSerializer

MESSAGE = {
    "id": 4711,
    "kind": "RISK_OPENED",
    "channel": "SLACK",
    "recipient": "slack:critical",
    "severity": "CRITICAL",
    "subject": "L1 is 7.40 % of gross assets, below 8 %.",
    "text": "CRITICAL: L1 is 7.40 % of gross assets, below 8 %. …",
    "link": "https://paimon.example/admin/risk/riskevent/12/change/",
    "topic": "risk:INDICATOR:l1_ratio",
    "status": "FAILED",
    "failureType": "TIMEOUT",
    "lastError": "Slack does not answer.",
    "retryCount": 3,
    "providerId": "",
    "nextAttemptAt": None,
    "createdAt": "2026-03-02T12:00:00.000Z",
    "sentAt": None,
    "readAt": None,
}
_FILTERS = ("status", "channel", "severity", "kind", "unread")
_ACTED = {
    200: NotificationSerializer,
    **errors(
        {403: "FORBIDDEN", 404: "NOT_FOUND", 409: "CONFLICT: it has not failed, or cannot be sent"}
    ),
}
_PARAMETERS = [
    OpenApiParameter("status", OpenApiTypes.STR, enum=[item.value for item in Status]),
    OpenApiParameter("channel", OpenApiTypes.STR, enum=[item.value for item in Channel]),
    OpenApiParameter("severity", OpenApiTypes.STR, enum=[item.value for item in Severity]),
    OpenApiParameter("kind", OpenApiTypes.STR, description="Such as RISK_OPENED."),
    OpenApiParameter(
        "unread",
        OpenApiTypes.BOOL,
        description="Messages to yourself in the back-office: not read yet, or read.",
    ),
]


class NotificationsView(generics.ListAPIView[Notification]):
    """The outbox."""

    permission_classes = [HasPerm("notifications.view_notification")]
    serializer_class = NotificationSerializer
    queryset = Notification.objects.order_by("-id")

    def get_queryset(self) -> Any:
        """All, or those that the query string asks for."""
        params = self.request.query_params
        asked = FilterSerializer(data={name: params[name] for name in _FILTERS if name in params})
        asked.is_valid(raise_exception=True)
        wanted = dict(asked.validated_data)
        unread = wanted.pop("unread")
        rows = super().get_queryset().filter(**wanted)
        if unread is None:
            return rows
        own = rows.filter(IN_APP_SHOWN, recipient_id=self.request.user.pk)
        return own.filter(read_at__isnull=unread)

    @extend_schema(
        tags=["notifications"],
        summary="List messages",
        description="Every message of every channel, newest first, with what became of it.",
        parameters=_PARAMETERS,
        responses={
            200: NotificationSerializer(many=True),
            **errors({400: "VALIDATION_ERROR, by field", 403: "FORBIDDEN"}),
        },
        examples=[OpenApiExample("one that failed", value=MESSAGE, response_only=True)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A page of messages, newest first."""
        return super().get(request, *args, **kwargs)


class ResendView(APIView):
    """Send again."""

    permission_classes = [HasPerm("notifications.resend_notification")]

    @extend_schema(
        tags=["notifications"],
        summary="Send a failed message again",
        description="From the first attempt. One that had arrived after all arrives twice.",
        request=None,
        responses=_ACTED,
    )
    def post(self, request: Request, notification_id: int) -> Response:
        """From the first attempt, as another message."""
        row = operations.resend(
            notification_id=notification_id, actor=Actor.of_request(request), at=clock.now()
        )
        return Response(NotificationSerializer(row).data)


class DismissView(APIView):
    """Let be."""

    permission_classes = [HasPerm("notifications.resend_notification")]

    @extend_schema(
        tags=["notifications"],
        summary="Dismiss a failed message",
        description="It leaves the list of what needs attention and stays in the outbox.",
        request=None,
        responses=_ACTED,
    )
    def post(self, request: Request, notification_id: int) -> Response:
        """Off the list of what needs attention."""
        row = operations.dismiss(
            notification_id=notification_id, actor=Actor.of_request(request), at=clock.now()
        )
        return Response(NotificationSerializer(row).data)


class ReadView(APIView):
    """Seen."""

    permission_classes = [HasPerm("notifications.view_notification")]

    @extend_schema(
        tags=["notifications"],
        summary="Mark a message to yourself as read",
        request=None,
        responses={
            200: NotificationSerializer,
            **errors({403: "FORBIDDEN", 404: "NOT_FOUND: you have no such message"}),
        },
    )
    def post(self, request: Request, notification_id: int) -> Response:
        """A message shown in the back-office; read twice it stays as it was."""
        user: Any = request.user
        operations.mark_read(user_id=user.pk, notification_ids=[notification_id], at=clock.now())
        mine = Notification.objects.filter(IN_APP_SHOWN, recipient_id=user.pk)
        row = generics.get_object_or_404(mine, pk=notification_id)
        return Response(NotificationSerializer(row).data)
