"""Paying what is due."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from apps.audit import operations as audit
from apps.chain import operations as chain
from apps.chain import queries as chain_queries
from apps.chain.queries import TransactionView
from apps.core.actor import Actor
from apps.core.errors import Refused
from apps.redemptions import queries
from apps.redemptions.models import Redemption
from apps.redemptions.queries.detail import SETTLE_KINDS
from apps.redemptions.rules import retry_at

from ._common import AlreadySent, locked, next_key

CLOCK = Actor.system("settle_due")


class CannotSettle(Refused):
    """Not due, not payable, or not covered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleResult:
    """What was done for one due request: SENT, IN_FLIGHT, REFUSED or WAITING, and why."""

    key: str
    request_id: int
    outcome: str
    reason: str
    transaction_id: int | None = None


@transaction.atomic
def settle(*, key: str, actor: Actor, at: datetime, reserved_assets: int = 0) -> int:
    """Send the payment of one due request; return the transaction's id.

    Args:
        reserved_assets: what payments already on their way will take, base units.

    Raises:
        RedemptionNotFound: there is none.
        CannotSettle: by its state, its date against the final block's time, or the liquidity.
        AlreadySent: a payment is on its way, or was final.
    """
    row = locked(key)
    verdict = queries.settleability(row, at=at, reserved_assets=reserved_assets)
    if verdict.refusal and not verdict.shortfall_assets:
        raise CannotSettle(verdict.refusal)
    key_of_attempt = next_key(row, "settle", SETTLE_KINDS)
    if verdict.shortfall_assets:
        raise CannotSettle(verdict.refusal, shortfall=str(verdict.shortfall_assets))
    transaction_id = chain.submit(
        call=queries.settle_call(row),
        key=key_of_attempt,
        ticket_id=None,
        actor=actor,
        at=at,
    )
    audit.record(
        actor=actor,
        action="redemption.settlement_sent",
        object_type="redemption",
        object_id=row.subject_id,
        after={"transaction": transaction_id, "payout_assets": str(row.payout_assets)},
        level="HIGH",
        at=at,
    )
    return transaction_id


def settle_due(
    at: datetime, *, actor: Actor = CLOCK, retry_failed: bool = False
) -> list[SettleResult]:
    """Send the payments of all due requests, the longest due first; say what was done for each.

    Liquidity is handed out in that order: once one cannot be covered, later ones wait behind it
    rather than taking its cash. One whose payment failed is tried again after 1, 2, 4 … minutes;
    with ``retry_failed`` (a person asks) at once.
    """
    final = chain_queries.final_block(chain_queries.fund_chain().chain_id)
    if final is None:
        return []
    results: list[SettleResult] = []
    due = list(queries.due(final.time))
    sent = _sent_about(due)
    reserved, blocked_by = _in_flight_assets(due, sent), None
    for row in due:
        result = (
            _result(row, "WAITING", f"Waits behind {blocked_by}, which is not covered.")
            if blocked_by is not None
            else _settle_one(row, sent.get(row.key, []), reserved, actor, at, retry_failed)
        )
        results.append(result)
        if result.outcome in ("SENT", "WAITING"):
            reserved += row.payout_assets
        elif result.outcome == "REFUSED":
            blocked_by = row.request_id
    return results


def _settle_one(
    row: Redemption,
    attempts: Sequence[TransactionView],
    reserved: int,
    actor: Actor,
    at: datetime,
    retry_failed: bool,
) -> SettleResult:
    last = attempts[-1] if attempts else None
    if last and last.finished_at and last.status != "FINAL" and not retry_failed:
        again_at = retry_at(len(attempts), last.finished_at)
        if at < again_at:
            return _result(row, "WAITING", f"Failed: {last.error} Tried again later.")
    try:
        number = settle(key=row.key, actor=actor, at=at, reserved_assets=reserved)
    except AlreadySent as refused:
        return _result(row, "IN_FLIGHT", refused.message)
    except CannotSettle as refused:
        return _result(row, "REFUSED", refused.message)
    return _result(row, "SENT", "Sent.", number)


def _sent_about(due: Sequence[Redemption]) -> dict[str, list[TransactionView]]:
    """The payments tried so far by request, oldest first, read at once for each chain."""
    subjects: dict[int, list[str]] = {}
    for row in due:
        subjects.setdefault(row.chain_id, []).append(row.subject_id)
    return {
        f"{chain_id}-{subject_id}": views
        for chain_id, subject_ids in subjects.items()
        for subject_id, views in chain_queries.transactions_about(
            chain_id, SETTLE_KINDS, subject_ids
        ).items()
    }


def _in_flight_assets(
    due: Sequence[Redemption], sent: Mapping[str, Sequence[TransactionView]]
) -> int:
    """What payments on their way will take from liquidity; only due requests have one."""
    return sum(
        row.payout_assets
        for row in due
        if any(view.finished_at is None for view in sent.get(row.key, ()))
    )


def _result(
    row: Redemption, outcome: str, reason: str, transaction_id: int | None = None
) -> SettleResult:
    return SettleResult(
        key=row.key,
        request_id=row.request_id,
        outcome=outcome,
        reason=reason,
        transaction_id=transaction_id,
    )
