"""How the fund stands now, since when, and whether that is still being watched."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, QuerySet, When

from apps.risk.models import Assessment, Incident, RiskEvent
from apps.risk.rules.figures import Indicator, Level, Parameters, Severity, Status
from apps.risk.rules.life import EventStatus, Phase
from apps.risk.rules.specs import SPECS

from .assessments import AssessmentView, ReadingView, latest_assessment
from .events import events
from .policy import NoPolicy, policy

_GRACE = timedelta(minutes=1)
_GRAVEST_FIRST = (Status.CRITICAL, Status.UNKNOWN, Status.WARNING, Status.NORMAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The last run in its context.

    ``since`` is when the level became what it is; ``overdue`` that a run and the one after it have
    not come; ``every`` how often one is due now.
    """

    run: AssessmentView
    since: datetime
    every: timedelta
    overdue: bool
    policy_version: int
    parameters: Parameters

    @property
    def worst(self) -> tuple[ReadingView, ...]:
        """Everything that is not normal, the gravest first, then what weighs most."""
        beside = [reading for reading in self.run.readings if reading.status != Status.NORMAL]
        return tuple(sorted(beside, key=lambda one: (_GRAVEST_FIRST.index(one.status), -one.share)))


def unanswered() -> QuerySet[RiskEvent]:
    """Events that nobody takes care of yet, the gravest first; information needs no answer."""
    rows = events(resolved=False).filter(status=EventStatus.OPEN.value)
    return gravest_first(rows.exclude(severity=Severity.INFO.value))


def gravest_first(rows: QuerySet[RiskEvent]) -> QuerySet[RiskEvent]:
    """What is gravest, and of that the newest."""
    ranks = (When(severity=one.value, then=-one.rank) for one in Severity)
    return rows.order_by(Case(*ranks), "-opened_at", "-id")


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelNow:
    """The level that holds, as the last run found it."""

    level: Level
    at: datetime
    overdue: bool


def level_now(*, at: datetime) -> LevelNow | None:
    """The level in short, for what stands on every page; None before the first run ever, or while
    there is nothing to judge by."""
    row = Assessment.objects.order_by("-at").first()
    if row is None:
        return None
    try:
        every = _every(Level(row.level), at)
    except NoPolicy:
        return None
    return LevelNow(level=Level(row.level), at=row.at, overdue=_is_overdue(row.at, every, at))


def board_now(*, at: datetime) -> Board | None:
    """How the fund stands; None before the first run ever."""
    run = latest_assessment()
    if run is None:
        return None
    version, parameters = policy(at=at)
    every = _every(run.level, at)
    changed = Assessment.objects.filter(level_changed=True).order_by("-at").first()
    return Board(
        run=run,
        since=changed.at if changed else run.at,
        every=every,
        overdue=_is_overdue(run.at, every, at),
        policy_version=version,
        parameters=parameters,
    )


def _every(level: Level, at: datetime) -> timedelta:
    """How often a run is due at this level."""
    response = policy(at=at)[1].response
    calm = level is Level.NORMAL and not Incident.objects.exclude(phase=Phase.CLOSED).exists()
    return timedelta(minutes=response.calm_minutes if calm else response.alert_minutes)


def _is_overdue(run_at: datetime, every: timedelta, at: datetime) -> bool:
    return at - run_at > 2 * every + _GRACE


def indicator_titles() -> dict[Indicator, str]:
    """Every indicator by its name, as people call it."""
    return {indicator: spec.title for indicator, spec in SPECS.items()}
