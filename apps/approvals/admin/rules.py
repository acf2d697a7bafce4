"""The rules: who decides what. One person asks for a change, another approves it by a ticket."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from apps.accounts import queries as accounts
from apps.accounts.rules.roles import STAFF_ROLES, grants
from apps.approvals import operations
from apps.approvals.models import Rule
from apps.approvals.rules import MAY_APPROVE
from apps.core import clock, display
from apps.core.actor import Actor
from apps.core.admin import ReadOnlyAdmin, carry_out
from apps.core.units import format_bps, to_decimal

from .parsing import condition_field, rule_terms

_SHARES_OF = {"share_of_l1_bps": "L1", "share_of_l1_l2_bps": "L1 + L2"}
_SIGNS = {">": "more than", ">=": "at least"}


@admin.register(Rule)
class RuleAdmin(ReadOnlyAdmin):
    """Who decides what, how many of them, how fast; and who holds the role now."""

    list_display = ("kind", "state", "description", "who", "quorum", "limits", "people")
    list_filter = ("active", "role")
    search_fields = ("kind", "description")
    ordering = ("kind", "-version")
    change_form_outer_before_template = "admin/approvals/rule_before.html"
    fields = (
        "kind",
        "state",
        "active",
        "description",
        "who",
        "people",
        "quorum",
        "limits",
        "auto_reject",
        "maker_may_cancel",
        "reasons",
        "by_itself",
        "changed",
    )
    readonly_fields = (
        *("state", "who", "people", "quorum", "limits", "reasons", "by_itself", "changed"),
    )

    def get_urls(self) -> list[URLPattern]:
        door = self.admin_site.admin_view(require_POST(self.propose_view))
        return [
            path("<int:pk>/propose/", door, name="approvals_rule_propose"),
            *super().get_urls(),
        ]

    def beside(self, request: HttpRequest, row: Rule) -> dict[str, Any]:
        return {
            "deciding_roles": sorted(
                role for role in STAFF_ROLES if grants(role, "approvals.decide_ticket")
            ),
            "thresholds": [_shown(threshold) for threshold in row.thresholds],
            "conditions": _offered(row),
        }

    def propose_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask another person for other terms of a rule."""

        def act() -> str:
            row = get_object_or_404(Rule, pk=pk)
            ticket = operations.propose_rule(
                kind=row.kind,
                new=rule_terms(row.kind, request.POST, row.terms),
                reason=request.POST.get("reason", ""),
                chain_id=accounts.signing_chain_id(),
                actor=Actor.of_request(request),
                at=clock.now(),
            )
            return f"Ticket #{ticket} asks for it. The rule stays as it is until it is approved."

        return carry_out(
            request,
            permission="approvals.propose_rule",
            back_to=("admin:approvals_rule_change", pk),
            act=act,
        )

    @admin.display(description="Version", ordering="version")
    def state(self, rule: Rule) -> SafeString:
        return display.status_pill(f"v{rule.version}", "good" if rule.active else "neutral")

    @admin.display(description="Decides", ordering="role")
    def who(self, rule: Rule) -> str:
        return f"{rule.role}, then {rule.escalation_role}"

    @admin.display(description="Approvals")
    def quorum(self, rule: Rule) -> str:
        if rule.eligible_min:
            return f"{rule.required_approvals} of at least {rule.eligible_min}"
        return str(rule.required_approvals)

    @admin.display(description="Warn / escalate / deadline")
    def limits(self, rule: Rule) -> str:
        seconds = (
            rule.warn_after_seconds,
            rule.escalate_after_seconds,
            rule.deadline_after_seconds,
        )
        return " / ".join(display.duration_text(value) for value in seconds)

    @admin.display(description="Approvers now")
    def people(self, rule: Rule) -> SafeString | str:
        names = [user.display_name for user in accounts.users_with_role(rule.role)]
        return ", ".join(names) if names else display.unknown("Nobody holds the role")

    @admin.display(description="Thresholds")
    def reasons(self, rule: Rule) -> SafeString | str:
        conditions = [_condition(threshold) for threshold in rule.thresholds]
        return " or ".join(conditions) if conditions else display.unknown("Whatever its size")

    @admin.display(description="Approves by itself")
    def by_itself(self, rule: Rule) -> SafeString | str:
        conditions = [
            f"{name} is {' or '.join(allowed)}" for name, allowed in rule.auto_approve.items()
        ]
        return "when " + ", and ".join(conditions) if conditions else display.unknown("Never")

    @admin.display(description="Last changed by")
    def changed(self, rule: Rule) -> SafeString:
        return display.ticket(rule.ticket_id, reason="As the installation had it")


def _offered(row: Rule) -> list[dict[str, Any]]:
    """For which facts people may let the rule approve by itself, as the form shows them."""
    return [
        {
            "fact": fact,
            "values": [
                {
                    "field": condition_field(fact, value),
                    "value": value,
                    "on": value in row.auto_approve.get(fact, ()),
                }
                for value in values
            ],
        }
        for fact, values in MAY_APPROVE.get(row.kind, {}).items()
    ]


def _shown(threshold: Mapping[str, str]) -> dict[str, Any]:
    """A threshold as the form has it: what it limits, its unit and value."""
    whole = _SHARES_OF.get(threshold["figure"])
    sign = _SIGNS[threshold["operator"]]
    return {
        "label": f"Amount, {sign}" if whole is None else f"Share of {whole}, {sign}",
        "unit": "USDT" if whole is None else "%",
        "value": to_decimal(int(threshold["value"]), 18 if whole is None else 2),
    }


def _condition(threshold: Mapping[str, str]) -> str:
    """``more than 30,000.00 USDT``, ``at least 5.00 % of L1 + L2``."""
    figure, value = threshold["figure"], int(threshold["value"])
    whole = _SHARES_OF.get(figure)
    limit = f"{format_bps(value)} of {whole}" if whole else f"{display.amount_text(value)} USDT"
    return f"{_SIGNS[threshold['operator']]} {limit}"
