"""Telling people of jobs that are not done any more: once when it lasts, and when that is over.

One that is late for a moment (a restart, a long run) wakes nobody; the health page shows it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from apps.core.bell import ring_after_commit
from apps.core.display import relative_text
from apps.core.locks import transaction_lock
from apps.notifications import operations as notifications
from apps.notifications.rules import Severity, shared_for
from apps.system.models import TaskRun
from apps.system.queries.tasks import TaskStatus, tasks

TELL_AFTER = timedelta(minutes=10)
"""For so long a job is overdue before people are told."""

_ROLES = ("ADMIN", "OPERATOR")


@transaction.atomic
def check_jobs(*, at: datetime) -> None:
    """Note which jobs are overdue, and tell of those that stay so; of several in one message."""
    transaction_lock("system:check_jobs")
    known = {task.name: task for task in tasks(at)}
    runs = {run.name: run for run in TaskRun.objects.filter(name__in=known)}
    late = {name for name in runs if known[name].overdue}
    fine = [run for name, run in runs.items() if name not in late and run.overdue_since]
    mended = [known[run.name] for run in fine if run.overdue_told_at]
    untold = [run for name, run in runs.items() if name in late and run.overdue_told_at is None]
    lasting = [run for run in untold if at - (run.overdue_since or at) >= TELL_AFTER]
    _note(fine, overdue_since=None, overdue_told_at=None)
    _note([run for run in untold if run.overdue_since is None], overdue_since=at)
    _note(lasting, overdue_told_at=at)
    if lasting:
        _tell_late([known[run.name] for run in lasting], at=at)
    if mended:
        _tell_mended(mended, at=at)
    if notifications.DELIVER_TASK in late:
        # The worker that delivers is the one that does not work: let this one do it.
        ring_after_commit(notifications.DELIVER_TASK, queue="critical")


def _note(runs: Sequence[TaskRun], **changes: datetime | None) -> None:
    TaskRun.objects.filter(name__in=[run.name for run in runs]).update(**changes)


def _tell_late(found: Sequence[TaskStatus], *, at: datetime) -> None:
    _tell(
        found,
        event="overdue",
        subject=f"Overdue: {_names(found)}",
        body="What the clock starts is not done any more. See on the health page whether a worker "
        "answers, and what the last errors were.",
        severity=Severity.WARNING,
        roles=_ROLES,
        at=at,
    )


def _tell_mended(found: Sequence[TaskStatus], *, at: datetime) -> None:
    _tell(
        found,
        event="mended",
        subject=f"Done again: {_names(found)}",
        body="What was overdue has been done.",
        severity=Severity.INFO,
        roles=(),
        at=at,
    )


def _tell(
    found: Sequence[TaskStatus],
    *,
    event: str,
    subject: str,
    body: str,
    severity: Severity,
    roles: Sequence[str],
    at: datetime,
) -> None:
    notifications.notify(
        kind="JOB_OVERDUE",
        dedupe_key=f"jobs:{event}:{at.isoformat()}",
        roles=roles,
        subject=subject,
        body=body,
        details=[(task.short_name, _standing(task, at)) for task in found],
        link=f"{settings.BASE_URL}{reverse('admin:system_health')}",
        link_text="Open the health page",
        severity=severity,
        shared=shared_for(severity),
        at=at,
    )


def _names(found: Sequence[TaskStatus]) -> str:
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return f"job {found[0].short_name}{more}"


def _standing(task: TaskStatus, at: datetime) -> str:
    done = "never" if task.last_succeeded_at is None else relative_text(task.last_succeeded_at, at)
    failed = "; its last run failed" if task.failing else ""
    return f"{task.cadence}, done last {done}{failed}"
