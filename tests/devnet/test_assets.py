"""The asset controller: trades, waterfall, buffer, fees, settings."""

import pytest

from devnet.accounts import ADMIN, FEE_RECIPIENT, INVESTORS, OPERATOR, STRANGER
from devnet.assets import ASSETS, L1, L2, L3
from devnet.chain import Receipt
from devnet.fund import BPS, usdt
from devnet.scenario import DAY_SECONDS, Scenario
from tests.devnet.conftest import Refusal

ZERO = "0x" + 40 * "0"
INVESTOR = INVESTORS[0]


def names(receipt: Receipt, fund: Scenario) -> list[str]:
    """Events of the controller itself."""
    return [e.name for e in receipt.events if e.address == fund.controller.address]


class TestPurchase:
    def test_tells_of_one_trade_with_two_events(self, fund: Scenario) -> None:
        receipt = fund.purchase("KTLF", usdt(60_000))

        bought, routed = receipt.event("AssetPurchased").args, receipt.event("PurchaseRouted").args
        assert bought["usdtAmount"] == routed["usdtAmount"] == usdt(60_000)
        assert bought["tokensReceived"] == routed["tokensReceived"]
        assert bought["tokensReceived"] == usdt(60_000) * 10**6 // fund.price("KTLF")
        assert (bought["tier"], routed["method"]) == (L3, 2)

    def test_below_the_minimum_does_nothing_and_says_zero(self, fund: Scenario) -> None:
        cash = fund.vault.read("availableCash")

        receipt = fund.purchase("CPCS", usdt(25_000) - 1)

        assert names(receipt, fund) == ["AssetPurchased"]
        bought = receipt.event("AssetPurchased").args
        assert (bought["usdtAmount"], bought["tokensReceived"]) == (0, 0)
        assert fund.vault.read("availableCash") == cash

    def test_refusals(self, fund: Scenario, refused: Refusal) -> None:
        cash = fund.vault.read("availableCash")
        token = fund.tokens["CPCS"].address
        with refused("NotEnoughAvailableCash", cash, cash + 1):
            fund.purchase("CPCS", cash + 1)
        with refused("ZeroAmount"):
            fund.purchase("CPCS", 0)
        with refused("AssetNotFound"):
            fund.controller.send(OPERATOR, "purchaseAsset", fund.usdt.address, 1)
        with refused("AccessControlUnauthorizedAccount"):
            fund.controller.send(STRANGER, "purchaseAsset", token, usdt(30_000))
        fund.controller.send(ADMIN, "setAssetActive", token, False)
        with refused("AssetNotPurchasable"):
            fund.purchase("CPCS", usdt(30_000))
        fund.pause("asset_controller")
        with refused("EnforcedPause"):
            fund.purchase("NGTR", usdt(30_000))

    def test_keeps_to_the_subscription_window(self, fund: Scenario, refused: Refusal) -> None:
        token, start = fund.tokens["CPCS"].address, fund.now() + DAY_SECONDS
        terms = (token, 0, 150, 0, start, start + DAY_SECONDS)
        fund.controller.send(ADMIN, "setPurchaseTerms", *terms)

        with refused("SubscriptionWindowClosed"):
            fund.purchase("CPCS", usdt(30_000))
        fund.chain.advance_to(start)
        fund.purchase("CPCS", usdt(30_000))
        fund.chain.advance_to(start + DAY_SECONDS)
        with refused("SubscriptionWindowClosed"):
            fund.purchase("CPCS", usdt(30_000))

    def test_keeps_to_the_asset_s_slippage(self, fund: Scenario, refused: Refusal) -> None:
        fund.set_slippage(150)
        fair = usdt(30_000) * 10**18 // fund.price("CPCS")

        got = fund.purchase("CPCS", usdt(30_000)).event("AssetPurchased").args["tokensReceived"]

        assert got == pytest.approx(fair * 9_850 // BPS, rel=1e-9)
        fund.set_slippage(160)
        with refused("SlippageTooHigh", 160, 150):
            fund.purchase("CPCS", usdt(30_000))
        with refused("SlippageTooHigh", 160, 150):
            fund.redeem("CPCS", 1_000 * 10**18)

    @pytest.mark.parametrize(
        ("service", "symbol", "error"),
        [
            ("OTCManager", "CPCS", "OTCManagerNotConfigured"),
            ("SwapHelper", "MTMM", "SwapHelperNotConfigured"),
            ("OracleAdapter", "MTMM", "OracleNotConfigured"),
        ],
    )
    def test_needs_its_services(
        self, fund: Scenario, refused: Refusal, service: str, symbol: str, error: str
    ) -> None:
        fund.set_service(service, ZERO)

        with refused(error):
            fund.purchase(symbol, usdt(30_000))

    def test_needs_the_asset_s_adapter(self, fund: Scenario, refused: Refusal) -> None:
        fund.set_adapter("SPSB", ZERO)

        with refused("AssetAdapterNotConfigured", fund.tokens["SPSB"].address.lower()):
            fund.purchase("SPSB", usdt(30_000))


class TestAllocation:
    def test_tells_only_of_routes(self, fund: Scenario) -> None:
        receipt = fund.allocate(L2, usdt(100_000))

        assert names(receipt, fund) == ["PurchaseRouted", "PurchaseRouted"]
        amounts = [e.args["usdtAmount"] for e in receipt.events_named("PurchaseRouted")]
        assert amounts == [usdt(55_000), usdt(45_000)]

    def test_beyond_the_cash_does_nothing_in_silence(self, fund: Scenario) -> None:
        receipt = fund.allocate(L2, fund.vault.read("availableCash") + 1)

        assert receipt.events == ()

    def test_passes_over_parts_below_the_minimum(self, fund: Scenario) -> None:
        receipt = fund.allocate(L2, usdt(10_000))

        routed = receipt.event("PurchaseRouted").args
        assert routed["token"] == fund.tokens["MTMM"].address


class TestSale:
    def test_redemption_brings_the_oracle_s_price(self, fund: Scenario) -> None:
        receipt = fund.redeem("SPSB", 1_000 * 10**6)

        sold = receipt.event("AssetRedeemed").args
        assert (sold["tier"], sold["tokenAmount"]) == (L2, 1_000 * 10**6)
        assert sold["usdtReceived"] == 1_000 * fund.price("SPSB")

    def test_of_more_than_is_held_is_refused(self, fund: Scenario, refused: Refusal) -> None:
        with refused("ERC20InsufficientBalance"):
            fund.redeem("SPSB", fund.holding("SPSB") + 1)

    def test_waterfall_sells_l1_then_l2_and_never_l3(self, fund: Scenario) -> None:
        yielding, market = fund.value("HRBR"), fund.value("MTMM") + fund.value("SPSB")

        first = fund.waterfall(yielding + usdt(10_000), L2)
        rest = fund.waterfall(10 * market, L3)
        nothing = fund.waterfall(usdt(1_000), L3)

        tiers = [event.args["tier"] for event in first.events_named("WaterfallLiquidation")]
        assert tiers == [L1, L2]
        raised = sum(e.args["usdtReceived"] for e in first.events_named("WaterfallLiquidation"))
        assert raised >= yielding + usdt(10_000)
        assert {e.args["tier"] for e in rest.events_named("WaterfallLiquidation")} == {L2}
        assert nothing.events == ()
        assert fund.value("CPCS") > 0

    def test_waterfall_stops_at_the_given_tier(self, fund: Scenario) -> None:
        receipt = fund.waterfall(10 * fund.value("HRBR"), L1)

        assert receipt.event("WaterfallLiquidation").args["tier"] == L1

    def test_waterfall_raises_enough_at_the_worst_allowed_price(self, fund: Scenario) -> None:
        fund.set_slippage(30)
        cash = fund.vault.read("availableCash")

        fund.waterfall(usdt(50_000))

        assert fund.vault.read("availableCash") - cash >= usdt(50_000)


class TestBuffer:
    @pytest.mark.parametrize("cash_bps", [200, 1_600])
    def test_is_brought_to_target(self, fund: Scenario, cash_bps: int) -> None:
        fund.rebalance_to(cash_bps=cash_bps, yield_bps=0, money_market_bps=3_000)
        assert fund.controller.read("getBufferPoolInfo")["needsRebalance"]

        moved = fund.rebalance_buffer().event("BufferPoolRebalanced").args

        info = fund.controller.read("getBufferPoolInfo")
        assert moved["newBuffer"] == info["totalBuffer"] == fund.state().layer1
        assert abs(info["bufferRatio"] - 1_000) <= 5
        assert not info["needsRebalance"]

    def test_near_its_target_is_left_alone(self, fund: Scenario) -> None:
        fund.rebalance_to(cash_bps=1_100, yield_bps=0, money_market_bps=3_000)

        assert fund.rebalance_buffer().events == ()


class TestFees:
    def test_management_fee_is_half_a_percent_a_year(self, fund: Scenario) -> None:
        fund.advance_time(60)
        fund.collect_fees()
        since = fund.now()
        fund.advance_time(30 * DAY_SECONDS)
        total = fund.state().total_assets
        before = fund.usdt.read("balanceOf", FEE_RECIPIENT.address)

        taken = fund.collect_fees().event("ManagementFeeCollected").args

        assert taken["period"] == fund.now() - since
        assert taken["totalAssets"] == total
        assert taken["feeAmount"] == total * 50 * taken["period"] // (BPS * 365 * DAY_SECONDS)
        assert fund.usdt.read("balanceOf", FEE_RECIPIENT.address) - before == taken["feeAmount"]

    def test_performance_fee_is_a_tenth_above_the_high_water_mark(self, fund: Scenario) -> None:
        cost = fund.controller.read("layer3HighWaterMark")
        fund.move_nav(100)
        value = fund.state().layer3

        taken = fund.collect_fees().event("PerformanceFeeCollected").args
        fund.move_nav(-50)
        fund.move_nav(20)

        assert taken["profit"] == value - cost
        assert taken["feeAmount"] == (value - cost) // 10
        assert taken["newHighWaterMark"] == value
        assert fund.controller.read("getPendingFees")["pendingPerformanceFee"] == 0

    def test_trades_of_l3_make_no_profit(self, fund: Scenario) -> None:
        fund.purchase("CPCS", usdt(200_000))
        fund.redeem("NGTR", fund.holding("NGTR") // 2)

        assert fund.controller.read("getPendingFees")["pendingPerformanceFee"] < usdt(1)

    def test_are_paid_only_as_far_as_cash_goes(self, fund: Scenario) -> None:
        fund.advance_time(60 * DAY_SECONDS)
        cash = fund.vault.read("availableCash")
        left = usdt(1_000)
        fund.emergency_withdraw(fund.usdt.address, STRANGER.address, cash - left)
        before = fund.usdt.read("balanceOf", FEE_RECIPIENT.address)

        taken = fund.collect_fees().event("ManagementFeeCollected").args["feeAmount"]

        assert fund.usdt.read("balanceOf", FEE_RECIPIENT.address) - before == left
        assert fund.controller.read("unpaidFees") == taken - left

    def test_redemption_fees_are_withdrawn_up_to_what_there_is(
        self, fund: Scenario, refused: Refusal
    ) -> None:
        asked = fund.request_below_approval_threshold(INVESTOR)
        fund.advance_time(7 * DAY_SECONDS)
        fee = fund.settle(asked.id).event("RedemptionSettled").args["fee"]

        with refused("NotEnoughAvailableCash", fee, fee + 1):
            fund.withdraw_redemption_fees(fee + 1)
        receipt = fund.withdraw_redemption_fees(fee - 1)

        assert receipt.event("RedemptionFeeReduced").args["fee"] == fee - 1
        assert receipt.event("RedemptionFeesWithdrawn").args["recipient"] == FEE_RECIPIENT.address
        assert list(fund.controller.read("getRedemptionFeeInfo").values()) == [fee, 1, fee - 1]

    def test_need_a_recipient(self, fund: Scenario, refused: Refusal) -> None:
        fund.set_service("FeeRecipient", ZERO)

        with refused("FeeRecipientNotSet"):
            fund.collect_fees()
        with refused("FeeRecipientNotSet"):
            fund.withdraw_redemption_fees(1)


class TestYield:
    def test_comes_as_more_of_the_asset(self, fund: Scenario) -> None:
        held = fund.holding("HRBR")

        event = fund.compound_yield("HRBR", 40 * 10**18).event("YieldCompounded").args

        assert event["sharesIssued"] == fund.holding("HRBR") - held == 40 * 10**18
        assert event["yieldAmount"] == 40 * fund.price("HRBR")


class TestSettings:
    def test_asset_register(self, fund: Scenario, refused: Refusal) -> None:
        configs = fund.controller.read("getAssetConfigs")
        token = fund.tokens["CPCS"].address

        assert [c["tokenAddress"] for c in configs] == [
            fund.tokens[terms.symbol].address for terms in ASSETS
        ]
        assert [c["decimals"] for c in configs] == [terms.decimals for terms in ASSETS]
        with refused("AssetAlreadyExists"):
            fund.add_asset(token, L3, 0)
        with refused("InvalidAllocation", BPS + 1):
            fund.set_allocation("CPCS", 2_301)
        with refused("AssetNotFound"):
            fund.remove_asset(fund.usdt.address)

    def test_removal_takes_the_asset_out_of_nav_without_a_word(self, fund: Scenario) -> None:
        state, value = fund.state(), fund.value("CPCS")

        receipt = fund.remove_asset(fund.tokens["CPCS"].address)

        assert names(receipt, fund) == ["AssetRemoved"]
        assert abs(state.total_assets - fund.state().total_assets - value) <= 1
        assert fund.tokens["CPCS"].address not in [
            c["tokenAddress"] for c in fund.controller.read("getAssetConfigs")
        ]

    def test_layer_bounds_must_be_in_order(self, fund: Scenario, refused: Refusal) -> None:
        for bounds in ((400, 500, 2_000), (2_100, 500, 2_000), (1_000, 500, 10_001)):
            with refused("InvalidLayerRatios"):
                fund.set_layer(L1, *bounds)

        event = fund.set_layer(L1, 1_200, 600, 2_000).event("LayerConfigUpdated").args

        assert list(event.values()) == [L1, 1_200, 600, 2_000]
        layers = fund.controller.read("getLayerConfigs")
        assert list(layers["layer1"].values()) == [1_200, 600, 2_000]
        assert list(layers["layer3"].values()) == [6_000, 5_000, 7_000]

    def test_are_for_administrators(self, fund: Scenario, refused: Refusal) -> None:
        for function, args in (
            ("addAsset", (STRANGER.address, 0, 0)),
            ("collectFees", ()),
            ("setOracleAdapter", (STRANGER.address,)),
        ):
            with refused("AccessControlUnauthorizedAccount"):
                fund.controller.send(OPERATOR, function, *args)


def test_layer_values_add_up_to_gross_assets(fund: Scenario) -> None:
    values = [fund.controller.read("getLayerValue", tier) for tier in (L1, L2, L3)]

    breakdown = fund.vault.read("getLiquidityBreakdown")

    assert sum(values) == fund.state().gross_assets == sum(breakdown.values())
    assert fund.vault.read("getAvailableLiquidity") == values[0] + values[1]
    assert values[0] == breakdown["layer1Cash"] + breakdown["layer1Yield"]


class TestLiquidity:
    def test_draining_l1_moves_it_into_l2_alone(self, fund: Scenario) -> None:
        before = fund.state()

        fund.drain_l1()

        after = fund.state()
        assert 690 <= after.layer1 * BPS // after.gross_assets < 800
        assert after.layer3 == before.layer3
        assert after.layer2 > before.layer2
