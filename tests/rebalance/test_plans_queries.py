"""Plans, legs and their transactions as read; the fund against its targets; the clock's checks."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery.schedules import crontab

from apps.chain.contracts.fund_state import LiquidityBreakdown
from apps.rebalance import operations, queries
from apps.rebalance.queries.cadence import CADENCES, next_scheduled
from paimon.schedule import SCHEDULE
from tests.forcing import guards_off
from tests.redemptions import helpers as redemptions

from . import running
from .helpers import admins, decide, planned, ticket_of
from .running import CHAIN, CPCS, MTMM, NOON, USDT, again, buy, sell, situation
from .shown import completed, failed, read_fund, trigger

pytestmark = pytest.mark.django_db


def stages(plan: Any) -> list[str]:
    return [leg.stage for leg in queries.plan_view(queries.plan(plan.pk)).legs]


class TestLegs:
    def test_go_from_pending_to_done(self) -> None:
        running.final_at()
        plan = running.executing(sell(1, MTMM, 20_000), buy(2, CPCS, 19_000, depends_on=(1,)))
        seen = [stages(plan)]

        operations.advance(chain_id=CHAIN, at=NOON)
        seen.append(stages(plan))
        with guards_off():
            type(running.sent(plan, 1)).objects.update(status="MINED", mined_block=1_006)
        seen.append(stages(plan))
        running.finish_all(plan)
        operations.advance(chain_id=CHAIN, at=NOON + timedelta(minutes=1))
        seen.append(stages(plan))

        assert seen == [
            ["Pending", "Waits for leg 1"],
            ["Queued", "Waits for leg 1"],
            ["Mined, 5 of 15 confirmations", "Waits for leg 1"],
            ["Done", "Queued"],
        ]

    def test_a_failed_one_says_why(self) -> None:
        view = queries.plan_view(queries.plan(failed(NOON, outcome="Reverted: paused").pk))

        [leg] = view.legs
        assert (leg.stage, leg.tone, leg.row.error) == ("Failed", "bad", "Reverted: paused")

    def test_of_many_plans_ask_once(self, django_assert_max_num_queries: Any) -> None:
        plan = running.approved(*(sell(number, MTMM, 1_000) for number in range(1, 10)))
        row = queries.plan(plan.pk)

        with django_assert_max_num_queries(4):
            queries.plan_view(row)


class TestPlan:
    def test_knows_its_tiers_before_projected_and_after(self) -> None:
        view = queries.plan_view(queries.plan(completed(NOON).pk))

        l1 = view.tiers[0]
        assert (l1.before, l1.projected, l1.after) == (40_000 * USDT, 60_000 * USDT, 60_000 * USDT)
        assert (l1.before_bps, l1.projected_bps, l1.after_bps, l1.target_bps) == (
            *(400, 600, 600, 1_000),
        )

    def test_sums_what_came_of_it(self) -> None:
        view = queries.plan_view(queries.plan(completed(NOON, slippage_bps=12).pk))

        assert view.realised_assets == 19_976 * USDT
        assert view.realised_slippage_assets == 24 * USDT
        assert (view.gas_used, view.seconds) == (210_000, 90)

    def test_before_anything_happened_there_is_nothing_to_sum(self) -> None:
        view = queries.plan_view(queries.plan(running.approved(sell(1, MTMM, 20_000)).pk))

        assert (view.realised_assets, view.realised_slippage_assets) == (None, None)
        assert (view.gas_used, view.seconds, view.tiers[0].after) == (None, None, None)

    @pytest.mark.parametrize("number", [0, -1, 999, 2**63, 2**300])
    def test_that_is_not_there(self, number: int) -> None:
        with pytest.raises(queries.PlanNotFound):
            queries.plan(number)
        with pytest.raises(queries.PreviewNotFound):
            queries.preview(number)

    def test_payload_of_the_push(self) -> None:
        plan = completed(NOON)

        payload = queries.plan_payload(plan.pk)

        assert payload["plan_id"] == str(plan.pk)
        assert (payload["status"], payload["executed_at"]) == ("COMPLETED", "2026-03-02T12:00:00Z")
        assert payload["total_amount"] == str(20_000 * USDT)
        assert (payload["actions"], payload["actions_done"]) == (1, 1)


class TestTimeline:
    def test_has_triggers_people_and_the_end_in_order(self) -> None:
        one, *_ = admins()
        plan = planned(sell(1, MTMM, 90_000))
        trigger(NOON, outcome="PLANNED", plan=plan, explanation="")
        decide(one, ticket_of(plan), "REJECT", "Not today", at=NOON + timedelta(minutes=5))

        steps = queries.timeline(queries.plan_view(queries.plan(plan.pk)))

        words = [step.text for step in steps]
        assert words[0].startswith("Liquidity trigger")
        assert words[-1] == "Cancelled"
        assert "Rejected" in words
        assert [step.at for step in steps] == sorted(step.at for step in steps)
        assert next(step.detail for step in steps if step.text == "Rejected") == "Not today"
        assert again(plan).status == "CANCELLED"

    def test_has_each_leg(self) -> None:
        steps = queries.timeline(queries.plan_view(queries.plan(completed(NOON).pk)))

        assert [step.text for step in steps if step.text.startswith("Leg 1")] == [
            "Leg 1, redeem MTMM: queued with the sender",
            "Leg 1, redeem MTMM: done",
        ]


class TestStatus:
    def test_an_asset_weighs_its_share_of_its_tier(self) -> None:
        read_fund(NOON)

        now = queries.status(chain_id=CHAIN, at=NOON)

        targets = {one.symbol: one.target_bps for one in now.assets}
        drifts = {one.symbol: one.drift_bps for one in now.assets}
        assert targets == {"USDT": 1_000, "MTMM": 3_000, "CPCS": 3_000, "NGTR": 3_000}
        assert drifts == {"USDT": -600, "MTMM": 600, "CPCS": 1_000, "NGTR": -1_000}
        assert sum(one.weight_bps or 0 for one in now.assets) == 10_000

    def test_knows_an_empty_fund(self) -> None:
        read_fund(
            NOON,
            l1=0,
            layer1_liquidity=0,
            layer2_liquidity=0,
            layer3_value=0,
            breakdown=None,
            assets=(),
        )

        now = queries.status(chain_id=CHAIN, at=NOON)

        assert [tier.ratio_bps for tier in now.tiers] == [None, None, None]
        assert (now.deviation_bps_max, list(now.reasons)) == (None, [])

    def test_without_a_band_there_is_no_deviation(self) -> None:
        read_fund(NOON, tiers=())

        now = queries.status(chain_id=CHAIN, at=NOON)

        assert [tier.deviation_bps for tier in now.tiers] == [None, None, None]
        assert all(one.drift_bps is None for one in now.assets)

    @pytest.mark.parametrize(
        ("l1", "said"),
        [
            (79_000, "L1 is 7.90 % of assets, below 8.00 %."),
            (151_000, "L1 is 15.10 % of assets, above 15.00 %."),
        ],
    )
    def test_says_when_l1_is_off_its_marks(self, l1: int, said: str) -> None:
        read_fund(NOON, l1=l1)

        assert said in queries.status(chain_id=CHAIN, at=NOON).reasons

    def test_a_fraction_beyond_a_mark_is_beyond_it(self) -> None:
        read_fund(
            NOON,
            l1=150_000,
            breakdown=LiquidityBreakdown(150_000 * USDT + 1, 0, 360_000 * USDT, 490_000 * USDT - 1),
            layer1_liquidity=150_000 * USDT + 1,
            layer3_value=490_000 * USDT - 1,
        )

        reasons = queries.status(chain_id=CHAIN, at=NOON).reasons

        assert "L1 is 15.01 % of assets, above 15.00 %." in reasons
        assert "L1 is 15.01 % of assets, above its target 10.00 % by more than 5.00 %." in reasons

    def test_says_when_too_much_falls_due(self) -> None:
        read_fund(NOON, l1=100_000)
        running.final_at()
        redemptions.apply(
            redemptions.requested(
                requires_approval=False,
                gross_assets=380_000 * USDT,
                settles_at=NOON + timedelta(hours=71),
            )
        )

        reasons = queries.status(chain_id=CHAIN, at=NOON).reasons

        assert [said for said in reasons if "fall due" in said] == [
            "379,400.00 USDT fall due within 72 hours, more than 80.00 % of L1 and L2."
        ]

    @pytest.mark.parametrize("l1", [80_000, 150_000])
    def test_on_the_mark_nothing_is_said(self, l1: int) -> None:
        read_fund(NOON, l1=l1)

        reasons = queries.status(chain_id=CHAIN, at=NOON).reasons
        assert not [said for said in reasons if said.startswith("L1")]

    def test_is_stale_after_ten_minutes(self) -> None:
        read_fund(NOON)

        at = NOON + timedelta(minutes=10)
        assert queries.status(chain_id=CHAIN, at=at).stale is False
        assert queries.status(chain_id=CHAIN, at=at + timedelta(seconds=1)).stale is True

    def test_asks_the_database_no_more_for_more_plans(
        self, django_assert_max_num_queries: Any
    ) -> None:
        read_fund(NOON)
        for number in range(10):
            completed(NOON - timedelta(days=number))

        with django_assert_max_num_queries(10):
            queries.status(chain_id=CHAIN, at=NOON)


class TestCadence:
    def test_every_check_is_due_at_even_instants(self) -> None:
        at = datetime(2026, 3, 4, 10, 17, 42, tzinfo=UTC)  # a Wednesday

        nexts = {one.name: one.next(at) for one in CADENCES}
        lasts = {one.name: one.last(at) for one in CADENCES}

        assert nexts["Daily"] == datetime(2026, 3, 5, tzinfo=UTC)
        assert nexts["Weekly"] == datetime(2026, 3, 9, tzinfo=UTC)  # the Monday after
        assert nexts["Hourly"] == datetime(2026, 3, 4, 11, tzinfo=UTC)
        assert nexts["Liquidity"] == datetime(2026, 3, 4, 10, 18, tzinfo=UTC)
        assert lasts["Weekly"] == datetime(2026, 3, 2, tzinfo=UTC)
        assert lasts["Prices and windows"] == datetime(2026, 3, 4, 10, 17, tzinfo=UTC)

    def test_at_its_instant_the_next_one_is_a_whole_span_away(self) -> None:
        midnight = datetime(2026, 3, 5, tzinfo=UTC)

        assert next_scheduled(midnight) == midnight + timedelta(days=1)
        assert next_scheduled(midnight - timedelta(seconds=1)) == midnight

    def test_they_are_the_schedules_own(self) -> None:
        often = {entry["task"]: entry["schedule"] for entry in SCHEDULE.values()}

        for one in CADENCES:
            planned_at = often[one.task]
            if isinstance(planned_at, crontab):  # hourly: what is due less often is found then
                assert (planned_at.minute, planned_at.hour) == ({0}, set(range(24))), one.name
                assert one.every % timedelta(hours=1) == timedelta(0)
            else:
                assert one.every.total_seconds() == planned_at, one.name


class TestPreviewRows:
    def test_conserve_value_and_name_what_changes(self) -> None:
        before = situation()

        rows = queries.asset_rows(before, [sell(1, MTMM, 60_000), buy(2, CPCS, 10_000)])

        by_symbol = {row.symbol: row for row in rows}
        assert by_symbol["USDT"].change_assets == 50_000 * USDT
        assert by_symbol["MTMM"].change_assets == -60_000 * USDT
        assert by_symbol["CPCS"].weight_after_bps == 4_100
        assert sum(row.value_after for row in rows) == before.gross

    def test_of_an_empty_fund_have_no_weights(self) -> None:
        rows = queries.asset_rows(situation(0, holdings=()), [])

        assert [row.weight_bps for row in rows] == [None]
        assert [row.drift_bps for row in rows] == [None]
