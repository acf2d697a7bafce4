"""How every ticket about the fund is opened."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from apps.approvals import operations as approvals
from apps.approvals import queries as tickets
from apps.chain import queries as chain
from apps.chain.calls import Call
from apps.core.actor import Actor
from apps.core.errors import Refused


class AlreadyProposed(Refused):
    """A ticket about this waits for votes, or its transaction is on its way."""


def ask(
    *,
    kind: str,
    subject_id: str,
    title: str,
    amount: int | None,
    facts: Mapping[str, Any],
    conditions: Sequence[Mapping[str, Any]],
    call: Call | None,
    chain_id: int,
    actor: Actor,
    at: datetime,
) -> int:
    """Open a ticket, one at a time for each subject; return its number.

    Raises:
        AlreadyProposed, approvals.NoRule, approvals.TooFewEligible.
    """
    earlier = tickets.tickets_for([kind], subject_id, chain_id=chain_id)
    for ticket in earlier:
        if ticket.is_open:
            raise AlreadyProposed(
                f"Ticket {ticket.pk} about this waits for votes.", ticket=ticket.pk
            )
        if ticket.execution_status == "SENT":
            raise AlreadyProposed(
                f"What ticket {ticket.pk} decided about this is on its way.", ticket=ticket.pk
            )
    return approvals.open_ticket(
        kind=kind,
        subject_id=subject_id,
        title=title,
        requester_name=actor.name,
        maker_user_id=actor.user_id,
        party_wallets=[],
        amount=amount,
        currency="" if amount is None else "USDT",
        facts=facts,
        conditions=conditions,
        assessment={},
        calls_hash=chain.calls_hash([call] if call else []),
        chain_id=chain_id,
        actor=actor,
        at=at,
        idempotency_key=f"{kind}:{chain_id}:{subject_id}:{len(earlier) + 1}",
    ).pk
