"""Runs, what they are called, and who receives them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from apps.core.errors import NotFound
from apps.reports.document import document
from apps.reports.models import ReportRun, ReportSubscription
from apps.reports.rendering.words import in_words
from apps.reports.rules import Kind, Status, day


class NoSuchReport(NotFound):
    """There is no such report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipients:
    """Who receives a run."""

    roles: tuple[str, ...]
    addresses: tuple[str, ...]
    user_ids: tuple[int, ...]


def run(run_id: int) -> ReportRun:
    """One run.

    Raises:
        NoSuchReport: there is none with this number.
    """
    found = ReportRun.objects.filter(pk=run_id).first()
    if found is None:
        raise NoSuchReport(f"There is no report {run_id}.")
    return found


def daily_on(value: date) -> ReportRun:
    """The finished daily report of a UTC day.

    Raises:
        NoSuchReport: it was not made, or not yet.
    """
    found = ReportRun.objects.filter(
        kind=Kind.DAILY.value, period_start=day(value).start, status=Status.READY.value
    ).first()
    if found is None:
        raise NoSuchReport(f"There is no daily report for {value.isoformat()}.")
    return found


def latest_ready() -> ReportRun | None:
    """The report that was finished last."""
    return ReportRun.objects.exclude(ready_at=None).defer("dataset").order_by("-ready_at").first()


def last_daily_end() -> datetime | None:
    """Until when the days are reported; None before the first report."""
    last = ReportRun.objects.filter(kind=Kind.DAILY.value).order_by("-period_end").first()
    return last.period_end if last else None


def recipients(run_id: int) -> Recipients:
    """The kind's subscribers, and whoever asked for this run."""
    row = run(run_id)
    subscriptions = list(ReportSubscription.objects.filter(kind=row.kind))
    return Recipients(
        roles=tuple(item.role for item in subscriptions if item.role),
        addresses=tuple(item.address for item in subscriptions if item.address),
        user_ids=(row.requested_by_id,) if row.requested_by_id else (),
    )


def title(row: ReportRun) -> str:
    """What the report is called: ``"Daily report 2026-11-21"``."""
    return str(row) if row.kind != Kind.CUSTOM else f"Report {period_text(row)}"


def period_text(row: ReportRun) -> str:
    """Its period for people."""
    return row.period.text


def key_figures(row: ReportRun) -> list[tuple[str, str]]:
    """The figures of its cover, as they are printed there; empty before it is ready."""
    dataset: dict[str, Any] | None = row.dataset
    if dataset is None:
        return []
    return [
        (item.label, in_words(item.value, with_unit=True)) for item in document(dataset).figures
    ]
