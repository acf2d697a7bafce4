"""How rebalancing goes, against the limits from which people are told."""

from datetime import timedelta
from typing import Any

import pytest

from apps.rebalance import queries
from apps.rebalance.models import Plan
from apps.rebalance.queries import Level, Metric, Unit
from tests.forcing import guards_off

from . import running
from .running import CHAIN, MTMM, NOON, sell
from .shown import completed, failed, read_fund

pytestmark = pytest.mark.django_db


def measured(**names: Any) -> dict[str, Metric]:
    now = queries.status(chain_id=CHAIN, at=NOON)
    return {one.name: one for one in queries.metrics(now, at=NOON, **names)}


class TestLevel:
    @pytest.mark.parametrize(
        ("value", "level"),
        [
            (700, Level.OK),
            (701, Level.WARNING),
            (1_000, Level.WARNING),
            (1_001, Level.CRITICAL),
            (None, Level.UNKNOWN),
        ],
    )
    def test_is_beyond_a_limit_and_not_at_it(self, value: int | None, level: Level) -> None:
        metric = Metric(
            name="x",
            title="x",
            value=value,
            unit=Unit.BPS,
            warning=700,
            critical=1_000,
            of="now",
        )

        assert metric.level is level

    @pytest.mark.parametrize(("value", "level"), [(8_999, Level.WARNING), (9_000, Level.OK)])
    def test_below_can_be_worse(self, value: int, level: Level) -> None:
        metric = Metric(
            name="x", title="x", value=value, unit=Unit.BPS, warning=9_000, below=True, of="now"
        )

        assert metric.level is level


class TestMetrics:
    def test_are_unknown_when_nothing_happened(self) -> None:
        found = measured()

        assert {name for name, one in found.items() if one.level is Level.UNKNOWN} == {
            *("deviation", "executionTime", "slippage", "gas", "successRate"),
        }
        assert all(one.unknown for one in found.values() if one.value is None)
        assert (found["pendingPlans"].value, found["pendingPlans"].level) == (0, Level.OK)

    @pytest.mark.parametrize(
        ("l1", "bps", "level"),
        [
            (40_000, 600, Level.OK),
            (29_000, 710, Level.WARNING),
            (230_000, 1_900, Level.CRITICAL),
        ],
    )
    def test_the_largest_deviation_of_a_tier(self, l1: int, bps: int, level: Level) -> None:
        read_fund(NOON, l1=l1)

        found = measured()["deviation"]

        assert (found.value, found.level) == (bps, level)

    @pytest.mark.parametrize(
        ("seconds", "level"), [(300, Level.OK), (301, Level.WARNING), (9_000, Level.WARNING)]
    )
    def test_the_longest_execution(self, seconds: int, level: Level) -> None:
        completed(NOON - timedelta(days=2), seconds=10)
        completed(NOON - timedelta(days=1), seconds=seconds)

        found = measured()["executionTime"]

        assert (found.value, found.level) == (seconds, level)

    @pytest.mark.parametrize(
        ("bps", "level"),
        [(200, Level.OK), (201, Level.WARNING), (501, Level.CRITICAL), (-50, Level.OK)],
    )
    def test_the_worst_slippage(self, bps: int, level: Level) -> None:
        completed(NOON - timedelta(days=1), slippage_bps=bps)

        found = measured()["slippage"]

        assert (found.value, found.level) == (bps, level)

    def test_gas_is_summed_by_plan_at_the_price_of_planning(self) -> None:
        # A trade of 400,000 units was expected to cost 1 USDT, at 600 USDT a coin.
        plan = completed(NOON - timedelta(days=1))

        found = measured()["gas"]

        assert found.value == 210_000 * 10**18 // (400_000 * 600)
        assert found.level is Level.OK
        with guards_off():
            plan.legs.update(gas_used=400_000 * 301)
        assert measured()["gas"].level is Level.WARNING

    def test_gas_that_was_never_priced_is_unknown(self) -> None:
        plan = completed(NOON - timedelta(days=1))
        with guards_off():
            plan.legs.update(gas_assets=0)

        assert measured()["gas"].value is None

    def test_success_counts_what_was_executed(self) -> None:
        for number in range(8):
            completed(NOON - timedelta(days=number + 1))
        failed(NOON - timedelta(days=1))
        partly = completed(NOON - timedelta(days=1))
        cancelled = running.approved(sell(1, MTMM, 20_000), at=NOON - timedelta(days=1))
        with guards_off():
            Plan.objects.filter(pk=partly.pk).update(status="PARTIALLY_COMPLETED")
            Plan.objects.filter(pk=cancelled.pk).update(status="CANCELLED", finished_at=NOON)

        found = measured()["successRate"]

        assert (found.value, found.level) == (8_000, Level.WARNING)  # eight of ten

    def test_what_is_longer_ago_than_the_period_does_not_count(self) -> None:
        completed(NOON - timedelta(days=31), seconds=9_000)

        assert measured()["executionTime"].value is None
        assert measured(period=timedelta(days=40))["executionTime"].value == 9_000

    def test_open_plans_are_counted(self) -> None:
        running.approved(sell(1, MTMM, 20_000))

        assert measured()["pendingPlans"].value == 1
