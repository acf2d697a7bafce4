"""How the fund stands by its last run and reading: what the protocol goes by, and what a ticket or
an incident freezes of it."""

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from apps.fund import queries as fund
from apps.risk.models import Assessment, Incident, Reading
from apps.risk.rules.figures import Indicator, Level, LevelLimits, Status
from apps.risk.rules.protocol import Gap, gap_of
from apps.risk.rules.switches import Switch

from .switches import thrown_on_at

FRESH = timedelta(minutes=15)
"""An older judgement says nothing about now."""

_ORDER = (Status.CRITICAL, Status.WARNING, Status.UNKNOWN)


def newest() -> Assessment | None:
    """The last judgement, however old."""
    return Assessment.objects.order_by("-at").first()


def fresh(*, at: datetime) -> Assessment | None:
    """The last judgement, if it says something about now."""
    row = newest()
    return row if row is not None and at - row.at <= FRESH else None


def assessment_of(row: Assessment | None) -> dict[str, Any]:
    """A judgement as tickets keep it: level, score and what is not in order, in words."""
    if row is None:
        return {}
    return {
        "level": row.level,
        "score": int(row.score.quantize(Decimal(1), rounding=ROUND_HALF_UP)),
        "factors": list(dict.fromkeys([*row.reasons, *(one.meaning for one in _off(row))])),
        "asOf": row.at.isoformat(),
    }


def readings_of(row: Assessment | None) -> dict[str, str]:
    """What was not in order, by indicator: the value as text, and its status."""
    if row is None:
        return {}
    return {
        one.indicator: f"{'unknown' if one.value is None else f'{one.value:f}'} ({one.status})"
        for one in _off(row)
    }


def figures_of(row: Assessment | None) -> dict[str, Any]:
    """The fund as last read (USDT base units as text), and how its risk was judged."""
    overview = fund.latest_overview()
    found: dict[str, Any] = {}
    if overview is not None:
        found |= {
            "block": str(overview.block_number),
            "takenAt": overview.taken_at.isoformat(),
            "gross": str(overview.aum_assets),
            "l1": str(overview.l1_assets),
            "l2": str(overview.l2_assets),
            "l3": str(overview.l3_assets),
            "liability": str(overview.liability_assets),
            "available": _text(overview.available_assets),
        }
    if row is not None:
        found |= {
            "level": row.level,
            "score": str(row.score),
            "reasons": list(row.reasons),
            "readings": readings_of(row),
        }
    return found


def gap_now(limits: LevelLimits, *, read_since: datetime) -> Gap | None:
    """How much cash is missing by the newest reading of the fund; None when there is none since
    that instant."""
    overview = fund.latest_overview()
    if overview is None or overview.taken_at < read_since:
        return None
    liquid = overview.liquid_assets
    return gap_of(
        gross=overview.aum_assets,
        liquid=liquid,
        available=liquid if overview.available_assets is None else overview.available_assets,
        liability=overview.liability_assets,
        coverage=limits.high_coverage,
        least=limits.critical_l1_l2,
    )


def l1_is_below(share: Decimal, *, read_since: datetime) -> bool:
    """Whether L1 is a smaller share of gross assets, by a reading since that instant."""
    overview = fund.latest_overview()
    return (
        overview is not None
        and overview.taken_at >= read_since
        and overview.l1_assets < overview.aum_assets * share
    )


def since(level: Level) -> datetime | None:
    """From when on the level has been this or a higher one, without a break; None when it is
    not."""
    below = [one.value for one in Level if one.rank < level.rank]
    lower = Assessment.objects.filter(level__in=below).order_by("-at").first()
    rows = Assessment.objects.exclude(level__in=below).order_by("at")
    first = (rows.filter(at__gt=lower.at) if lower else rows).first()
    return first.at if first else None


def is_calm(row: Assessment) -> bool:
    """Whether the fund itself is at ELEVATED or better, emergency mode and alarms of the contracts
    left out: what an emergency switched on must not keep it going. Without a figure about liquidity
    nobody says so."""
    readings = {one.indicator: one.status for one in row.readings.all()}
    if any(readings.get(one, Status.UNKNOWN) == Status.UNKNOWN for one in _ABOUT_LIQUIDITY):
        return False
    by_figures = Level(row.figures.get("indicator_level", row.level))
    return by_figures.rank <= Level.ELEVATED.rank


def is_mode_left_on() -> bool:
    """Whether emergency mode is on since before people closed the last incident."""
    last = Incident.objects.filter(closed_at__isnull=False).order_by("-closed_at").first()
    if last is None or last.closed_at is None:
        return False
    thrown_at = thrown_on_at(Switch.MODE)
    return thrown_at is not None and thrown_at <= last.closed_at


_ABOUT_LIQUIDITY = (
    Indicator.L1_RATIO,
    Indicator.L1_L2_RATIO,
    Indicator.REDEMPTION_COVERAGE,
)


def _off(row: Assessment) -> list[Reading]:
    readings = [one for one in row.readings.all() if one.status != Status.NORMAL]
    return sorted(readings, key=lambda one: (_ORDER.index(Status(one.status)), one.pk))


def _text(assets: int | None) -> str | None:
    return None if assets is None else str(assets)
