"""Asking people to let fees be paid out of the vault."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from apps.approvals import operations as approvals
from apps.approvals import queries as tickets
from apps.chain import queries as chain
from apps.chain.calls import Call, CollectFees, WithdrawRedemptionFees
from apps.core.actor import Actor
from apps.core.errors import Invalid, Refused, Unavailable
from apps.core.units import format_amount, format_bps
from apps.fund.queries.accruing import accrues_until
from apps.fund.queries.figures import cash_of, fresh_overview, withdrawable_now
from apps.fund.queries.overview import Overview
from apps.fund.rules.payments import CashFigures
from apps.fund.rules.tickets import ACCRUED_FEES, FEE_WITHDRAW, REDEMPTION_FEES


class NothingToWithdraw(Refused):
    """There are no such fees, or fewer than were asked for."""


class NotEnoughCash(Refused):
    """The vault has less cash than would be paid."""


class NotKnown(Unavailable):
    """The contracts did not say what there is."""


class BadAmount(Invalid):
    """Fees are withdrawn by amounts above zero."""


@transaction.atomic
def propose_redemption_fees(*, assets: int, reason: str, actor: Actor, at: datetime) -> int:
    """Ask people to pay redemption fees of ``assets`` to the fee recipient; return the ticket.

    Doors ask for the right ``fund.propose_fees``.

    Raises:
        BadAmount, FiguresTooOld, NotKnown, NothingToWithdraw, NotEnoughCash.
        approvals.NoReason, AlreadyProposed, TooFewEligible.
    """
    if assets <= 0:
        raise BadAmount("Say how much: an amount above zero.")
    overview, pending = _pending(REDEMPTION_FEES, at)
    if assets > pending:
        raise NothingToWithdraw(
            f"Only {format_amount(pending)} USDT of redemption fees can be withdrawn."
        )
    return _propose(
        REDEMPTION_FEES,
        assets,
        overview,
        due=assets,
        call=WithdrawRedemptionFees(chain_id=overview.chain_id, assets=assets),
        figures={"withdrawable": pending},
        conditions=[],
        kept_back=0,
        reason=reason,
        actor=actor,
        at=at,
    )


@transaction.atomic
def propose_accrued_fees(*, reason: str, actor: Actor, at: datetime) -> int:
    """Ask people to collect the management and performance fees that have accrued by then, and to
    pay what was collected before and waits for cash.

    The contract takes what has accrued when it is called, which is more than now: people vote for
    what will be pending at the ticket's deadline at the present rate, and the call is limited by
    that. It pays at most the cash that is not kept for redemption fees. Doors ask for the right
    ``fund.propose_fees``.

    Raises:
        FiguresTooOld, NotKnown, NothingToWithdraw, NotEnoughCash.
        approvals.NoReason, AlreadyProposed, TooFewEligible, NoRule.
    """
    overview, pending = _pending(ACCRUED_FEES, at)
    if not pending:
        raise NothingToWithdraw("No management or performance fee has accrued.")
    rule = tickets.rule_for(FEE_WITHDRAW)
    deadline_at = at + timedelta(seconds=rule.deadline_after_seconds)
    accrues = accrues_until(overview, deadline_at)
    at_most = pending + (accrues or 0)
    return _propose(
        ACCRUED_FEES,
        at_most,
        overview,
        due=pending,
        call=CollectFees(chain_id=overview.chain_id, expected_assets=at_most),
        figures={
            "management": overview.pending_management_fee_assets,
            "performance": overview.pending_performance_fee_assets,
            "unpaid": overview.unpaid_fees_assets,
            "accruesByDeadline": accrues,
        },
        conditions=[_accrual(pending, accrues, deadline_at)],
        kept_back=overview.redemption_fees_withdrawable_assets or 0,
        reason=reason,
        actor=actor,
        at=at,
    )


def _pending(subject: str, at: datetime) -> tuple[Overview, int]:
    overview = fresh_overview(at=at)
    pending = withdrawable_now(overview, redemption=subject == REDEMPTION_FEES)
    if pending is None:
        raise NotKnown("The contracts did not say how much is pending.")
    return overview, pending


def _propose(
    subject: str,
    assets: int,
    overview: Overview,
    *,
    due: int,
    call: Call,
    figures: dict[str, int | None],
    conditions: list[dict[str, object]],
    kept_back: int,
    reason: str,
    actor: Actor,
    at: datetime,
) -> int:
    """Open the ticket about at most ``assets``, of which the vault must have ``due`` in cash."""
    reason = approvals.clean_change_reason(reason)
    before = cash_of(overview)
    if before is None:
        raise NotKnown("The vault did not say how much cash it has.")
    payable = max(before.cash_assets - kept_back, 0)
    if due > payable:
        raise NotEnoughCash(
            f"The vault could pay {format_amount(payable)} USDT in cash; "
            f"{format_amount(due)} USDT would leave it. Raise cash first."
        )
    after = before.less(min(assets, payable))
    facts: dict[str, Any] = {
        "fees": subject,
        "assets": assets,
        **figures,
        "cashBefore": before.cash_assets,
        "cashAfter": after.cash_assets,
        "l1BpsBefore": before.l1_bps,
        "l1BpsAfter": after.l1_bps,
        "block": overview.block_number,
        "reason": reason,
    }
    return approvals.propose_change(
        kind=FEE_WITHDRAW,
        subject_id=subject,
        title=f"Pay out {subject} fees of {'at most ' if assets > due else ''}"
        f"{format_amount(assets)} USDT",
        amount=assets,
        facts=facts,
        conditions=[_l1_stays(overview, after), *conditions],
        calls_hash=chain.calls_hash([call]),
        chain_id=overview.chain_id,
        actor=actor,
        at=at,
    )


def _accrual(pending: int, accrues: int | None, deadline_at: datetime) -> dict[str, object]:
    """In words, what is pending now and at most by the deadline."""
    now = f"{format_amount(pending)} USDT are pending now"
    if accrues is None:
        return {"text": f"{now}; how fast more accrues is not known.", "met": None}
    return {
        "text": f"{now}, at most {format_amount(pending + accrues)} USDT by the deadline "
        f"({deadline_at:%Y-%m-%d %H:%M} UTC) at the rate at which the management fee accrues.",
        "met": True,
    }


def _l1_stays(overview: Overview, after: CashFigures) -> dict[str, object]:
    """In words, whether L1 stays within its band."""
    least = overview.tiers[0].min_bps
    if least is None or after.l1_bps is None:
        return {"text": "L1's minimum is not known.", "met": None}
    return {
        "text": f"L1 is {format_bps(after.l1_bps)} of assets afterwards; "
        f"its minimum is {format_bps(least)}.",
        "met": after.l1_bps >= least,
    }
