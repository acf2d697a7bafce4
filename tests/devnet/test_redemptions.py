"""Redemption requests: channels, thresholds, decisions, fees, settlement, alerts."""

import pytest

from devnet.accounts import ADMIN, APPROVER_1, INVESTORS, OPERATOR, STRANGER
from devnet.fund import (
    APPROVED,
    BPS,
    CANCELLED,
    EMERGENCY,
    PENDING,
    PENDING_APPROVAL,
    SCHEDULED,
    SETTLED,
    STANDARD,
    usdt,
)
from devnet.scenario import DAY_SECONDS, HOUR_SECONDS, Scenario
from tests.devnet.conftest import Refusal

OWNER, OTHER = INVESTORS[0], INVESTORS[1]
ZERO = "0x" + 40 * "0"


class TestRequest:
    def test_small_one_needs_nobody_and_is_due_in_seven_days(self, fund: Scenario) -> None:
        asked = fund.request_standard(OWNER, fund.shares_worth(usdt(40_000)), receiver=OTHER)

        request = fund.request(asked.id)
        assert list(request) == [
            *("requestId", "owner", "receiver", "shares", "grossAmount", "lockedNav"),
            *("estimatedFee", "requestTime", "settlementTime", "status", "channel"),
            *("requiresApproval", "windowId"),
        ]
        assert (request["owner"], request["receiver"]) == (OWNER.address, OTHER.address)
        assert (request["status"], request["channel"]) == (PENDING, STANDARD)
        assert request["requestTime"] == fund.now()
        assert request["settlementTime"] == fund.now() + 7 * DAY_SECONDS
        assert request["estimatedFee"] == usdt(40)
        assert request["lockedNav"] * request["shares"] // 10**18 == request["grossAmount"]

    def test_counts_as_liability_at_once(self, fund: Scenario) -> None:
        asked = fund.request_above_approval_threshold(OWNER)

        state = fund.state()

        assert state.liability == asked.gross
        assert fund.manager.read("getPendingApprovals") == [asked.id]
        assert fund.manager.read("getTotalPendingApprovalAmount") == asked.gross
        assert fund.manager.read("getRequestCount") == asked.id

    @pytest.mark.parametrize(("amount", "needed"), [(99_999, False), (100_000, True)])
    def test_standard_needs_approval_from_100_000_on(
        self, fund: Scenario, amount: int, needed: bool
    ) -> None:
        asked = fund.request_standard(OWNER, fund.shares_worth(usdt(amount)))

        assert asked.requires_approval is needed
        assert (asked.settlement_time == 0) is needed
        assert fund.request(asked.id)["status"] == (PENDING_APPROVAL if needed else PENDING)

    @pytest.mark.parametrize(("share_bps", "needed"), [(495, False), (505, True)])
    def test_standard_needs_approval_from_5_percent_of_liquidity_on(
        self, fund: Scenario, share_bps: int, needed: bool
    ) -> None:
        fund.drain_liquidity(1_600)
        state = fund.state()

        amount = (state.layer1 + state.layer2) * share_bps // BPS
        asked = fund.request_standard(OWNER, fund.shares_worth(amount))

        assert amount < usdt(100_000)
        assert asked.requires_approval is needed

    @pytest.mark.parametrize(("amount", "needed"), [(30_000, False), (30_001, True)])
    def test_emergency_needs_approval_above_30_000(
        self, fund: Scenario, amount: int, needed: bool
    ) -> None:
        fund.set_emergency_mode(True)

        asked = fund.request_emergency(OWNER, fund.shares_worth(usdt(amount)))

        assert asked.channel == EMERGENCY
        assert asked.requires_approval is needed
        if not needed:
            assert asked.settlement_time == fund.now() + DAY_SECONDS

    def test_emergency_needs_approval_above_10_percent_of_l1(self, fund: Scenario) -> None:
        fund.set_emergency_mode(True)
        fund.rebalance_to(cash_bps=150, yield_bps=0, money_market_bps=3_000)
        tenth = fund.state().layer1 // 10

        assert tenth < usdt(30_000)
        shares = tenth * 10**18 // fund.state().share_price
        assert not fund.request_emergency(OWNER, shares).requires_approval
        assert fund.request_emergency(OWNER, fund.shares_worth(tenth + 10**6)).requires_approval

    @pytest.mark.parametrize(("share_bps", "channel"), [(199, STANDARD), (201, SCHEDULED)])
    def test_two_percent_of_the_fund_waits_for_a_window(
        self, fund: Scenario, share_bps: int, channel: int
    ) -> None:
        amount = fund.state().total_assets * share_bps // BPS

        asked = fund.request_standard(OWNER, fund.shares_worth(amount))

        assert asked.channel == channel
        assert asked.requires_approval

    def test_scheduled_takes_the_next_window_when_notice_is_too_short(self, fund: Scenario) -> None:
        first = fund.request_scheduled(OWNER, usdt(1_000))
        opens_at = first.settlement_time
        fund.chain.advance_to(opens_at - 15 * DAY_SECONDS + 1)

        late = fund.request_scheduled(OWNER, usdt(1_000), window_id=1)

        assert fund.request(first.id)["windowId"] == 1
        assert fund.request(late.id)["windowId"] == 2
        assert late.settlement_time == opens_at + 91 * DAY_SECONDS

    def test_scheduled_may_wait_for_a_later_window(self, fund: Scenario) -> None:
        asked = fund.request_scheduled(OWNER, usdt(1_000), window_id=3)

        assert fund.request(asked.id)["windowId"] == 3

    def test_refusals(self, fund: Scenario, refused: Refusal) -> None:
        held = fund.shares_of(OWNER)
        with refused("ZeroAmount"):
            fund.request_standard(OWNER, 0)
        with refused("InsufficientShares", held, held + 1):
            fund.request_scheduled(OWNER, held + 1)
        with refused("ZeroAddress"):
            fund.manager.send(OWNER, "requestRedemption", usdt(1), ZERO)
        with refused("EmergencyModeNotActive"):
            fund.request_emergency(OWNER, usdt(1))
        fund.set_scheduler(ZERO)
        with refused("SchedulerNotConfigured"):
            fund.request_scheduled(OWNER, usdt(1))

    def test_pause_stops_standard_requests_and_nothing_else(
        self, fund: Scenario, refused: Refusal
    ) -> None:
        due = fund.request_standard(OWNER, usdt(1_000))
        fund.set_emergency_mode(True)
        fund.pause("redemption_manager")

        with refused("EnforcedPause"):
            fund.request_standard(OWNER, usdt(1_000))
        urgent = fund.request_emergency(OWNER, usdt(1_000))
        fund.request_scheduled(OWNER, usdt(1_000))
        fund.set_emergency_mode(False)
        fund.advance_time(7 * DAY_SECONDS)
        for asked in (due, urgent):
            fund.settle(asked.id)
            assert fund.request(asked.id)["status"] == SETTLED


