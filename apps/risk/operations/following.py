"""From a run's judgement to risk events: what is wrong is raised, what is in order recovers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from apps.risk.models import Assessment, Reading
from apps.risk.queries.events import events
from apps.risk.rules import alerting
from apps.risk.rules.figures import (
    EventType,
    Indicator,
    Judged,
    Level,
    Parameters,
    Severity,
    Status,
    Verdict,
)
from apps.risk.rules.specs import SPECS

from .chain_alerts import settle_liquidity_alerts
from .raising import raise_event, settle_event

LEVEL = "level"
"""What an event of type LEVEL calls its indicator."""


@dataclass(frozen=True, slots=True)
class _Unresolved:
    severity: Severity
    details: dict[str, str]


@transaction.atomic
def follow_readings(
    *, judged: Sequence[Judged], parameters: Parameters, assessment: Assessment, at: datetime
) -> None:
    """Raise an event for each indicator at warning or worse, and let the others recover.

    One that is unknown for longer than the policy allows warns like any other; until then its event
    stays as it is. While the level is above NORMAL its event is kept open, whoever resolved it.
    The assessment's readings must be stored.
    """
    unresolved = {
        (kind, name): _Unresolved(Severity(severity), details)
        for kind, name, severity, details in events(resolved=False).values_list(
            "type", "indicator", "severity", "details"
        )
    }
    unknown_since = _unknown_since(judged, assessment)
    patience = timedelta(minutes=parameters.levels.unknown_warns_after_minutes)
    for one in judged:
        indicator = one.measured.indicator
        now = unresolved.get((EventType.INDICATOR, indicator))
        severity = alerting.severity_of_status(one.status)
        if severity is None:
            if now is not None:
                settle_event(
                    type=EventType.INDICATOR, indicator=indicator, resolution=one.meaning, at=at
                )
        elif one.status is not Status.UNKNOWN:
            _raise_bad(one, severity, at)
        elif at - unknown_since[indicator] > patience:
            _raise_unknown(one, unknown_since[indicator], _graver(severity, now), at)
        elif now is not None:
            _is_no_better(indicator)
    if any(kind == EventType.CHAIN_ALERT for kind, _ in unresolved):
        settle_liquidity_alerts(assessment=assessment, at=at)
    _keep_level(assessment, unresolved.get((EventType.LEVEL, LEVEL)), at)


def follow_level(
    *, old: Level | None, verdict: Verdict, assessment: Assessment, at: datetime
) -> None:
    """The level is another one: its event opens, changes, or, back at NORMAL, resolves."""
    severity = alerting.severity_of_level(verdict.level)
    if severity is None:
        settle_event(
            type=EventType.LEVEL, indicator=LEVEL, resolution="The level is NORMAL again.", at=at
        )
        return
    _raise_level(
        severity,
        old=old.value if old else "",
        new=verdict.level.value,
        reasons=verdict.reasons,
        score=str(assessment.score),
        at=at,
    )


def _raise_bad(one: Judged, severity: Severity, at: datetime) -> None:
    measured, spec = one.measured, SPECS[one.measured.indicator]
    limits = one.threshold
    raise_event(
        type=EventType.INDICATOR,
        indicator=measured.indicator,
        severity=severity,
        message=one.meaning,
        value=measured.value,
        threshold=limits.critical if severity is Severity.CRITICAL else limits.warning,
        unit=spec.unit.value,
        details=measured.details,
        worse_below=spec.worse == "below",
        at=at,
    )


def _graver(severity: Severity, now: _Unresolved | None) -> Severity:
    """What was critical before it became unknown is not taken for less."""
    return now.severity if now and now.severity.rank > severity.rank else severity


def _raise_unknown(one: Judged, since: datetime, severity: Severity, at: datetime) -> None:
    spec = SPECS[one.measured.indicator]
    raise_event(
        type=EventType.INDICATOR,
        indicator=one.measured.indicator,
        severity=severity,
        message=f"{spec.title} is unknown since {since:%Y-%m-%d %H:%M} UTC: {one.measured.unknown}",
        unit=spec.unit.value,
        details={**one.measured.details, "unknown": one.measured.unknown},
        worse_below=spec.worse == "below",
        at=at,
    )


def _is_no_better(indicator: Indicator) -> None:
    """Nobody can say whether it is still wrong, so better runs are counted anew."""
    row = events(event_type=EventType.INDICATOR, indicator=indicator, resolved=False)
    row.update(better_runs=0)


def _unknown_since(judged: Sequence[Judged], assessment: Assessment) -> dict[Indicator, datetime]:
    if not any(one.status is Status.UNKNOWN for one in judged):
        return {}
    rows = Reading.objects.filter(assessment=assessment, unknown_since__isnull=False)
    return {
        Indicator(indicator): since
        for indicator, since in rows.values_list("indicator", "unknown_since")
        if since is not None
    }


def _keep_level(assessment: Assessment, now: _Unresolved | None, at: datetime) -> None:
    """A change of level is :func:`follow_level`'s."""
    level = Level(assessment.level)
    severity = alerting.severity_of_level(level)
    if severity is None or assessment.level_changed:
        return
    _raise_level(
        severity,
        old=now.details.get("old", "") if now else "",
        new=level.value,
        reasons=assessment.reasons,
        score=str(assessment.score),
        at=at,
    )


def _raise_level(
    severity: Severity, *, old: str, new: str, reasons: Sequence[str], score: str, at: datetime
) -> None:
    why = f": {reasons[0]}" if reasons else "."
    raise_event(
        type=EventType.LEVEL,
        indicator=LEVEL,
        severity=severity,
        message=f"The level of risk is {new}{why}",
        details={"old": old, "new": new, "score": score},
        at=at,
    )
