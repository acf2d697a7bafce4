"""Runs, events and an incident for pages: a fund that stands as the test says, judged for real."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

from apps.core.units import WAD
from apps.risk import operations
from apps.risk.models import Assessment
from apps.risk.operations import assessing
from apps.risk.rules.figures import AssetExposure, Situation

USDT = WAD
HOSTILE = '<script>alert("x")</script> \u202eevil \u2066'
_HASH = "0x" + "11" * 32


def asset(symbol: str, value: int, *, tier: int = 3, issuer: str = "Blackwell") -> AssetExposure:
    """``value`` in whole USDT; its sources and the contracts agree."""
    return AssetExposure(
        token="0x" + symbol.encode().hex().ljust(40, "0"),
        symbol=symbol,
        tier=tier,
        value=value * USDT,
        issuer=issuer,
        traded_price=WAD,
        median=WAD,
    )


def calm(at: datetime, **changes: Any) -> Situation:
    """A fund of a million of which nothing is at a warning."""
    usual = Situation(
        at=at,
        block_number=1_284_496,
        block_hash=_HASH,
        block_at=at,
        gross_assets=1_000_000 * USDT,
        l1_assets=130_000 * USDT,
        l2_assets=310_000 * USDT,
        l3_assets=560_000 * USDT,
        liability_assets=200_000 * USDT,
        available_assets=430_000 * USDT,
        total_supply=950_000 * WAD,
        emergency_mode=False,
        assets=(
            asset("CPCS", 160_000, issuer="Aurum"),
            asset("MTMM", 150_000, tier=2, issuer="Meridian"),
            asset("NGTR", 120_000, issuer="Northgate"),
        ),
        navs_24h=(WAD, WAD + 10**15, WAD + 2 * 10**15),
        predicted_outflow_7d=90_000 * USDT,
        available_7d=450_000 * USDT,
        oldest_price_seconds=312,
        requested_24h_assets=11_000 * USDT,
        pending_approval_assets=24_000 * USDT,
        requests_7d=9,
        requests_7d_before=8,
        sent_24h=24,
        failed_24h=0,
        failed_in_a_row=0,
        event_lag_seconds=4,
        approved_plan_seconds=0,
    )
    return replace(usual, **changes)


def short(at: datetime, **changes: Any) -> Situation:
    """L1 is nearly gone, much is asked for, and nobody can say how old prices are."""
    return calm(
        at,
        l1_assets=71_000 * USDT,
        l2_assets=309_000 * USDT,
        l3_assets=620_000 * USDT,
        requested_24h_assets=41_000 * USDT,
        oldest_price_seconds=None,
        missing={"oldest_price_seconds": "No price has been observed yet."},
        **changes,
    )


@contextmanager
def standing(situation: Situation) -> Iterator[None]:
    """Whoever asks how the fund stands is told this."""
    with mock.patch.object(assessing, "situation_now", return_value=situation):
        yield


def judged(situation: Situation) -> Assessment:
    """One run over the fund as it stands."""
    with standing(situation):
        return operations.assess(at=situation.at)


def a_day(at: datetime, *, ends: Situation | None = None) -> Assessment:
    """A calm day, hour by hour, with L1 shrinking; the last run at ``at``."""
    for hours in range(24, 0, -1):
        l1 = (120_000 + 1_500 * hours) * USDT
        judged(calm(at - timedelta(hours=hours), l1_assets=l1))
    return judged(ends or calm(at))
