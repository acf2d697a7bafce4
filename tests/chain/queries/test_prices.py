"""Prices as the oracle adapter and aggregators on a real node tell them."""

from datetime import UTC, datetime

import pytest
from eth_abi.abi import encode

from apps.chain import queries
from apps.chain.client import ChainUnavailable
from apps.core.clock import from_timestamp
from devnet.accounts import ADMIN
from tests.chain_world import World

pytestmark = [pytest.mark.chain, pytest.mark.django_db]

SYMBOL = "MTMM"
FEED = "0x" + "fe" * 20
LAST_INSTANT = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def token(world: World) -> str:
    return world.scenario.tokens[SYMBOL].address.lower()


def put_code(world: World, address: str, code: str) -> None:
    world.scenario.chain.rpc.call("anvil_setCode", address, code)


def returning(decimals: bytes, rest: bytes) -> str:
    """Code that answers ``decimals()`` with the one, and everything else with the other."""
    selector, other = "313ce567", _return(rest)
    head = f"5f3560e01c63{selector}1460{14 + len(other) // 2:02x}57"  # jumps when it is asked
    assert len(head) == 2 * 14
    return "0x" + head + other + "5b" + _return(decimals)


def _return(answer: bytes) -> str:
    """Code that puts every word of an answer into memory, and returns it."""
    words = [
        f"7f{answer[place : place + 32].hex()}60{place:02x}52"
        for place in range(0, len(answer), 32)
    ]
    return "".join(words) + f"60{len(answer):02x}5ff3"


def feed(world: World, answer: int, updated_at: int, decimals: int = 8) -> None:
    """An aggregator at a fixed address that says this."""
    latest = encode(
        ["uint80", "int256", "uint256", "uint256", "uint80"],
        [7, answer, updated_at, updated_at, 7],
    )
    put_code(world, FEED, returning(encode(["uint256"], [decimals]), latest))


def read(world: World) -> queries.PriceReading:
    world.finalise()
    return queries.read_prices({token(world): [FEED]})


class TestAdapter:
    def test_tells_what_the_contracts_trade_at_and_since_when(self, world: World) -> None:
        world.scenario.set_prices({SYMBOL: 2 * 10**18})
        set_at = world.scenario.chain.block().timestamp

        reading = read(world)

        assert reading.adapter[token(world)].price == 2 * 10**18
        assert reading.adapter[token(world)].updated_at == from_timestamp(set_at)
        assert set(reading.adapter) == {
            contract.address.lower() for contract in world.scenario.tokens.values()
        }

    def test_is_at_the_newest_final_block(self, world: World) -> None:
        final = read(world).block
        world.scenario.set_prices({SYMBOL: 5 * 10**18})

        reading = queries.read_prices({}, [token(world)])

        assert reading.block == final == queries.final_block(world.config.chain_id)
        assert reading.adapter[token(world)].price != 5 * 10**18

    def test_zero_is_no_price(self, world: World) -> None:
        world.scenario.oracle.send(ADMIN, "setPrices", [token(world)], [0])

        assert read(world).adapter[token(world)].price is None

    def test_a_token_that_it_does_not_know_has_none(self, world: World) -> None:
        world.finalise()
        stranger = "0x" + "77" * 20

        found = queries.read_prices({}, [stranger.upper().replace("0X", "0x")]).adapter[stranger]

        assert (found.price, found.updated_at) == (None, None)

    def test_need_not_say_since_when(self, world: World) -> None:
        """The adapter that only answers ``getPrice``: anything else reverts."""
        asked = "5f3560e01c6341976e091460"  # jumps when it is asked for ``getPrice``
        only_price = f"0x{asked}1157" + "5f5ffd" + "5b" + "670de0b6b3a76400005f5260205ff3"
        put_code(world, world.config.contract("oracle").address, only_price)

        found = read(world).adapter[token(world)]

        assert (found.price, found.updated_at) == (10**18, None)

    def test_that_is_gone_tells_nothing(self, world: World) -> None:
        put_code(world, world.config.contract("oracle").address, "0x")

        found = read(world).adapter[token(world)]

        assert (found.price, found.updated_at) == (None, None)


