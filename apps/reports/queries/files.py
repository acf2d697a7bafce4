"""A report's files, made on demand from its stored data."""

from apps.core.errors import Invalid, Refused
from apps.reports.models import ReportRun
from apps.reports.rendering import render
from apps.reports.rules import FORMATS, Kind

from .runs import run


class NotReady(Refused):
    """The report has no data yet."""


class UnknownFormat(Invalid):
    """Only PDF and XLSX are made."""


def file(run_id: int, fmt: str) -> tuple[str, str, bytes]:
    """A report's file: (name, content type, content); the same bytes each time.

    Raises:
        NoSuchReport, NotReady, UnknownFormat.
    """
    if fmt not in FORMATS:
        raise UnknownFormat(f"Reports come as {' or '.join(FORMATS)}, not as {fmt[:20]!r}.")
    row = run(run_id)
    if row.dataset is None:
        raise NotReady(f"Report {row.pk} is {row.status.lower()}; it has no files yet.")
    content_type, content = render(row.dataset, fmt)
    return f"paimon-{row.kind.lower()}-{_stamp(row)}-{row.pk}.{fmt}", content_type, content


def _stamp(row: ReportRun) -> str:
    """What it is about: the day, the instant that it tells of, or when its period began."""
    if row.period.is_one_day:
        return f"{row.period_start:%Y%m%d}"
    at = row.period_end if row.kind == Kind.LIQUIDITY else row.period_start
    return f"{at:%Y%m%dT%H%MZ}"