class TestDecision:
    def test_approval_sets_the_time_from_now(self, fund: Scenario) -> None:
        fund.set_emergency_mode(True)
        standard = fund.request_above_approval_threshold(OWNER)
        urgent = fund.request_above_approval_threshold(OTHER, channel=EMERGENCY)
        fund.advance_time(3 * HOUR_SECONDS)

        slow = fund.approve(standard.id).event("RedemptionApproved").args
        slow_from = fund.now()
        quick = fund.approve(urgent.id).event("RedemptionApproved").args
        quick_from = fund.now()

        assert slow["approver"] == APPROVER_1.address
        assert slow["settlementTime"] == slow_from + 7 * DAY_SECONDS
        assert quick["settlementTime"] == quick_from + DAY_SECONDS
        assert fund.request(standard.id)["status"] == APPROVED
        assert fund.manager.read("getPendingApprovals") == []
        assert fund.manager.read("getTotalPendingApprovalAmount") == 0

    def test_approval_of_a_scheduled_request_keeps_its_window(self, fund: Scenario) -> None:
        asked = fund.request_standard(OWNER, fund.shares_worth(usdt(300_000)))
        window = fund.request_scheduled(OWNER, usdt(1_000)).settlement_time

        approved = fund.approve(asked.id).event("RedemptionApproved").args

        assert asked.channel == SCHEDULED
        assert approved["settlementTime"] == window

    def test_rejection_gives_the_shares_back_and_ends_as_cancelled(self, fund: Scenario) -> None:
        free = fund.shares_of(OWNER)
        asked = fund.request_above_approval_threshold(OWNER)

        receipt = fund.reject(asked.id, "No \u202e papers \u0000 \U0001f4c4")

        assert receipt.event("RedemptionRejected").args["reason"] == (
            "No \u202e papers \u0000 \U0001f4c4"
        )
        assert receipt.event("SharesUnlocked").args["owner"] == OWNER.address
        assert fund.request(asked.id)["status"] == CANCELLED
        assert (fund.shares_of(OWNER), fund.state().liability) == (free, 0)

    def test_refusals(self, fund: Scenario, refused: Refusal) -> None:
        small = fund.request_below_approval_threshold(OWNER)
        large = fund.request_above_approval_threshold(OWNER)
        with refused("NotPendingApproval", small.id):
            fund.approve(small.id)
        with refused("RequestNotFound", 999):
            fund.reject(999, "")
        with refused("AccessControlUnauthorizedAccount"):
            fund.approve(large.id, by=STRANGER)
        fund.approve(large.id)
        with refused("NotPendingApproval", large.id):
            fund.approve(large.id)
        with refused("NotPendingApproval", large.id):
            fund.reject(large.id, "too late")

    def test_only_the_owner_cancels_and_only_before_approval(
        self, fund: Scenario, refused: Refusal
    ) -> None:
        small = fund.request_below_approval_threshold(OWNER)
        large = fund.request_above_approval_threshold(OWNER)

        with refused("NotRequestOwner"):
            fund.cancel(OTHER, large.id)
        with refused("InvalidRequestStatus", small.id):
            fund.cancel(OWNER, small.id)
        fund.cancel(OWNER, large.id)

        assert fund.request(large.id)["status"] == CANCELLED
        assert fund.state().liability == small.gross


