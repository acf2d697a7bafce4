"""What the query string of the list may say."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from apps.redemptions import queries
from apps.redemptions.rules import Status

ADDRESS = r"^0x[0-9a-fA-F]{40}$"
_DAY_LENGTH = len("2026-03-01")

PARAMETERS = [
    OpenApiParameter("status", OpenApiTypes.STR, enum=[str(item) for item in Status]),
    OpenApiParameter("channel", OpenApiTypes.STR, enum=list(queries.CHANNELS)),
    OpenApiParameter("owner", OpenApiTypes.STR, description="The holder's address."),
    OpenApiParameter(
        "startDate",
        OpenApiTypes.STR,
        description="Requested from this day (2026-03-01) or instant (2026-03-01T08:00:00Z), UTC.",
    ),
    OpenApiParameter(
        "endDate",
        OpenApiTypes.STR,
        description="Requested up to this day, itself included, or before this instant; UTC.",
    ),
]


class InstantField(serializers.Field):
    """A day or an instant as an aware UTC time; with ``is_end`` a day means its end."""

    default_error_messages = {"invalid": "Write 2026-03-01 or an ISO 8601 time."}

    def __init__(self, *, is_end: bool = False, **kwargs: Any) -> None:
        self.is_end = is_end
        super().__init__(**kwargs)

    def to_internal_value(self, data: str) -> datetime:
        try:
            return self._read(data)
        except (ValueError, OverflowError):
            self.fail("invalid")

    def _read(self, text: str) -> datetime:
        day: date | None = parse_date(text) if len(text) == _DAY_LENGTH else None
        if day is not None:
            return datetime.combine(day, time(), UTC) + timedelta(days=int(self.is_end))
        instant = parse_datetime(text)
        if instant is None:
            raise ValueError("neither a day nor an instant")
        return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)


class _Filter(serializers.Serializer):
    status = serializers.ChoiceField([str(item) for item in Status], required=False)
    channel = serializers.ChoiceField(list(queries.CHANNELS), required=False)
    owner = serializers.RegexField(
        ADDRESS,
        required=False,
        error_messages={"invalid": "Must be an address: 0x and 40 hexadecimal digits."},
    )
    start_date = InstantField(required=False)
    end_date = InstantField(required=False, is_end=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        start, end = attrs.get("start_date"), attrs.get("end_date")
        if start and end and start >= end:
            raise serializers.ValidationError({"start_date": ["Must be before endDate."]})
        return attrs


_LOOKUPS = {"start_date": "requested_at__gte", "end_date": "requested_at__lt"}


def lookups(request: Request) -> dict[str, Any]:
    """The query string as lookups on redemptions.

    Raises:
        ValidationError: by field, where a value makes no sense.
    """
    asked = {
        name: request.query_params[parameter]
        for name, parameter in (
            ("status", "status"),
            ("channel", "channel"),
            ("owner", "owner"),
            ("start_date", "startDate"),
            ("end_date", "endDate"),
        )
        if parameter in request.query_params
    }
    read = _Filter(data=asked)
    read.is_valid(raise_exception=True)
    return {_LOOKUPS.get(name, name): value for name, value in read.validated_data.items()}
