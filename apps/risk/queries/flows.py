"""What holders asked for and paid in, as it was known at an instant of chain time.

Every question names that instant, so that the hourly forecast and a look back over the past ask the
same: what was requested, decided or paid later is not seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from django.db.models import Count, DecimalField, F, Min, Q, QuerySet, Sum
from django.db.models.functions import Cast, Greatest, TruncDate

from apps.fund import queries as fund
from apps.redemptions import queries as redemptions
from apps.risk.rules.flows_history import DAYS_MAX, DayFlow, whole_days
from apps.risk.rules.forecast_calendar import (
    EMERGENCY_DAYS,
    NOTICE_DAYS,
    STANDARD_DAYS,
    Calendar,
)
from apps.risk.rules.forecast_inputs import Due

_SUM = DecimalField(max_digits=100, decimal_places=0)
_BLOCK_TIME = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvals:
    """How often approvals were given: 1 where nobody has decided yet."""

    rate: Decimal
    decided: int


def daily_flows(*, chain_id: int, as_of: datetime) -> tuple[DayFlow, ...]:
    """The whole UTC days before that of ``as_of``, at most 90, oldest first.

    Days before the fund existed are missing, not empty.
    """
    today = as_of.astimezone(UTC).date()
    end = datetime(today.year, today.month, today.day, tzinfo=UTC)
    start = end - timedelta(days=DAYS_MAX)
    asked: dict[date, dict[str, int]] = {}
    rows = _of_chain(chain_id).filter(requested_at__gte=start, requested_at__lt=end)
    by_day = (
        rows.exclude(_refused(as_of))
        .order_by()
        .annotate(day=TruncDate("requested_at", tzinfo=UTC))
        .values("day", "channel")
        .annotate(total=Sum(_payout()))
    )
    for row in by_day:
        asked.setdefault(row["day"], {})[row["channel"].lower()] = int(row["total"])
    came = {
        day: flow.subscribed_assets
        for day, flow in fund.net_flow_by_day(start=start, end=end).items()
    }
    known = {
        day: DayFlow(day=day, subscribed=came.get(day, 0), **asked.get(day, {}))
        for day in {*asked, *came}
    }
    return whole_days(known, began=_began(chain_id), today=today)


def due(*, chain_id: int, calendar: Calendar, windows: Mapping[int, datetime]) -> tuple[Due, ...]:
    """What requests that were open at the calendar's origin will be paid within it, net of the
    estimated fee: those with a date summed by day, those that wait for approval one by one."""
    as_of = calendar.origin
    certain: dict[date, int] = {}
    waiting: list[Due] = []
    rows = _open(chain_id, as_of).annotate(payout=_payout())
    for row in rows.values_list(
        "channel", "requires_approval", "decided_at", "settles_at", "requested_at", "window_id",
        "payout",
    ):  # fmt: skip
        channel, asks, decided_at, settles_at, requested_at, window_id, payout = row
        waits = asks and (decided_at is None or decided_at > as_of)
        if waits:
            pays_at = _earliest(channel, requested_at, windows.get(window_id), as_of)
        else:
            pays_at = settles_at or as_of
        place = calendar.index_of(pays_at)
        if place is None:
            continue
        day = calendar.dates[place]
        if waits:
            waiting.append(Due(day=day, assets=int(payout), waits=True))
        else:
            certain[day] = certain.get(day, 0) + int(payout)
    dues = [Due(day=day, assets=assets) for day, assets in certain.items()]
    return tuple(sorted([*dues, *waiting], key=lambda one: (one.day, one.waits, one.assets)))


def approvals(*, chain_id: int, as_of: datetime) -> Approvals:
    """Of the requests that needed an approval and were decided, or taken back, the share that got
    it."""
    decided = _of_chain(chain_id).filter(requires_approval=True)
    counts = decided.order_by().aggregate(
        given=Count("pk", filter=Q(status__in=("APPROVED", "SETTLED"), decided_at__lte=as_of)),
        refused=Count("pk", filter=_refused(as_of)),
    )
    total = counts["given"] + counts["refused"]
    rate = Decimal(counts["given"]) / total if total else Decimal(1)
    return Approvals(rate=rate.quantize(Decimal("0.000001")), decided=total)


def windows(*, chain_id: int, as_of: datetime) -> dict[int, datetime]:
    """The redemption windows that scheduled requests have named, by number."""
    named = _of_chain(chain_id).filter(
        Q(requires_approval=False) | Q(decided_at__lte=as_of),
        channel="SCHEDULED",
        settles_at__isnull=False,
        requested_at__lte=as_of,
    )
    # An approval that came after the window pays at once, so the earliest date is the window's.
    rows = named.order_by().values("window_id").annotate(opens_at=Min("settles_at"))
    return {int(row["window_id"]): row["opens_at"] for row in rows}


def net_flow_between(*, after: datetime, until: datetime) -> fund.NetFlow:
    """What came in and was paid in (``after``, ``until``] by block time, in whole seconds."""
    return fund.net_flow(start=after + _BLOCK_TIME, end=until + _BLOCK_TIME)


def _began(chain_id: int) -> date | None:
    began = fund.inception(chain_id=chain_id)
    return began.astimezone(UTC).date() if began else None


def _of_chain(chain_id: int) -> QuerySet:
    return redemptions.every().filter(chain_id=chain_id)


def _refused(as_of: datetime) -> Q:
    return Q(status="REJECTED", decided_at__lte=as_of) | Q(
        status="CANCELLED", cancelled_at__lte=as_of
    )


def _open(chain_id: int, as_of: datetime) -> QuerySet:
    rows = _of_chain(chain_id).filter(requested_at__lte=as_of).exclude(_refused(as_of))
    return rows.filter(Q(settled_at__isnull=True) | Q(settled_at__gt=as_of)).order_by()


def _payout() -> Greatest:
    gross, fee = (Cast(F(name), _SUM) for name in ("gross_assets", "estimated_fee_assets"))
    return Greatest(gross - fee, Decimal(0), output_field=_SUM)


def _earliest(
    channel: str, requested_at: datetime, window: datetime | None, as_of: datetime
) -> datetime:
    """When a request that waits would be paid if it were approved now."""
    if channel == "EMERGENCY":
        return as_of + timedelta(days=EMERGENCY_DAYS)
    if channel == "STANDARD":
        return as_of + timedelta(days=STANDARD_DAYS)
    return max(as_of, window or requested_at + timedelta(days=NOTICE_DAYS))