class TestFee:
    @pytest.mark.parametrize(
        ("amount", "liquidity_bps", "channel", "fee_bps"),
        [
            (50_000, None, STANDARD, 10),
            (50_001, None, STANDARD, 30),
            (100_001, None, SCHEDULED, 50),
            (10_000, 1_900, STANDARD, 25),
            (10_000, 1_400, STANDARD, 40),
            (60_000, 1_400, STANDARD, 50),
            (10_000, None, EMERGENCY, 110),
            (100_001, 1_400, EMERGENCY, 150),
        ],
    )
    def test_grows_with_size_and_thin_liquidity_up_to_the_cap(
        self, fund: Scenario, amount: int, liquidity_bps: int | None, channel: int, fee_bps: int
    ) -> None:
        if liquidity_bps is not None:
            fund.drain_liquidity(liquidity_bps)

        assert fund.manager.read("redemptionFeeBps", usdt(amount), channel) == fee_bps

    def test_is_reckoned_again_at_settlement_and_stays_in_the_fund(self, fund: Scenario) -> None:
        asked = fund.request_standard(OWNER, fund.shares_worth(usdt(20_000)))
        fund.drain_liquidity(1_400)
        fund.advance_time(7 * DAY_SECONDS)

        receipt = fund.settle(asked.id)

        settled = receipt.event("RedemptionSettled").args
        assert fund.request(asked.id)["estimatedFee"] == asked.gross * 10 // BPS
        assert settled["fee"] == asked.gross * 40 // BPS
        assert settled["netAmount"] == asked.gross - settled["fee"]
        assert receipt.event("RedemptionFeeAdded").args["fee"] == settled["fee"]
        assert fund.vault.read("withdrawableRedemptionFees") == settled["fee"]
        state = fund.state()
        assert state.total_assets == state.gross_assets - settled["fee"]
        assert list(fund.controller.read("getRedemptionFeeInfo").values()) == [
            settled["fee"],
            settled["fee"],
            0,
        ]


