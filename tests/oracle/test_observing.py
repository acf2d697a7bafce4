"""An observation becomes prices, quotes and the sources' health; changes are told once."""

from datetime import timedelta

import pytest

from apps.core import bus
from apps.oracle import operations
from apps.oracle.client import HttpAnswer
from apps.oracle.events import PriceLost, PriceRecovered, SourceFailed
from apps.oracle.models import Price, Quote, Source
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

pytestmark = pytest.mark.django_db


def price_of(token: str = MMF) -> Price:
    return Price.objects.filter(token=token).latest("at")


def status_of(row: Source) -> str:
    return Quote.objects.filter(source=row).latest("pk").status


class TestSources:
    def test_every_listed_asset_has_its_adapter(self, facts: list[object]) -> None:
        record(reading({MMF: ONE, GOLD: None}))
        record(reading({MMF: ONE, GOLD: ONE}), at=NOON + MINUTE)

        rows = list(Source.objects.order_by("token"))
        assert [(row.token, row.kind, row.name) for row in rows] == [
            (MMF, "ADAPTER", "Oracle adapter"),
            (GOLD, "ADAPTER", "Oracle adapter"),
        ]

    def test_a_source_of_an_asset_that_is_not_listed_is_observed_too(
        self, facts: list[object]
    ) -> None:
        source(token=GOLD)

        record(reading({MMF: ONE}, {FEED: 2 * ONE}))

        assert {row.token for row in Price.objects.all()} == {MMF, GOLD}

    def test_the_adapter_of_an_asset_that_has_left_is_asked_no_more(
        self, facts: list[object]
    ) -> None:
        record(reading({MMF: ONE, GOLD: ONE}))

        record(reading({MMF: ONE}), at=NOON + MINUTE)

        assert Price.objects.filter(token=GOLD).count() == 1

    def test_one_that_is_off_is_left_out(self, facts: list[object]) -> None:
        source()
        with guards_off():
            Source.objects.filter(name="Feed").update(active=False)

        observe(ONE)

        assert price_of().price is None
        assert Quote.objects.count() == 1


class TestPrice:
    def test_is_what_sources_agree_on_beside_what_is_traded(self, facts: list[object]) -> None:
        source()
        vendor = http_source()
        answer = HttpAnswer(price=1_010_000, as_of=None, latency_ms=40)

        record(reading({MMF: 1_000_000}, {FEED: 1_008_000}), {vendor.pk: answer})

        row = price_of()
        assert (row.price, row.reason, row.sources_used) == (1_008_000, "", 3)
        assert (row.traded_price, row.deviation_bps, row.spread_bps) == (1_000_000, -79, 99)
        assert (row.at, row.oldest_at, row.block_number) == (NOON, NOON, 100)

    def test_is_unknown_with_one_source_and_says_why(self, facts: list[object]) -> None:
        record(reading({MMF: ONE}))

        row = price_of()
        assert row.price is None
        assert row.reason == "One source; a price needs 2."
        assert row.traded_price == ONE
        assert row.deviation_bps is row.oldest_at is row.spread_bps is None
        assert row.sources_used == 0

    def test_what_the_chain_says_ages_by_the_blocks_own_time(self, facts: list[object]) -> None:
        source()
        weeks_ago = NOON - timedelta(days=30)
        said = reading(
            {MMF: ONE}, {FEED: ONE}, at=weeks_ago, feeds_at=weeks_ago - timedelta(minutes=50)
        )

        record(said)

        assert price_of().price == ONE
        assert price_of().oldest_at == NOON - timedelta(minutes=50)

    def test_what_a_server_says_ages_by_the_wall_clock(self, facts: list[object]) -> None:
        vendor = http_source()
        weeks_ago = reading({MMF: ONE}, at=NOON - timedelta(days=30))
        old, fresh = (
            HttpAnswer(price=ONE, as_of=NOON - timedelta(minutes=minutes)) for minutes in (61, 59)
        )

        record(weeks_ago, {vendor.pk: old})
        assert status_of(vendor) == "STALE"
        assert price_of().price is None

        record(weeks_ago, {vendor.pk: fresh}, at=NOON + timedelta(seconds=1))
        assert status_of(vendor) == "USED"
        assert price_of().price == ONE

    @pytest.mark.parametrize(
        ("feed", "status"),
        [(10 * ONE, "OUTLIER"), (None, "FAILED"), (10**60, "INVALID")],
        ids=["ten times", "zero or less", "absurd"],
    )
    def test_one_bad_feed_of_three_moves_nothing(
        self, facts: list[object], feed: int | None, status: str
    ) -> None:
        row, vendor = source(), http_source()

        record(reading({MMF: ONE}, {FEED: feed}), {vendor.pk: HttpAnswer(price=ONE)})

        assert price_of().price == ONE
        assert status_of(row) == status

    def test_a_frozen_feed_is_reported(self, facts: list[object]) -> None:
        row, vendor = source(), http_source()
        said = reading({MMF: ONE}, {FEED: ONE}, feeds_at=NOON - timedelta(minutes=61))

        record(said, {vendor.pk: HttpAnswer(price=ONE)})

        assert status_of(row) == "STALE"
        assert price_of().sources_used == 2

    def test_a_feed_from_the_future_is_not_believed(self, facts: list[object]) -> None:
        row = source()

        record(reading({MMF: ONE}, {FEED: ONE}, feeds_at=NOON + timedelta(minutes=2)))

        assert status_of(row) == "INVALID"
        assert price_of().price is None

    def test_a_frozen_adapter_is_seen_by_its_distance(self, facts: list[object]) -> None:
        source()
        vendor = http_source()

        record(
            reading({MMF: 100 * ONE}, {FEED: 110 * ONE}),
            {vendor.pk: HttpAnswer(price=110 * ONE)},
        )

        assert price_of().price == 110 * ONE
        assert price_of().deviation_bps == -909

    def test_a_source_that_was_not_heard_of_has_failed(self, facts: list[object]) -> None:
        vendor = http_source()

        record(reading({MMF: ONE}))

        quote = Quote.objects.get(source=vendor)
        assert (quote.status, quote.error) == ("FAILED", "It was not asked in time.")

    def test_refuses_to_go_back_in_time(self, facts: list[object]) -> None:
        observe(ONE, at=NOON + MINUTE)

        for at in (NOON, NOON + MINUTE):
            with pytest.raises(operations.NotNewer):
                observe(ONE, at=at)

        assert Price.objects.count() == 1


