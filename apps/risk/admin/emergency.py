"""Asking for an emergency, or for one switch: what a ticket would do, before anybody is asked."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from apps.approvals import queries as approvals
from apps.chain import queries as chain
from apps.core import clock
from apps.core.actor import Actor
from apps.core.admin import require
from apps.core.display import duration_text
from apps.core.errors import Refused
from apps.risk import operations, queries
from apps.risk.queries.switches import positions
from apps.risk.rules.switches import EMERGENCY_MODE, PROTOCOL_SUBJECT, Switch, subject_of

from .base import OPEN_INCIDENT, show, site

_TICKET = "admin:approvals_ticket_change"


@require_http_methods(["GET", "HEAD", "POST"])
def emergency_page(request: HttpRequest) -> HttpResponse:
    """What opening the protocol asks people for (GET); ask them (POST)."""
    require(request, OPEN_INCIDENT)
    at = clock.now()
    if request.method == "POST":
        try:
            ticket = operations.propose_emergency(
                reason=request.POST.get("reason", ""), actor=Actor.of_request(request), at=at
            )
        except Refused as refused:
            messages.error(request, refused.message)
        else:
            messages.success(request, f"Ticket #{ticket.pk} asks for it. Nothing is stopped yet.")
            return HttpResponseRedirect(reverse(_TICKET, args=[ticket.pk]))
    now = positions()
    context = {
        **_common(PROTOCOL_SUBJECT),
        "title_text": "Open the emergency protocol",
        "board": queries.board_now(at=at),
        "changes": [_change(switch, now[switch], on=True) for switch in Switch],
        "incident": queries.open_incident_view(),
        "protocol": True,
        "reason": request.POST.get("reason", ""),
    }
    return show(request, "emergency", "Emergency", context)


@require_http_methods(["GET", "HEAD", "POST"])
def switch_page(request: HttpRequest, name: str, position: str) -> HttpResponse:
    """What throwing one switch means (GET); ask people for it (POST)."""
    require(request, OPEN_INCIDENT)
    if name not in set(Switch) or position not in ("on", "off"):
        raise Http404
    switch, on, at = Switch(name), position == "on", clock.now()
    if request.method == "POST":
        try:
            ticket = operations.propose_switch(
                switch=switch,
                on=on,
                reason=request.POST.get("reason", ""),
                actor=Actor.of_request(request),
                at=at,
            )
        except Refused as refused:
            messages.error(request, refused.message)
        else:
            messages.success(request, f"Ticket #{ticket.pk} asks for it. Nothing changes yet.")
            return HttpResponseRedirect(reverse(_TICKET, args=[ticket.pk]))
    context = {
        **_common(subject_of(switch, on=on)),
        "title_text": f"{switch.label}: {switch.position(on)}",
        "board": queries.board_now(at=at),
        "changes": [_change(switch, positions()[switch], on=on)],
        "incident": queries.open_incident_view(),
        "protocol": False,
        "reason": request.POST.get("reason", ""),
    }
    return show(request, "emergency", "Ask for a switch", context)


def _common(subject_id: str) -> dict[str, Any]:
    """The rule that would decide, and the ticket that asks already."""
    try:
        rule = approvals.rule_for(EMERGENCY_MODE)
    except Refused as missing:
        return {"rule": None, "no_rule": missing.message, "asked": None}
    return {
        "rule": rule,
        "deadline": duration_text(rule.deadline_after_seconds),
        "asked": approvals.open_ticket_for(
            [EMERGENCY_MODE], subject_id, chain_id=chain.fund_chain().chain_id
        ),
    }


def _change(switch: Switch, is_on: bool, *, on: bool) -> dict[str, Any]:
    return {
        "name": switch.label,
        "now": switch.position(is_on),
        "then": switch.position(on),
        "moves": is_on != on,
        "means": _MEANS[switch, on],
    }


_MEANS = {
    (Switch.MODE, True): "The vault follows its rules for emergencies until it is switched off.",
    (Switch.MODE, False): "The vault follows its ordinary rules again.",
    (Switch.REDEMPTIONS, True): "Nobody can make a new standard request. Emergency requests go on;"
    " requests that stand are paid as before.",
    (Switch.REDEMPTIONS, False): "Standard requests can be made again.",
}

site.add_page("risk/emergency/", emergency_page, "risk_emergency")
site.add_page("risk/emergency/<str:name>/<str:position>/", switch_page, "risk_switch")
