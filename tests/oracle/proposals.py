"""Tickets about sources, asked for and approved."""

from typing import Any

from apps.accounts.models import User
from apps.approvals.models import Ticket
from apps.oracle import operations
from apps.oracle.rules.sources import SourceTerms
from tests.approvals.helpers import actor_of, cast
from tests.oracle.readings import CHAIN_ID, FEED, MMF, NOON

FEED_TERMS = SourceTerms(kind="AGGREGATOR", address=FEED, stale_after_seconds=600)
VENDOR = SourceTerms(
    kind="HTTP", url="https://prices.example.org/mmf", price_path="price", time_path="at"
)


def propose(maker: User, terms: SourceTerms = FEED_TERMS, **changes: Any) -> Ticket:
    number = operations.propose_source(
        **{
            "chain_id": CHAIN_ID,
            "token": MMF,
            "name": "Second feed",
            "terms": terms,
            "reason": "a second opinion",
            "actor": actor_of(maker),
            "at": NOON,
            **changes,
        }
    )
    return Ticket.objects.get(pk=number)


def approved(admins: list[User], terms: SourceTerms = FEED_TERMS, **changes: Any) -> Ticket:
    ticket = propose(admins[0], terms, **changes)
    cast(admins[1], ticket)
    return Ticket.objects.get(pk=ticket.pk)