class TestFacts:
    def test_a_price_is_lost_and_found_once_each(self, facts: list[object]) -> None:
        source()
        for minutes, price in enumerate([ONE, ONE, None, None, ONE, ONE]):
            observe(price, at=NOON + minutes * MINUTE)

        assert facts == [
            PriceLost(
                chain_id=CHAIN_ID,
                token=MMF,
                at=NOON + 2 * MINUTE,
                reason="0 of 2 sources gave a figure that counts; a price needs 2.",
            ),
            PriceRecovered(chain_id=CHAIN_ID, token=MMF, at=NOON + 4 * MINUTE, price=ONE),
        ]

    def test_prices_lost_in_one_observation_are_told_together(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        together: list[tuple[object, ...]] = []
        monkeypatch.setattr(bus, "publish", lambda *facts: together.append(facts))

        record(reading({MMF: ONE, GOLD: ONE}), at=NOON)

        assert [[type(fact) for fact in facts] for facts in together] == [[PriceLost, PriceLost]]

    def test_a_price_that_was_never_known_is_told_once(self, facts: list[object]) -> None:
        for minutes in range(3):
            record(reading({MMF: ONE}), at=NOON + minutes * MINUTE)

        assert [type(fact) for fact in facts] == [PriceLost]

    def test_a_source_is_told_of_at_its_fifth_failure_in_a_row_and_not_again(
        self, facts: list[object]
    ) -> None:
        row = source()
        for minutes in range(4):
            observe(ONE, other=None, at=NOON + minutes * MINUTE)
        before = [fact for fact in facts if isinstance(fact, SourceFailed)]

        for minutes in range(4, 12):
            observe(ONE, other=None, at=NOON + minutes * MINUTE)

        told = [fact for fact in facts if isinstance(fact, SourceFailed)]
        assert before == []
        assert [(fact.source_id, fact.name, fact.error, fact.at) for fact in told] == [
            (row.pk, "Feed", "The feed says 0.", NOON + 4 * MINUTE)
        ]

    def test_it_is_told_of_again_after_it_has_worked(self, facts: list[object]) -> None:
        source()
        for minutes in range(11):
            observe(ONE, other=ONE if minutes == 5 else None, at=NOON + minutes * MINUTE)

        assert sum(isinstance(fact, SourceFailed) for fact in facts) == 2


class TestHealth:
    def test_counts_failures_until_a_figure_comes(self, facts: list[object]) -> None:
        row = source()
        for minutes in range(2):
            observe(ONE, other=None, at=NOON + minutes * MINUTE)
        row.refresh_from_db()
        assert (row.failures_in_a_row, row.last_error) == (2, "The feed says 0.")
        assert row.last_answer_at is None

        observe(ONE, at=NOON + 2 * MINUTE)

        row.refresh_from_db()
        assert (row.failures_in_a_row, row.last_error) == (0, "")
        assert row.last_answer_at == NOON + 2 * MINUTE

    def test_an_old_figure_is_an_answer_of_no_use(self, facts: list[object]) -> None:
        row = source()

        record(reading({MMF: ONE}, {FEED: ONE}, feeds_at=NOON - timedelta(days=1)))

        row.refresh_from_db()
        assert row.failures_in_a_row == 1
        assert row.last_error == "The figure is 86400 s old; 3600 s are allowed."
        assert row.last_answer_at == NOON

    def test_one_that_stays_off_the_others_is_told_of_once(self, facts: list[object]) -> None:
        off, vendor = source(), http_source()

        for minute in range(7):
            at = NOON + minute * MINUTE
            said = reading({MMF: ONE}, {FEED: 2 * ONE}, at=at)
            record(said, {vendor.pk: HttpAnswer(price=ONE)}, at=at)

        [told] = [fact for fact in facts if isinstance(fact, SourceFailed)]
        assert told.source_id == off.pk
        assert told.error == "It is 100.00 % off what the others agree on."
        assert price_of().price == ONE

    def test_while_all_disagree_nobody_is_blamed(self, facts: list[object]) -> None:
        row = source()

        record(reading({MMF: ONE}, {FEED: 2 * ONE}))

        row.refresh_from_db()
        assert status_of(row) == "OUTLIER"
        assert (row.failures_in_a_row, row.last_error) == (0, "")

    def test_keeps_how_long_a_server_took(self, facts: list[object]) -> None:
        vendor = http_source()

        record(reading({MMF: ONE}), {vendor.pk: HttpAnswer(price=ONE, latency_ms=123)})

        vendor.refresh_from_db()
        assert vendor.latency_ms == 123
