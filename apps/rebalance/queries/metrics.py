"""How well rebalancing works, against the limits from which people are told."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import QuerySet

from apps.core.units import WAD, bps_of
from apps.rebalance.models import OPEN, Leg, LegStatus, Plan, PlanStatus
from apps.rebalance.rules.figures import Parameters

from .policy import policy
from .status import Status

PERIOD = timedelta(days=30)
DEVIATION_WARNING_BPS = 700
DEVIATION_CRITICAL_BPS = 1_000
SECONDS_WARNING = 300
GAS_WARNING_WEI = WAD // 2
SUCCESS_WARNING_BPS = 9_000
PENDING_WARNING = 5
_BEGUN = (PlanStatus.COMPLETED, PlanStatus.PARTIALLY_COMPLETED, PlanStatus.FAILED)


class Level(StrEnum):
    """How a figure stands against its limits."""

    OK = "OK"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"
    UNKNOWN = "UNKNOWN"


class Unit(StrEnum):
    """What a figure counts."""

    BPS = "bps"
    SECONDS = "seconds"
    WEI = "wei"
    COUNT = "count"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A figure with its limits, in ``unit``; at a limit it is not yet beyond it.

    ``below`` says that less than the limit is worse. ``of`` is the period or instant it speaks of;
    ``unknown`` why there is no value.
    """

    name: str
    title: str
    value: int | None
    unit: Unit
    warning: int
    critical: int | None = None
    below: bool = False
    of: str
    unknown: str = ""

    @property
    def level(self) -> Level:
        """The worst limit that it is beyond."""
        if self.value is None:
            return Level.UNKNOWN
        if self.critical is not None and self._beyond(self.critical):
            return Level.CRITICAL
        return Level.WARNING if self._beyond(self.warning) else Level.OK

    def _beyond(self, limit: int) -> bool:
        value = self.value or 0
        return value < limit if self.below else value > limit


def metrics(now: Status, *, at: datetime, period: timedelta = PERIOD) -> list[Metric]:
    """Every metric; those of plans and legs are of what ended in the ``period`` up to ``at``."""
    _version, parameters = policy()
    ended = Plan.objects.filter(finished_at__gte=at - period, finished_at__lte=at)
    legs = list(
        Leg.objects.filter(status=LegStatus.DONE, finished_at__gte=at - period, finished_at__lte=at)
    )
    of = f"last {period.days} days"
    return [
        _deviation(now),
        _duration(ended, of),
        _slippage(legs, parameters, of),
        _gas(legs, parameters, of),
        _success(ended, of),
        Metric(
            name="pendingPlans",
            title="Plans open",
            value=Plan.objects.filter(status__in=OPEN).count(),
            unit=Unit.COUNT,
            warning=PENDING_WARNING,
            of="now",
        ),
    ]


def _deviation(now: Status) -> Metric:
    return Metric(
        name="deviation",
        title="Largest deviation of a tier",
        value=now.deviation_bps_max,
        unit=Unit.BPS,
        warning=DEVIATION_WARNING_BPS,
        critical=DEVIATION_CRITICAL_BPS,
        of="now",
        unknown="The fund has not been read yet",
    )


def _duration(ended: QuerySet[Plan], of: str) -> Metric:
    spans = ended.filter(status__in=_BEGUN, begun_at__isnull=False).values_list(
        "begun_at", "finished_at"
    )
    return Metric(
        name="executionTime",
        title="Longest execution",
        value=max(
            (int((end - begun).total_seconds()) for begun, end in spans if begun and end),
            default=None,
        ),
        unit=Unit.SECONDS,
        warning=SECONDS_WARNING,
        of=of,
        unknown="No plan was executed",
    )


def _slippage(legs: Iterable[Leg], parameters: Parameters, of: str) -> Metric:
    known = [leg.slippage_bps_realised for leg in legs if leg.slippage_bps_realised is not None]
    return Metric(
        name="slippage",
        title="Worst slippage of a trade",
        value=max(known, default=None),
        unit=Unit.BPS,
        warning=parameters.slippage_warn_bps,
        critical=parameters.slippage_block_bps,
        of=of,
        unknown="Nothing was traded",
    )


def _gas(legs: Iterable[Leg], parameters: Parameters, of: str) -> Metric:
    by_plan: Counter[int] = Counter()
    for leg in legs:
        spent = gas_wei(leg, parameters)
        if spent is not None:
            by_plan[leg.plan_id] += spent
    return Metric(
        name="gas",
        title="Most gas of a plan",
        value=max(by_plan.values(), default=None),
        unit=Unit.WEI,
        warning=GAS_WARNING_WEI,
        of=of,
        unknown="No gas is known to have been used",
    )


def gas_wei(leg: Leg, parameters: Parameters) -> int | None:
    """What a leg's gas cost in the chain's own coin, floor, at the gas price of its planning; None
    where it used none, or the plan knew no price."""
    if leg.gas_used is None or not leg.gas_assets:
        return None
    unit = parameters.gas_units_per_trade * parameters.native_price_assets
    return leg.gas_used * leg.gas_assets * WAD // unit if unit else None


def _success(ended: QuerySet[Plan], of: str) -> Metric:
    executed = list(ended.filter(status__in=_BEGUN).values_list("status", flat=True))
    return Metric(
        name="successRate",
        title="Plans that completed",
        value=bps_of(executed.count(PlanStatus.COMPLETED), len(executed)),
        unit=Unit.BPS,
        warning=SUCCESS_WARNING_BPS,
        below=True,
        of=of,
        unknown="No plan was executed",
    )
