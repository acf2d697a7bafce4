"""How risky a plan is, in words, for the people who decide about it."""

from collections.abc import Sequence
from typing import Any

from apps.chain.terms import Tier
from apps.core.units import bps_of, format_amount, format_bps

from .figures import Blueprint, Parameters, Situation

UNKNOWN_POINTS = 15
_LEVEL_POINTS = {"NORMAL": 0, "ELEVATED": 10, "HIGH": 25, "CRITICAL": 40}
_COVERAGE_COMFORTABLE_BPS = 15_000


def assess(
    *, situation: Situation, blueprint: Blueprint, parameters: Parameters, risk_level: str
) -> dict[str, Any]:
    """The risk of a plan: level, score 0–100 and the factors in words.

    ``risk_level`` is how the fund stands, "" when unknown; that counts 15 points and keeps the
    plan's level from being LOW.
    """
    parts = [
        _share_moved(blueprint, situation),
        _l1_after(blueprint, parameters),
        _coverage_after(blueprint, situation, parameters),
        _slippage(blueprint, parameters),
        _legs(blueprint),
        _fund_level(risk_level),
    ]
    score = min(sum(points for points, _ in parts), 100)
    return {
        "level": _level(score if risk_level else max(score, 25)),
        "score": score,
        "factors": [text for _, text in parts],
        "asOf": situation.at.isoformat(),
    }


def coverage_after_bps(situation: Situation, blueprint: Blueprint) -> int | None:
    """What L1 + L2 will cover of all that is owed, floor; None when nothing is."""
    return bps_of(_payable_after(blueprint), situation.liability_assets)


def _payable_after(blueprint: Blueprint) -> int:
    return sum(row.after for row in blueprint.tiers if row.tier in (Tier.L1, Tier.L2))


def _share_moved(blueprint: Blueprint, situation: Situation) -> tuple[int, str]:
    share = bps_of(blueprint.amount_assets, situation.gross) or 0
    points = _points(share, ((2_000, 40), (1_000, 30), (500, 20), (200, 10)))
    return points, f"Moves {format_bps(share)} of assets"


def _l1_after(blueprint: Blueprint, parameters: Parameters) -> tuple[int, str]:
    after = next(row.after_bps for row in blueprint.tiers if row.tier is Tier.L1)
    text = f"L1 will be {format_bps(after)} of assets"
    if after is None or after >= parameters.l1_low_bps:
        return 0, text
    return 20, f"{text}, below {format_bps(parameters.l1_low_bps)}"


def _coverage_after(
    blueprint: Blueprint, situation: Situation, parameters: Parameters
) -> tuple[int, str]:
    coverage = coverage_after_bps(situation, blueprint)
    if coverage is None:
        return 0, "No redemptions are owed"
    points = (
        30
        if coverage < parameters.coverage_critical_bps
        else 15
        if coverage < _COVERAGE_COMFORTABLE_BPS
        else 0
    )
    owed = format_amount(situation.liability_assets)
    return points, f"L1 + L2 will cover {format_bps(coverage)} of the {owed} USDT owed"


def _slippage(blueprint: Blueprint, parameters: Parameters) -> tuple[int, str]:
    worst = max((action.slippage_bps for action in blueprint.actions), default=0)
    points = _points(
        worst, ((parameters.slippage_block_bps, 30), (parameters.slippage_warn_bps, 15), (50, 5))
    )
    cost = format_amount(blueprint.cost_assets)
    return points, f"Expected to cost {cost} USDT; the worst slippage is {format_bps(worst)}"


def _legs(blueprint: Blueprint) -> tuple[int, str]:
    count = len(blueprint.actions)
    return _points(count, ((10, 10), (5, 5))), f"{count} trade{'s' if count > 1 else ''}"


def _fund_level(risk_level: str) -> tuple[int, str]:
    if not risk_level:
        return UNKNOWN_POINTS, "The fund's risk level is unknown"
    return _LEVEL_POINTS.get(risk_level, UNKNOWN_POINTS), f"The fund's risk level is {risk_level}"


def _points(value: int, steps: Sequence[tuple[int, int]]) -> int:
    return next((points for bound, points in steps if value >= bound), 0)


def _level(score: int) -> str:
    for bound, level in ((25, "LOW"), (50, "MEDIUM"), (75, "HIGH")):
        if score < bound:
            return level
    return "CRITICAL"