class TestSettlement:
    def test_pays_at_the_locked_nav_whatever_happened_since(self, fund: Scenario) -> None:
        asked = fund.request_standard(OWNER, fund.shares_worth(usdt(40_000)), receiver=OTHER)
        fund.move_nav(-900)
        fund.advance_time(7 * DAY_SECONDS)
        before = fund.usdt.read("balanceOf", OTHER.address)

        receipt = fund.settle(asked.id, by=STRANGER)

        paid = fund.usdt.read("balanceOf", OTHER.address) - before
        assert paid == asked.gross - asked.gross // 1_000
        assert receipt.event("SharesBurned").args["owner"] == OWNER.address
        assert fund.request(asked.id)["status"] == SETTLED
        assert (fund.state().liability, fund.state().locked_shares) == (0, 0)

    def test_waits_for_its_time_to_the_second(self, fund: Scenario, refused: Refusal) -> None:
        asked = fund.request_standard(OWNER, usdt(1_000))
        fund.chain.advance_to(asked.settlement_time - 10)

        with refused("SettlementTimeNotReached"):
            fund.settle(asked.id)
        fund.chain.advance_to(asked.settlement_time)
        fund.settle(asked.id)
        with refused("InvalidRequestStatus", asked.id):
            fund.settle(asked.id)

    def test_waits_for_approval(self, fund: Scenario, refused: Refusal) -> None:
        asked = fund.request_above_approval_threshold(OWNER)

        with refused("InvalidRequestStatus", asked.id):
            fund.settle(asked.id)

    def test_has_one_function_for_each_kind(self, fund: Scenario, refused: Refusal) -> None:
        standard = fund.request_standard(OWNER, usdt(1_000))
        scheduled = fund.request_scheduled(OWNER, usdt(1_000))

        with refused("WrongChannel", standard.id):
            fund.manager.send(OPERATOR, "settleScheduledRedemption", standard.id)
        with refused("WrongChannel", scheduled.id):
            fund.manager.send(OPERATOR, "settleRedemption", scheduled.id)
        fund.chain.advance_to(scheduled.settlement_time)
        settled = fund.settle(scheduled.id).event("RedemptionSettled").args
        assert settled["channel"] == SCHEDULED

    def test_sells_l1_then_l2_when_cash_is_short(self, fund: Scenario) -> None:
        fund.rebalance_to(cash_bps=25, yield_bps=60, money_market_bps=3_000)
        asked = fund.request_standard(OWNER, fund.shares_worth(usdt(180_000)))
        fund.approve(asked.id)
        fund.advance_time(7 * DAY_SECONDS)

        sold = fund.settle(asked.id).events_named("WaterfallLiquidation")

        assert [event.args["tier"] for event in sold] == [0, 1]
        assert sold[0].args["token"] == fund.tokens["HRBR"].address
        assert fund.request(asked.id)["status"] == SETTLED

    def test_refuses_when_even_that_is_too_little(self, fund: Scenario, refused: Refusal) -> None:
        asked = fund.request_standard(OWNER, fund.shares_worth(usdt(99_000)))
        fund.rebalance_to(cash_bps=30, yield_bps=0, money_market_bps=0)
        fund.advance_time(7 * DAY_SECONDS)
        cash = fund.vault.read("availableCash")

        with refused("InsufficientLiquidity", cash, asked.gross - asked.gross * 50 // BPS):
            fund.settle(asked.id)

        fund.redeem("CPCS", fund.holding("CPCS"))
        fund.settle(asked.id)

    def test_batch_passes_over_failures_in_silence(self, fund: Scenario) -> None:
        payable, unpayable = (
            fund.request_standard(investor, fund.shares_worth(usdt(amount)))
            for investor, amount in ((OWNER, 5_000), (OTHER, 99_000))
        )
        fund.rebalance_to(cash_bps=30, yield_bps=0, money_market_bps=0)
        early = fund.settle_batch(10)
        fund.advance_time(7 * DAY_SECONDS)

        receipt = fund.settle_batch(10)

        assert early.events == ()
        assert receipt.event("RedemptionSettled").args["requestId"] == payable.id
        assert fund.request(unpayable.id)["status"] == PENDING

    def test_batch_tries_no_more_than_asked(self, fund: Scenario) -> None:
        for _ in range(3):
            fund.request_standard(OWNER, usdt(1_000))
        fund.advance_time(7 * DAY_SECONDS)

        assert len(fund.settle_batch(2).events_named("RedemptionSettled")) == 2


class TestAlerts:
    def test_low_liquidity(self, fund: Scenario) -> None:
        receipt = fund.trigger_low_liquidity_alert().receipt

        alert = receipt.event("LowLiquidityAlert").args
        state = fund.state()
        assert (alert["currentRatio"], alert["threshold"]) == (state.liquidity_bps, 1_500)
        assert alert["available"] == state.layer1 + state.layer2
        assert alert["total"] == state.gross_assets

    def test_critical_liquidity_is_told_alone(self, fund: Scenario) -> None:
        receipt = fund.trigger_critical_liquidity_alert().receipt

        alert = receipt.event("CriticalLiquidityAlert").args
        assert alert["currentRatio"] < alert["threshold"] == 1_000
        assert receipt.events_named("LowLiquidityAlert") == []

    def test_at_most_one_an_hour(self, fund: Scenario) -> None:
        fund.trigger_low_liquidity_alert()
        fund.drain_liquidity(800)

        quiet = fund.request_standard(OWNER, usdt(100)).receipt
        fund.advance_time(HOUR_SECONDS)
        loud = fund.request_standard(OWNER, usdt(100)).receipt

        assert quiet.events_named("CriticalLiquidityAlert") == []
        assert loud.event("CriticalLiquidityAlert")

    def test_only_standard_requests_alert(self, fund: Scenario) -> None:
        fund.set_emergency_mode(True)
        fund.drain_liquidity(800)

        for asked in (
            fund.request_emergency(OWNER, usdt(100)),
            fund.request_scheduled(OWNER, usdt(100)),
        ):
            assert asked.receipt.events_named("CriticalLiquidityAlert") == []

    def test_ordinary_liquidity_is_quiet(self, fund: Scenario) -> None:
        names = {event.name for event in fund.request_standard(OWNER, usdt(100)).receipt.events}

        assert names == {"SharesLocked", "RedemptionRequested"}


def test_settings_are_for_administrators(fund: Scenario, refused: Refusal) -> None:
    for function, args in (("pause", ()), ("setAssetScheduler", (ADMIN.address,))):
        with refused("AccessControlUnauthorizedAccount"):
            fund.manager.send(STRANGER, function, *args)
