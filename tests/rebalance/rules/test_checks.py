"""What stops a plan before it begins, each limit on it and one beyond."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from apps.chain.terms import Tier
from apps.rebalance.rules import checks
from apps.rebalance.rules.checks import Check
from apps.rebalance.rules.figures import (
    ActionKind,
    Aim,
    AimKind,
    Blackout,
    Blueprint,
    Parameters,
    Situation,
)
from apps.rebalance.rules.planning import plan
from tests.rebalance.rules.situations import AT, BANDS, USDT, simple

P = Parameters()
LOW = simple(620_000, 3_200_000, 6_180_000)
HIGH = simple(1_700_000, 2_900_000, 5_400_000)


@dataclass(frozen=True)
class Wallet:
    name: str = "hot"
    per_transaction_assets: int = 10**30
    left_today_assets: int = 10**30
    calls_left_today: int = 100


@dataclass(frozen=True)
class Tried:
    ok: bool | None = True
    error: str = ""
    met: bool | None = True


def planned(situation: Situation, kind: AimKind) -> Blueprint:
    made = plan(situation, P, Aim(kind=kind))
    assert isinstance(made, Blueprint)
    return made


REFILL = planned(LOW, AimKind.LIQUIDITY)
DEPLOYMENT = planned(HIGH, AimKind.DEPLOY)


def found(name: str, **changes: Any) -> list[Check]:
    """The checks of a name, when all is well but for the changes."""
    blueprint = changes.pop("blueprint", REFILL)
    rooms = [Wallet()]
    asked: dict[str, Any] = {
        "blueprint": blueprint,
        "now": LOW if blueprint is REFILL else HIGH,
        "parameters": P,
        "nav_volatility_bps": 0,
        "paused": {"vault": False},
        "rooms": {ActionKind.REDEEM: rooms, ActionKind.PURCHASE: rooms},
        "price_refusal": "",
        "tried": [Tried()] * len(blueprint.actions),
        "at": AT,
    } | changes
    return [check for check in checks.before_execution(**asked) if check.name == name]


def only(name: str, **changes: Any) -> Check:
    (check,) = found(name, **changes)
    return check


NAMES = ["slippage", "gas", "l1", "coverage", "blackout", "nav_volatility", "paused", "signers",
         "prices", "simulation"]  # fmt: skip


class TestBeforeExecution:
    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("blueprint", [REFILL, DEPLOYMENT])
    def test_lets_a_good_plan_go(self, name: str, blueprint: Blueprint) -> None:
        check = only(name, blueprint=blueprint)

        assert check.ok is True
        assert check.text

    @pytest.mark.parametrize(
        ("bps", "ok", "blocks"),
        [(200, True, True), (201, False, False), (500, False, False), (501, False, True)],
    )
    def test_warns_of_slippage_and_then_blocks(self, bps: int, ok: bool, blocks: bool) -> None:
        actions = tuple(replace(action, slippage_bps=bps) for action in REFILL.actions[:1])

        check = only("slippage", blueprint=replace(REFILL, actions=actions), now=LOW)

        assert (check.ok, check.blocks) == (ok, blocks)

    def test_counts_what_rounding_loses_as_slippage(self) -> None:
        action = replace(DEPLOYMENT.actions[0], assets=10_000, slippage_assets=501)

        check = only("slippage", blueprint=replace(DEPLOYMENT, actions=(action,)), now=HIGH)

        assert (check.ok, check.blocks) == (False, True)

    def test_stops_a_deployment_whose_gas_is_beyond_a_tenth_of_its_benefit(self) -> None:
        benefit = checks.benefit_of(HIGH, P, DEPLOYMENT.aim, DEPLOYMENT.actions)
        limit = benefit // 10
        within = replace(DEPLOYMENT, gas_assets=limit)
        beyond = replace(DEPLOYMENT, gas_assets=limit + 1)

        assert benefit > 0
        assert only("gas", blueprint=within).ok is True
        assert (only("gas", blueprint=beyond).ok, only("gas", blueprint=beyond).blocks) == (
            False,
            True,
        )

    def test_lets_a_refill_go_whatever_its_gas(self) -> None:
        check = only("gas", blueprint=replace(REFILL, gas_assets=10**30), now=LOW)

        assert (check.ok, check.blocks) == (False, False)

    @pytest.mark.parametrize(("off", "ok"), [(0, True), (-1, False)])
    def test_keeps_l1_at_critical(self, off: int, ok: bool) -> None:
        gross = sum(figures.after for figures in DEPLOYMENT.tiers)
        after = next(figures.after for figures in DEPLOYMENT.tiers if figures.tier is Tier.L1)
        critical = replace(P, l1_critical_bps=after * 10_000 // gross - off)

        assert only("l1", blueprint=DEPLOYMENT, parameters=critical).ok is ok

    def test_lets_l1_be_refilled_to_less_than_critical(self) -> None:
        assert only("l1", parameters=replace(P, l1_critical_bps=2_000)).ok is True

    @pytest.mark.parametrize(("off", "ok"), [(0, True), (1, False)])
    def test_keeps_coverage_at_critical(self, off: int, ok: bool) -> None:
        liquid = sum(f.after for f in DEPLOYMENT.tiers if f.tier is not Tier.L3)
        now = replace(HIGH, liability_assets=liquid + off)

        assert only("coverage", blueprint=DEPLOYMENT, now=now).ok is ok

    @pytest.mark.parametrize(("bps", "ok"), [(500, True), (501, False), (None, None)])
    def test_waits_while_the_nav_is_volatile_or_unknown(
        self, bps: int | None, ok: bool | None
    ) -> None:
        check = only("nav_volatility", nav_volatility_bps=bps)

        assert (check.ok, check.blocks) == (ok, True)

    @pytest.mark.parametrize(
        ("paused", "ok"),
        [({"vault": True}, False), ({"vault": None}, None), ({"a": None, "b": True}, False)],
    )
    def test_stops_when_a_contract_is_paused_or_unknown(
        self, paused: dict[str, bool | None], ok: bool | None
    ) -> None:
        check = only("paused", paused=paused)

        assert (check.ok, check.blocks) == (ok, True)

    def test_stops_when_prices_must_not_be_traded_on(self) -> None:
        check = only("prices", price_refusal="MMA has no price")

        assert (check.ok, check.text, check.blocks) == (False, "MMA has no price", True)


class TestSigners:
    def test_need_room_for_each_leg(self) -> None:
        largest = max(action.assets for action in DEPLOYMENT.actions)

        assert signers(Wallet(per_transaction_assets=largest)).ok is True
        assert signers(Wallet(per_transaction_assets=largest - 1)).ok is False

    def test_need_room_for_all_today(self) -> None:
        total = sum(action.assets for action in DEPLOYMENT.actions)

        assert signers(Wallet(left_today_assets=total)).ok is True
        assert signers(Wallet(left_today_assets=total - 1)).ok is False

    def test_need_calls_for_all_today(self) -> None:
        count = len(DEPLOYMENT.actions)

        assert signers(Wallet(calls_left_today=count)).ok is True
        assert signers(Wallet(calls_left_today=count - 1)).ok is False

    def test_may_be_several(self) -> None:
        count = len(DEPLOYMENT.actions)

        assert signers(Wallet(calls_left_today=count - 1), Wallet(name="safe")).ok is True

    def test_block_when_unknown(self) -> None:
        check = only("signers", rooms=None)

        assert (check.ok, check.blocks) == (None, True)

    def test_block_when_there_are_none(self) -> None:
        assert only("signers", rooms={}).ok is False


def signers(*wallets: Wallet) -> Check:
    return only("signers", blueprint=DEPLOYMENT, rooms={ActionKind.PURCHASE: wallets})


class TestSimulation:
    def test_stops_with_each_reason(self) -> None:
        legs = [Tried(ok=False, error="SlippageTooHigh(1, 2)")] * len(REFILL.actions)

        told = found("simulation", tried=legs)

        assert len(told) == len(legs)
        assert told[0].text == f"leg 1 ({REFILL.actions[0].symbol}): SlippageTooHigh(1, 2)"
        assert all(check.ok is False and check.blocks for check in told)

    def test_stops_what_would_do_nothing(self) -> None:
        told = found("simulation", tried=[Tried(met=False)] * len(REFILL.actions))

        assert all(check.ok is False and check.blocks for check in told)

    def test_tells_what_cannot_be_tried_alone(self) -> None:
        told = found("simulation", tried=[Tried(ok=None, met=None)] * len(REFILL.actions))

        assert all(check.ok is None and not check.blocks for check in told)

    def test_is_needed_of_every_leg(self) -> None:
        for tried in (None, [Tried()] * (len(REFILL.actions) + 1)):
            check = only("simulation", tried=tried)
            assert (check.ok, check.blocks) == (None, True)


class TestInBlackout:
    @pytest.mark.parametrize(
        ("at", "on"),
        [
            ("2026-11-23 23:29", False),
            ("2026-11-23 23:30", True),
            ("2026-11-24 00:29", True),
            ("2026-11-24 00:30", False),
            ("2026-11-24 23:45", False),
            ("2026-11-23 00:10", False),
        ],
    )
    def test_goes_over_midnight_from_the_day_it_begins(self, at: str, on: bool) -> None:
        monday = Blackout(weekdays=(0,), start_minute=1_410, end_minute=30, reason="NAV update")
        when = datetime.fromisoformat(f"{at}+00:00")

        assert checks.in_blackout(monday, when) is on
        check = only("blackout", parameters=replace(P, blackouts=(monday,)), at=when)
        assert (check.ok, check.blocks) == (not on, True)

    @pytest.mark.parametrize(("minute", "on"), [(59, False), (60, True), (119, True), (120, False)])
    def test_ends_before_its_last_minute(self, minute: int, on: bool) -> None:
        sunday = Blackout(weekdays=(6,), start_minute=60, end_minute=120, reason="close")
        at = datetime(2026, 11, 22, minute // 60, minute % 60, 30, tzinfo=UTC)

        assert checks.in_blackout(sunday, at) is on


class TestMoved:
    THEN = simple(1_000_000, 3_000_000, 6_000_000, due=500_000 * USDT)
    ONE_PERCENT = 100_000 * USDT

    @pytest.mark.parametrize(("off", "stale"), [(0, False), (1, True)])
    def test_tells_of_cash_and_of_what_falls_due(self, off: int, stale: bool) -> None:
        change = self.ONE_PERCENT + off
        richer = replace(self.THEN, cash=self.THEN.cash + change)
        poorer = replace(self.THEN, cash=self.THEN.cash - change)
        owing = replace(self.THEN, due_assets=self.THEN.due_assets + change)

        for now in (richer, poorer, owing):
            assert bool(checks.moved(self.THEN, now, P)) is stale

    def test_says_what_and_by_how_much(self) -> None:
        now = replace(self.THEN, due_assets=800_000 * USDT)

        assert checks.moved(self.THEN, now, P) == (
            "What falls due: 300,000.00 USDT more, beyond 1.00 % of total assets"
        )

    def test_tells_of_prices_that_offset_each_other(self) -> None:
        first, second, *others = self.THEN.holdings
        now = replace(
            self.THEN,
            holdings=(
                replace(first, price=first.price * 11 // 10),
                replace(second, price=second.price * 17 // 20),
                *others,
            ),
        )

        assert checks.moved(self.THEN, now, P).startswith("MMA at its price of now")

    def test_tells_of_an_asset_that_is_gone(self) -> None:
        now = replace(self.THEN, holdings=self.THEN.holdings[1:])

        assert checks.moved(self.THEN, now, P)

    def test_tells_of_other_bands(self) -> None:
        tighter = replace(BANDS[0], max_bps=1_999)
        now = replace(self.THEN, bands=(tighter, *BANDS[1:]))

        assert checks.moved(self.THEN, now, P) == "The tiers' targets or bands have changed"

    def test_has_nothing_to_tell_of_a_later_block(self) -> None:
        now = replace(self.THEN, block_number=900, bands=self.THEN.bands[::-1])

        assert checks.moved(self.THEN, now, P) == ""


class TestDeviationBps:
    def test_is_of_the_tier_furthest_off_rounded_up(self) -> None:
        expected = {Tier.L1: 1_000, Tier.L2: 3_000, Tier.L3: 6_000}
        after = {Tier.L1: 1_050, Tier.L2: 2_899, Tier.L3: 6_051}

        assert checks.deviation_bps(expected, after, 10_000) == 101
        assert checks.deviation_bps(expected, after, 10_001) == 101
        assert checks.deviation_bps(expected, expected, 10_000) == 0

    def test_of_nothing_is_everything_or_nothing(self) -> None:
        none = dict.fromkeys(Tier, 0)

        assert checks.deviation_bps(none, none, 0) == 0
        assert checks.deviation_bps(none | {Tier.L1: 1}, none, 0) == 10_000
