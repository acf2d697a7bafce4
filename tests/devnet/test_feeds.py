"""Price feeds: in step with the market, and out of it on demand."""

import tomllib
from pathlib import Path

import pytest

from devnet.abi import artifact
from devnet.accounts import STRANGER
from devnet.assets import ASSETS
from devnet.chain_file import ChainFileInvalid
from devnet.fund import Contract
from devnet.price_sources import PRICE_SOURCES_FILE, feed_answer, read_feeds, write_price_sources
from devnet.scenario import HOUR_SECONDS, Scenario
from tests.devnet.conftest import Refusal

CENT = 10**16


def answer(fund: Scenario, symbol: str) -> int:
    said: int = fund.feeds[symbol].read("latestRoundData")["answer"]
    return said


class TestFeeds:
    def test_every_asset_has_one_that_says_what_the_contracts_trade_at(
        self, fund: Scenario
    ) -> None:
        assert set(fund.feeds) == {terms.symbol for terms in ASSETS}
        for symbol, feed in fund.feeds.items():
            assert answer(fund, symbol) == fund.price(symbol) // 10**10
            assert feed.read("decimals") == 8
            assert feed.read("description") == f"{symbol} / USDT"

    def test_a_new_price_is_a_new_round_now(self, fund: Scenario) -> None:
        before = fund.feeds["CPCS"].read("latestRoundData")

        fund.set_prices({"CPCS": 109 * CENT})

        after = fund.feeds["CPCS"].read("latestRoundData")
        assert after["answer"] == 109_000_000
        assert after["roundId"] == before["roundId"] + 1 == after["answeredInRound"]
        assert after["updatedAt"] == after["startedAt"] == fund.now()

    def test_adapter_and_feeds_can_part(self, fund: Scenario) -> None:
        fund.set_prices({"CPCS": 109 * CENT}, feeds=False)
        fund.set_prices({"NGTR": 99 * CENT}, adapter=False)

        assert answer(fund, "CPCS") == feed_answer(1_083 * 10**15)
        assert fund.price("CPCS") == 109 * CENT
        assert (answer(fund, "NGTR"), fund.price("NGTR")) == (99_000_000, 996 * 10**15)

    def test_a_frozen_feed_stays_behind_the_market_until_it_lives_again(
        self, fund: Scenario
    ) -> None:
        old = answer(fund, "HRBR")

        fund.freeze_feed("HRBR")
        fund.set_prices({"HRBR": 2 * 10**18})
        frozen = answer(fund, "HRBR")
        fund.freeze_feed("HRBR", frozen=False)
        fund.refresh_prices()

        assert frozen == old != answer(fund, "HRBR")
        assert fund.hub.read("market", fund.tokens["HRBR"].address) == 2 * 10**8

    @pytest.mark.parametrize("price", [0, -(10**18), 10**19])
    def test_a_distorted_feed_says_anything_until_the_next_price(
        self, fund: Scenario, price: int
    ) -> None:
        fund.distort_feed("MTMM", price=price)

        assert answer(fund, "MTMM") == price // 10**10
        assert fund.hub.read("market", fund.tokens["MTMM"].address) == 104_100_000

        fund.refresh_prices()

        assert answer(fund, "MTMM") == 104_100_000

    def test_a_feed_of_the_future_keeps_its_answer(self, fund: Scenario) -> None:
        fund.distort_feed("MTMM", ahead_seconds=HOUR_SECONDS)

        said = fund.feeds["MTMM"].read("latestRoundData")
        assert said["updatedAt"] >= fund.now() + HOUR_SECONDS - 1
        assert said["answer"] == 104_100_000

    def test_only_the_owner_speaks_and_no_data_is_said(
        self, fund: Scenario, refused: Refusal
    ) -> None:
        token = fund.tokens["HRBR"].address
        with refused("OwnableUnauthorizedAccount", STRANGER.address.lower()):
            fund.hub.send(STRANGER, "post", [token], [1])
        with refused("LengthMismatch"):
            fund.hub.send(fund.hub.read("owner"), "post", [token], [1, 2])
        silent = fund.chain.create(
            STRANGER.address,
            artifact("PriceFeed"),
            fund.hub.address,
            STRANGER.address,
            "NONE / USDT",
        ).contract_address
        assert silent is not None
        with refused("NoDataPresent"):
            Contract(fund.chain, "PriceFeed", silent).read("latestRoundData")


class TestPriceSourcesFile:
    def test_names_every_feed(self, fund: Scenario, folder: Path) -> None:
        sources = tomllib.loads((folder / PRICE_SOURCES_FILE).read_text())["sources"]

        assert [source["kind"] for source in sources] == ["AGGREGATOR"] * len(ASSETS)
        assert {source["address"] for source in sources} == {
            feed.address for feed in fund.feeds.values()
        }

    def test_names_the_price_server_when_there_is_one(self, tmp_path: Path) -> None:
        path = tmp_path / PRICE_SOURCES_FILE

        write_price_sources(path, {"0xAb": "0xCd"}, price_server_url="http://127.0.0.1:8002")

        feed, vendor = tomllib.loads(path.read_text())["sources"]
        assert read_feeds(path) == {"0xAb": "0xCd"}
        assert feed["stale_after_seconds"] == vendor["stale_after_seconds"] == 3_600
        assert vendor["url"] == "http://127.0.0.1:8002/prices/0xab.json"
        assert (vendor["price_path"], vendor["time_path"]) == ("price", "as_of")

    def test_a_chain_without_feeds_still_has_prices(self, fund: Scenario) -> None:
        bare = Scenario(fund.chain, fund.entry)

        bare.set_prices({"CPCS": 109 * CENT})

        assert bare.price("CPCS") == 109 * CENT
        with pytest.raises(ChainFileInvalid, match="no price feeds"):
            bare.freeze_feed("CPCS")
