"""Asking for a report, and handing its files out."""

from datetime import datetime

from django.db import transaction

from apps.audit.operations import record
from apps.core.actor import Actor
from apps.core.bell import ring_after_commit
from apps.core.errors import Invalid
from apps.core.locks import transaction_lock
from apps.reports import queries, rules
from apps.reports.models import ReportRun
from apps.reports.rules import Kind, Period, Status
from apps.risk import queries as risk

GENERATE_TASK = "reports.generate_due"


class BadPeriod(Invalid):
    """Nothing can be reported about this period."""


@transaction.atomic
def request(
    *, kind: Kind, period: Period, incident_id: int | None = None, actor: Actor, at: datetime
) -> ReportRun:
    """Have a report made by a worker.

    A day has one daily report: asking again returns it, and has it made anew only if it failed. So
    does an incident that is over. A report on demand is a new one each time, since what is known
    may have grown.

    Raises:
        BadPeriod: it has not ended, is empty, too long, or not a day for a daily report.
    """
    problem = rules.problem_with(period, at)
    if kind is Kind.DAILY and not period.is_one_day:
        problem = "A daily report is about one UTC day."
    if problem:
        raise BadPeriod(problem)
    if kind is not Kind.CUSTOM:
        transaction_lock(f"reports.{kind}.{period.start.isoformat()}")
        found = (
            ReportRun.objects.select_for_update()
            .filter(kind=kind.value, period_start=period.start, period_end=period.end)
            .first()
        )
        if found is not None:
            return _again(found, actor, at)
    run = ReportRun.objects.create(
        kind=kind.value,
        period_start=period.start,
        period_end=period.end,
        incident_id=incident_id,
        requested_by_id=actor.user_id,
        requested_by_name=actor.name,
        requested_at=at,
        next_attempt_at=at,
    )
    _audit("report.requested", run, actor, at)
    ring_after_commit(GENERATE_TASK, queue="default")
    return run


def request_missing_daily(*, actor: Actor, at: datetime) -> list[int]:
    """Ask for the daily report of yesterday, and of days that were missed; return the run ids."""
    periods = rules.missing_days(queries.last_daily_end(), at)
    return [request(kind=Kind.DAILY, period=item, actor=actor, at=at).pk for item in periods]


@transaction.atomic
def request_liquidity(*, actor: Actor, at: datetime) -> ReportRun:
    """Have liquidity reported as it stands, for whoever asks; its period is the last hour."""
    period = Period(at - rules.LIQUIDITY_LOOKS_BACK, at)
    return request(kind=Kind.LIQUIDITY, period=period, actor=actor, at=at)


@transaction.atomic
def request_due_liquidity(*, actor: Actor, at: datetime) -> ReportRun | None:
    """Have liquidity reported if the level of risk wants it and nobody asked for this slot yet."""
    verdict = risk.latest_assessment()
    if verdict is None:
        return None
    transaction_lock("reports.LIQUIDITY")
    period = rules.liquidity_slot(verdict.level, queries.last_liquidity_end(), at)
    if period is None:
        return None
    return request(kind=Kind.LIQUIDITY, period=period, actor=actor, at=at)


def request_incident(*, incident_id: int, actor: Actor, at: datetime) -> ReportRun:
    """Have an incident reported: all of it once it is closed, until now while it is open.

    Raises:
        IncidentNotFound: there is none of this number.
        BadPeriod: it was opened only now.
    """
    incident = risk.incident(incident_id).row
    return request(
        kind=Kind.INCIDENT,
        period=Period(incident.opened_at, incident.closed_at or at),
        incident_id=incident_id,
        actor=actor,
        at=at,
    )


@transaction.atomic
def download(*, run_id: int, fmt: str, actor: Actor, at: datetime) -> tuple[str, str, bytes]:
    """A report's file as ``queries.file`` makes it, with a note of who took it.

    Raises:
        NoSuchReport, NotReady, UnknownFormat.
    """
    found = queries.file(run_id, fmt)
    record(
        actor=actor,
        action="report.downloaded",
        object_type="report",
        object_id=str(run_id),
        after={"file": found[0]},
        at=at,
    )
    return found


def _again(run: ReportRun, actor: Actor, at: datetime) -> ReportRun:
    if run.status == Status.FAILED:
        run.requeue(at=at)
        run.save()
        _audit("report.requested", run, actor, at)
        ring_after_commit(GENERATE_TASK, queue="default")
    return run


def _audit(action: str, run: ReportRun, actor: Actor, at: datetime) -> None:
    record(
        actor=actor,
        action=action,
        object_type="report",
        object_id=str(run.pk),
        after={
            "kind": run.kind,
            "from": run.period_start.isoformat(),
            "until": run.period_end.isoformat(),
            "incident": run.incident_id,
            "status": run.status,
        },
        at=at,
    )
