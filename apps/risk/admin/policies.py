"""Thresholds, weights and times: in force, scheduled, earlier ones, and asking for others."""

from datetime import UTC, datetime
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from apps.core import clock, display
from apps.core.actor import Actor
from apps.core.admin import ReadOnlyAdmin, carry_out, require, why_not
from apps.core.errors import Invalid, Refused
from apps.risk import operations, queries
from apps.risk.models import Policy
from apps.risk.rules import policy_json
from apps.risk.rules.bounds import BadParameters, refuse_unless_sound
from apps.risk.rules.figures import Parameters

from .base import PROPOSE, show
from .parameters import all_fields, changes, groups, labelled, parameters_of, rows

_PAGE = "admin:risk_policy_change"


class OldVersion(Refused):
    """The form was of parameters that are no longer in force."""


class BadTime(Invalid):
    """The time from which it should count cannot be read."""


@admin.register(Policy)
class PolicyAdmin(ReadOnlyAdmin):
    """Every version, the newest first."""

    list_display = ("state", "since", "changed")
    ordering = ("-version",)
    fields = ("state", "since", "changed")
    readonly_fields = fields
    list_before_template = "admin/risk/policies_before.html"
    change_form_outer_before_template = "admin/risk/policy_before.html"

    def get_urls(self) -> list[URLPattern]:
        doors = {"preview": self.preview_view, "propose": self.propose_view}
        wrap = self.admin_site.admin_view
        return [
            *(
                path(f"<int:pk>/{name}/", wrap(require_POST(door)), name=f"risk_policy_{name}")
                for name, door in doors.items()
            ),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": "Thresholds", **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def beside(self, request: HttpRequest, row: Policy) -> dict[str, Any]:
        values = policy_json.from_json(row.values)
        before = Policy.objects.filter(version__lt=row.version).first()
        return {
            "title": f"Thresholds v{row.version}",
            "rows": rows(values),
            "groups": groups(values),
            "changes": changes(policy_json.from_json(before.values), values) if before else [],
            "before": before,
            "why_not_propose": _why_not(request, row),
        }

    def preview_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What would be different, before anybody is asked. Nothing is written."""
        require(request, PROPOSE)
        try:
            now = _in_force(pk)
            wanted = _wanted(request, now)
            effective_at = _effective_at(request.POST.get("effective_at", ""))
        except Refused as refused:
            messages.error(request, refused.message)
            return HttpResponseRedirect(reverse(_PAGE, args=[pk]))
        differing = changes(now, wanted)
        if not differing:
            messages.error(request, "These are the parameters already.")
            return HttpResponseRedirect(reverse(_PAGE, args=[pk]))
        context = {
            "pk": pk,
            "version": queries.policy(at=clock.now())[0],
            "changes": differing,
            "moved": queries.judged_by(wanted),
            "effective_at": effective_at,
            "effective_text": request.POST.get("effective_at", ""),
            "reason": request.POST.get("reason", ""),
            "values": [(field.name, field.text) for field in all_fields(wanted)],
        }
        return show(request, "policy_preview", "What would change", context)

    def propose_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask another person for other parameters."""

        def act() -> str:
            at = clock.now()
            wanted = _wanted(request, _in_force(pk))
            ticket = operations.propose_policy(
                parameters=wanted,
                effective_at=_effective_at(request.POST.get("effective_at", "")) or at,
                reason=request.POST.get("reason", ""),
                actor=Actor.of_request(request),
                at=at,
            )
            return f"Ticket #{ticket} asks for it. Until it is approved nothing changes."

        return carry_out(request, permission=PROPOSE, back_to=(_PAGE, pk), act=act)

    @admin.display(description="Version", ordering="version")
    def state(self, row: Policy) -> SafeString:
        now = clock.now()
        version, _parameters = queries.policy(at=now)
        if row.version == version:
            return format_html("{} in force", display.status_pill(f"v{row.version}", "good"))
        if row.effective_at > now:
            return format_html("{} scheduled", display.status_pill(f"v{row.version}", "info"))
        return display.status_pill(f"v{row.version}", "neutral")

    @admin.display(description="Counts from", ordering="effective_at")
    def since(self, row: Policy) -> SafeString:
        return display.when(row.effective_at)

    @admin.display(description="Approved by")
    def changed(self, row: Policy) -> SafeString:
        return display.ticket(row.ticket_id, reason="As the installation had it")


def _in_force(pk: int) -> Parameters:
    """The parameters in force, if they are those of the form's page.

    Raises:
        OldVersion.
    """
    version, now = queries.policy(at=clock.now())
    if not Policy.objects.filter(pk=pk, version=version).exists():
        raise OldVersion(f"Version {version} is in force now; look at it first.")
    return now


def _wanted(request: HttpRequest, now: Parameters) -> Parameters:
    wanted = parameters_of(request.POST, now)
    try:
        refuse_unless_sound(wanted)
    except BadParameters as refused:
        raise BadParameters(labelled(refused.message)) from refused
    return wanted


def _effective_at(text: str) -> datetime | None:
    """The instant written in UTC; None where the form leaves it to the approval.

    Raises:
        BadTime: it is none.
    """
    if not text.strip():
        return None
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=UTC)
    except ValueError as error:
        raise BadTime("Say from when it counts like 2026-03-01T09:00, in UTC.") from error


def _why_not(request: HttpRequest, row: Policy) -> str:
    version, _parameters = queries.policy(at=clock.now())
    if row.version != version:
        return "Only the version in force can be changed."
    return why_not(request, PROPOSE, "Your role does not propose thresholds.")
