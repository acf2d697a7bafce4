"""Messages: list, send again, let be."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core import clock
from apps.core.actor import Actor
from apps.core.api import HasPerm
from apps.core.errors import Invalid
from apps.notifications import operations
from apps.notifications.models import Notification
from apps.notifications.rules import Status

from .serializers import NotificationSerializer

_REFUSED = {
    401: OpenApiResponse(description="AUTH_REQUIRED, AUTH_INVALID or AUTH_EXPIRED"),
    403: OpenApiResponse(description="FORBIDDEN"),
}
_ACTED = {
    200: NotificationSerializer,
    404: OpenApiResponse(description="NOT_FOUND"),
    409: OpenApiResponse(description="CONFLICT: it has not failed"),
    **_REFUSED,
}


class NotificationsView(generics.ListAPIView[Notification]):
    """The outbox."""

    permission_classes = [HasPerm("notifications.view_notification")]
    serializer_class = NotificationSerializer
    queryset = Notification.objects.order_by("-id")

    def get_queryset(self) -> Any:
        """All, or those of one status."""
        wanted = self.request.query_params.get("status")
        if wanted is None:
            return super().get_queryset()
        if wanted not in set(Status):
            raise Invalid("There is no such status.", status=[f"One of {', '.join(Status)}."])
        return super().get_queryset().filter(status=wanted)

    @extend_schema(
        tags=["notifications"],
        summary="List messages",
        parameters=[OpenApiParameter("status", str, enum=[str(item) for item in Status])],
        responses={200: NotificationSerializer(many=True), **_REFUSED},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Messages, newest first."""
        return super().get(request, *args, **kwargs)


class ResendView(APIView):
    """Send again."""

    permission_classes = [HasPerm("notifications.resend_notification")]

    @extend_schema(
        tags=["notifications"],
        summary="Send a failed message again",
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
        tags=["notifications"], summary="Dismiss a failed message", request=None, responses=_ACTED
    )
    def post(self, request: Request, notification_id: int) -> Response:
        """Off the list of what needs attention."""
        row = operations.dismiss(
            notification_id=notification_id, actor=Actor.of_request(request), at=clock.now()
        )
        return Response(NotificationSerializer(row).data)
