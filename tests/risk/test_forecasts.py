"""Forecasts from rows: what is counted, that they are made once, stay, and are compared."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.chain.terms import Channel
from apps.core.errors import Unavailable
from apps.fund.models import AssetProfile
from apps.risk import operations, tasks
from apps.risk.events import ForecastMade
from apps.risk.models import Forecast, RiskEvent
from apps.risk.operations import forecasting
from apps.risk.queries import flows, forecasts
from apps.risk.queries.forecast_inputs import inputs_now
from apps.risk.rules.figures import Horizon
from apps.risk.rules.forecast_calendar import Calendar
from apps.risk.rules.forecast_inputs import Due, from_json
from apps.risk.rules.forecasting import forecast
from tests.racing import at_once
from tests.rebalance.running import CPCS
from tests.redemptions.helpers import CHAIN, NOON, USDT, final_at

from .flowing import (
    DAY,
    a_history,
    approves,
    asked,
    began,
    cancels,
    paid,
    rejects,
    settles,
    stands,
    subscribed,
)

pytestmark = pytest.mark.django_db

TODAY = NOON.date()
MINUTE = timedelta(minutes=1)


def due_within(days: int = 7, *, at: datetime = NOON) -> tuple[Due, ...]:
    known = flows.windows(chain_id=CHAIN, as_of=at)
    return flows.due(chain_id=CHAIN, calendar=Calendar.over(at, days), windows=known)


def flow_of(days_ago: int, *, at: datetime = NOON) -> Any:
    wanted = TODAY - days_ago * DAY
    found = flows.daily_flows(chain_id=CHAIN, as_of=at)
    return next((flow for flow in found if flow.day == wanted), None)


class TestDailyFlows:
    def test_requests_by_channel_net_of_fees_and_subscriptions(self) -> None:
        began(NOON - 10 * DAY)
        at = NOON - 3 * DAY
        asked(500, at, fee=5)
        asked(300, at + MINUTE)
        asked(70, at, channel=Channel.EMERGENCY)
        asked(900, at, channel=Channel.SCHEDULED, settles_at=NOON + 40 * DAY, window_id=2)
        subscribed(1_000, at)

        flow = flow_of(3)

        assert (flow.standard, flow.emergency) == (795 * USDT, 70 * USDT)
        assert (flow.scheduled, flow.subscribed) == (900 * USDT, 1_000 * USDT)

    def test_a_day_belongs_to_utc(self) -> None:
        began(NOON - 10 * DAY)
        midnight = NOON.replace(hour=0)
        subscribed(1, midnight - timedelta(seconds=1))
        subscribed(20, midnight - DAY)
        subscribed(300, midnight - DAY - timedelta(seconds=1))

        assert flow_of(1).subscribed == 21 * USDT
        assert flow_of(2).subscribed == 300 * USDT

    def test_days_without_flows_are_zero_and_days_without_a_fund_are_missing(self) -> None:
        began(NOON - 5 * DAY)

        found = flows.daily_flows(chain_id=CHAIN, as_of=NOON)

        assert [(TODAY - flow.day).days for flow in found] == [4, 3, 2, 1]
        assert not any(flow.requested or flow.subscribed for flow in found)

    def test_no_more_than_ninety_days(self) -> None:
        began(NOON - 200 * DAY)

        assert len(flows.daily_flows(chain_id=CHAIN, as_of=NOON)) == 90

    def test_a_fund_that_has_not_begun_has_no_days(self) -> None:
        assert flows.daily_flows(chain_id=CHAIN, as_of=NOON) == ()

    def test_what_was_refused_or_taken_back_is_left_out_once_it_is_known(self) -> None:
        began(NOON - 10 * DAY)
        at = NOON - 3 * DAY
        rejects(asked(100, at, approval=True), NOON - DAY)
        cancels(asked(20, at, approval=True), NOON - DAY)
        asked(3, at, approval=True)

        assert flow_of(3).standard == 3 * USDT
        assert flow_of(3, at=NOON - 2 * DAY).standard == 123 * USDT


class TestConfirmedOutflow:
    def test_open_requests_that_settle_within_the_horizon(self) -> None:
        asked(100, NOON - 2 * DAY, fee=1)
        asked(50, NOON - 2 * DAY)
        asked(7, NOON - 7 * DAY - MINUTE)

        assert due_within() == (
            Due(day=TODAY, assets=7 * USDT),
            Due(day=TODAY + 5 * DAY, assets=149 * USDT),
        )

    def test_the_end_itself_is_within_and_a_second_later_is_not(self) -> None:
        asked(100, NOON)
        asked(50, NOON + timedelta(seconds=1))

        assert due_within(at=NOON + timedelta(seconds=1))[-1].assets == 150 * USDT
        assert sum(due.assets for due in due_within()) == 100 * USDT

    def test_what_is_paid_or_refused_is_no_longer_due(self) -> None:
        settles(asked(100, NOON - 8 * DAY), NOON - DAY)
        rejects(asked(50, NOON - DAY, approval=True), NOON - MINUTE)

        assert due_within() == ()

    def test_what_waits_counts_from_its_earliest_settlement(self) -> None:
        asked(100, NOON - DAY, approval=True)
        asked(60, NOON - DAY, approval=True, channel=Channel.EMERGENCY)

        assert due_within(1) == (Due(day=TODAY + DAY, assets=60 * USDT, waits=True),)
        assert due_within(7) == (
            Due(day=TODAY + DAY, assets=60 * USDT, waits=True),
            Due(day=TODAY + 7 * DAY, assets=100 * USDT, waits=True),
        )

    def test_a_scheduled_one_waits_for_the_window_that_another_request_named(self) -> None:
        window = NOON + 20 * DAY
        asked(10, NOON - DAY, channel=Channel.SCHEDULED, settles_at=window, window_id=4)
        asked(100, NOON - DAY, channel=Channel.SCHEDULED, approval=True, window_id=4)
        asked(7, NOON - 2 * DAY, channel=Channel.SCHEDULED, approval=True, window_id=5)

        assert due_within(30) == (
            Due(day=TODAY + 13 * DAY, assets=7 * USDT, waits=True),
            Due(day=TODAY + 20 * DAY, assets=10 * USDT),
            Due(day=TODAY + 20 * DAY, assets=100 * USDT, waits=True),
        )

    def test_a_past_instant_is_seen_as_it_was(self) -> None:
        row = asked(100, NOON - 9 * DAY)
        settles(row, NOON - 2 * DAY)
        late = asked(50, NOON - 9 * DAY, approval=True)
        approves(late, NOON - 3 * DAY)

        asked(7, NOON - 4 * DAY, channel=Channel.EMERGENCY)

        then = due_within(7, at=NOON - 5 * DAY)

        assert [(due.assets // USDT, due.waits) for due in then] == [(100, False), (50, True)]


class TestApprovalRate:
    def test_is_of_those_decided_and_one_before_any(self) -> None:
        assert flows.approvals(chain_id=CHAIN, as_of=NOON).rate == 1
        for number in range(3):
            approves(asked(1, NOON - 9 * DAY, approval=True), NOON - (number + 1) * DAY)
        rejects(asked(1, NOON - 9 * DAY, approval=True), NOON - MINUTE)
        asked(1, NOON - DAY, approval=True)
        asked(1, NOON - DAY)

        now = flows.approvals(chain_id=CHAIN, as_of=NOON)
        before = flows.approvals(chain_id=CHAIN, as_of=NOON - timedelta(hours=1))

        assert (now.rate, now.decided) == (Decimal("0.75"), 4)
        assert (before.rate, before.decided) == (Decimal(1), 3)


class TestInputs:
    def test_an_l3_asset_that_matures_in_time_is_available(self) -> None:
        stands()
        AssetProfile.objects.create(
            chain_id=CHAIN,
            token=CPCS,
            issuer="Coraline",
            matures_at=NOON + 5 * DAY,
            changed_at=NOON,
        )

        known = inputs_now(at=NOON)

        assert known[Horizon.ONE_DAY].openings == ()
        (opening,) = known[Horizon.SEVEN_DAYS].openings
        assert (opening.symbol, opening.assets) == ("CPCS", 400_000 * USDT)
        assert opening.day == TODAY + 5 * DAY

    def test_refuses_figures_that_are_old(self) -> None:
        stands(NOON - timedelta(minutes=11))

        with pytest.raises(Unavailable):
            inputs_now(at=NOON)


class TestMaking:
    def test_one_of_each_horizon_for_an_hour_however_often_it_is_asked(
        self, facts: list[object]
    ) -> None:
        a_history()
        stands()

        made = operations.make_forecasts(at=NOON + MINUTE)
        again = operations.make_forecasts(at=NOON + 2 * MINUTE)

        assert len(made) == 3
        assert again == []
        assert {row.horizon for row in Forecast.objects.filter(slot=NOON)} == set(Horizon)
        told = [fact for fact in facts if isinstance(fact, ForecastMade)]
        assert [fact.horizon for fact in told] == ["1d", "7d", "30d"]

    def test_the_stored_inputs_and_seed_give_the_same_figures(self) -> None:
        a_history()
        asked(30_000, NOON - DAY)
        asked(120_000, NOON - DAY, approval=True)
        stands()
        operations.make_forecasts(at=NOON)

        for row in Forecast.objects.all():
            made = forecast(from_json(row.inputs), seed=row.seed, paths=row.paths)

            assert made.shortfall_probability == row.shortfall_probability
            assert made.net_assets == row.net_flow_assets
            assert made.low_net_assets == row.lower_net_assets
            assert [forecasts.day_as_json(day) for day in made.days] == row.days
            assert row.paths >= 10_000

    def test_a_new_request_is_in_the_next_forecast_after_five_minutes(self) -> None:
        a_history()
        stands()
        operations.make_forecasts(at=NOON)
        asked(90_000, NOON + MINUTE)

        assert operations.make_forecasts(at=NOON + 6 * MINUTE) == []  # the fund was not read since
        stands(NOON + 4 * MINUTE)
        assert operations.make_forecasts(at=NOON + 4 * MINUTE) == []  # too soon
        stands(NOON + 6 * MINUTE)
        assert len(operations.make_forecasts(at=NOON + 6 * MINUTE)) == 3
        assert operations.make_forecasts(at=NOON + 20 * MINUTE) == []  # nothing is new

        newest = forecasts.latest("30d")
        assert newest is not None
        assert newest.slot == NOON + 5 * MINUTE
        assert newest.inputs.due[-1] == Due(day=TODAY + 7 * DAY, assets=90_000 * USDT)

    @pytest.mark.parametrize(("l1", "made"), [(130_000, 0), (129_999, 3), (150_001, 3)])
    def test_is_made_again_when_liquidity_moved_by_more_than_one_per_cent_of_assets(
        self, l1: int, made: int
    ) -> None:
        a_history()
        stands(l1=140_000)
        operations.make_forecasts(at=NOON)

        stands(NOON + 6 * MINUTE, l1=l1)

        assert len(operations.make_forecasts(at=NOON + 6 * MINUTE)) == made

    def test_the_next_hour_has_its_own(self) -> None:
        stands()
        operations.make_forecasts(at=NOON)
        stands(NOON + timedelta(minutes=60))

        assert len(operations.make_forecasts(at=NOON + timedelta(minutes=60))) == 3

    def test_the_task_waits_while_the_fund_is_not_read(self) -> None:
        tasks.forecast()

        assert not Forecast.objects.exists()

    def test_a_shortfall_opens_an_event_and_its_end_settles_it(self) -> None:
        a_history()
        asked(520_000, NOON - 6 * DAY)
        stands()

        operations.make_forecasts(at=NOON)

        event = RiskEvent.objects.get(indicator="shortfall_7d")
        assert (event.type, event.severity, event.status) == ("FORECAST", "CRITICAL", "OPEN")
        assert event.value == 1
        assert "To raise" in event.details
        row = forecasts.latest("7d")
        assert row is not None
        assert row.advice == "EMERGENCY"
        assert row.first_gap_day == TODAY + DAY

        stands(NOON + timedelta(hours=1), l1=239_000)
        operations.make_forecasts(at=NOON + timedelta(hours=1))

        event.refresh_from_db(fields=["resolution"])
        assert RiskEvent.objects.get(pk=event.pk).status == "RESOLVED"


@pytest.mark.django_db(transaction=True)
class TestAtTheSameTime:
    def test_each_forecast_is_made_once(self) -> None:
        stands()

        made = at_once(4, lambda _: operations.make_forecasts(at=NOON))

        assert sum(len(one) for one in made) == 3
        assert Forecast.objects.count() == 3


class TestScoring:
    def test_the_outcome_is_the_net_flow_of_its_span(self) -> None:
        a_history()
        stands()
        operations.make_forecasts(at=NOON)
        subscribed(999, NOON)  # was known
        subscribed(700, NOON + timedelta(seconds=1))
        paid(100, NOON + DAY)  # the end itself
        paid(55, NOON + DAY + timedelta(seconds=1))
        final_at(NOON + DAY + MINUTE)

        assert operations.score_forecasts(at=NOON + 2 * DAY) == 1
        assert operations.score_forecasts(at=NOON + 2 * DAY) == 0

        row = Forecast.objects.get(horizon="1d")
        assert row.outcome_net_assets == 600 * USDT
        assert row.inside == (row.lower_net_assets <= 600 * USDT <= row.upper_net_assets)
        assert Forecast.objects.get(horizon="7d").outcome_at is None

    def test_waits_until_a_final_block_is_past_the_end(self) -> None:
        stands()
        operations.make_forecasts(at=NOON)
        final_at(NOON + DAY)

        assert operations.score_forecasts(at=NOON + 3 * DAY) == 0

    def test_accuracy(self) -> None:
        a_history()
        for hours in range(3):
            at = NOON + timedelta(hours=hours)
            stands(at)
            operations.make_forecasts(at=at)
        paid(300_000, NOON + timedelta(hours=23))
        final_at(NOON + 2 * DAY)
        operations.score_forecasts(at=NOON + 2 * DAY)

        found = forecasts.accuracy(Horizon.ONE_DAY, at=NOON + 2 * DAY)

        rows = list(Forecast.objects.filter(horizon="1d"))
        errors = [int(row.net_flow_assets - (row.outcome_net_assets or 0)) for row in rows]
        assert (found.count, found.apart, found.below, found.above) == (3, 1, 3, 0)
        assert found.inside_share == 0
        assert found.mean_error_assets == found.bias_assets
        assert found.bias_assets is not None
        assert abs(found.bias_assets - sum(errors) // 3) <= 1

    def test_nothing_to_compare_yet(self) -> None:
        found = forecasts.accuracy(Horizon.ONE_DAY)

        assert (found.count, found.inside_share, found.bias_assets) == (0, None, None)


class TestGuard:
    def made(self) -> Forecast:
        stands()
        operations.make_forecasts(at=NOON)
        return Forecast.objects.get(horizon="1d")

    def refused(self, match: str, **changes: Any) -> None:
        with pytest.raises(IntegrityError, match=match), transaction.atomic():
            Forecast.objects.filter(horizon="1d").update(**changes)

    def test_refuses_to_change_what_was_forecast(self) -> None:
        self.made()

        everything: tuple[dict[str, Any], ...] = (
            {"shortfall_probability": Decimal("0.5")},
            {"net_flow_assets": 1},
            {"advice": "EMERGENCY"},
            {"inputs": {}},
            {"days": []},
            {"made_at": NOON - DAY},
        )
        for changes in everything:
            self.refused("does not change", **changes)

    def test_refuses_another_outcome(self) -> None:
        self.made()
        final_at(NOON + 2 * DAY)
        operations.score_forecasts(at=NOON + 2 * DAY)

        self.refused("written once", outcome_net_assets=5 * USDT)

    def test_refuses_an_outcome_that_is_said_to_lie_elsewhere(self) -> None:
        self.made()

        self.refused(
            "follows from the figures", outcome_net_assets=10**30, outcome_at=NOON, inside=True
        )

    def test_refuses_to_forget_one(self) -> None:
        row = self.made()

        with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
            row.delete()

    def test_refuses_one_that_comes_with_its_outcome(self) -> None:
        row = self.made()
        row.pk, row.slot = None, NOON - DAY
        row.outcome_at, row.outcome_net_assets, row.inside = NOON, 0, True

        with pytest.raises(IntegrityError, match="before its outcome"), transaction.atomic():
            row.save(force_insert=True)

    def test_a_score_that_comes_second_changes_nothing(self) -> None:
        row = self.made()
        final_at(NOON + 2 * DAY)
        operations.score_forecasts(at=NOON + 2 * DAY)

        assert forecasting._score(row.pk, at=NOON + 3 * DAY) is False
