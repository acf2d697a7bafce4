"""One run: how the fund stands is measured, judged, written down, and followed.

Figures are gathered outside a transaction. Everything else is one transaction under one lock: a run
that is killed leaves nothing behind, and the next one does it all.
"""

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from apps.core import bus
from apps.core.locks import exclusive, transaction_lock
from apps.fund import operations as fund
from apps.fund import queries as fund_queries
from apps.risk.events import LevelChanged
from apps.risk.models import Assessment, Incident, Reading
from apps.risk.queries.assessments import last_known
from apps.risk.queries.policy import policy
from apps.risk.queries.situation import situation_now
from apps.risk.rules import judging, levels
from apps.risk.rules.alerting import storable
from apps.risk.rules.amounts import amounts_of
from apps.risk.rules.figures import (
    Indicator,
    Judged,
    Level,
    Parameters,
    Situation,
    Status,
    Verdict,
)
from apps.risk.rules.life import Phase
from apps.risk.rules.measuring import measure

from .following import follow_level, follow_readings
from .responding import follow_assessment

LATE_MAX = timedelta(minutes=5)
"""A run whose figures are older than the newest run's has come too late, by up to so much; when it
seems to be older by more than that, the clock was put back."""
_EARLY = timedelta(seconds=10)
"""The clock's tasks come a little early or late; a run is not put off by another half a minute."""
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unknown:
    """Since when each unknown indicator is, and how it stood when it was known last."""

    since: dict[Indicator, datetime]
    last_known: dict[Indicator, Status]

    def minutes(self, at: datetime) -> dict[Indicator, int]:
        """Begun minutes, so that a second more than 15 of them is more than 15."""
        minute = timedelta(minutes=1)
        return {
            indicator: max(-((since - at) // minute), 0) for indicator, since in self.since.items()
        }


def assess(*, at: datetime) -> Assessment:
    """Judge how the fund stands, and do what follows. Asks a node, so never inside a transaction.

    Asked again for the same instant, or late for one before the newest run, it returns the newest.

    Raises:
        NoPolicy: there are no parameters to judge by.
    """
    began = time.monotonic()
    situation = situation_now(at=at)
    return _conclude(situation, began=began, at=at)


def assess_if_due(*, at: datetime) -> Assessment | None:
    """The same when the last run is long enough ago; None when it is not, or one is under way.

    A run is due every ``calm_minutes``, and every ``alert_minutes`` while the level is above NORMAL
    or an incident is open.
    """
    if not is_due(at=at):
        return None
    with exclusive("risk:assess:by-clock") as ours:
        return assess(at=at) if ours and is_due(at=at) else None


def is_due(*, at: datetime) -> bool:
    """Whether the next run should be made now."""
    newest = Assessment.objects.order_by("-at").first()
    if newest is None or newest.at > at + LATE_MAX:
        return True
    response = policy(at=at)[1].response
    is_calm = newest.level == Level.NORMAL and not (
        Incident.objects.exclude(phase=Phase.CLOSED).exists()
    )
    minutes = response.calm_minutes if is_calm else response.alert_minutes
    return at - newest.at >= timedelta(minutes=minutes) - _EARLY


@transaction.atomic
def _conclude(situation: Situation, *, began: float, at: datetime) -> Assessment:
    transaction_lock("risk:assess")
    newest = Assessment.objects.order_by("-at").first()
    if newest is not None and newest.at >= at:
        if newest.at - at <= LATE_MAX:
            return newest
        at = newest.at + _TICK  # the clock was put back; runs stay in their order
    version, parameters = policy(at=at)
    judged = _judged(situation, parameters)
    unknown = _unknown(judged, newest, at)
    verdict = _verdict(situation, judged, unknown, parameters, newest, at)
    row = _write(
        situation,
        judged,
        unknown,
        verdict,
        parameters=parameters,
        version=version,
        previous=newest,
        began=began,
        at=at,
    )
    _write_down(situation, judged, verdict, at)
    follow_readings(judged=judged, parameters=parameters, assessment=row, at=at)
    if row.level_changed:
        _tell_level(row, verdict, newest, at)
    follow_assessment(assessment=row, at=at)
    return row


def _judged(situation: Situation, parameters: Parameters) -> tuple[Judged, ...]:
    failures = parameters.levels.critical_failures_in_a_row
    measured = measure(situation, failures_in_a_row=failures)
    return judging.judge(measured, parameters.thresholds)


def _unknown(judged: tuple[Judged, ...], previous: Assessment | None, at: datetime) -> _Unknown:
    now = [one.measured.indicator for one in judged if one.status is Status.UNKNOWN]
    earlier: dict[str, datetime | None] = {}
    if previous is not None and now:
        rows = previous.readings.filter(indicator__in=now, status=Status.UNKNOWN)
        earlier = dict(rows.values_list("indicator", "unknown_since"))
    since = {indicator: min(earlier.get(indicator) or at, at) for indicator in now}
    return _Unknown(since=since, last_known=last_known(since))


def _verdict(
    situation: Situation,
    judged: tuple[Judged, ...],
    unknown: _Unknown,
    parameters: Parameters,
    previous: Assessment | None,
    at: datetime,
) -> Verdict:
    before = _verdict_of(previous) if previous is not None else None
    now, why = levels.raw_level(judged, situation, parameters.levels, unknown.minutes(at))
    held, held_why = levels.not_below(
        previous=before.level if before else None,
        judged=judged,
        situation=situation,
        last_known=unknown.last_known,
    )
    runs = parameters.levels.better_runs
    reasons = (*why, *held_why) if now.rank >= held.rank else (*held_why, *why)
    return levels.settle(
        before,
        max(now, held, key=lambda level: level.rank),
        earlier=_raw_levels_before(runs),
        better_runs=runs,
        score=judging.score(judged),
        reasons=tuple(dict.fromkeys(reasons)),
    )


def _raw_levels_before(runs: int) -> list[Level]:
    """Of as many runs before this one as may count, the newest last."""
    rows = Assessment.objects.order_by("-at").values_list("raw_level", flat=True)
    return [Level(level) for level in rows[:runs]][::-1]


def _verdict_of(row: Assessment) -> Verdict:
    return Verdict(
        level=Level(row.level),
        raw=Level(row.raw_level),
        better_runs=row.better_runs,
        score=row.score,
        reasons=tuple(row.reasons),
    )


def _write(
    situation: Situation,
    judged: tuple[Judged, ...],
    unknown: _Unknown,
    verdict: Verdict,
    *,
    parameters: Parameters,
    version: int,
    previous: Assessment | None,
    began: float,
    at: datetime,
) -> Assessment:
    by_figures, _ = levels.indicator_level(
        judged, situation, parameters.levels, unknown.minutes(at)
    )
    row = Assessment.objects.create(
        at=at,
        block_number=situation.block_number,
        block_hash=situation.block_hash,
        block_at=situation.block_at,
        level=verdict.level,
        raw_level=verdict.raw,
        level_changed=previous is None or previous.level != verdict.level,
        better_runs=verdict.better_runs,
        score=verdict.score,
        reasons=list(verdict.reasons),
        figures={**amounts_of(situation), "indicator_level": by_figures.value},
        policy_version=version,
        duration_ms=int((time.monotonic() - began) * 1000),
    )
    Reading.objects.bulk_create(_reading(row, one, unknown, at) for one in judged)
    return row


def _reading(row: Assessment, one: Judged, unknown: _Unknown, at: datetime) -> Reading:
    measured, threshold = one.measured, one.threshold
    return Reading(
        assessment=row,
        at=at,
        indicator=measured.indicator,
        value=storable(measured.value),
        status=one.status,
        warning=threshold.warning,
        critical=threshold.critical,
        weight=threshold.weight,
        share=one.share,
        infinite=measured.infinite,
        too_few=measured.too_few,
        unknown=measured.unknown if one.status is Status.UNKNOWN else "",
        unknown_since=unknown.since.get(measured.indicator),
        meaning=one.meaning,
        details=dict(measured.details),
    )


def _write_down(
    situation: Situation, judged: tuple[Judged, ...], verdict: Verdict, at: datetime
) -> None:
    """Tell the lower apps. A run that could not see the contracts may only make the level graver,
    and it keeps none fresh: soon nothing is approved by a level that nobody has seen."""
    as_of = at
    if situation.block_number is None:
        told = fund_queries.risk_state(at=at)
        if told is None or verdict.level.rank <= Level(told.level).rank:
            return
        as_of = told.as_of
    readings = {
        one.measured.indicator.value: _as_text(one.measured.value)
        for one in judged
        if one.measured.value is not None
    }
    with suppress(fund.NewerKnown):  # what is newer stays
        fund.set_risk_state(level=verdict.level.value, readings=readings, as_of=as_of, at=at)


def _as_text(value: Decimal) -> str:
    return f"{storable(value):f}"


def _tell_level(
    row: Assessment, verdict: Verdict, previous: Assessment | None, at: datetime
) -> None:
    bus.publish(
        LevelChanged(
            old=previous.level if previous is not None else "",
            new=verdict.level.value,
            score=str(row.score),
            reasons=verdict.reasons,
            assessment_id=row.pk,
            at=at,
        )
    )
    follow_level(
        old=Level(previous.level) if previous is not None else None,
        verdict=verdict,
        assessment=row,
        at=at,
    )
