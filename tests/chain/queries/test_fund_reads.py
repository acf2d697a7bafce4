"""The fund's optional views on a real node: what is not answered is None, never zero."""

from collections.abc import Sequence
from typing import Any, cast

import pytest
from eth_abi.abi import encode

from apps.chain import queries
from apps.chain.client import Client, Request, RpcRefused
from apps.chain.contracts import abi
from apps.chain.contracts.fund_state import read_fund_state
from apps.chain.queries import SharesSetAside
from apps.core import clock
from devnet.accounts import ADMIN, INVESTORS
from devnet.fund import usdt
from tests.chain.contracts.test_returned import Node
from tests.chain.queries.test_prices import put_code, returning
from tests.chain_world import World

pytestmark = [pytest.mark.chain, pytest.mark.django_db]

STRANGER = "0x" + "77" * 20
_GET_STATE = abi.function("vault", "getVaultState").encode()
STATE = "0x" + encode(["uint256"] * 8 + ["bool"], [1] * 8 + [True]).hex()
SILENT = "0x5f5ffd"
"""Reverts whatever it is asked."""


class TestSwitches:
    @pytest.mark.parametrize("kind", ["vault", "redemption_manager", "asset_controller"])
    def test_each_contract_says_its_own(self, world: World, kind: str) -> None:
        fields = {
            "vault": "paused",
            "redemption_manager": "manager_paused",
            "asset_controller": "controller_paused",
        }
        address = world.config.contract(kind).address
        world.scenario.chain.send(ADMIN.address, address, "0x8456cb59")  # pause()
        world.finalise()

        state = queries.read_fund_state()

        assert {name for name in fields.values() if getattr(state, name)} == {fields[kind]}

    def test_what_a_contract_does_not_say_is_unknown(self, world: World) -> None:
        put_code(world, world.config.contract("redemption_manager").address, SILENT)
        world.finalise()

        state = queries.read_fund_state()

        assert state.manager_paused is None
        assert (state.paused, state.controller_paused, state.unpaid_fees) == (False, False, 0)

    def test_of_a_deployment_that_says_only_its_state_all_else_is_unknown(
        self, world: World
    ) -> None:
        class Terse(Node):
            def batch(self, requests_: Sequence[Request]) -> list[Any]:
                refused = RpcRefused(3, "execution reverted", "0x")
                asked = [params[0]["data"] for _, params in requests_]
                return [STATE if data == _GET_STATE else refused for data in asked]

        block = queries.BlockRef(1, "0x" + "11" * 32, clock.now())

        state = read_fund_state(cast("Client", Terse()), world.config, block)

        silent = ("paused", "manager_paused", "controller_paused", "unpaid_fees", "pending_fees")
        assert [getattr(state, name) for name in silent] == [None] * len(silent)


class TestUnpaidFees:
    def test_are_what_cash_did_not_allow(self, world: World) -> None:
        world.scenario.subscribe(INVESTORS[0], usdt(1_000_000))
        world.scenario.restore_liquidity()
        world.scenario.advance_time(30 * 86_400)
        world.finalise()
        assert queries.read_fund_state().unpaid_fees == 0

        vault = world.scenario.vault.address
        cash = world.scenario.usdt.read("balanceOf", vault)
        world.scenario.emergency_withdraw(world.scenario.usdt.address, ADMIN.address, cash)
        world.scenario.collect_fees()
        world.finalise()

        state = queries.read_fund_state()
        assert state.unpaid_fees
        assert state.unpaid_fees == world.scenario.controller.read("unpaidFees")


class TestSharesSetAside:
    def test_the_first_generation_locks_and_knows_no_pending(self, world: World) -> None:
        world.scenario.subscribe(INVESTORS[0], usdt(1_000_000))
        world.scenario.request_standard(INVESTORS[0], 10 * 10**18)
        world.finalise()
        block = queries.final_block(world.config.chain_id)
        assert block is not None
        owner = INVESTORS[0].address.lower()

        assert queries.read_shares_set_aside(block, [owner, STRANGER]) == {
            owner: SharesSetAside(locked=10 * 10**18, pending=None),
            STRANGER: SharesSetAside(locked=0, pending=None),
        }
        assert queries.read_shares_set_aside(block, []) == {}

    def test_a_vault_without_the_view_says_nothing(self, world: World) -> None:
        put_code(world, world.config.contract("vault").address, SILENT)
        world.finalise()
        block = queries.final_block(world.config.chain_id)
        assert block is not None

        assert queries.read_shares_set_aside(block, [STRANGER]) == {
            STRANGER: SharesSetAside(locked=None, pending=None)
        }


class TestToken:
    def test_says_what_it_is(self, world: World) -> None:
        world.finalise()
        token = world.scenario.tokens["MTMM"]

        said = queries.read_token(token.address.lower())

        assert said.symbol == b"MTMM"
        assert said.name == token.read("name").encode()
        assert said.decimals == token.read("decimals")

    def test_is_read_at_the_final_block(self, world: World) -> None:
        world.finalise()
        put_code(world, STRANGER, returning(encode(["uint8"], [6]), encode(["string"], ["X"])))

        assert queries.read_token(STRANGER).symbol is None

        world.finalise()
        said = queries.read_token(STRANGER)
        assert (said.name, said.symbol, said.decimals) == (b"X", b"X", 6)

    def test_an_account_says_nothing(self, world: World) -> None:
        world.finalise()

        said = queries.read_token(STRANGER)

        assert (said.name, said.symbol, said.decimals) == (None, None, None)
