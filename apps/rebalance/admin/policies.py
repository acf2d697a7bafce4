"""The parameters of rebalancing: in force, earlier ones, and asking another person for others."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from apps.core import clock, display
from apps.core.actor import Actor
from apps.core.admin import ReadOnlyAdmin, carry_out
from apps.rebalance import operations, queries
from apps.rebalance.models import Policy
from apps.rebalance.rules import frozen

from .parameters import form_fields, parameters_of, shown

PROPOSE = "rebalance.propose_policy"


@admin.register(Policy)
class PolicyAdmin(ReadOnlyAdmin):
    """Every version, the one in force first."""

    list_display = ("state", "since", "changed")
    ordering = ("-version",)
    fields = ("state", "since", "changed")
    readonly_fields = fields
    change_form_outer_before_template = "admin/rebalance/policy_before.html"

    def get_urls(self) -> list[URLPattern]:
        door = self.admin_site.admin_view(require_POST(self.propose_view))
        return [
            path("<int:pk>/propose/", door, name="rebalance_policy_propose"),
            *super().get_urls(),
        ]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        row = self.get_object(request, object_id) if object_id else None
        values = frozen.parameters_from_json(row.values) if row else None
        context = {
            "title": f"Policy v{row.version}" if row else "Policy",
            "groups": shown(values) if values else [],
            "fields_by_group": form_fields(values) if values else [],
            "why_not_propose": _why_not(request, row),
            **(extra_context or {}),
        }
        return super().changeform_view(request, object_id, form_url, context)

    def propose_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask another person for other parameters."""

        def act() -> str:
            _version, now = queries.policy()
            ticket = operations.propose_policy(
                parameters=parameters_of(request.POST, now),
                reason=request.POST.get("reason", ""),
                actor=Actor.of_request(request),
                at=clock.now(),
            )
            return f"Ticket #{ticket} asks for it. Until it is approved nothing changes."

        return carry_out(
            request, permission=PROPOSE, back_to=("admin:rebalance_policy_change", pk), act=act
        )

    @admin.display(description="Version", ordering="version")
    def state(self, row: Policy) -> SafeString:
        pill = display.status_pill(f"v{row.version}", "good" if row.active else "neutral")
        return format_html("{} {}", pill, "in force" if row.active else "")

    @admin.display(description="Since", ordering="created_at")
    def since(self, row: Policy) -> SafeString:
        return display.when(row.created_at)

    @admin.display(description="Approved by")
    def changed(self, row: Policy) -> SafeString:
        if row.ticket_id is None:
            return display.unknown("As the installation had it")
        url = reverse("admin:approvals_ticket_change", args=[row.ticket_id])
        return format_html('<a class="link" href="{}">Ticket #{}</a>', url, row.ticket_id)


def _why_not(request: HttpRequest, row: Policy | None) -> str:
    if row is None or not row.active:
        return "Only the version in force can be changed."
    if not request.user.has_perm(PROPOSE):
        return "Your role does not propose parameters."
    return ""
