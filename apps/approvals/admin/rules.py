"""The rules, to read: a change of a rule is a ticket of its own."""

from django.contrib import admin
from django.utils.safestring import SafeString

from apps.accounts import queries as accounts
from apps.approvals.models import Rule
from apps.core import display
from apps.core.admin import ReadOnlyAdmin


@admin.register(Rule)
class RuleAdmin(ReadOnlyAdmin):
    """Who decides what, how many of them, how fast; and who holds the role now."""

    list_display = ("kind", "state", "description", "who", "quorum", "limits", "people")
    list_filter = ("active", "role")
    search_fields = ("kind", "description")
    ordering = ("kind", "-version")

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
