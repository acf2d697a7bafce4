"""Periods in a query string: days or instants, UTC."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime
from rest_framework import serializers

_DAY_LENGTH = len("2026-03-01")


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


class PeriodSerializer(serializers.Serializer):
    """``startDate`` and ``endDate``, either or both; what is not a period is refused."""

    start_date = InstantField(required=False)
    end_date = InstantField(required=False, is_end=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        start, end = attrs.get("start_date"), attrs.get("end_date")
        if start and end and start >= end:
            raise serializers.ValidationError({"start_date": ["Must be before endDate."]})
        return attrs
