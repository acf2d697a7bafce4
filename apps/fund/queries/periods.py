"""Rows of logs by block time."""

from datetime import datetime
from typing import TypeVar

from django.db.models import QuerySet

from apps.fund.models import LogRow

Row = TypeVar("Row", bound=LogRow)


def within(rows: QuerySet[Row], start: datetime | None, end: datetime | None) -> QuerySet[Row]:
    """Rows of logs whose block time is in [start, end); an end that is None is open."""
    if start is not None:
        rows = rows.filter(at__gte=start)
    if end is not None:
        rows = rows.filter(at__lt=end)
    return rows


def in_order(rows: QuerySet[Row]) -> QuerySet[Row]:
    """Oldest first, in the chain's order."""
    return rows.order_by("block_number", "log_index")
