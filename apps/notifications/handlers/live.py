"""What open pages hear. History that is being caught up is not news."""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import takewhile
from typing import TypeVar

from djangorestframework_camel_case.util import camelize

from apps.approvals import queries as approvals
from apps.approvals.events import TicketCancelled, TicketDecided, TicketOpened
from apps.chain import queries as chain
from apps.chain.events import ChainFact, NavUpdated, RedemptionRequested, RedemptionSettled
from apps.core import clock
from apps.core.bus import takes_many
from apps.core.units import to_decimal
from apps.fund.events import SnapshotTaken
from apps.fund.queries import latest_overview
from apps.notifications.operations import push
from apps.notifications.rules import is_stale_alert
from apps.rebalance import queries as rebalance
from apps.rebalance.events import PlanFinished

_EXECUTED = frozenset({"COMPLETED", "PARTIALLY_COMPLETED", "FAILED"})

_Fact = TypeVar("_Fact", bound=ChainFact)


def show_overview(fact: SnapshotTaken) -> None:
    """The fund was read anew."""
    overview = latest_overview()
    if overview is None or fact.backfilled:
        return
    push(
        "fund:overview",
        {
            "totalAssets": str(overview.total_assets),
            "totalSupply": str(overview.total_supply),
            "sharePrice": str(overview.nav_per_share),
            "aumAssets": str(overview.aum_assets),
            "layer1Liquidity": str(overview.l1_assets),
            "layer2Liquidity": str(overview.l2_assets),
            "layer3Value": str(overview.l3_assets),
            "totalRedemptionLiability": str(overview.liability_assets),
            "totalLockedShares": str(overview.locked_shares),
            "emergencyMode": overview.emergency_mode,
            "asOfBlock": overview.block_number,
            "lastUpdated": _time(overview.block_at),
        },
        fact.at,
    )


@takes_many
def show_nav(facts: Sequence[NavUpdated]) -> None:
    """NAV per share was refreshed."""
    _push_fresh(
        facts,
        "fund:nav",
        lambda fact: {
            "oldNavPerShare": str(fact.old_nav_per_share),
            "navPerShare": str(fact.new_nav_per_share),
            "nav": f"{to_decimal(fact.new_nav_per_share):.6f}",
            "at": _time(fact.updated_at),
        },
    )


@takes_many
def show_request(facts: Sequence[RedemptionRequested]) -> None:
    """A holder asked to redeem."""
    _push_fresh(
        facts,
        "redemption:new",
        lambda fact: {
            "requestId": str(fact.request_id),
            "owner": fact.owner,
            "shares": str(fact.shares),
            "grossAmount": str(fact.gross_assets),
            "channel": fact.channel.name,
            "requiresApproval": fact.requires_approval,
            "requestTime": _time(fact.requested_at),
        },
    )


@takes_many
def show_settlement(facts: Sequence[RedemptionSettled]) -> None:
    """A request was paid."""
    _push_fresh(
        facts,
        "redemption:settled",
        lambda fact: {
            "requestId": str(fact.request_id),
            "owner": fact.owner,
            "grossAmount": str(fact.gross_assets),
            "fee": str(fact.fee_assets),
            "netAmount": str(fact.net_assets),
            "channel": fact.channel.name,
        },
    )


def show_ticket(fact: TicketOpened) -> None:
    """A decision is asked for."""
    ticket = approvals.ticket(fact.ticket_id)
    push(
        "approval:new",
        {
            "id": str(ticket.pk),
            "type": ticket.kind,
            "referenceId": ticket.subject_id,
            "description": ticket.title,
            "amount": None if ticket.amount is None else str(ticket.amount),
            "currency": ticket.currency,
            "slaDeadline": _time(ticket.deadline_at),
        },
        fact.at,
    )


def show_outcome(fact: TicketDecided | TicketCancelled) -> None:
    """A ticket has its outcome."""
    status = fact.decision if isinstance(fact, TicketDecided) else "CANCELLED"
    push(
        "approval:resolved",
        {
            "id": str(fact.ticket_id),
            "type": fact.kind,
            "referenceId": fact.subject_id,
            "status": status,
        },
        fact.at,
    )


def show_plan(fact: PlanFinished) -> None:
    """A plan was executed, or could not be: its figures as REST tells them."""
    if fact.status in _EXECUTED:
        push("rebalance:executed", camelize(rebalance.plan_payload(fact.plan_id)), fact.at)


def _push_fresh(
    facts: Sequence[_Fact], channel: str, data_of: Callable[[_Fact], dict[str, object]]
) -> None:
    """Show the facts that are news; they are in chain order, so before an old one all are old."""
    at = clock.now()
    is_old = (is_stale_alert(chain.happened_at(fact.source, at=at), at) for fact in facts[::-1])
    fresh = sum(1 for _ in takewhile(lambda old: not old, is_old))
    for fact in facts[len(facts) - fresh :]:
        source = fact.source
        identity = {"txHash": source.tx_hash, "blockNumber": source.block_number}
        push(channel, {**data_of(fact), **identity}, at)


def _time(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")
