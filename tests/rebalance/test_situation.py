"""The fund as planning needs it: what is not known is never taken for zero."""

from datetime import timedelta
from typing import Any

import pytest

from apps.chain import operations as chain
from apps.chain.terms import Method, Tier
from apps.core import clock
from apps.rebalance import queries
from apps.rebalance.models import Leg, Plan
from apps.rebalance.queries import SituationUnknown, situation_of
from apps.rebalance.rules.figures import Band, Parameters, Situation
from devnet.accounts import INVESTORS
from devnet.fund import usdt
from tests.chain_world import World
from tests.forcing import guards_off
from tests.fund.facts import START, TOKEN
from tests.fund.states import asset, state
from tests.redemptions import helpers as redemptions

from .running import CHAIN, CPCS, MTMM, NOON, SYSTEM, USDT, approved, buy, sell

GWEI = 10**9


def stands(slippage: dict[str, int] | None = None, **values: Any) -> Situation:
    parameters = values.pop("parameters", Parameters())
    return situation_of(
        state(**values),
        chain_id=CHAIN,
        parameters=parameters,
        realised_slippage_bps=slippage or {},
        gas_price_wei=3 * GWEI,
        due_assets=5 * USDT,
        trade_assets_max=200_000 * USDT,
    )


class TestOf:
    def test_is_what_the_contracts_say(self) -> None:
        found = stands()

        assert (found.chain_id, found.block_number, found.at) == (CHAIN, 100, START)
        assert (found.cash, found.spendable_cash) == (60_000 * USDT, 50_000 * USDT)
        assert (found.due_assets, found.liability_assets) == (5 * USDT, 40_000 * USDT)
        assert found.trade_assets_max == 200_000 * USDT
        assert found.bands[0] == Band(tier=Tier.L1, target_bps=1_000, min_bps=500, max_bps=2_000)
        (mmf,) = found.holdings
        assert (mmf.token, mmf.symbol, mmf.tier, mmf.method) == (
            TOKEN,
            "MMF",
            Tier.L2,
            Method.SWAP,
        )
        assert (mmf.balance, mmf.price, mmf.value) == (
            250_000 * 10**6,
            12 * 10**17,
            300_000 * USDT,
        )
        assert found.gross == 360_000 * USDT

    def test_fees_beyond_the_cash_leave_nothing_to_spend(self) -> None:
        assert stands(withdrawable_redemption_fees=70_000 * USDT).spendable_cash == 0

    def test_gas_is_worth_what_the_coin_is(self) -> None:
        # 3 gwei × 400 000 units = 0.0012 coins, at 600 USDT each
        assert stands().holdings[0].gas_assets == 72 * USDT // 100

    @pytest.mark.parametrize(
        ("window", "open_now"),
        [
            ({}, True),
            ({"subscription_start": START}, True),
            ({"subscription_start": START + timedelta(seconds=1)}, False),
            ({"subscription_end": START + timedelta(seconds=1)}, True),
            ({"subscription_end": START}, False),
            ({"active": False}, False),
        ],
        ids=str,
    )
    def test_is_purchasable_while_active_and_within_its_window(
        self, window: dict[str, Any], open_now: bool
    ) -> None:
        assert stands(assets=(asset(**window),)).holdings[0].purchasable is open_now

    def test_expects_what_its_last_trades_lost_when_that_is_more(self) -> None:
        assert stands({TOKEN: 35}).holdings[0].expected_slippage_bps == 35
        assert stands({TOKEN: 3}).holdings[0].expected_slippage_bps == 10
        assert stands({TOKEN: -20}).holdings[0].expected_slippage_bps == 10

    def test_leaves_out_what_is_neither_held_nor_traded(self) -> None:
        gone = asset(token="0x" + "99" * 20, active=False, balance=0, value_assets=None, price=None)

        assert [row.token for row in stands(assets=(asset(), gone)).holdings] == [TOKEN]

    @pytest.mark.parametrize(
        ("values", "what"),
        [
            ({"breakdown": None}, "cash"),
            ({"withdrawable_redemption_fees": None}, "fees"),
            ({"tiers": ()}, "bands"),
            ({"assets": (asset(price=None, value_assets=None),)}, "no price of MMF"),
            ({"assets": (asset(value_assets=None),)}, "no price of MMF"),
            ({"assets": (asset(price=0),)}, "no price of MMF"),
            ({"assets": (asset(balance=None, value_assets=None),)}, "How much MMF"),
            ({"assets": (asset(active=False, price=None, value_assets=None),)}, "price of MMF"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_refuses_what_is_not_known(self, values: dict[str, Any], what: str) -> None:
        with pytest.raises(SituationUnknown, match=what):
            stands(**values)

    def test_what_is_not_held_may_lack_a_price(self) -> None:
        fresh = asset(token="0x" + "99" * 20, balance=0, price=None, value_assets=None)

        held, listed = stands(assets=(asset(), fresh)).holdings

        assert held.token == TOKEN
        assert (listed.balance, listed.price, listed.value) == (0, 0, 0)


@pytest.mark.django_db
class TestDue:
    def until(self, days: int) -> int:
        return queries.due_assets(chain_id=CHAIN, until=NOON + timedelta(days=days))

    def test_counts_what_settles_by_then_net_of_fees(self) -> None:
        redemptions.apply(redemptions.requested(1, requires_approval=False))

        assert self.until(6) == 0
        assert self.until(7) == (120_000 - 600) * USDT

    def test_does_not_count_what_waits_for_approval_or_is_over(self) -> None:
        redemptions.project(
            redemptions.requested(1, requires_approval=True),
            redemptions.requested(2, requires_approval=False),
            redemptions.settled(2),
            redemptions.requested(3, requires_approval=True),
            redemptions.approved(3),
        )

        assert self.until(30) == (120_000 - 600) * USDT

    def test_counts_this_chain_only(self) -> None:
        redemptions.apply(redemptions.requested(1, requires_approval=False))

        assert queries.due_assets(chain_id=1, until=NOON + timedelta(days=30)) == 0


@pytest.mark.django_db
class TestRealisedSlippage:
    def lost(self, *trades: tuple[str, int | None]) -> None:
        """Trades of these tokens ended with these losses, one after the other."""
        for number, (token, bps) in enumerate(trades):
            plan = approved(sell(1, token, 20_000))
            with guards_off():
                Leg.objects.filter(plan=plan).update(
                    status="DONE",
                    slippage_bps_realised=bps,
                    realised_assets=1,
                    tx_hash="0x" + "ab" * 32,
                    finished_at=NOON + timedelta(minutes=number),
                )
                Plan.objects.filter(pk=plan.pk).update(
                    status="COMPLETED", finished_at=NOON, outcome="done"
                )

    def test_is_the_median_by_asset(self) -> None:
        self.lost((MTMM, 5), (MTMM, 40), (MTMM, 20), (CPCS, 10), (CPCS, 30), (CPCS, None))

        assert queries.realised_slippage() == {MTMM: 20, CPCS: 30}

    def test_forgets_all_but_the_last_ten(self) -> None:
        self.lost(*[(MTMM, 400)] * 10, *[(MTMM, 4)] * 10)

        assert queries.realised_slippage() == {MTMM: 4}

    def test_is_unknown_without_trades(self) -> None:
        approved(buy(1, CPCS, 20_000))

        assert queries.realised_slippage() == {}


@pytest.mark.chain
class TestNow:
    def test_agrees_with_the_vault_at_the_final_block(self, world: World) -> None:
        world.scenario.subscribe(INVESTORS[0], usdt(5_000_000))
        world.scenario.restore_liquidity()
        world.scenario.subscribe(INVESTORS[1], usdt(500_000))
        world.scenario.request_standard(INVESTORS[0], usdt(20_000))
        world.finalise()

        found = queries.situation_now(chain_id=CHAIN, at=clock.now())

        state = world.scenario.state()
        assert found.gross == state.gross_assets
        assert found.tier_assets(Tier.L1) == state.layer1
        assert found.tier_assets(Tier.L2) == state.layer2
        assert found.tier_assets(Tier.L3) == state.layer3
        assert found.liability_assets == state.liability
        assert {row.symbol for row in found.holdings} >= {"HRBR", "MTMM", "CPCS"}
        assert all(row.purchasable and row.gas_assets > 0 for row in found.holdings)
        assert found.trade_assets_max is not None
        assert found.trade_assets_max > 0

    def test_no_wallet_may_send_while_all_is_stopped(self, world: World) -> None:
        world.scenario.subscribe(INVESTORS[0], usdt(1_000_000))
        world.finalise()
        chain.stop_sending(scope=f"chain:{CHAIN}", reason="a test", actor=SYSTEM, at=clock.now())

        assert queries.situation_now(chain_id=CHAIN, at=clock.now()).trade_assets_max == 0
