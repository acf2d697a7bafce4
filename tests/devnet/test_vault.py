"""The vault: subscriptions, NAV, locked shares, administration."""

from devnet.accounts import ADMIN, INVESTORS, STRANGER
from devnet.fund import BPS, usdt
from devnet.scenario import Scenario
from tests.devnet.conftest import Refusal

ONE = 10**18
OWNER, OTHER = INVESTORS[0], INVESTORS[1]


class TestSubscription:
    def test_tells_of_one_act_with_two_events(self, fund: Scenario) -> None:
        receipt = fund.subscribe(OWNER, usdt(10_000))

        ours, standard = receipt.event("DepositProcessed").args, receipt.event("Deposit").args
        assert ours["assets"] == standard["assets"] == usdt(10_000)
        assert ours["shares"] == standard["shares"]
        assert ours["sender"] == ours["receiver"] == OWNER.address

    def test_does_not_move_nav_while_nothing_is_locked(self, fund: Scenario) -> None:
        before = fund.state().share_price

        fund.subscribe(OWNER, usdt(500_000))

        assert 0 <= fund.state().share_price - before <= 1

    def test_gives_more_shares_than_nav_says_while_shares_are_locked(self, fund: Scenario) -> None:
        fund.request_standard(OTHER, fund.shares_worth(usdt(200_000)))
        by_nav = usdt(10_000) * ONE // fund.state().share_price

        shares = fund.subscribe(OWNER, usdt(10_000)).event("DepositProcessed").args["shares"]

        assert by_nav * 101 // 100 < shares < by_nav * 102 // 100

    def test_refuses_less_than_the_minimum(self, fund: Scenario, refused: Refusal) -> None:
        with refused("DepositBelowMinimum", usdt(500) - 1, usdt(500)):
            fund.subscribe(OWNER, usdt(500) - 1)

        fund.subscribe(OWNER, usdt(500))

    def test_refuses_while_paused(self, fund: Scenario, refused: Refusal) -> None:
        fund.pause("vault")

        with refused("EnforcedPause"):
            fund.subscribe(OWNER, usdt(1_000))

        fund.unpause("vault")
        fund.subscribe(OWNER, usdt(1_000))

    def test_cannot_be_taken_back_past_the_redemption_manager(
        self, fund: Scenario, refused: Refusal
    ) -> None:
        with refused("ERC4626ExceededMaxWithdraw"):
            fund.vault.send(OWNER, "withdraw", usdt(1), OWNER.address, OWNER.address)
        with refused("ERC4626ExceededMaxRedeem"):
            fund.vault.send(OWNER, "redeem", usdt(1), OWNER.address, OWNER.address)


class TestNav:
    def test_is_net_assets_over_unlocked_shares(self, fund: Scenario) -> None:
        fund.request_standard(OWNER, fund.shares_worth(usdt(90_000)))

        state = fund.state()

        assert state.total_assets == state.gross_assets - state.liability
        unlocked = state.total_supply - state.locked_shares
        assert unlocked == fund.vault.read("effectiveSupply")
        assert state.share_price == state.total_assets * ONE // unlocked

    def test_does_not_move_when_shares_are_locked(self, fund: Scenario) -> None:
        before = fund.state().share_price

        fund.request_standard(OWNER, fund.shares_worth(usdt(90_000)))

        assert 0 <= fund.state().share_price - before <= 1

    def test_moves_as_asked_and_says_so(self, fund: Scenario) -> None:
        before = fund.state().share_price

        event = fund.move_nav(-250).event("NavUpdated").args

        assert event["timestamp"] == fund.now()
        assert event["newNav"] == fund.state().share_price
        assert abs(event["newNav"] - before * (BPS - 250) // BPS) < 10**9

    def test_is_published_even_when_it_has_not_moved(self, fund: Scenario) -> None:
        fund.update_nav()

        event = fund.update_nav().event("NavUpdated").args

        assert event["oldNav"] == event["newNav"]

    def test_holds_on_to_valued_prices_for_five_minutes(self, fund: Scenario) -> None:
        fund.update_nav()
        valued = fund.state().share_price
        fund.set_prices({"CPCS": 2 * fund.price("CPCS")})

        assert fund.state().share_price == valued
        fund.advance_time(301)
        assert fund.state().share_price > valued


class TestLockedShares:
    def test_stay_with_the_owner_and_cannot_move(self, fund: Scenario, refused: Refusal) -> None:
        held = fund.vault.read("balanceOf", OWNER.address)
        locked = fund.shares_worth(usdt(90_000))
        fund.request_standard(OWNER, locked)

        assert fund.vault.read("balanceOf", OWNER.address) == held
        assert fund.shares_of(OWNER) == held - locked
        with refused("InsufficientShares", held - locked, held - locked + 1):
            fund.vault.send(OWNER, "transfer", OTHER.address, held - locked + 1)
        fund.vault.send(OWNER, "transfer", OTHER.address, held - locked)


class TestAdministration:
    def test_is_for_administrators(self, fund: Scenario, refused: Refusal) -> None:
        for function, args in (
            ("setEmergencyMode", (True,)),
            ("pause", ()),
            ("setAssetController", (STRANGER.address,)),
            ("emergencyWithdraw", (fund.usdt.address, STRANGER.address, 1)),
        ):
            with refused("AccessControlUnauthorizedAccount"):
                fund.vault.send(STRANGER, function, *args)

    def test_shares_are_locked_by_the_manager_only(self, fund: Scenario, refused: Refusal) -> None:
        with refused("OnlyOperator"):
            fund.vault.send(ADMIN, "lockShares", OWNER.address, 1, 1)

    def test_emergency_withdrawal_leaves_only_a_transfer(self, fund: Scenario) -> None:
        receipt = fund.emergency_withdraw(fund.usdt.address, STRANGER.address, usdt(7))

        assert [event.name for event in receipt.events] == ["Transfer"]
        assert receipt.events[0].address == fund.usdt.address

    def test_refuses_the_zero_address(self, fund: Scenario, refused: Refusal) -> None:
        with refused("ZeroAddress"):
            fund.set_asset_controller("vault", "0x" + 40 * "0")
