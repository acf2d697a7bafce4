"""Making reports: claim a run, read everything in one view, try the files, keep the data."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from apps.audit.operations import record
from apps.core import bus
from apps.core.actor import Actor
from apps.reports import rules
from apps.reports.datasets import (
    build,
    build_incident,
    build_liquidity,
    collect,
    collect_incident,
    collect_liquidity,
)
from apps.reports.events import ReportFailed, ReportReady
from apps.reports.models import ReportRun
from apps.reports.rendering import render
from apps.reports.rules import Kind, Status

_log = logging.getLogger(__name__)
_ACTOR = Actor.system("reports")


def generate_due(now: Callable[[], datetime]) -> int:
    """Make every report that waits, or whose worker died; return how many were tried."""
    count = 0
    while (run := _claim_next(now())) is not None:
        count += 1
        _make(run, now)
    return count


def _make(run: ReportRun, now: Callable[[], datetime]) -> None:
    try:
        dataset = _read(run, now())
        _note_progress(run, 60)
        for fmt in rules.FORMATS:  # what cannot be drawn must fail here, not in somebody's mail
            render(dataset, fmt)
            _note_progress(run, 80)
    except Exception as error:  # noqa: BLE001 - whatever it is, the run must not stay half-done
        _log.exception("report %s failed", run.pk)
        _give_up(run, f"{type(error).__name__}: {error}"[:500], now())
    else:
        _finish(run, dataset, now())


def _read(run: ReportRun, at: datetime) -> dict[str, Any]:
    """All of it as of one instant of the database, so that the figures agree with each other."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        making = _MAKERS.get(Kind(run.kind), _of_period)
        return making(run, at)


def _of_period(run: ReportRun, at: datetime) -> dict[str, Any]:
    return build(collect(run.period, at=at), kind=run.kind, run_id=run.pk)


def _of_liquidity(run: ReportRun, at: datetime) -> dict[str, Any]:
    return build_liquidity(collect_liquidity(run.period, at=at), run_id=run.pk)


def _of_incident(run: ReportRun, at: datetime) -> dict[str, Any]:
    inputs = collect_incident(run.incident_id or 0, run.period, at=at)
    return build_incident(inputs, run_id=run.pk)


_MAKERS = {Kind.LIQUIDITY: _of_liquidity, Kind.INCIDENT: _of_incident}


# -- Steps, each its own transaction ---------------------------------------------------------


@transaction.atomic
def _claim_next(at: datetime) -> ReportRun | None:
    due = Q(status=Status.QUEUED.value, next_attempt_at__lte=at)
    abandoned = Q(status=Status.RUNNING.value, lease_until__lte=at)
    candidates = (
        ReportRun.objects.select_for_update(skip_locked=True)
        .filter(due | abandoned)
        .order_by("requested_at", "id")
    )
    while run := candidates.first():
        if run.attempts < rules.ATTEMPTS_MAX:
            run.claim(lease_until=at + rules.LEASE)
            run.save()
            return run
        _fail(run, run.error or "The worker died while making it, at each attempt.", at)
    return None


@transaction.atomic
def _finish(run: ReportRun, dataset: dict[str, Any], at: datetime) -> None:
    row = _still_mine(run)
    if row is None:
        return
    row.finish(dataset=dataset, at=at)
    row.save()
    record(
        actor=_ACTOR,
        action="report.ready",
        object_type="report",
        object_id=str(row.pk),
        after={"status": row.status, "missing": dataset["missing"], "as_of": dataset["as_of"]},
        at=at,
    )
    bus.publish(ReportReady(run_id=row.pk, kind=row.kind, at=at))


@transaction.atomic
def _give_up(run: ReportRun, error: str, at: datetime) -> None:
    row = _still_mine(run)
    if row is None:
        return
    if row.attempts >= rules.ATTEMPTS_MAX:
        _fail(row, error, at)
        return
    row.retry(error=error, next_attempt_at=at + rules.RETRY_AFTER)
    row.save()


def _fail(row: ReportRun, error: str, at: datetime) -> None:
    row.fail(error=error)
    row.save()
    record(
        actor=_ACTOR,
        action="report.failed",
        object_type="report",
        object_id=str(row.pk),
        after={"status": row.status, "error": error},
        at=at,
    )
    bus.publish(ReportFailed(run_id=row.pk, kind=row.kind, error=error, at=at))


def _note_progress(run: ReportRun, percent: int) -> None:
    ReportRun.objects.filter(pk=run.pk, status=Status.RUNNING.value, attempts=run.attempts).update(
        progress_percent=percent
    )


def _still_mine(run: ReportRun) -> ReportRun | None:
    """The run under its lock; None when another worker took it over after our lease."""
    row = ReportRun.objects.select_for_update().get(pk=run.pk)
    return row if row.status == Status.RUNNING and row.attempts == run.attempts else None
