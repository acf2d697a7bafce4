"""What lists of the admin are narrowed to."""

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import RangeDateFilter


class TabFilter(SimpleListFilter):
    """One of a few views of a list; shown as tabs above it, not among the filters."""

    title = "tab"
    parameter_name = "tab"
    template = "admin/no_filter.html"
    tabs: ClassVar[Mapping[str, str]]
    """Each tab's title by its key; ``all`` is the one without a filter."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(self.tabs.items())

    @property
    def tab(self) -> str:
        """The tab that is looked at."""
        return self.value() or "all"


def tab_row(
    titles: Mapping[str, str], active: str, *, counted: Collection[str], count: Callable[[str], int]
) -> list[dict[str, Any]]:
    """The tabs as the page draws them, some of them with how many rows they have."""
    return [
        {
            "key": key,
            "title": title,
            "active": key == active,
            "count": count(key) if key in counted else None,
        }
        for key, title in titles.items()
    ]


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
