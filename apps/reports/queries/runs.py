"""Runs, what they are called, and who receives them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from apps.core.errors import NotFound
from apps.reports.document import document
from apps.reports.models import ReportRun, ReportSubscription
from apps.reports.rendering.words import in_words
from apps.reports.rules import OF_A_PERIOD, Kind, Status, day


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


def last_liquidity_end() -> datetime | None:
    """Until when liquidity was reported by the clock; None before the first such report."""
    rows = ReportRun.objects.filter(kind=Kind.LIQUIDITY.value, requested_by=None)
    last = rows.order_by("-period_end").first()
    return last.period_end if last else None


def recipients(run_id: int) -> Recipients:
    """The kind's subscribers, and whoever asked for this run.

    What somebody asks about risk in between goes to them alone: subscribers get it by the clock,
    and at an incident's end.
    """
    row = run(run_id)
    in_between = row.requested_by_id is not None and row.kind not in OF_A_PERIOD
    subscriptions = [] if in_between else list(ReportSubscription.objects.filter(kind=row.kind))
    return Recipients(
        roles=tuple(item.role for item in subscriptions if item.role),
        addresses=tuple(item.address for item in subscriptions if item.address),
        user_ids=(row.requested_by_id,) if row.requested_by_id else (),
    )


def title(row: ReportRun) -> str:
    """What the report is called: ``"Daily report 2026-11-21"``, ``"Incident 3 report"``."""
    if row.kind == Kind.CUSTOM:
        return f"Report {period_text(row)}"
    if row.kind == Kind.LIQUIDITY:
        return f"Liquidity report {row.period_end:%Y-%m-%d %H:%M} UTC"
    return f"Incident {row.incident_id} report" if row.kind == Kind.INCIDENT else str(row)


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
