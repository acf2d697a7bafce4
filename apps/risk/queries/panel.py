"""What the ticket of an emergency switch shows of its subject, and whether it still fits."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from apps.approvals.queries import Ticket
from apps.chain import queries as chain
from apps.chain.calls import Call
from apps.risk.rules.life import Phase
from apps.risk.rules.protocol import IN_WORDS, TicketCause, sentence_of
from apps.risk.rules.switches import PROTOCOL_SUBJECT, Switch, calls_of, thrown_by

from .incidents import open_incident
from .switches import is_settled, positions

TEMPLATE = "admin/risk/ticket_switches.html"


def facts_now(ticket: Ticket) -> Mapping[str, Any] | None:
    """The frozen facts while what they ask for would do something; None when it would not.

    A ticket that opens the protocol fits until it is open. One that lets go what an emergency
    stopped fits while the emergency calms down, and not when it has come back.
    """
    incident = open_incident(chain_id=ticket.chain_id)
    if ticket.subject_id == PROTOCOL_SUBJECT:
        return ticket.facts if incident is None else None
    if ticket.facts["cause"] == TicketCause.RECOVERY and (
        incident is None or incident.phase != Phase.RECOVERY
    ):
        return None
    ((switch, on),) = thrown_by(ticket.facts)
    return None if is_settled(switch, on=on, chain_id=ticket.chain_id) else ticket.facts


def describe_ticket(ticket: Ticket) -> Mapping[str, Any]:
    """The page's "what will happen". May ask a node; never call it inside a transaction."""
    facts = ticket.facts
    incident_id = facts["incident"]
    return {
        "template": TEMPLATE,
        "sentence": _sentence(ticket),
        "changes": _changes(ticket),
        "cause": IN_WORDS[TicketCause(facts["cause"])],
        "reason": facts["reason"],
        "reason_is_cause": facts["reason"] == sentence_of(TicketCause(facts["cause"])),
        "incident": int(incident_id) if incident_id is not None else None,
        "url": _url(ticket),
        "dry_runs": [_tried(call) for call in calls_of(facts, chain_id=ticket.chain_id)]
        if ticket.is_open
        else [],
    }


def _sentence(ticket: Ticket) -> str:
    effects = [_EFFECTS[switch, on] for switch, on in thrown_by(ticket.facts)]
    if ticket.subject_id == PROTOCOL_SUBJECT:
        return " ".join(
            ["The emergency protocol is opened: an incident with a timeline.", *effects]
        )
    return " ".join(effects)


_EFFECTS = {
    (Switch.MODE, True): "The vault's emergency mode is switched on.",
    (Switch.MODE, False): "The vault's emergency mode is switched off.",
    (Switch.REDEMPTIONS, True): "The redemption manager is paused: nobody can make a new standard "
    "request. Emergency requests go on, and requests that stand are paid as before.",
    (Switch.REDEMPTIONS, False): "The redemption manager is unpaused: standard requests can be "
    "made again.",
}


def _changes(ticket: Ticket) -> list[dict[str, str]]:
    now = positions()
    return [
        {
            "name": switch.label,
            "then": switch.position(not on),
            "now": switch.position(now[switch]),
            "after": switch.position(on),
        }
        for switch, on in thrown_by(ticket.facts)
    ]


def _tried(call: Call) -> dict[str, Any]:
    try:
        return chain.dry_run_to_show(call)
    except chain.ChainUnavailable as unavailable:
        return chain.no_dry_run(call, unavailable)


def _url(ticket: Ticket) -> str:
    incident = open_incident(chain_id=ticket.chain_id)
    number = incident.pk if incident else ticket.facts["incident"]
    if number is None:
        return reverse("admin:risk_incident_changelist")
    return reverse("admin:risk_incident_change", args=[number])
