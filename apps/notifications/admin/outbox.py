"""The outbox: what went out, what did not and why, send again or let be, one or many."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from apps.core import clock, display
from apps.core.actor import Actor
from apps.core.admin import ReadOnlyAdmin, carry_out
from apps.notifications.models import Notification
from apps.notifications.queries import MAY_MEND
from apps.notifications.rules import Status

from .mending import DONE, VERBS, mend_many

TONES = {
    "PENDING": "info",
    "SENDING": "info",
    "SENT": "good",
    "RETRY": "warn",
    "FAILED": "bad",
    "DISMISSED": "neutral",
    "RECORDED": "neutral",
    "HELD": "info",
    "GATHERED": "neutral",
}


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    """Every message of every channel, newest first."""

    list_display = (
        *("what", "by_channel", "recipient_shown"),
        *("state", "why", "attempts", "created"),
    )
    list_display_links = ("what",)
    list_filter = (
        ("status", ChoicesDropdownFilter),
        ("channel", ChoicesDropdownFilter),
        ("failure_type", ChoicesDropdownFilter),
        ("severity", ChoicesDropdownFilter),
        "kind",
    )
    search_fields = ("subject", "address", "dedupe_key", "topic", "provider_id")
    list_select_related = ("recipient",)
    actions = ("resend_failed", "dismiss_failed")
    change_form_template = "admin/notifications/notification.html"

    # -- List ----------------------------------------------------------------------------------

    @admin.display(description="message", ordering="subject")
    def what(self, row: Notification) -> SafeString:
        return format_html("<bdi>{}</bdi>", row.subject)

    @admin.display(description="channel", ordering="channel")
    def by_channel(self, row: Notification) -> str:
        return row.get_channel_display()

    @admin.display(description="to", ordering="address")
    def recipient_shown(self, row: Notification) -> str | SafeString:
        if row.channel == "IN_APP" and row.recipient is not None:
            return str(row.recipient.get_username())
        return row.address or display.unknown(row.error)

    @admin.display(description="status", ordering="status")
    def state(self, row: Notification) -> SafeString:
        return display.status_pill(row.get_status_display(), TONES[row.status])

    @admin.display(description="why not")
    def why(self, row: Notification) -> str:
        if not row.failure_type:
            return ""
        return f"{row.get_failure_type_display()}: {row.error}"[:140]

    @admin.display(description="created", ordering="created_at")
    def created(self, row: Notification) -> SafeString:
        return display.when(row.created_at)

    # -- Many at once --------------------------------------------------------------------------

    def has_mend_permission(self, request: HttpRequest) -> bool:
        """Who may send again or dismiss; Django asks by this name."""
        user: Any = request.user
        return bool(user.has_perm(MAY_MEND))

    @admin.action(description="Send again what did not arrive", permissions=["mend"])
    def resend_failed(self, request: HttpRequest, rows: QuerySet[Notification]) -> HttpResponse:
        """Show what will be sent again; then, by POST, do it."""
        return mend_many(self, request, rows, verb="resend")

    @admin.action(description="Dismiss what did not arrive", permissions=["mend"])
    def dismiss_failed(self, request: HttpRequest, rows: QuerySet[Notification]) -> HttpResponse:
        """Show what will be let be; then, by POST, do it."""
        return mend_many(self, request, rows, verb="dismiss")

    # -- One -----------------------------------------------------------------------------------

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
        if verb not in VERBS:
            raise Http404

        def act() -> str:
            VERBS[verb](
                notification_id=notification_id, actor=Actor.of_request(request), at=clock.now()
            )
            return f"Message {notification_id} {DONE[verb]}."

        return carry_out(
            request,
            permission=MAY_MEND,
            back_to=("admin:notifications_notification_change", notification_id),
            act=act,
        )

    def beside(self, request: HttpRequest, row: Notification) -> dict[str, Any]:
        """One message as it was worded, and what became of it."""
        return {
            "row": row,
            "tone": TONES[row.status],
            "to": self.recipient_shown(row),
            "may_act": self.has_mend_permission(request),
            "can_resend": bool(row.address) and row.status in {Status.FAILED, Status.DISMISSED},
            "can_dismiss": row.status == Status.FAILED,
            "same_topic": _about_the_same(row),
        }


def _about_the_same(row: Notification) -> list[Notification]:
    """The newest other messages of its topic: how the same thing was told elsewhere."""
    if not row.topic:
        return []
    others = Notification.objects.filter(topic=row.topic).exclude(pk=row.pk)
    return list(others.select_related("recipient")[:10])
