"""The list's filters, checked."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from apps.core.errors import Invalid
from apps.redemptions import queries
from apps.redemptions.models import Redemption
from apps.redemptions.rules import Status

FILTERS = [
    OpenApiParameter("status", str, enum=[item.value for item in Status]),
    OpenApiParameter("channel", str, enum=list(queries.CHANNELS)),
    OpenApiParameter("owner", str, description="Address"),
    OpenApiParameter("startDate", date, description="Requested on this UTC day or later"),
    OpenApiParameter("endDate", date, description="Requested on this UTC day or earlier"),
    OpenApiParameter("page", int),
    OpenApiParameter("pageSize", int),
]


class BadParameter(Invalid):
    """A filter makes no sense."""


def filtered(request: Request) -> QuerySet[Redemption]:
    """The redemptions that the request asks for, newest first.

    Raises:
        BadParameter: a filter makes no sense.
    """
    given = request.query_params
    rows = Redemption.objects.all()
    if status := given.get("status"):
        rows = rows.filter(status=_one_of("status", status, [item.value for item in Status]))
    if channel := given.get("channel"):
        rows = rows.filter(channel=_one_of("channel", channel, queries.CHANNELS))
    if owner := given.get("owner"):
        rows = rows.filter(owner=_address(owner))
    if start := given.get("startDate"):
        rows = rows.filter(requested_at__gte=_midnight("startDate", start))
    if end := given.get("endDate"):
        rows = rows.filter(requested_at__lt=_midnight("endDate", end) + timedelta(days=1))
    return rows


def request_number(text: str) -> int:
    """A request's number from the path.

    Raises:
        RedemptionNotFound: it is no number that a request can have.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 78):
        raise queries.RedemptionNotFound(f"There is no redemption {text[:40]!r}.")
    return int(text)


def _one_of(name: str, value: str, allowed: Sequence[str]) -> str:
    if value not in allowed:
        raise BadParameter(f"{value[:40]!r} is not a {name}.", field=name)
    return value


def _address(text: str) -> str:
    digits = text.lower().removeprefix("0x")
    if len(text) != 42 or len(digits) != 40 or any(c not in "0123456789abcdef" for c in digits):
        raise BadParameter(f"{text[:60]!r} is not an address.", field="owner")
    return text.lower()


def _midnight(name: str, text: str) -> datetime:
    try:
        day = date.fromisoformat(text[:10])
    except ValueError as error:
        raise BadParameter(f"{text[:40]!r} is not a day (YYYY-MM-DD).", field=name) from error
    if day.year > 9990:
        raise BadParameter(f"{text[:40]!r} is too far away.", field=name)
    return datetime.combine(day, time.min, UTC)
