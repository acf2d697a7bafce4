"""The fee ledger: accrued, withdrawn, pending, and at what rate."""

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from datetime import datetime
from enum import StrEnum

from django.db.models import Count, Sum

from apps.core.fields import Uint256Field
from apps.core.units import BPS_ONE, mul_div_floor
from apps.fund.models import FeeDirection, FeeEntry, FeeKind, Payout

from .movements import fees_paid
from .overview import Overview, latest_overview
from .periods import in_order, within

YEAR_SECONDS = 365 * 86_400
_BY_TIME = (FeeKind.MANAGEMENT, FeeKind.PERFORMANCE)
_Payment = tuple[str, int, datetime]
"""A kind, what was paid of an accrual of it, and when that accrued."""


class WithdrawnBy(StrEnum):
    """What a figure of fees withdrawn is taken from."""

    EVENTS = "EVENTS"
    CONTRACT = "CONTRACT"
    CASH = "CASH"

    @property
    def words(self) -> str:
        """For people."""
        return {"EVENTS": "by events", "CONTRACT": "by the contract", "CASH": "by cash"}[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeTotals:
    """One kind of fee in a period, base units of assets.

    ``pending_assets`` is what the contracts say is owed now and not yet collected (management,
    performance) or not yet withdrawn (redemption).

    Paying management and performance fees emits no log. ``withdrawn_assets`` is there how much of
    the period's accruals has been paid by the newest snapshot, the oldest first: by what the
    contract says it has not paid yet, or worked out from what left the vault's cash
    (``movements.fees_paid``), None when that does not add up; and ``withdrawals`` is None.
    ``withdrawn_by`` says how it is known, None when nobody can say.

    ``rate_bps`` is worked out: from the latest accrual a year's fee on assets for management, of
    profit for performance; for redemption, what the period's payouts left of their gross amounts,
    on average.
    """

    kind: str
    accrued_assets: int
    accruals: int
    withdrawn_assets: int | None
    withdrawals: int | None
    withdrawn_by: WithdrawnBy | None
    pending_assets: int | None
    rate_bps: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeEntryView:
    """One line of the ledger; its fields are the row's."""

    at: datetime
    kind: str
    direction: str
    assets: int
    basis_assets: int | None
    period_seconds: int | None
    high_water_mark_assets: int | None
    recipient: str
    block_number: int
    chain_id: int
    tx_hash: str


def fees(*, start: datetime | None = None, end: datetime | None = None) -> list[FeeTotals]:
    """Management, performance and redemption fees in [start, end), in that order."""
    return fees_of([(start, end)])[0]


def fees_of(periods: Sequence[tuple[datetime | None, datetime | None]]) -> list[list[FeeTotals]]:
    """:func:`fees` of each [start, end); what is paid is worked out once for all."""
    overview = latest_overview()
    payments = _payments(overview)
    return [_totals(overview, payments, start, end) for start, end in periods]


def _totals(
    overview: Overview | None,
    payments: Sequence[_Payment] | None,
    start: datetime | None,
    end: datetime | None,
) -> list[FeeTotals]:
    sums = {
        (row["kind"], row["direction"]): row
        for row in within(FeeEntry.objects.all(), start, end)
        .order_by()
        .values("kind", "direction")
        .annotate(total=Sum("assets", output_field=Uint256Field()), count=Count("id"))
    }
    pending: dict[FeeKind, int | None] = {}
    if overview is not None:
        pending = {
            FeeKind.MANAGEMENT: overview.pending_management_fee_assets,
            FeeKind.PERFORMANCE: overview.pending_performance_fee_assets,
            FeeKind.REDEMPTION: overview.redemption_fees_withdrawable_assets,
        }
    nothing = {"total": 0, "count": 0}
    paid = _paid_by_kind(payments, start, end)
    totals = []
    for kind in FeeKind:
        accrued = sums.get((kind, FeeDirection.ACCRUED), nothing)
        withdrawn = sums.get((kind, FeeDirection.WITHDRAWN), nothing)
        is_told = kind == FeeKind.REDEMPTION
        totals.append(
            FeeTotals(
                kind=kind.value,
                accrued_assets=accrued["total"],
                accruals=accrued["count"],
                withdrawn_assets=withdrawn["total"] if is_told else paid.get(kind),
                withdrawals=withdrawn["count"] if is_told else None,
                withdrawn_by=WithdrawnBy.EVENTS if is_told else _known_by(overview, kind in paid),
                pending_assets=pending.get(kind),
                rate_bps=_rate_bps(kind, start, end),
            )
        )
    return totals


def fee_entries(
    *, start: datetime | None = None, end: datetime | None = None
) -> list[FeeEntryView]:
    """The ledger's lines in [start, end), oldest first."""
    rows = in_order(within(FeeEntry.objects.all(), start, end))
    names = [field.name for field in dataclass_fields(FeeEntryView)]
    return [FeeEntryView(**row) for row in rows.values(*names)]


def _payments(overview: Overview | None) -> list[_Payment] | None:
    """What of each accrual has been paid, the oldest first; None when nobody can say."""
    if overview is None:
        return None
    left = fees_paid(
        chain_id=overview.chain_id,
        block_number=overview.block_number,
        cash_assets=overview.l1_cash_assets,
        unpaid_assets=overview.unpaid_fees_assets,
    )
    if left is None:
        return None
    rows = FeeEntry.objects.filter(
        chain_id=overview.chain_id, kind__in=_BY_TIME, direction=FeeDirection.ACCRUED
    )
    payments = []
    for kind, assets, at in in_order(rows).values_list("kind", "assets", "at"):
        part = min(assets, left)
        left -= part
        payments.append((kind, part, at))
    return payments


def _paid_by_kind(
    payments: Sequence[_Payment] | None, start: datetime | None, end: datetime | None
) -> dict[str, int]:
    """What of the accruals in [start, end) has been paid, by kind; empty when nobody can say."""
    if payments is None:
        return {}
    paid: dict[str, int] = dict.fromkeys(_BY_TIME, 0)
    for kind, part, at in payments:
        if (start is None or at >= start) and (end is None or at < end):
            paid[kind] += part
    return paid


def _known_by(overview: Overview | None, is_known: bool) -> WithdrawnBy | None:
    if overview is None or not is_known:
        return None
    is_told = overview.unpaid_fees_assets is not None
    return WithdrawnBy.CONTRACT if is_told else WithdrawnBy.CASH


def _rate_bps(kind: FeeKind, start: datetime | None, end: datetime | None) -> int | None:
    if kind == FeeKind.REDEMPTION:
        sums = within(Payout.objects.all(), start, end).aggregate(
            fees=Sum("fee_assets"), gross=Sum("gross_assets")
        )
        return _nearest(int(sums["fees"]) * BPS_ONE, int(sums["gross"])) if sums["gross"] else None
    row = (
        FeeEntry.objects.filter(kind=kind, direction=FeeDirection.ACCRUED, basis_assets__gt=0)
        .order_by("-block_number", "-log_index")
        .first()
    )
    if row is None or not row.basis_assets:
        return None
    if kind == FeeKind.PERFORMANCE:
        return _nearest(row.assets * BPS_ONE, row.basis_assets)
    if not row.period_seconds:
        return None
    return _nearest(row.assets * BPS_ONE * YEAR_SECONDS, row.basis_assets * row.period_seconds)


def _nearest(dividend: int, divisor: int) -> int:
    """Rounded half up: the fee itself was rounded down, so a floor would show 49 for 50 bp."""
    return mul_div_floor(2 * dividend + divisor, 1, 2 * divisor)
