"""Sending a call that a ticket decided: the first time, and again after it failed."""

from datetime import datetime

from apps.chain import queries
from apps.chain.calls import Call
from apps.chain.operations.submitting import submit
from apps.core.actor import Actor
from apps.core.errors import Refused

_MINED = frozenset({"FINAL", "MISMATCH"})
"""A transaction that ended so had an effect; what it was not, people must look at first."""


class AlreadySent(Refused):
    """A transaction of this ticket is on its way, or was mined; another might pay twice."""


def submit_decided(
    *, call: Call, base_key: str, ticket_id: int, actor: Actor, at: datetime
) -> None:
    """Queue a ticket's call; each attempt after a failed one has a key of its own.

    Raises:
        AlreadySent: an earlier attempt is on its way, or had an effect.
        approvals.NotAuthorised: the votes no longer carry it.
    """
    attempts = queries.transactions_of_ticket(ticket_id, call)
    for one in attempts:
        if one.finished_at is None:
            raise AlreadySent(f"“{one.sentence}” is on its way ({one.status.lower()}).")
        if one.status in _MINED:
            raise AlreadySent(f"“{one.sentence}” was mined ({one.status.lower()}).")
    submit(
        call=call,
        key=f"{base_key}:{len(attempts) + 1}" if attempts else base_key,
        ticket_id=ticket_id,
        actor=actor,
        at=at,
    )
