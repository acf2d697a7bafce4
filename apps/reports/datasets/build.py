"""From inputs to the stored dataset: plain arithmetic, no database, no clock.

In the dataset amounts are strings of digits (base units; 18 decimals), NAV per share is 1e18 fixed
point, ratios are basis points, times ISO 8601 in UTC. Totals are the sums of their items, exactly.
What is not known is null, and ``missing`` says why in words.
"""

from datetime import timedelta
from typing import Any

from apps.core.units import bps_of

from .activity import approvals, fees, transactions
from .flows import flows, redemptions, subscriptions
from .frame import block, frame
from .inputs import FundPoint, Inputs
from .risk import risk
from .values import digits, fields_of, time, words

_POINT_AGE_MAX = timedelta(hours=1)


def build(inputs: Inputs, *, kind: str, run_id: int) -> dict[str, Any]:
    """The dataset of a report: JSON, complete, never changed later."""
    return {
        **frame(
            kind=kind,
            run_id=run_id,
            period=inputs.period,
            chain=(inputs.chain_id, inputs.chain_name),
            read_at=inputs.read_at,
            as_of={
                "opening": _block(inputs.opening),
                "closing": _block(inputs.closing),
                "final": _final(inputs),
            },
            missing=missing(inputs),
        ),
        "fund": _fund(inputs),
        "nav_points": [fields_of(point) for point in inputs.nav_points],
        "tiers": _tiers(inputs),
        "flows": flows(inputs),
        "subscriptions": subscriptions(inputs),
        "redemptions": redemptions(inputs),
        "approvals": approvals(inputs.tickets, inputs.period),
        "transactions": transactions(inputs),
        "risk": risk(inputs.levels, inputs.events, inputs.period),
        "alerts": [fields_of(alert) for alert in inputs.alerts],
        "switches": [fields_of(switch) for switch in inputs.switches],
        "fees": fees(inputs),
    }


# -- What is missing -------------------------------------------------------------------------


def missing(inputs: Inputs) -> list[str]:
    """What the report could not know, each in a sentence."""
    period, found = inputs.period, []
    for name, point, at in (
        ("opening", inputs.opening, period.start),
        ("closing", inputs.closing, period.end),
    ):
        if point is None:
            found.append(f"No reading of the fund at the {name} of the period, {words(at)}.")
        elif at - point.slot > _POINT_AGE_MAX:
            found.append(f"The {name} figures are of {words(point.slot)}, before {words(at)}.")
    if inputs.final_block_time is None:
        found.append("No block of the chain is final yet.")
    elif inputs.final_block_time < period.end:
        found.append(
            f"The chain was final only up to block {inputs.final_block_number:,} of "
            f"{words(inputs.final_block_time)}; what came later in the period is not included."
        )
    if inputs.unapplied_logs:
        found.append(f"{inputs.unapplied_logs} events of the chain wait to be applied.")
    found += [
        f"No hourly snapshot for {words(gap.slot)}: {gap.reason.rstrip('.')}."
        for gap in inputs.gaps
    ]
    return found


# -- The fund --------------------------------------------------------------------------------


def _fund(inputs: Inputs) -> dict[str, Any]:
    figures = (
        "nav_per_share",
        "aum_assets",
        "total_assets",
        "total_supply_shares",
        "liability_assets",
        "locked_shares",
    )
    rows: dict[str, Any] = {
        name: _change(
            getattr(inputs.opening, name) if inputs.opening else None,
            getattr(inputs.closing, name) if inputs.closing else None,
        )
        for name in figures
    }
    for name in ("holders", "emergency_mode"):
        rows[name] = {
            "opening": getattr(inputs.opening, name) if inputs.opening else None,
            "closing": getattr(inputs.closing, name) if inputs.closing else None,
        }
    return rows


def _change(opening: int | None, closing: int | None) -> dict[str, Any]:
    change = None if opening is None or closing is None else closing - opening
    return {
        "opening": digits(opening),
        "closing": digits(closing),
        "change": digits(change),
        "change_bps": None if change is None else _signed_bps(change, opening or 0),
    }


def _signed_bps(change: int, opening: int) -> int | None:
    """Rounded towards zero, so that a fall never looks larger than it was."""
    size = bps_of(abs(change), opening)
    return None if size is None else size if change >= 0 else -size


def _tiers(inputs: Inputs) -> list[dict[str, Any]]:
    before = {tier.tier: tier.assets for tier in inputs.opening.tiers} if inputs.opening else {}
    if inputs.closing is None:
        return []
    return [
        {
            "tier": tier.tier,
            "opening_assets": digits(before.get(tier.tier)),
            "closing_assets": digits(tier.assets),
            "ratio_bps": tier.ratio_bps,
            "target_bps": tier.target_bps,
            "min_bps": tier.min_bps,
            "max_bps": tier.max_bps,
            "within_band": _within(tier.ratio_bps, tier.min_bps, tier.max_bps),
        }
        for tier in inputs.closing.tiers
    ]


def _within(ratio: int | None, low: int | None, high: int | None) -> bool | None:
    return None if ratio is None or low is None or high is None else low <= ratio <= high


def _block(point: FundPoint | None) -> dict[str, Any] | None:
    if point is None:
        return None
    return {**block(point.block_number, point.block_time), "slot": time(point.slot)}


def _final(inputs: Inputs) -> dict[str, Any] | None:
    if inputs.final_block_number is None or inputs.final_block_time is None:
        return None
    return block(inputs.final_block_number, inputs.final_block_time)
