"""The adapter and feeds of a real chain: what they say, and what is made of them when they lie."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings

from apps.core import clock
from apps.core.actor import Actor
from apps.oracle import operations, queries, tasks
from apps.oracle.models import Price, Quote, Source
from apps.oracle.queries import PriceView
from devnet.price_sources import PRICE_SOURCES_FILE
from tests.chain_world import World
from tests.oracle.price_server import PriceServer, serving

pytestmark = [pytest.mark.chain, pytest.mark.usefixtures("facts")]


@pytest.fixture
def server(settings: LazySettings) -> Iterator[PriceServer]:
    settings.ORACLE_ALLOW_HTTP = True
    with serving() as told:
        yield told


@pytest.fixture
def vendor(world: World, settings: LazySettings, server: PriceServer) -> str:
    """Sources as deployed, and a third one for one asset, whose symbol it returns; all agree."""
    path = Path(settings.CHAIN_FILE).parent / PRICE_SOURCES_FILE
    operations.load_sources(path=path, actor=Actor.system("test"), at=clock.now())
    symbol = next(iter(world.scenario.feeds))
    price = world.scenario.price(symbol)
    Source.objects.create(
        chain_id=world.config.chain_id,
        token=world.scenario.tokens[symbol].address.lower(),
        kind="HTTP",
        name="Vendor",
        url=server.says(f'{{"price": "{price / 10**18:.18f}"}}'),
        price_path="price",
        created_at=clock.now(),
    )
    world.scenario.refresh_prices()
    world.finalise()
    return symbol


@pytest.fixture
def look(world: World, vendor: str) -> Callable[[], PriceView]:
    """Everything so far becomes final and is observed; returns the asset's price."""

    def observed() -> PriceView:
        world.finalise()
        tasks.observe()
        token = world.scenario.tokens[vendor].address
        return queries.price_now(chain_id=world.config.chain_id, token=token, at=clock.now())

    return observed


class TestObserved:
    def test_every_listed_asset_has_an_agreed_price(
        self, world: World, look: Callable[[], PriceView]
    ) -> None:
        look()

        listed = {terms.symbol for terms in world.scenario.listed()}
        prices = queries.prices_now(chain_id=world.config.chain_id, at=clock.now())
        by_token = {world.scenario.tokens[symbol].address.lower(): symbol for symbol in listed}
        assert set(by_token) <= set(prices)
        for token, symbol in by_token.items():
            assert prices[token].reason == ""
            assert prices[token].traded_price == world.scenario.price(symbol)
            assert abs(prices[token].deviation_bps or 0) <= 1
        assert (
            queries.why_not_trade(chain_id=world.config.chain_id, tokens=by_token, at=clock.now())
            == ""
        )
        assert Price.objects.first().block_hash.startswith("0x")


class TestLies:
    @pytest.mark.parametrize(
        ("price", "status"),
        [(0, "FAILED"), (-1, "FAILED"), (10, "OUTLIER")],
        ids=["zero", "negative", "tenfold"],
    )
    def test_of_one_feed_of_three_move_nothing(
        self,
        world: World,
        vendor: str,
        look: Callable[[], PriceView],
        price: int,
        status: str,
    ) -> None:
        truth = world.scenario.price(vendor)
        world.scenario.distort_feed(vendor, price=price * truth)

        view = look()

        assert status_of("Chain feed", view) == status
        assert view.sources_used == 2
        assert abs((view.price or 0) - truth) <= truth // 10**9

    def test_a_feed_from_the_future_is_not_believed(
        self, world: World, vendor: str, look: Callable[[], PriceView]
    ) -> None:
        world.scenario.distort_feed(vendor, ahead_seconds=3_600)

        assert status_of("Chain feed", look()) == "INVALID"

    def test_a_frozen_feed_grows_old(
        self, world: World, vendor: str, look: Callable[[], PriceView]
    ) -> None:
        world.scenario.freeze_feed(vendor)
        world.scenario.advance_time(2 * 3_600)
        world.scenario.refresh_prices()

        view = look()

        assert status_of("Chain feed", view) == "STALE"
        assert view.price is not None

    def test_an_adapter_nobody_renewed_is_no_quorum_with_a_feed_like_it(
        self, world: World, vendor: str, look: Callable[[], PriceView]
    ) -> None:
        world.scenario.advance_time(2 * 3_600)

        view = look()

        assert view.price is None
        assert status_of("Oracle adapter", view) == "STALE"
        assert "a price needs 2" in view.reason

    def test_contracts_that_trade_off_the_market_stop_trading(
        self, world: World, vendor: str, look: Callable[[], PriceView]
    ) -> None:
        truth = world.scenario.price(vendor)
        world.scenario.set_prices({vendor: truth * 11 // 10}, feeds=False)

        view = look()

        token = world.scenario.tokens[vendor].address
        assert view.traded_price == truth * 11 // 10
        assert view.deviation_bps in (999, 1_000)
        refusal = queries.why_not_trade(
            chain_id=world.config.chain_id, tokens=[token], at=clock.now()
        )
        assert "more than 2.00 %" in refusal


def status_of(name: str, view: PriceView) -> str:
    return Quote.objects.get(
        source__name=name, source__token=view.token, price_row__at=view.at
    ).status
