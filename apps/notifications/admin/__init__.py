"""Messages in the admin: what went out, what did not and why, send again or let be."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from apps.core import clock, display
from apps.core.actor import Actor
from apps.core.admin import ReadOnlyAdmin
from apps.core.errors import Refused
from apps.notifications import operations
from apps.notifications.models import Notification
from apps.notifications.rules import Status

TONES = {
    "PENDING": "info",
    "SENDING": "info",
    "SENT": "good",
    "RETRY": "warn",
    "FAILED": "bad",
    "DISMISSED": "neutral",
    "RECORDED": "neutral",
}
_VERBS = {"resend": operations.resend, "dismiss": operations.dismiss}


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    """The outbox, newest first."""

    list_display = ("subject", "recipient_shown", "state", "why", "attempts", "created")
    list_filter = ("status", "failure_type", "severity", "kind")
    search_fields = ("subject", "address", "dedupe_key")
    list_select_related = ("recipient",)
    change_form_template = "admin/notifications/notification.html"

    @admin.display(description="to", ordering="address")
    def recipient_shown(self, row: Notification) -> str | SafeString:
        return row.address or display.unknown(row.error)

    @admin.display(description="status", ordering="status")
    def state(self, row: Notification) -> SafeString:
        return display.status_pill(row.status, TONES[row.status])

    @admin.display(description="why not")
    def why(self, row: Notification) -> str:
        if not row.failure_type:
            return ""
        return f"{row.get_failure_type_display()}: {row.error}"[:140]

    @admin.display(description="created", ordering="created_at")
    def created(self, row: Notification) -> SafeString:
        return display.when(row.created_at)

    def get_urls(self) -> list[URLPattern]:
        """Send again, let be."""
        wrap = self.admin_site.admin_view
        own = path(
            "<int:notification_id>/<str:verb>/now/",
            wrap(self.act_view),
            name="notifications_notification_act",
        )
        return [own, *super().get_urls()]

    def act_view(self, request: HttpRequest, notification_id: int, verb: str) -> HttpResponse:
        """Resend or dismiss one failed message."""
        user: Any = request.user
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if verb not in _VERBS or not user.has_perm("notifications.resend_notification"):
            raise PermissionDenied
        try:
            _VERBS[verb](
                notification_id=notification_id, actor=Actor.of_request(request), at=clock.now()
            )
        except Refused as refusal:
            messages.error(request, refusal.message)
        else:
            done = "will be sent again" if verb == "resend" else "was dismissed"
            messages.success(request, f"Message {notification_id} {done}.")
        page = reverse("admin:notifications_notification_change", args=[notification_id])
        return HttpResponseRedirect(page)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One message as it was worded, and what became of it."""
        row = self.get_object(request, object_id)
        user: Any = request.user
        extra = {
            "row": row,
            "tone": TONES[row.status] if row else "",
            "may_act": user.has_perm("notifications.resend_notification"),
            "can_resend": bool(
                row and row.address and row.status in {Status.FAILED, Status.DISMISSED}
            ),
            "can_dismiss": bool(row and row.status == Status.FAILED),
            **(extra_context or {}),
        }
        response: HttpResponse = super().change_view(request, object_id, form_url, extra)
        return response
