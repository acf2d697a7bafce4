"""What a forecast must hold whatever the figures are, and what it says in cases done by hand."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.units import UINT256_MAX
from apps.risk.rules.figures import Advice, Horizon
from apps.risk.rules.flows_history import DayFlow
from apps.risk.rules.forecast_inputs import Due, Inputs, Opening, as_json, from_json
from apps.risk.rules.forecasting import Method, Outlook, forecast, seed_of
from apps.risk.rules.recommending import advice_of, recommend

USDT = 10**18
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday
TODAY = NOON.date()
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
PATHS = 400


def quiet(days: int = 90, **every_day: int) -> tuple[DayFlow, ...]:
    """So many days before today, each with the same flows (USDT)."""
    flows = {name: usdt * USDT for name, usdt in every_day.items()}
    return tuple(
        DayFlow(day=TODAY - timedelta(days=days - number), **flows) for number in range(days)
    )


def inputs(horizon: Horizon = Horizon.SEVEN_DAYS, **changes: Any) -> Inputs:
    values: dict[str, Any] = {
        "origin": NOON,
        "horizon": horizon,
        "l1_assets": 100_000 * USDT,
        "l2_assets": 300_000 * USDT,
        "history": quiet(),
    }
    return Inputs(**values | changes)


def due(usdt: int, *, days: int = 2, waits: bool = False) -> Due:
    return Due(day=TODAY + timedelta(days=days), assets=usdt * USDT, waits=waits)


def made(known: Inputs, *, seed: int = 1, paths: int = PATHS) -> Outlook:
    return forecast(known, seed=seed, paths=paths)


amounts = st.integers(0, UINT256_MAX) | st.integers(0, 10**6).map(lambda usdt: usdt * USDT)
a_history = st.lists(st.tuples(amounts, amounts, amounts, amounts), max_size=60).map(
    lambda rows: tuple(
        DayFlow(
            day=TODAY - timedelta(days=len(rows) - number),
            emergency=row[0],
            standard=row[1],
            scheduled=row[2],
            subscribed=row[3],
        )
        for number, row in enumerate(rows)
    )
)


@st.composite
def situations(draw: st.DrawFn) -> Inputs:
    horizon = draw(st.sampled_from(Horizon))
    origin = MIDNIGHT + timedelta(minutes=draw(st.integers(0, 1439)))
    days = st.integers(0, horizon.days - 1).map(lambda n: TODAY + timedelta(days=n))
    dues = st.builds(Due, day=days, assets=amounts, waits=st.booleans())
    opening = st.builds(Opening, day=days, assets=amounts, symbol=st.just("X"), why=st.just("y"))
    return Inputs(
        origin=origin,
        horizon=horizon,
        l1_assets=draw(amounts),
        l2_assets=draw(amounts),
        due=tuple(draw(st.lists(dues, max_size=6))),
        openings=tuple(draw(st.lists(opening, max_size=3))),
        windows=tuple(
            origin + timedelta(days=n) for n in draw(st.lists(st.integers(1, 40), max_size=2))
        ),
        approval_rate=draw(st.decimals(0, 1, places=4)),
        history=draw(a_history),
    )


class TestProperties:
    @settings(max_examples=60, deadline=None)
    @given(known=situations(), seed=st.integers(0, 2**31))
    def test_the_same_seed_gives_the_same_forecast(self, known: Inputs, seed: int) -> None:
        assert made(known, seed=seed, paths=60) == made(known, seed=seed, paths=60)

    @settings(max_examples=60, deadline=None)
    @given(known=situations(), more=amounts)
    def test_more_liquidity_never_makes_a_shortfall_likelier(
        self, known: Inputs, more: int
    ) -> None:
        richer = replace(known, l2_assets=known.l2_assets + more)
        opened = Opening(day=TODAY, assets=more, symbol="M", why="matures")
        maturing = replace(known, openings=(*known.openings, opened))

        before = made(known, paths=60).shortfall_probability

        assert made(richer, paths=60).shortfall_probability <= before
        assert made(maturing, paths=60).shortfall_probability <= before

    @settings(max_examples=60, deadline=None)
    @given(known=situations())
    def test_bands_and_shares_are_in_order(self, known: Inputs) -> None:
        found = made(known, paths=60)

        assert found.low_net_assets <= found.high_net_assets
        assert 0 <= found.shortfall_probability <= 1
        shares = [day.short_share for day in found.days]
        assert shares == sorted(shares)
        assert shares[-1] == found.shortfall_probability
        for day in found.days:
            assert day.low_assets <= day.middle_assets <= day.high_assets
        assert (found.shortfall_assets > 0) == (found.shortfall_probability > 0)

    @settings(max_examples=60, deadline=None)
    @given(known=situations(), times=st.integers(2, 10**9))
    def test_in_another_unit_it_says_the_same(self, known: Inputs, times: int) -> None:
        larger = replace(
            known,
            l1_assets=known.l1_assets * times,
            l2_assets=known.l2_assets * times,
            due=tuple(replace(one, assets=one.assets * times) for one in known.due),
            openings=tuple(replace(one, assets=one.assets * times) for one in known.openings),
            history=tuple(
                DayFlow(
                    day=flow.day,
                    emergency=flow.emergency * times,
                    standard=flow.standard * times,
                    scheduled=flow.scheduled * times,
                    subscribed=flow.subscribed * times,
                )
                for flow in known.history
            ),
        )
        if not any(one.assets for one in known.due) and not any(
            flow.requested + flow.subscribed for flow in known.history
        ):
            return  # nothing flows, and so nothing sets the unit

        small, large = made(known, paths=60), made(larger, paths=60)

        assert large.shortfall_probability == small.shortfall_probability
        assert large.first_gap_day == small.first_gap_day
        for name in ("outflow_assets", "inflow_assets", "low_net_assets", "high_net_assets"):
            assert abs(getattr(large, name) - getattr(small, name) * times) <= 3 * times

    @settings(max_examples=60, deadline=None)
    @given(known=situations())
    def test_figures_add_up(self, known: Inputs) -> None:
        found = made(known, paths=60)

        assert found.outflow_assets == found.confirmed_assets + found.probable_assets
        assert found.net_assets == found.inflow_assets - found.outflow_assets
        assert found.projected_assets == found.available_assets + found.net_assets
        assert found.available_assets == known.liquid_assets + known.opening_assets

    @settings(max_examples=60, deadline=None)
    @given(known=situations())
    def test_what_it_asks_for_brings_a_shortfall_below_five_percent(self, known: Inputs) -> None:
        found = made(known, paths=60)
        asked = found.recommendation.assets
        if not asked:
            return

        after = made(replace(known, l1_assets=known.l1_assets + asked), paths=60)

        assert after.shortfall_probability < Decimal("0.05")

    @settings(max_examples=40, deadline=None)
    @given(known=situations())
    def test_inputs_are_stored_whole(self, known: Inputs) -> None:
        assert from_json(as_json(known)) == known


class TestConfirmedOutflow:
    def test_what_is_due_is_there_in_every_path(self) -> None:
        found = made(inputs(due=(due(150_000),)))

        assert found.confirmed_assets == 150_000 * USDT
        assert found.low_net_assets == found.high_net_assets == -150_000 * USDT
        assert found.shortfall_probability == 0
        assert found.days[2].middle_assets == 250_000 * USDT

    def test_exactly_what_is_there_can_be_paid(self) -> None:
        enough = made(inputs(due=(due(400_000),)))
        short = made(inputs(due=(due(400_000), due(1, days=1))))

        assert enough.shortfall_probability == 0
        assert short.shortfall_probability == 1
        assert abs(short.shortfall_assets - USDT) < USDT // 10**6
        assert abs(short.recommendation.assets - USDT) < USDT // 10**6
        assert short.first_gap_day == TODAY + timedelta(days=2)

    def test_what_waits_counts_by_the_approval_rate(self) -> None:
        known = inputs(due=(due(500_000, waits=True),), approval_rate=Decimal("0.3"))

        found = made(known, paths=20_000)

        assert found.confirmed_assets == 150_000 * USDT
        assert abs(found.shortfall_probability - Decimal("0.3")) < Decimal("0.02")
        assert found.recommendation.advice is Advice.PREPARE_LIQUIDITY
        assert found.recommendation.assets == 100_000 * USDT

    def test_many_that_wait_count_as_well(self) -> None:
        waiting = tuple(due(1_000 + number, waits=True) for number in range(300))

        found = made(inputs(due=waiting, approval_rate=Decimal("0.5")), paths=2_000)

        expected = sum(one.assets for one in waiting) // 2
        assert found.confirmed_assets == expected
        middle = (found.low_net_assets + found.high_net_assets) // -2
        assert abs(middle - expected) < expected // 50


class TestProbableOutflow:
    """Every past day had the same requests, so each figure can be worked out by hand."""

    @pytest.mark.parametrize(
        ("horizon", "channel", "paid_days"),
        [
            (Horizon.ONE_DAY, "emergency", 0),
            (Horizon.ONE_DAY, "standard", 0),
            (Horizon.SEVEN_DAYS, "emergency", 6),
            (Horizon.SEVEN_DAYS, "standard", 0),
            (Horizon.THIRTY_DAYS, "emergency", 29),
            (Horizon.THIRTY_DAYS, "standard", 23),
            (Horizon.THIRTY_DAYS, "scheduled", 0),
        ],
    )
    def test_only_what_is_paid_within_the_horizon_counts(
        self, horizon: Horizon, channel: str, paid_days: int
    ) -> None:
        found = made(inputs(horizon, history=quiet(**{channel: 1_000})))

        assert near(found.probable_assets, paid_days * 1_000 * USDT)

    def test_scheduled_requests_are_paid_at_their_window(self) -> None:
        window = NOON + timedelta(days=25)  # requests of the next ten days make it

        found = made(inputs(Horizon.THIRTY_DAYS, history=quiet(scheduled=1_000), windows=(window,)))

        assert near(found.probable_assets, 10 * 1_000 * USDT)
        assert near(found.days[25].probable_assets, 10 * 1_000 * USDT)
        assert sum(day.probable_assets > 0 for day in found.days) == 1

    def test_the_next_window_gets_only_what_the_first_left(self) -> None:
        first, second = NOON + timedelta(days=20), NOON + timedelta(days=28)

        found = made(
            inputs(Horizon.THIRTY_DAYS, history=quiet(scheduled=1_000), windows=(second, first))
        )

        assert near(found.days[20].probable_assets, 5 * 1_000 * USDT)
        assert near(found.days[28].probable_assets, 8 * 1_000 * USDT)

    def test_half_of_the_inflow_is_counted_on(self) -> None:
        found = made(inputs(history=quiet(subscribed=1_000)))

        assert near(found.inflow_assets, 7 * 500 * USDT)

    def test_a_quiet_weekday_stays_quiet(self) -> None:
        busy = tuple(
            DayFlow(day=flow.day, subscribed=0 if flow.day.weekday() >= 5 else 10_000 * USDT)
            for flow in quiet()
        )

        found = made(inputs(history=busy), paths=4_000)

        by_day = {day.date.weekday(): day.inflow_assets for day in found.days[1:-1]}
        assert by_day[5] * 3 < by_day[2]
        assert by_day[6] * 3 < by_day[2]

    def test_late_days_count_more_than_early_ones(self) -> None:
        rising = tuple(
            DayFlow(day=flow.day, subscribed=(2_000 if number >= 45 else 0) * USDT)
            for number, flow in enumerate(quiet())
        )

        found = made(inputs(history=rising), paths=4_000)

        assert found.inflow_assets > 7 * 500 * USDT * 12 // 10


def near(amount: int, expected: int) -> bool:
    """Equal up to what floats lose."""
    return abs(amount - expected) <= expected // 10**9


class TestAvailable:
    def test_what_matures_helps_from_its_day_on(self) -> None:
        late = Opening(day=TODAY + timedelta(days=5), assets=200_000 * USDT, symbol="A", why="m")
        known = inputs(due=(due(500_000, days=3),), openings=(late,))

        found = made(known)
        in_time = made(replace(known, openings=(replace(late, day=TODAY + timedelta(days=3)),)))

        assert found.available_assets == 600_000 * USDT
        assert found.shortfall_probability == 1
        assert found.shortfall_assets == 100_000 * USDT
        assert found.days[5].middle_assets == 100_000 * USDT
        assert in_time.shortfall_probability == 0


class TestLittleHistory:
    @pytest.mark.parametrize(
        ("days", "method"), [(0, Method.UNIFORM), (29, Method.UNIFORM), (30, Method.BOOTSTRAP)]
    )
    def test_thirty_days_are_needed_to_draw_from(self, days: int, method: Method) -> None:
        assert made(inputs(history=quiet(days, subscribed=1))).method is method

    def test_the_band_is_the_stated_one(self) -> None:
        known = inputs(history=quiet(10, subscribed=2_000), due=(due(100_000),))

        found = made(known, paths=20_000)

        # Out 80,000 to 120,000 and in 3,500 to 10,500, each as likely as the other.
        assert -116_500 * USDT < found.low_net_assets < -109_000 * USDT
        assert -77_000 * USDT < found.high_net_assets < -69_500 * USDT
        assert abs(found.inflow_assets - 7_000 * USDT) < 50 * USDT

    def test_a_fund_without_any_flow(self) -> None:
        found = made(inputs(history=()))

        assert found.net_assets == found.low_net_assets == found.high_net_assets == 0
        assert found.recommendation.advice is Advice.NONE
        assert {day.middle_assets for day in found.days} == {400_000 * USDT}

    def test_a_fund_without_anything(self) -> None:
        found = made(inputs(history=quiet(), l1_assets=0, l2_assets=0))

        assert found.shortfall_probability == 0
        assert found.projected_assets == 0


class TestHugeAmounts:
    def test_the_largest_uint256_everywhere(self) -> None:
        flows = tuple(
            DayFlow(
                day=flow.day,
                emergency=UINT256_MAX,
                standard=UINT256_MAX,
                scheduled=UINT256_MAX,
                subscribed=UINT256_MAX,
            )
            for flow in quiet()
        )
        known = inputs(
            Horizon.THIRTY_DAYS,
            history=flows,
            l1_assets=UINT256_MAX,
            l2_assets=UINT256_MAX,
            due=(Due(day=TODAY, assets=UINT256_MAX),),
        )

        found = made(known)

        assert near(found.probable_assets, (29 + 23) * UINT256_MAX)
        assert found.confirmed_assets == UINT256_MAX

    def test_one_base_unit_beside_the_largest_uint256_is_not_lost(self) -> None:
        known = inputs(
            l1_assets=UINT256_MAX - 1, l2_assets=0, due=(Due(day=TODAY, assets=UINT256_MAX),)
        )

        assert made(known).confirmed_assets == UINT256_MAX
        assert made(known).days[0].middle_assets == -1


class TestDays:
    @pytest.mark.parametrize("horizon", Horizon)
    def test_a_horizon_from_noon_touches_one_day_more(self, horizon: Horizon) -> None:
        found = made(inputs(horizon))
        at_midnight = made(inputs(horizon, origin=MIDNIGHT))

        assert [day.date for day in found.days] == dates(horizon.days + 1)
        assert [day.date for day in at_midnight.days] == dates(horizon.days)

    def test_the_days_of_a_horizon_hold_its_flows(self) -> None:
        known = inputs(history=quiet(subscribed=1_000, emergency=700), due=(due(5_000),))

        found = made(known)

        assert sum(day.due_assets for day in found.days) == found.confirmed_assets
        assert near(sum(day.inflow_assets for day in found.days), found.inflow_assets)
        assert near(sum(day.probable_assets for day in found.days), found.probable_assets)


def dates(count: int) -> Sequence[date]:
    return [TODAY + timedelta(days=number) for number in range(count)]


class TestAdvice:
    @pytest.mark.parametrize(
        ("probability", "advice"),
        [
            ("0", Advice.NONE),
            ("0.0499", Advice.NONE),
            ("0.05", Advice.MONITOR),
            ("0.1999", Advice.MONITOR),
            ("0.2", Advice.PREPARE_LIQUIDITY),
            ("0.4999", Advice.PREPARE_LIQUIDITY),
            ("0.5", Advice.EMERGENCY),
            ("1", Advice.EMERGENCY),
        ],
    )
    def test_a_value_on_a_limit_belongs_to_the_graver_side(
        self, probability: str, advice: Advice
    ) -> None:
        assert advice_of(Decimal(probability)) is advice

    def test_an_amount_is_named_only_where_something_is_to_be_done(self) -> None:
        def asked(probability: str) -> int:
            return recommend(
                horizon=Horizon.ONE_DAY, probability=Decimal(probability), missing_assets=7
            ).assets

        assert [asked(one) for one in ("0.01", "0.1", "0.3", "0.9")] == [0, 0, 7, 7]


class TestSeed:
    def test_no_two_horizons_or_slots_share_one(self) -> None:
        seeds = {seed_of(horizon, slot) for horizon in Horizon for slot in range(100)}

        assert len(seeds) == 300
