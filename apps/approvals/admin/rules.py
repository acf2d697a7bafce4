"""The rules, to read: a change of a rule is a ticket of its own."""

from collections.abc import Mapping

from django.contrib import admin
from django.utils.safestring import SafeString

from apps.accounts import queries as accounts
from apps.approvals.models import Rule
from apps.core import display
from apps.core.admin import ReadOnlyAdmin
from apps.core.units import format_bps

_SHARES_OF = {"share_of_l1_bps": "L1", "share_of_l1_l2_bps": "L1 + L2"}
_SIGNS = {">": "more than", ">=": "at least"}


@admin.register(Rule)
class RuleAdmin(ReadOnlyAdmin):
    """Who decides what, how many of them, how fast; and who holds the role now."""

    list_display = ("kind", "state", "description", "who", "quorum", "limits", "people")
    list_filter = ("active", "role")
    search_fields = ("kind", "description")
    ordering = ("kind", "-version")
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
    )
    readonly_fields = ("state", "who", "people", "quorum", "limits", "reasons")

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


def _condition(threshold: Mapping[str, str]) -> str:
    """``more than 30,000.00 USDT``, ``at least 5.00 % of L1 + L2``."""
    figure, value = threshold["figure"], int(threshold["value"])
    whole = _SHARES_OF.get(figure)
    limit = f"{format_bps(value)} of {whole}" if whole else f"{display.amount_text(value)} USDT"
    return f"{_SIGNS[threshold['operator']]} {limit}"
