"""What the query string may say."""

from datetime import UTC, date, datetime, time, timedelta

from django.utils.dateparse import parse_date, parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from apps.core.errors import Invalid

DAY = timedelta(days=1)

PERIOD = [
    OpenApiParameter(
        "startDate",
        OpenApiTypes.STR,
        description="First day (2026-03-01) or instant (2026-03-01T08:00:00Z), UTC.",
    ),
    OpenApiParameter(
        "endDate",
        OpenApiTypes.STR,
        description="Last day, itself included, or the instant before which it ends; UTC.",
    ),
]


def period(request: Request, *, at: datetime, default: timedelta) -> tuple[datetime, datetime]:
    """[start, end) in UTC from ``startDate`` and ``endDate``; up to now for ``default`` if absent.

    Raises:
        Invalid: a date cannot be read, or the end is not after the start.
    """
    end = _instant(request, "endDate", is_end=True) or at
    start = _instant(request, "startDate", is_end=False) or _before(end, default)
    if start >= end:
        raise Invalid("The period is empty.", startDate="Must be before endDate.")
    return start, end


def choice(request: Request, name: str, choices: tuple[str, ...]) -> str | None:
    """One of a few words, None when absent.

    Raises:
        Invalid: it is another word.
    """
    value = request.query_params.get(name)
    if value is None or value in choices:
        return value
    raise Invalid(f"{name} is not one of {', '.join(choices)}.", **{name: f"{value[:50]!r}"})


def _instant(request: Request, name: str, *, is_end: bool) -> datetime | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        day: date | None = parse_date(text)
        instant = parse_datetime(text)
    except ValueError:
        day = instant = None
    if day is not None and len(text) == 10:
        try:
            return datetime.combine(day, time(), UTC) + (DAY if is_end else timedelta(0))
        except OverflowError:
            instant = None
    try:
        if instant is not None:
            return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
    except OverflowError:
        pass  # in UTC it lies outside of the calendar
    raise Invalid(f"{name} is not a date.", **{name: "Write 2026-03-01 or an ISO 8601 time."})


def _before(end: datetime, span: timedelta) -> datetime:
    try:
        return end - span
    except OverflowError as error:
        raise Invalid("The period begins before the calendar.", endDate="Too early.") from error
