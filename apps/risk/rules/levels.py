"""The level of risk: what the indicators and the contracts say now, and what holds after that.

A level rises at once. It falls only after several runs in a row were better, so that a fund on the
edge does not swing, and never because something can no longer be seen.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from apps.core.units import format_amount

from .figures import (
    Indicator,
    Judged,
    Level,
    LevelLimits,
    Measured,
    Situation,
    Status,
    Unit,
    Verdict,
)
from .judging import SPECS
from .words import limit_text

_SETS_THE_LEVEL = (
    "gross_assets",
    "l1_assets",
    "l2_assets",
    "liability_assets",
    "emergency_mode",
    "failed_in_a_row",
)
"""Without one of these nobody can say that the level is a lower one."""

_Reason = tuple[Level, str]


def raw_level(
    judged: Sequence[Judged],
    situation: Situation,
    limits: LevelLimits,
    unknown_minutes: Mapping[Indicator, int],
) -> tuple[Level, tuple[str, ...]]:
    """The highest level that anything calls for now, and everything that does, the gravest first.

    Args:
        unknown_minutes: since when each unknown indicator is, in minutes begun.
    """
    return _highest(
        [
            *_by_chain(situation),
            *_by_indicators(judged, situation, limits, unknown_minutes),
        ]
    )


def indicator_level(
    judged: Sequence[Judged],
    situation: Situation,
    limits: LevelLimits,
    unknown_minutes: Mapping[Indicator, int],
) -> tuple[Level, tuple[str, ...]]:
    """The same by the figures alone: whether an emergency that the contracts hold has passed."""
    return _highest([*_by_indicators(judged, situation, limits, unknown_minutes)])


def not_below(
    *,
    previous: Level | None,
    judged: Sequence[Judged],
    situation: Situation,
    last_known: Mapping[Indicator, Status],
) -> tuple[Level, tuple[str, ...]]:
    """The level that what is unknown now still stands for, and why.

    An indicator that cannot be read stands as when it was read last; while a figure that sets the
    level is missing, the level of before stands. At the first run there is none, and what nobody
    has seen is not NORMAL.
    """
    reasons: list[_Reason] = []
    for one in judged:
        indicator = one.measured.indicator
        if one.status is Status.UNKNOWN:
            stood = last_known.get(indicator, Status.NORMAL)
            level = _OF_STATUS.get(stood, Level.NORMAL)
            title = SPECS[indicator].title
            reasons.append((level, f"{title} was at {stood.lower()} when it was known last."))
    missing = [name for name in _SETS_THE_LEVEL if getattr(situation, name) is None]
    if missing:
        why = situation.missing.get(missing[0], "a figure that sets the level is missing.")
        if previous is None:
            reasons.append((Level.ELEVATED, f"Nobody has seen the level yet: {why}"))
        else:
            reasons.append((previous, f"The level of before stands while it cannot be seen: {why}"))
    return _highest(reasons)


def settle(
    previous: Verdict | None,
    raw: Level,
    *,
    earlier: Sequence[Level],
    better_runs: int,
    score: Decimal,
    reasons: Sequence[str],
) -> Verdict:
    """The level that holds now.

    It falls once ``better_runs`` runs in a row, this one included, were better than it; to the
    worst of those.

    Args:
        previous: of the run before; None at the first.
        earlier: the raw levels of the runs before this one, the newest last.
    """
    found = Verdict(level=raw, raw=raw, better_runs=0, score=score, reasons=tuple(reasons))
    if previous is None or raw.rank >= previous.level.rank:
        return found
    better = previous.better_runs + 1
    if better < better_runs:
        return replace(found, level=previous.level, better_runs=better)
    counted = [raw, *list(earlier)[::-1]][:better_runs]
    return replace(found, level=max(counted, key=lambda level: level.rank))


def critical_alert_counts(
    *,
    counts_until: datetime,
    at: datetime,
    threshold_bps: int,
    available_assets: int | None,
    gross_assets: int | None,
) -> bool:
    """Whether a ``CriticalLiquidityAlert`` still makes the level critical: it is young, and
    liquidity is not above the alert's own threshold again. Unknown liquidity is not above it. One
    that seems to come from later counts: the clocks of two machines differ."""
    if at >= counts_until:
        return False
    if available_assets is None or not gross_assets:
        return True
    return available_assets * 10_000 <= threshold_bps * gross_assets


def _by_chain(now: Situation) -> Iterator[_Reason]:
    if now.emergency_mode:
        yield Level.CRITICAL, "The vault is in emergency mode."
    if now.critical_alert_at is not None:
        when = f"{now.critical_alert_at:%Y-%m-%d %H:%M} UTC"
        yield Level.CRITICAL, f"The contracts raised a critical liquidity alert at {when}."


def _by_indicators(
    judged: Sequence[Judged],
    now: Situation,
    limits: LevelLimits,
    unknown_minutes: Mapping[Indicator, int],
) -> Iterator[_Reason]:
    yield from _critical(judged, now, limits)
    yield from _beyond_limits(judged, limits)
    for one in judged:
        indicator = one.measured.indicator
        if one.status in _OF_STATUS:
            yield _OF_STATUS[one.status], one.meaning
        minutes = unknown_minutes.get(indicator, 0)
        if one.status is Status.UNKNOWN and minutes > limits.unknown_warns_after_minutes:
            why = one.measured.unknown
            title = SPECS[indicator].title
            yield (
                Level.ELEVATED,
                f"{title} is unknown for more than {limits.unknown_warns_after_minutes} min: {why}",
            )


def _critical(judged: Sequence[Judged], now: Situation, limits: LevelLimits) -> Iterator[_Reason]:
    available = now.available_assets
    if available is None and now.l1_assets is not None and now.l2_assets is not None:
        available = now.l1_assets + now.l2_assets
    if now.liability_assets is not None and available is not None:
        short = now.liability_assets - available
        if short > 0:
            yield (
                Level.CRITICAL,
                f"More is owed to redemptions than is available, by {format_amount(short)} USDT.",
            )
    liquid = _one(judged, Indicator.L1_L2_RATIO)
    ratio = liquid.value if liquid is not None else None
    if liquid is not None and liquid.critical_by:
        yield Level.CRITICAL, liquid.critical_by
    if ratio is not None and ratio < limits.critical_l1_l2:
        limit = limit_text(limits.critical_l1_l2, Unit.SHARE)
        yield Level.CRITICAL, f"L1 and L2 together are below {limit} of gross assets."
    failed = now.failed_in_a_row
    if failed is not None and failed >= limits.critical_failures_in_a_row:
        yield Level.CRITICAL, f"The last {failed} transactions failed, one after the other."


def _beyond_limits(judged: Sequence[Judged], limits: LevelLimits) -> Iterator[_Reason]:
    """The levels' own limits, where the indicator's thresholds do not say as much already."""
    by_name = {one.measured.indicator: one for one in judged}
    l1, coverage = Indicator.L1_RATIO, Indicator.REDEMPTION_COVERAGE
    daily, moved = Indicator.DAILY_REDEMPTION_RATE, Indicator.NAV_VOLATILITY_24H
    said: set[Indicator] = set()
    for level, what, indicator, side, limit in (
        (Level.HIGH, "L1 is", l1, "below", limits.high_l1),
        (Level.HIGH, "Coverage of redemptions is", coverage, "below", limits.high_coverage),
        (Level.HIGH, "Redemptions of a day are", daily, "above", limits.high_daily_redemptions),
        (Level.ELEVATED, "L1 is", l1, "below", limits.elevated_l1),
        (
            Level.ELEVATED,
            "Redemptions of a day are",
            daily,
            "above",
            limits.elevated_daily_redemptions,
        ),
        (
            Level.ELEVATED,
            "The NAV moved within a day by",
            moved,
            "above",
            limits.elevated_nav_volatility,
        ),
    ):
        one = by_name.get(indicator)
        value = one.measured.value if one is not None else None
        if one is None or value is None or indicator in said:
            continue
        by_status = _OF_STATUS.get(one.status, Level.NORMAL)
        beyond = value < limit if side == "below" else value > limit
        if beyond and by_status.rank < level.rank:
            said.add(indicator)
            yield level, f"{what} {side} {limit_text(limit, Unit.SHARE)}."


def _one(judged: Sequence[Judged], indicator: Indicator) -> Measured | None:
    return next((one.measured for one in judged if one.measured.indicator is indicator), None)


def _highest(reasons: Sequence[_Reason]) -> tuple[Level, tuple[str, ...]]:
    """What sets a level above NORMAL, the gravest first, each sentence once."""
    telling = sorted(
        (reason for reason in reasons if reason[0] is not Level.NORMAL),
        key=lambda reason: -reason[0].rank,
    )
    level = telling[0][0] if telling else Level.NORMAL
    return level, tuple(dict.fromkeys(sentence for _, sentence in telling))


_OF_STATUS = {Status.WARNING: Level.ELEVATED, Status.CRITICAL: Level.HIGH}
