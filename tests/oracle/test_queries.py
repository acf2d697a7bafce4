"""What others are told of prices, in a number of statements that does not grow with them."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.oracle import queries
from apps.oracle.client import HttpAnswer
from tests.forcing import guards_off
from tests.oracle.readings import (
    CHAIN_ID,
    FEED,
    GOLD,
    MINUTE,
    MMF,
    NOON,
    ONE,
    http_source,
    observe,
    reading,
    record,
    source,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("facts")]
LATER = NOON + timedelta(minutes=5)
GOLD_FEED = "0x" + "f2" * 20


def price_now(token: str = MMF, **changes: Any) -> queries.PriceView:
    return queries.price_now(**{"chain_id": CHAIN_ID, "token": token, "at": NOON, **changes})


def why_not(*tokens: str, at: Any = NOON) -> str:
    return queries.why_not_trade(chain_id=CHAIN_ID, tokens=tokens, at=at)


class TestPriceNow:
    def test_is_the_newest_one(self) -> None:
        source()
        observe(ONE)
        observe(2 * ONE, at=NOON + MINUTE)

        view = price_now(MMF.upper().replace("0X", "0x"), at=NOON + 2 * MINUTE)

        assert (view.price, view.at, view.age) == (2 * ONE, NOON + MINUTE, MINUTE)
        assert (view.traded_price, view.deviation_bps, view.sources_used) == (2 * ONE, 0, 2)
        assert not view.trades_apart

    def test_of_another_chain_is_never_observed(self) -> None:
        source()
        observe(ONE)

        view = price_now(chain_id=56)

        assert (view.price, view.reason, view.at) == (None, "Never observed.", None)

    def test_counts_five_minutes_and_no_longer(self) -> None:
        source()
        observe(ONE)

        assert price_now(at=LATER).price == ONE
        late = price_now(at=LATER + timedelta(seconds=1))
        assert late.price is None
        assert late.reason == "Not observed since 2026-03-02 12:00 UTC."

    def test_its_age_is_that_of_the_oldest_figure_in_it(self) -> None:
        vendor = http_source()
        record(
            reading({MMF: ONE}),
            {vendor.pk: HttpAnswer(price=ONE, as_of=NOON - timedelta(minutes=20))},
        )

        assert price_now(at=NOON + MINUTE).age == timedelta(minutes=21)

    def test_all_of_the_newest_observation(self) -> None:
        source()
        record(reading({MMF: ONE, GOLD: ONE}, {FEED: ONE}))
        observe(ONE, at=NOON + MINUTE)

        found = queries.prices_now(chain_id=CHAIN_ID, at=NOON + MINUTE)

        assert set(found) == {MMF}

    def test_of_nothing_is_nothing(self) -> None:
        assert queries.prices_now(chain_id=CHAIN_ID, at=NOON) == {}


@pytest.mark.usefixtures("symbols")
class TestWhyNotTrade:
    def test_known_fresh_and_near_may_be_traded(self) -> None:
        source()
        observe(ONE)

        assert why_not(MMF) == ""
        assert why_not(MMF.upper().replace("0X", "0x"), at=LATER) == ""
        assert why_not() == ""

    def test_refuses_an_unknown_price(self) -> None:
        source()
        observe(ONE, other=2 * ONE)

        assert why_not(MMF) == (
            "MMF: its price is unknown. The sources are 66.67 % apart; 2.00 % is allowed."
        )

    def test_refuses_what_was_not_looked_at(self) -> None:
        source()
        observe(ONE)

        assert why_not(MMF, GOLD) == "GOLD: its price is unknown. It was not looked at."

    def test_refuses_what_was_looked_at_too_long_ago(self) -> None:
        source()
        observe(ONE)

        assert "Not observed since" in why_not(MMF, at=LATER + MINUTE)

    @pytest.mark.parametrize(("traded", "refused"), [(1_020, False), (1_021, True), (979, True)])
    def test_refuses_contracts_more_than_two_percent_off(self, traded: int, refused: bool) -> None:
        source()
        vendor = http_source()
        record(reading({MMF: traded}, {FEED: 1_000}), {vendor.pk: HttpAnswer(price=1_000)})

        assert price_now().price == 1_000
        assert bool(why_not(MMF)) is refused
        assert price_now().trades_apart is refused

    def test_refuses_contracts_without_a_price(self) -> None:
        source()
        vendor = http_source()
        record(reading({MMF: None}, {FEED: ONE}), {vendor.pk: HttpAnswer(price=ONE)})

        assert why_not(MMF) == "MMF: what the contracts trade it at is unknown."

    def test_a_token_without_a_name_is_shown_short(self) -> None:
        assert why_not("0x" + "99" * 20).startswith("0x9999…9999:")


class TestMoves:
    def test_compare_with_what_was_known_at_the_beginning(self) -> None:
        source()
        for minutes, price in [(0, 100), (10, 110), (70, 121)]:
            observe(price * ONE, at=NOON + minutes * MINUTE)

        at = NOON + 70 * MINUTE
        assert moves(at, timedelta(hours=1)) == {MMF: Decimal("0.1")}
        assert moves(at, timedelta(minutes=65)) == {MMF: Decimal("0.21")}

    def test_compare_with_the_first_one_where_history_is_short(self) -> None:
        source()
        observe(100 * ONE)
        observe(90 * ONE, at=NOON + MINUTE)

        assert moves(NOON + MINUTE, timedelta(hours=24)) == {MMF: Decimal("-0.1")}

    def test_leave_out_what_is_unknown_or_known_once(self) -> None:
        source()
        observe(100 * ONE)
        assert moves(NOON, timedelta(hours=1)) == {}

        observe(None, at=NOON + MINUTE)

        assert moves(NOON + MINUTE, timedelta(hours=1)) == {}

    def test_skip_times_when_it_was_unknown(self) -> None:
        source()
        for minutes, price in [(0, 100), (1, None), (2, 150)]:
            observe(price and price * ONE, at=NOON + minutes * MINUTE)

        assert moves(NOON + 2 * MINUTE, timedelta(seconds=90)) == {MMF: Decimal("0.5")}


class TestRisk:
    def test_the_oldest_age_and_the_worst_deviation(self) -> None:
        source()
        source(token=GOLD, address=GOLD_FEED)
        record(
            reading(
                {MMF: 1_000_000, GOLD: 1_000_000},
                {FEED: 1_000_000, GOLD_FEED: 1_010_000},
                feeds_at=NOON - 10 * MINUTE,
            )
        )

        assert queries.oldest_price_age(chain_id=CHAIN_ID, at=NOON + MINUTE) == 11 * MINUTE
        assert queries.worst_deviation(chain_id=CHAIN_ID, at=NOON) == 49

    def test_are_unknown_when_one_price_is(self) -> None:
        source()
        record(reading({MMF: ONE, GOLD: ONE}, {FEED: ONE}))

        assert queries.oldest_price_age(chain_id=CHAIN_ID, at=NOON) is None
        assert queries.worst_deviation(chain_id=CHAIN_ID, at=NOON) is None

    def test_are_unknown_when_there_is_none(self) -> None:
        assert queries.oldest_price_age(chain_id=CHAIN_ID, at=NOON) is None
        assert queries.worst_deviation(chain_id=CHAIN_ID, at=NOON) is None


class TestHistory:
    def test_is_in_order_with_its_gaps(self) -> None:
        source()
        for minutes, price in enumerate([ONE, None, 2 * ONE]):
            observe(price, at=NOON + minutes * MINUTE)

        points = history(NOON, NOON + 2 * MINUTE)

        assert [(point.at, point.price) for point in points] == [
            (NOON, ONE),
            (NOON + MINUTE, None),
        ]

    def test_a_long_one_is_thinned(self) -> None:
        source()
        for minutes in range(20):
            observe(ONE + minutes, at=NOON + minutes * MINUTE)

        points = history(NOON, NOON + 20 * MINUTE, points_max=5)

        assert [point.price for point in points] == [
            ONE + minutes for minutes in (3, 7, 11, 15, 19)
        ]


@pytest.mark.usefixtures("symbols")
class TestHealth:
    def test_shows_each_asset_with_its_sources(self) -> None:
        source()
        http_source(token=GOLD)
        record(reading({MMF: ONE, GOLD: ONE}, {FEED: 10 * ONE}))

        gold, mmf = queries.health(chain_id=CHAIN_ID, at=NOON)

        assert (gold.name, mmf.name) == ("GOLD", "MMF")
        assert [(one.name, one.status) for one in mmf.sources] == [
            ("Oracle adapter", "OUTLIER"),
            ("Feed", "OUTLIER"),
        ]
        assert [(one.name, one.status) for one in gold.sources] == [
            ("Oracle adapter", "USED"),
            ("Vendor", "FAILED"),
        ]

    def test_one_that_is_off_says_so(self) -> None:
        row = source()
        observe(ONE)
        with guards_off():
            type(row).objects.filter(pk=row.pk).update(active=False)

        [mmf] = queries.health(chain_id=CHAIN_ID, at=NOON)

        assert [(one.status, one.price) for one in mmf.sources] == [("USED", ONE), ("OFF", None)]


class TestStatements:
    @pytest.mark.parametrize(
        ("ask", "count"),
        [
            (price_now, 1),
            (lambda: queries.prices_now(chain_id=CHAIN_ID, at=NOON), 1),
            (lambda: why_not(*tokens()), 1),
            (lambda: moves(NOON, timedelta(hours=1)), 2),
            (lambda: queries.oldest_price_age(chain_id=CHAIN_ID, at=NOON), 1),
            (lambda: queries.worst_deviation(chain_id=CHAIN_ID, at=NOON), 1),
            (lambda: history(NOON, LATER), 1),
            (lambda: queries.health(chain_id=CHAIN_ID, at=NOON), 3),
        ],
        ids=["one", "all", "trade", "moves", "age", "deviation", "history", "health"],
    )
    @pytest.mark.parametrize("assets", [1, 12])
    def test_do_not_grow_with_the_assets(
        self,
        django_assert_num_queries: DjangoAssertNumQueries,
        ask: Callable[[], object],
        count: int,
        assets: int,
        symbols: None,
    ) -> None:
        for number, token in enumerate(tokens()[:assets]):
            source(token=token, address=f"0x{number + 1:040x}")
        record(reading(dict.fromkeys(tokens()[:assets], ONE)))

        with django_assert_num_queries(count):
            ask()


def tokens() -> list[str]:
    return [MMF, *(f"0x{number:040x}" for number in range(100, 111))]


def moves(at: Any, span: timedelta) -> dict[str, Decimal]:
    return queries.moves(chain_id=CHAIN_ID, at=at, span=span)


def history(start: Any, end: Any, **changes: Any) -> list[queries.PricePoint]:
    return queries.history(chain_id=CHAIN_ID, token=MMF, start=start, end=end, **changes)
