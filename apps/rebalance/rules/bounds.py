"""Within what the parameters of rebalancing make sense, whoever approves them."""

from collections.abc import Iterator
from dataclasses import fields

from apps.core.errors import Invalid
from apps.core.units import BPS_ONE, UINT256_MAX, format_bps

from .figures import Blackout, Parameters

_MINUTES_A_DAY = 24 * 60
_BLACKOUTS_MAX = 50

_RANGES: dict[str, tuple[int, int]] = {
    "plan_assets_min": (0, UINT256_MAX),
    "l1_low_bps": (0, BPS_ONE),
    "l1_high_bps": (0, BPS_ONE),
    "tier_deviation_bps": (1, BPS_ONE),
    "asset_weight_max_bps": (1, BPS_ONE),
    "top3_weight_max_bps": (1, BPS_ONE),
    "due_share_max_bps": (1, BPS_ONE),
    "horizon_hours": (1, 90 * 24),
    "subscription_assets": (0, UINT256_MAX),
    "move_bps": (1, BPS_ONE),
    "cooldown_minutes": (0, 7 * _MINUTES_A_DAY),
    "stale_bps": (1, BPS_ONE),
    "projection_warn_bps": (1, BPS_ONE),
    "slippage_warn_bps": (1, BPS_ONE),
    "slippage_block_bps": (1, BPS_ONE),
    "gas_benefit_max_bps": (1, BPS_ONE),
    "l1_critical_bps": (0, BPS_ONE),
    "coverage_critical_bps": (0, 10 * BPS_ONE),
    "nav_volatility_max_bps": (1, BPS_ONE),
    "preview_minutes": (1, 60),
    "approved_hours": (1, 7 * 24),
    "expected_slippage_bps": (0, BPS_ONE),
    "gas_units_per_trade": (21_000, 30_000_000),
    "native_price_assets": (0, UINT256_MAX),
    "tier_drift_weight_bps": (0, BPS_ONE),
    "asset_drift_weight_bps": (0, BPS_ONE),
}


class BadParameters(Invalid):
    """Parameters that contradict each other, or are out of all reason."""


def refuse_unless_sound(parameters: Parameters) -> None:
    """Check every parameter by itself and against the others.

    Raises:
        BadParameters: with all that is wrong, a sentence each.
    """
    wrong = [*_out_of_range(parameters), *_contradictions(parameters), *_bad_blackouts(parameters)]
    if wrong:
        raise BadParameters(" ".join(wrong))


def _out_of_range(parameters: Parameters) -> Iterator[str]:
    for field in fields(parameters):
        if field.name == "blackouts":
            continue
        low, high = _RANGES[field.name]
        if not low <= getattr(parameters, field.name) <= high:
            bounds = f"{_shown(field.name, low)} and {_shown(field.name, high)}"
            yield f"{field.name} lies between {bounds}."


def _shown(name: str, value: int) -> str:
    return format_bps(value) if name.endswith("_bps") else f"{value:,}"


def _contradictions(parameters: Parameters) -> Iterator[str]:
    if parameters.l1_low_bps >= parameters.l1_high_bps:
        yield "l1_low_bps is below l1_high_bps."
    if parameters.slippage_warn_bps > parameters.slippage_block_bps:
        yield "slippage_warn_bps is at most slippage_block_bps."
    if parameters.expected_slippage_bps > parameters.slippage_block_bps:
        yield "expected_slippage_bps is at most slippage_block_bps: else nothing is ever traded."
    if parameters.asset_weight_max_bps > parameters.top3_weight_max_bps:
        yield "asset_weight_max_bps is at most top3_weight_max_bps."


def _bad_blackouts(parameters: Parameters) -> Iterator[str]:
    if len(parameters.blackouts) > _BLACKOUTS_MAX:
        yield f"There are at most {_BLACKOUTS_MAX} blackouts."
    for blackout in parameters.blackouts:
        if not _is_sound(blackout):
            yield (
                f"The blackout “{blackout.reason}” names weekdays (0 to 6), two different minutes"
                " of the day, and a reason."
            )


def _is_sound(blackout: Blackout) -> bool:
    days = blackout.weekdays
    return (
        bool(days)
        and len(set(days)) == len(days)
        and all(0 <= day <= 6 for day in days)
        and 0 <= blackout.start_minute < _MINUTES_A_DAY
        and 0 < blackout.end_minute <= _MINUTES_A_DAY
        and blackout.start_minute != blackout.end_minute
        and 0 < len(blackout.reason) <= 200
    )
