"""What this app does when it hears a fact; thin, like every door."""

from collections.abc import Sequence

from apps.approvals.events import TicketCancelled, TicketDecided
from apps.chain.events import NavUpdated, SubscriptionProcessed, TransactionFinished
from apps.core import clock
from apps.core.bus import takes_many

from . import operations


def follow_decision(fact: TicketDecided) -> None:
    """People, or the rule, decided about a plan."""
    operations.decided(fact)


def follow_withdrawal(fact: TicketCancelled) -> None:
    """The question about a plan was withdrawn."""
    operations.ticket_cancelled(fact)


def change_policy(fact: TicketDecided) -> None:
    """People decided about a change of configuration; the parameters of rebalancing are ours."""
    operations.apply_policy(fact)


@takes_many
def notice_subscriptions(facts: Sequence[SubscriptionProcessed]) -> None:
    """Money came in."""
    operations.wish_for_subscriptions(facts, at=clock.now())


@takes_many
def notice_navs(facts: Sequence[NavUpdated]) -> None:
    """The NAV was published."""
    operations.wish_for_navs(facts, at=clock.now())


def note_trade(fact: TransactionFinished) -> None:
    """A trade of ours came to its end."""
    operations.note_transaction(fact)
