"""How much management fee will have accrued by an instant, at the present rate."""

from datetime import datetime, timedelta

from apps.fund.models import FeeDirection, FeeEntry, FeeKind, Snapshot

from .overview import Overview

_SECOND = timedelta(seconds=1)


def accrues_until(overview: Overview, until: datetime) -> int | None:
    """Base units (ceil) that accrue between the figures of ``overview`` and ``until``.

    The fee grows by the second, so the rate is what is pending by the time since fees were last
    collected; where they were collected in this very block, that of the newest accrual on today's
    assets. The performance fee follows prices, not time: nothing is added for it. None when
    neither is known.
    """
    # A test chain's clock may be ahead of ours: then it counts from when we looked.
    seconds = _seconds(min(overview.block_at, overview.taken_at), until)
    pending = overview.pending_management_fee_assets
    collected_at = Snapshot.objects.values_list("fees_collected_at", flat=True).get(
        pk=overview.snapshot_id
    )
    elapsed = _seconds(collected_at, overview.block_at) if collected_at is not None else 0
    if pending is not None and elapsed:
        return _ceil(pending * seconds, elapsed)
    newest = (
        FeeEntry.objects.filter(
            chain_id=overview.chain_id,
            kind=FeeKind.MANAGEMENT,
            direction=FeeDirection.ACCRUED,
            basis_assets__gt=0,
            period_seconds__gt=0,
        )
        .order_by("-block_number", "-log_index")
        .first()
    )
    if newest is None or not newest.basis_assets or not newest.period_seconds:
        return None
    return _ceil(
        overview.total_assets * newest.assets * seconds,
        newest.basis_assets * newest.period_seconds,
    )


def _seconds(start: datetime, end: datetime) -> int:
    """Whole seconds, ceil, never below zero."""
    return max(-((start - end) // _SECOND), 0)


def _ceil(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)
