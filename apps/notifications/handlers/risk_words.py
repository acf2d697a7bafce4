"""A risk event and the figures beside it, as the lines of a message."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from apps.risk import queries as risk
from apps.risk.rules.figures import Unit
from apps.risk.rules.words import limit_text, value_text

from .links import admin_link
from .places import bullets

if TYPE_CHECKING:
    from apps.risk.models import RiskEvent
    from apps.risk.queries import ReadingView

_CHAIN_TITLES = {
    "LowLiquidityAlert": "Low liquidity, says the contract",
    "CriticalLiquidityAlert": "Critical liquidity, says the contract",
    "EmergencyModeChanged": "Emergency mode of the vault",
}


def event_lines(event: "RiskEvent") -> list[tuple[str, str]]:
    """What it is about, its value against the threshold, the other indicators, where to look."""
    readings = _readings()
    return [
        ("What", _title(event, readings)),
        *_value_lines(event),
        ("Since", _time(event.opened_at)),
        *_detail_lines(event),
        *judged_line(),
        *other_lines(readings, besides=event.indicator),
        ("Risk board", admin_link("risk_board")),
    ]


def reasons_of_level() -> str:
    """A paragraph of what set the level, the gravest first; empty before the first judgement."""
    latest = risk.latest_assessment()
    return bullets(latest.reasons) if latest is not None else ""


def level_lines() -> list[tuple[str, str]]:
    """How every indicator stands, for messages that are about the fund as a whole."""
    return [
        *judged_line(),
        *other_lines(_readings(), besides=""),
        ("Risk board", admin_link("risk_board")),
    ]


def event_link(event: "RiskEvent") -> str:
    """The event's own page."""
    return admin_link("risk_riskevent_change", event.pk)


def judged_line() -> list[tuple[str, str]]:
    """As of when the indicators below are: an alarm of the contracts may be newer than they."""
    latest = risk.latest_assessment()
    return [] if latest is None else [("Indicators as of", _time(latest.at))]


def score_text(score: str) -> str:
    """A score as people say it: to one decimal."""
    return f"{Decimal(score):.1f} of 100" if score else "not known"


def other_lines(readings: Iterable["ReadingView"], *, besides: str) -> list[tuple[str, str]]:
    """Each indicator that is not normal with its value and limit, then the normal ones by name."""
    others = [reading for reading in readings if reading.indicator != besides]
    loud = [(reading.title, _standing(reading)) for reading in others if reading.status != "NORMAL"]
    calm = [reading.title for reading in others if reading.status == "NORMAL"]
    return [*loud, *([("Normal", "; ".join(calm))] if calm else [])]


def _readings() -> tuple["ReadingView", ...]:
    latest = risk.latest_assessment()
    return () if latest is None else latest.readings


def _title(event: "RiskEvent", readings: Iterable["ReadingView"]) -> str:
    if event.type == "CHAIN_ALERT":
        return _CHAIN_TITLES.get(event.indicator, event.indicator)
    if event.type == "FORECAST":
        return "Liquidity forecast"
    if event.type == "LEVEL":
        return "The fund's level of risk"
    titles = {reading.indicator.value: reading.title for reading in readings}
    return titles.get(event.indicator) or str(event.indicator).replace("_", " ")


def _detail_lines(event: "RiskEvent") -> list[tuple[str, str]]:
    details = event.details
    if event.type == "LEVEL":
        before = details.get("old") or "not judged before"
        return [
            ("Level", f"{before} → {details.get('new', '')}"),
            ("Score", score_text(str(details.get("score", "")))),
        ]
    return [
        (label[:1].upper() + label[1:], str(value))
        for label, value in details.items()
        if label != "unknown"  # the message itself says why
    ]


def _value_lines(event: "RiskEvent") -> list[tuple[str, str]]:
    lines = []
    if event.value is not None:
        lines.append(("Value", _figure(event.value, event.unit, event.threshold)))
    if event.threshold is not None:
        lines.append(("Threshold", _limit(event.threshold, event.unit)))
    worst = event.worst_value
    if worst is not None and event.value is not None and worst != event.value:
        lines.append(("Worst so far", _figure(worst, event.unit, event.threshold)))
    return lines


def _standing(reading: "ReadingView") -> str:
    if reading.status == "UNKNOWN":
        return f"unknown: {reading.unknown}"
    limit = reading.critical if reading.status == "CRITICAL" else reading.warning
    word = str(reading.status).lower()
    if reading.value is None:
        return f"{word}: {reading.meaning}"
    value = _figure(reading.value, reading.unit, limit)
    return f"{value}, {word} (limit {_limit(limit, reading.unit)})"


def _figure(value: Decimal, unit: str, threshold: Decimal | None) -> str:
    if not unit:
        return f"{value.normalize():f}"
    beside = () if threshold is None else (threshold,)
    return value_text(value, Unit(unit), apart_from=beside)


def _limit(value: Decimal, unit: str) -> str:
    return limit_text(value, Unit(unit)) if unit else f"{value.normalize():f}"


def _time(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC"
