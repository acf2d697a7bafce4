"""What falls due on which day."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Case, DecimalField, F, Sum, When
from django.db.models.functions import Cast

from apps.fund.models import LiabilityEntry, day_index_at, day_of

_SUM = DecimalField(max_digits=100, decimal_places=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiabilityOfDay:
    """What is still to be paid of a day; ``overdue`` when that day has passed."""

    day_index: int
    day: date | None
    outstanding_assets: int
    overdue: bool


def liabilities_by_day(*, chain_id: int, at: datetime) -> list[LiabilityOfDay]:
    """Days with something left to pay, the earliest first; ``at`` is the final block's time."""
    assets = Cast(F("assets"), _SUM)
    signed = Case(When(removed=True, then=-assets), default=assets, output_field=_SUM)
    days = (
        LiabilityEntry.objects.filter(chain_id=chain_id)
        .order_by("day_index")
        .values("day_index")
        .annotate(outstanding=Sum(signed))
        .exclude(outstanding=0)
    )
    today = day_index_at(at)
    return [
        LiabilityOfDay(
            day_index=row["day_index"],
            day=day_of(row["day_index"]),
            outstanding_assets=int(row["outstanding"]),
            overdue=row["day_index"] < today,
        )
        for row in days
    ]
