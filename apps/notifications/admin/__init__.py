"""Messages in the admin: what went out, what did not and why, send again or let be."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from apps.core import clock, display
from apps.core.actor import Actor
from apps.core.admin import ReadOnlyAdmin, carry_out
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
            wrap(require_POST(self.act_view)),
            name="notifications_notification_act",
        )
        return [own, *super().get_urls()]

    def act_view(self, request: HttpRequest, notification_id: int, verb: str) -> HttpResponse:
        """Resend or dismiss one failed message."""
        if verb not in _VERBS:
            raise Http404

        def act() -> str:
            _VERBS[verb](
                notification_id=notification_id, actor=Actor.of_request(request), at=clock.now()
            )
            done = "will be sent again" if verb == "resend" else "was dismissed"
            return f"Message {notification_id} {done}."

        return carry_out(
            request,
            permission="notifications.resend_notification",
            back_to=("admin:notifications_notification_change", notification_id),
            act=act,
        )

    def beside(self, request: HttpRequest, row: Notification) -> dict[str, Any]:
        """One message as it was worded, and what became of it."""
        user: Any = request.user
        return {
            "row": row,
            "tone": TONES[row.status],
            "may_act": user.has_perm("notifications.resend_notification"),
            "can_resend": bool(row.address) and row.status in {Status.FAILED, Status.DISMISSED},
            "can_dismiss": row.status == Status.FAILED,
        }
