"""A fund in order, of a million USDT, of which a test changes what it is about."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from apps.risk.rules import levels
from apps.risk.rules.defaults import PARAMETERS, THRESHOLDS
from apps.risk.rules.figures import (
    AssetExposure,
    Indicator,
    Judged,
    Level,
    Measured,
    Situation,
    Status,
)
from apps.risk.rules.judging import judge
from apps.risk.rules.measuring import measure

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
USDT = 10**18
MILLION = 1_000_000 * USDT
NAV = 105 * 10**16


def asset(number: int, units: int, **changes: Any) -> AssetExposure:
    """So many USDT worth of an asset with a price that everybody agrees on."""
    made = AssetExposure(
        token=f"0x{number:040x}",
        symbol=f"A{number}",
        tier=2,
        value=units * USDT,
        issuer=f"Issuer {number}",
        traded_price=USDT,
        median=USDT,
    )
    return replace(made, **changes)


def fund(**changes: Any) -> Situation:
    """12 % in L1, 38 % in L2, 50 % in L3 over six assets of six issuers; nothing is wrong."""
    made = Situation(
        at=NOON,
        block_number=1_000,
        block_hash="0x" + "ab" * 32,
        block_at=NOON,
        gross_assets=MILLION,
        l1_assets=120_000 * USDT,
        l2_assets=380_000 * USDT,
        l3_assets=500_000 * USDT,
        liability_assets=0,
        available_assets=500_000 * USDT,
        total_supply=900_000 * USDT,
        emergency_mode=False,
        assets=tuple(asset(number, 140_000) for number in range(1, 7)),
        navs_24h=(NAV, NAV),
        predicted_outflow_7d=100_000 * USDT,
        available_7d=500_000 * USDT,
        oldest_price_seconds=60,
        requested_24h_assets=10_000 * USDT,
        pending_approval_assets=0,
        requests_7d=5,
        requests_7d_before=5,
        sent_24h=10,
        failed_24h=0,
        failed_in_a_row=0,
        event_lag_seconds=3,
        approved_plan_seconds=0,
    )
    return replace(made, **changes)


def measured(indicator: Indicator, **changes: Any) -> Measured:
    """One indicator of a fund that is otherwise in order."""
    return next(one for one in measure(fund(**changes)) if one.indicator is indicator)


def judged(**changes: Any) -> tuple[Judged, ...]:
    """Every indicator of it against the first thresholds."""
    return judge(measure(fund(**changes)), THRESHOLDS)


def status(indicator: Indicator, **changes: Any) -> Status:
    """How one of them stands."""
    return one(indicator, **changes).status


def one(indicator: Indicator, **changes: Any) -> Judged:
    return next(row for row in judged(**changes) if row.measured.indicator is indicator)


def level(
    unknown_minutes: dict[Indicator, int] | None = None, **changes: Any
) -> tuple[Level, tuple[str, ...]]:
    """What such a fund calls for now."""
    return levels.raw_level(
        judged(**changes), fund(**changes), PARAMETERS.levels, unknown_minutes or {}
    )


def share(text: str) -> Decimal:
    """A percentage as a share of one: ``share("10")`` is 0.1."""
    return Decimal(text) / 100
