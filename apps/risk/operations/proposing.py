"""What people themselves ask for: to open the protocol, or to throw one switch."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from apps.approvals import operations as approvals
from apps.approvals import queries as tickets
from apps.chain import queries as chain
from apps.core.actor import Actor
from apps.core.errors import Refused
from apps.risk.queries.switches import is_settled
from apps.risk.rules.protocol import TicketCause
from apps.risk.rules.switches import EMERGENCY_MODE, PROTOCOL_SUBJECT, Switch, subject_of

from . import asking
from .incidents import hold
from .timeline import open_incident_of


class ProtocolIsOpen(Refused):
    """An incident is open already: its tickets ask for what is missing."""


class AlreadyAsked(Refused):
    """A ticket about this waits for votes."""


class AlreadySo(Refused):
    """The switch stands so, or its transaction is on its way."""


@transaction.atomic
def propose_emergency(*, reason: str, actor: Actor, at: datetime) -> tickets.Ticket:
    """Ask people to open the emergency protocol. An approval opens the incident, and at once
    switches emergency mode on and pauses new standard redemptions, where that is not so.

    Doors ask for the right ``risk.open_incident``.

    Raises:
        ProtocolIsOpen, AlreadyAsked.
        approvals.NoReason, NoRule, TooFewEligible.
    """
    reason = approvals.clean_change_reason(reason)
    chain_id = chain.fund_chain().chain_id
    hold(chain_id)
    incident = open_incident_of(chain_id)
    if incident is not None:
        raise ProtocolIsOpen(f"{incident} is open.", incident=incident.pk)
    _refuse_if_asked(PROTOCOL_SUBJECT, chain_id)
    stops: Sequence[tuple[Switch, bool]] = [
        (switch, True) for switch in Switch if not is_settled(switch, on=True, chain_id=chain_id)
    ]
    ask = asking.protocol_ask(stops, reason=reason, actor=actor)
    return asking.open_ticket(ask, chain_id=chain_id, at=at)


@transaction.atomic
def propose_switch(
    *, switch: Switch, on: bool, reason: str, actor: Actor, at: datetime
) -> tickets.Ticket:
    """Ask people to throw one switch: emergency mode on or off, redemptions paused or open.

    Doors ask for the right ``risk.open_incident``.

    Raises:
        AlreadySo, AlreadyAsked.
        approvals.NoReason, NoRule, TooFewEligible.
    """
    reason = approvals.clean_change_reason(reason)
    chain_id = chain.fund_chain().chain_id
    hold(chain_id)
    if is_settled(switch, on=on, chain_id=chain_id):
        raise AlreadySo(f"{switch.label}: {switch.position(on)} already, or about to be.")
    _refuse_if_asked(subject_of(switch, on=on), chain_id)
    ask = asking.switch_ask(
        switch,
        on=on,
        cause=TicketCause.BY_HAND,
        incident=open_incident_of(chain_id),
        reason=reason,
        actor=actor,
    )
    return asking.open_ticket(ask, chain_id=chain_id, at=at)


def _refuse_if_asked(subject_id: str, chain_id: int) -> None:
    ticket = tickets.open_ticket_for([EMERGENCY_MODE], subject_id, chain_id=chain_id)
    if ticket is not None:
        raise AlreadyAsked(f"Ticket {ticket.pk} about this waits for votes.", ticket=ticket.pk)