class TestFeed:
    def test_is_scaled_to_eighteen_decimals(self, world: World) -> None:
        feed(world, 1_0430_0000, 1_700_000_000)

        found = read(world).feeds[FEED]

        assert found.price == 1_043 * 10**15
        assert found.updated_at == from_timestamp(1_700_000_000)
        assert found.error == ""

    @pytest.mark.parametrize(
        ("answer", "decimals", "price"),
        [(3, 18, 3), (1, 0, 10**18), (1_999, 21, 1), (10**40, 30, 10**28)],
    )
    def test_more_decimals_are_rounded_down(
        self, world: World, answer: int, decimals: int, price: int
    ) -> None:
        feed(world, answer, 1_700_000_000, decimals)

        assert read(world).feeds[FEED].price == price

    @pytest.mark.parametrize(
        ("answer", "decimals", "error"),
        [
            (0, 8, "Its answer is 0, which is no price."),
            (-1, 8, "Its answer is -1, which is no price."),
            (-(2**255), 8, f"Its answer is {-(2**255)}, which is no price."),
            (2**255 - 1, 8, "Its answer is beyond any price."),
            (999, 21, "Its answer is 999 with 21 decimals, which rounds to nothing."),
        ],
    )
    def test_what_is_no_price_is_none(
        self, world: World, answer: int, decimals: int, error: str
    ) -> None:
        feed(world, answer, 1_700_000_000, decimals)

        found = read(world).feeds[FEED]

        assert (found.price, found.error) == (None, error)

    def test_a_round_that_is_not_complete_is_none(self, world: World) -> None:
        feed(world, 10**8, 0)

        found = read(world).feeds[FEED]

        assert (found.price, found.updated_at) == (None, None)
        assert found.error == "Its round is not complete."

    def test_an_absurd_instant_is_one_that_can_be_kept(self, world: World) -> None:
        feed(world, 10**8, 2**256 - 1)

        assert read(world).feeds[FEED].updated_at == LAST_INSTANT

    @pytest.mark.parametrize("code", ["0x", "0x5f5ffd", "0xfe", "0x60205ff3", "0x61ffff5ff3"])
    def test_what_is_no_aggregator_says_so(self, world: World, code: str) -> None:
        put_code(world, FEED, code)

        found = read(world).feeds[FEED]

        assert (found.price, found.updated_at) == (None, None)
        assert found.error

    def test_those_of_the_chain_agree_with_the_adapter(self, world: World) -> None:
        world.scenario.refresh_prices()
        world.finalise()
        feeds = {
            world.scenario.tokens[symbol].address.lower(): [contract.address]
            for symbol, contract in world.scenario.feeds.items()
        }

        reading = queries.read_prices(feeds)

        assert feeds
        for priced, [address] in feeds.items():
            adapter, aggregator = reading.adapter[priced], reading.feeds[address.lower()]
            assert adapter.price is not None
            assert aggregator.price is not None
            assert abs(adapter.price - aggregator.price) < 10**10  # feeds have 8 decimals


class TestTrouble:
    def test_before_the_first_final_block_there_is_nothing_to_read(self, world: World) -> None:
        with pytest.raises(ChainUnavailable):
            queries.read_prices({})

    def test_a_controller_that_does_not_tell_its_register(self, world: World) -> None:
        world.finalise()
        put_code(world, world.config.contract("asset_controller").address, "0x")
        world.finalise()

        with pytest.raises(ChainUnavailable, match="does not tell its assets"):
            queries.read_prices({})


class TestGasPrice:
    def test_is_what_the_newest_block_asks_and_a_tip(self, world: World) -> None:
        rpc = world.scenario.chain.rpc
        rpc.call("anvil_setNextBlockBaseFeePerGas", hex(3 * 10**9))
        world.scenario.mine(1)

        tip = int(rpc.call("eth_maxPriorityFeePerGas"), 16)
        assert queries.gas_price(world.config.chain_id) == 3 * 10**9 + (tip or 10**9)
