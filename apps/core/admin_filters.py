"""What lists of the admin are narrowed to."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import RangeDateFilter


class DayRangeFilter(RangeDateFilter):
    """From one UTC day to another, both included."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        first = self._day("_from")
        last = self._day("_to")
        if first:
            queryset = queryset.filter(**{f"{self.parameter_name}__gte": _midnight(first)})
        if last:
            queryset = queryset.filter(**{f"{self.parameter_name}__lt": self._end_of(last)})
        return queryset

    def _day(self, end: str) -> date | None:
        text = self.used_parameters.get(f"{self.parameter_name}{end}")
        if not text:
            return None
        try:
            return date.fromisoformat(str(text))
        except ValueError as error:
            raise IncorrectLookupParameters(f"{text!r} is not a day (YYYY-MM-DD)") from error

    def _end_of(self, day: date) -> datetime:
        try:
            return _midnight(day + timedelta(days=1))
        except OverflowError as error:
            raise IncorrectLookupParameters(f"{day} has no end") from error


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
