"""Snapshots, the overview and NAV through time."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import redis
from django.core.cache import cache
from django.db import IntegrityError, transaction

from apps.chain.events import NavUpdated, SharesTransferred
from apps.chain.queries import FundState
from apps.core.units import UINT256_MAX
from apps.fund import operations, queries
from apps.fund.models import AssetSnapshot, Snapshot
from apps.fund.operations.snapshots import AlreadyTaken, SlotMismatch
from apps.fund.rules.performance import change
from apps.fund.rules.slots import DAY, HOUR, floor_to
from tests.fund.facts import ALICE, BOB, CHAIN_ID, START, USDT, ZERO, Logs
from tests.fund.states import asset, state

pytestmark = pytest.mark.django_db
HOUR_0 = floor_to(START, HOUR)


def take(
    said: FundState | None = None,
    *,
    kind: str = "LIVE",
    slot: datetime | None = None,
    at: datetime | None = None,
) -> Snapshot:
    said = said or state()
    slot = slot or said.block.time
    return operations.take_snapshot(
        kind=kind, chain_id=CHAIN_ID, slot=slot, state=said, at=at or slot
    )


def hourly(number: int, nav: int) -> Snapshot:
    slot = HOUR_0 + number * HOUR
    return take(state(100 + number, slot, share_price=nav), kind="HOURLY", slot=slot)


class TestTakeSnapshot:
    def test_keeps_every_figure(self) -> None:
        take()

        overview = queries.latest_overview()
        assert overview is not None
        assert overview.aum_assets == 1_000_000 * USDT
        assert overview.total_assets == 950_000 * USDT
        assert overview.nav_per_share == 105 * 10**16
        assert overview.liquid_assets == 400_000 * USDT
        assert overview.pending_management_fee_assets == 7 * USDT
        assert overview.redemption_fees_withdrawable_assets == 10_000 * USDT
        assert [(t.tier, t.ratio_bps, t.is_within_band) for t in overview.tiers] == [
            ("L1", 1_000, True),
            ("L2", 3_000, True),
            ("L3", 6_000, False),
        ]

    def test_weighs_assets(self) -> None:
        row = take(state(assets=(asset(), asset(token=ALICE, value_assets=None, price=None))))

        assert sorted(row.assets.values_list("token", "weight_bps")) == [
            ("0x" + "70" * 20, 3_000),
            (ALICE, None),
        ]

    def test_what_the_contracts_do_not_answer_is_unknown_not_zero(self) -> None:
        take(
            state(
                breakdown=None,
                available_liquidity=None,
                effective_supply=None,
                withdrawable_redemption_fees=None,
                paused=None,
                tiers=(),
                buffer=None,
                pending_fees=None,
                redemption_fees=None,
            )
        )

        overview = queries.latest_overview()
        assert overview is not None
        assert overview.pending_management_fee_assets is None
        assert overview.redemption_fees_withdrawable_assets is None
        assert overview.paused is None
        assert overview.tiers[0].target_bps is None
        assert overview.tiers[0].is_within_band is None

    def test_holds_the_largest_figures(self) -> None:
        take(state(total_supply=UINT256_MAX, share_price=UINT256_MAX))

        overview = queries.latest_overview()
        assert overview is not None
        assert overview.nav_per_share == UINT256_MAX

    def test_an_empty_fund_has_no_ratios(self) -> None:
        take(state(layer1_liquidity=0, layer2_liquidity=0, layer3_value=0, assets=()))

        overview = queries.latest_overview()
        assert overview is not None
        assert [tier.ratio_bps for tier in overview.tiers] == [None, None, None]

    def test_refuses_a_block_later_than_its_slot(self) -> None:
        with pytest.raises(SlotMismatch):
            take(state(at=START), slot=START - HOUR, kind="HOURLY")

    def test_an_hourly_one_stays_as_it_was_taken(self) -> None:
        first = take(kind="HOURLY", slot=HOUR_0 + HOUR)

        again = take(state(101, share_price=1), kind="HOURLY", slot=HOUR_0 + HOUR)

        assert again.pk == first.pk
        assert again.nav_per_share == 105 * 10**16

    def test_a_live_one_is_followed_by_a_newer_look(self) -> None:
        take(state(100))
        take(state(101, share_price=2), at=START + timedelta(seconds=1))
        take(state(99, share_price=3), at=START + timedelta(seconds=2))

        assert list(Snapshot.objects.values_list("block_number", "nav_per_share")) == [(101, 2)]
        assert AssetSnapshot.objects.count() == 1

    def test_says_when_it_tells_of_the_past(self) -> None:
        late = take(kind="HOURLY", slot=HOUR_0 + HOUR, at=HOUR_0 + 3 * HOUR)
        on_time = take(kind="DAILY", slot=HOUR_0 + HOUR, at=HOUR_0 + HOUR + timedelta(minutes=2))

        assert (late.backfilled, on_time.backfilled) == (True, False)

    def test_counts_the_holders_of_its_block(
        self, logs: Logs, project: Callable[..., None]
    ) -> None:
        facts = [
            logs.fact(SharesTransferred, sender=ZERO, recipient=ALICE, shares=10),
            logs.fact(SharesTransferred, sender=ALICE, recipient=BOB, shares=4),
            logs.fact(SharesTransferred, sender=ALICE, recipient=ZERO, shares=6),
        ]
        project(*facts)
        counts = []
        for fact in facts:
            said = state(fact.source.block_number, fact.source.block_time)
            counts.append(take(said).holders)

        assert counts == [1, 2, 1]

    def test_figures_or_a_gap_and_nothing_between(self) -> None:
        row = take()

        with pytest.raises(IntegrityError, match="snapshot_figures_or_gap"), transaction.atomic():
            Snapshot.objects.filter(pk=row.pk).update(nav_per_share=None)


class TestGap:
    def test_is_visible_and_never_an_overview(self) -> None:
        for _ in range(2):
            operations.mark_gap(
                kind="HOURLY", chain_id=CHAIN_ID, slot=HOUR_0, reason="no archive", at=START
            )

        [gap] = queries.gaps(start=HOUR_0, end=HOUR_0 + HOUR)
        assert (gap.slot, gap.reason) == (HOUR_0, "no archive")
        assert queries.latest_overview() is None

    def test_is_filled_when_a_node_can_say_after_all(self) -> None:
        slot = HOUR_0 + HOUR
        operations.mark_gap(kind="HOURLY", chain_id=CHAIN_ID, slot=slot, reason="?", at=START)

        row = take(kind="HOURLY", slot=slot)

        assert row.status == "OK"
        assert queries.gaps(start=HOUR_0, end=HOUR_0 + DAY) == []

    def test_does_not_replace_a_snapshot(self) -> None:
        slot = HOUR_0 + HOUR
        take(kind="HOURLY", slot=slot)

        with pytest.raises(AlreadyTaken):
            operations.mark_gap(kind="HOURLY", chain_id=CHAIN_ID, slot=slot, reason="?", at=START)


class TestPrune:
    def test_forgets_old_live_ones_but_never_the_newest(self) -> None:
        for number in range(3):
            take(state(100 + number, START + number * HOUR))
        take(kind="HOURLY", slot=HOUR_0 + HOUR)

        assert operations.prune_live(at=START + 9 * DAY) == 2
        assert sorted(Snapshot.objects.values_list("kind", "block_number")) == [
            ("HOURLY", 100),
            ("LIVE", 102),
        ]


class TestOverview:
    def test_of_an_instant_is_the_newest_not_later(self) -> None:
        hourly(1, nav=11)
        hourly(2, nav=12)

        found = queries.overview_at(HOUR_0 + 2 * HOUR - timedelta(seconds=1))

        assert found is not None
        assert found.nav_per_share == 11

    def test_of_an_instant_in_a_gap_is_unknown(self) -> None:
        hourly(1, nav=11)

        assert queries.overview_at(HOUR_0 + 3 * HOUR) is None
        assert queries.overview_at(HOUR_0) is None

    def test_is_the_newest_block_whatever_was_read_last(self) -> None:
        take(state(200, START + 5 * HOUR))
        hourly(1, nav=11)

        found = queries.latest_overview()
        assert found is not None
        assert found.block_number == 200


class TestCachedOverview:
    def test_is_forgotten_when_a_snapshot_is_taken(
        self, django_capture_on_commit_callbacks: Any
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            take(state(100))
        assert queries.cached_overview() == queries.latest_overview()

        with django_capture_on_commit_callbacks(execute=True):
            take(state(101, START + HOUR))

        found = queries.cached_overview()
        assert found is not None
        assert found.block_number == 101

    def test_is_served_from_the_cache(self, django_assert_num_queries: Any) -> None:
        cache.clear()
        take()
        queries.cached_overview()

        with django_assert_num_queries(0):
            assert queries.cached_overview() is not None

    def test_survives_the_loss_of_redis(
        self, monkeypatch: pytest.MonkeyPatch, settings: Any
    ) -> None:
        take()
        settings.CACHES = {
            "default": {
                "BACKEND": "django.core.cache.backends.redis.RedisCache",
                "LOCATION": "redis://127.0.0.1:1",
            }
        }
        with pytest.raises(redis.ConnectionError):
            cache.get("anything")

        found = queries.cached_overview()

        assert found is not None
        assert found.block_number == 100

    def test_a_snapshot_is_kept_without_redis(
        self, settings: Any, django_capture_on_commit_callbacks: Any
    ) -> None:
        settings.CACHES = {
            "default": {
                "BACKEND": "django.core.cache.backends.redis.RedisCache",
                "LOCATION": "redis://127.0.0.1:1",
            }
        }

        with django_capture_on_commit_callbacks(execute=True):
            take()

        assert Snapshot.objects.count() == 1


def published(logs: Logs, nav: int) -> NavUpdated:
    source = logs.source()
    return NavUpdated(
        source=source, old_nav_per_share=1, new_nav_per_share=nav, updated_at=source.block_time
    )


class TestNav:
    def test_history_takes_the_last_point_of_each_interval(
        self, logs: Logs, project: Callable[..., None]
    ) -> None:
        hourly(0, nav=10)
        project(published(logs, 11), published(logs, 12))  # 9:31 and 9:32
        hourly(1, nav=13)
        hourly(30, nav=14)

        found = queries.nav_history(start=HOUR_0, end=HOUR_0 + 3 * DAY, interval="hourly")
        assert [(point.nav_per_share, point.source) for point in found] == [
            (12, "event"),
            (13, "snapshot"),
            (14, "snapshot"),
        ]
        daily = queries.nav_history(start=HOUR_0, end=HOUR_0 + 3 * DAY, interval="daily")
        assert [point.nav_per_share for point in daily] == [13, 14]

    def test_history_ends_before_its_end(self) -> None:
        hourly(1, nav=13)

        assert queries.nav_history(start=HOUR_0, end=HOUR_0 + HOUR, interval="hourly") == []

    def test_weeks_begin_on_monday(self) -> None:
        monday = HOUR_0.replace(hour=0)
        assert monday.weekday() == 0
        for number, days in enumerate((-1, 0, 6, 7)):
            slot = monday + days * DAY
            take(state(100 + number, slot, share_price=number), kind="DAILY", slot=slot)

        found = queries.nav_history(start=monday - DAY, end=monday + 9 * DAY, interval="weekly")

        assert [point.nav_per_share for point in found] == [0, 2, 3]

    def test_at_an_instant_is_the_last_known(
        self, logs: Logs, project: Callable[..., None]
    ) -> None:
        hourly(0, nav=10)
        event = published(logs, 11)
        project(replace(event, source=replace(event.source, block_number=101)))
        hourly(2, nav=12)

        before, between, after = (
            queries.nav_at(HOUR_0 + timedelta(minutes=minutes)) for minutes in (-1, 60, 180)
        )
        assert before is None
        assert between is not None
        assert between.nav_per_share == 11
        assert after is not None
        assert after.nav_per_share == 12

    def test_series_is_bounded_and_ends_with_the_newest(self) -> None:
        for number in range(10):
            hourly(number, nav=number)
        take(state(200, HOUR_0 + 11 * HOUR, share_price=99))

        found = queries.nav_series(HOUR_0, points_max=4)

        assert [point.nav_per_share for point in found] == [0, 3, 6, 99]


class TestPerformance:
    def test_of_nothing_is_unknown(self) -> None:
        assert queries.performance().nav_per_share is None

    def test_changes_over_day_and_week(self) -> None:
        for number in range(0, 24 * 8 + 1, 24):
            hourly(number, nav=100 + number)

        found = queries.performance()

        assert found.nav_per_share == 100 + 192
        assert found.change_24h == change(268, 292)
        assert found.change_7d == change(124, 292)
        assert found.change_30d is None
        assert found.change_since_inception == Decimal("1.92")
        assert found.annualised_volatility is None
        assert found.max_drawdown == 0
