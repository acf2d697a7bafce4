"""Approved tickets for calls, with the votes of real people behind them."""

import itertools
from collections.abc import Sequence
from datetime import datetime

from apps.accounts.models import User
from apps.approvals.models import Ticket
from apps.chain import queries as chain
from apps.chain.calls import Call
from apps.core import clock
from tests.approvals.helpers import cast, open_ticket, person

_APPROVER = "approver-of-calls"
_numbers = itertools.count(1)


def approver() -> User:
    """Somebody who may vote on these tickets and asks for none of them."""
    return User.objects.filter(username=_APPROVER).first() or person(_APPROVER, "ADMIN")


def ticket_for(*calls: Call, at: datetime | None = None) -> Ticket:
    """A ticket about these calls, open and without votes."""
    approver()  # no ticket opens that nobody could decide
    number = next(_numbers)
    return open_ticket(
        subject_id=f"calls {number}",
        title=calls[0].sentence[:80],
        party_wallets=[],
        amount=None,
        facts={"calls": _as_facts(calls)},
        calls_hash=chain.calls_hash(calls),
        chain_id=calls[0].chain_id,
        idempotency_key=f"test-calls:{number}",
        at=at or clock.now(),
    )


def approved(*calls: Call, at: datetime | None = None) -> int:
    """The number of a ticket by which these calls may be sent, each for itself."""
    at = at or clock.now()
    return cast(approver(), ticket_for(*calls, at=at), at=at).pk


def _as_facts(calls: Sequence[Call]) -> list[dict[str, str]]:
    return [{"sentence": call.sentence, "hash": chain.calls_hash([call])} for call in calls]
