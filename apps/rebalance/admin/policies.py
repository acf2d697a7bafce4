"""The parameters of rebalancing: in force, earlier ones, and asking another person for others."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from apps.core import clock, display
from apps.core.actor import Actor
from apps.core.admin import ReadOnlyAdmin, carry_out
from apps.core.errors import Refused
from apps.rebalance import operations, queries
from apps.rebalance.models import Policy
from apps.rebalance.rules import frozen
from apps.rebalance.rules.bounds import BadParameters

from .parameters import form_fields, labelled, parameters_of, shown

PROPOSE = "rebalance.propose_policy"


class OldVersion(Refused):
    """The form was of parameters that are no longer in force."""


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

    def beside(self, request: HttpRequest, row: Policy) -> dict[str, Any]:
        values = frozen.parameters_from_json(row.values)
        return {
            "title": f"Policy v{row.version}",
            "groups": shown(values),
            "fields_by_group": form_fields(values),
            "why_not_propose": _why_not(request, row),
        }

    def propose_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask another person for other parameters."""

        def act() -> str:
            version, now = queries.policy()
            if not Policy.objects.filter(pk=pk, version=version).exists():
                raise OldVersion(f"Version {version} is in force now; look at it first.")
            try:
                ticket = operations.propose_policy(
                    parameters=parameters_of(request.POST, now),
                    reason=request.POST.get("reason", ""),
                    actor=Actor.of_request(request),
                    at=clock.now(),
                )
            except BadParameters as refused:
                raise BadParameters(labelled(refused.message)) from refused
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
        return display.ticket(row.ticket_id, reason="As the installation had it")


def _why_not(request: HttpRequest, row: Policy) -> str:
    if not row.active:
        return "Only the version in force can be changed."
    if not request.user.has_perm(PROPOSE):
        return "Your role does not propose parameters."
    return ""
