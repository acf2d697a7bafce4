"""Plans by hand: what each aim does, in which order, and when there is none."""

from dataclasses import replace
from typing import Any

import pytest

from apps.chain.terms import Tier
from apps.rebalance.rules import planning
from apps.rebalance.rules.figures import (
    Action,
    ActionKind,
    Aim,
    AimKind,
    Blueprint,
    NoPlan,
    Parameters,
    Planner,
    Situation,
)
from apps.rebalance.rules.optimising import Unsolved
from apps.rebalance.rules.planning import BadTargets, plan
from tests.rebalance.rules.judging import judge
from tests.rebalance.rules.situations import BANDS, USDT, fund, holding, simple

P = Parameters()
CLOSE = 200 * USDT


def planned(situation: Situation, aim: Aim, parameters: Parameters = P) -> Blueprint:
    made = plan(situation, parameters, aim)
    assert isinstance(made, Blueprint), made
    judge(situation, parameters, made)
    return made


def refused(situation: Situation, aim: Aim, parameters: Parameters = P) -> str:
    made = plan(situation, parameters, aim)
    assert isinstance(made, NoPlan), made
    return made.reason


def after(blueprint: Blueprint) -> dict[Tier, int]:
    return {figures.tier: figures.after for figures in blueprint.tiers}


def raising(usdt: int = 0) -> Aim:
    return Aim(kind=AimKind.LIQUIDITY, raise_assets=usdt * USDT)


def exact(first: int, second: int, third: int) -> Aim:
    targets = {Tier.L1: first, Tier.L2: second, Tier.L3: third}
    return Aim(kind=AimKind.EXACT, target_bps=targets)


def sold_of(blueprint: Blueprint) -> dict[Tier, int]:
    sold: dict[Tier, int] = {}
    for action in blueprint.actions:
        if action.kind is ActionKind.REDEEM:
            sold[action.tier_from] = sold.get(action.tier_from, 0) + action.assets
    return sold


def near(amount: int, usdt: int) -> bool:
    return abs(amount - usdt * USDT) <= CLOSE


class TestLiquidity:
    def test_brings_l1_back_to_target_from_l2(self) -> None:
        made = planned(simple(620_000, 3_400_000, 5_980_000), raising())

        assert near(after(made)[Tier.L1], 1_000_000)
        assert set(sold_of(made)) == {Tier.L2}
        assert {action.priority for action in made.actions} == {1}
        assert made.actions[0].reason == (
            "L1 is 6.20 %, below 8.00 %: back to 10.00 % from L2's excess over target"
        )

    def test_takes_l3_when_l2_is_at_its_minimum(self) -> None:
        made = planned(simple(620_000, 2_100_000, 7_280_000), raising())

        sold = sold_of(made)
        assert near(after(made)[Tier.L1], 1_000_000)
        # The planners may differ by what the trades cost.
        assert abs(sold[Tier.L2] - 99_900 * USDT) < 400 * USDT
        assert abs(sold[Tier.L3] - 280_100 * USDT) < 400 * USDT
        assert {a.priority for a in made.actions if a.tier_from is Tier.L2} == {1}
        assert {a.priority for a in made.actions if a.tier_from is Tier.L3} == {2}

    def test_buys_nothing(self) -> None:
        made = planned(simple(500_000, 3_400_000, 6_100_000), raising())

        assert {action.kind for action in made.actions} == {ActionKind.REDEEM}

    @pytest.mark.parametrize("first", [800_000, 1_000_000, 1_400_000])
    def test_has_nothing_to_do_at_its_low_mark_or_above(self, first: int) -> None:
        situation = simple(first, 3_000_000, 7_000_000 - first)

        assert "nothing to refill" in refused(situation, raising())

    def test_raises_what_is_due_from_l1s_yield_assets_first(self) -> None:
        situation = with_yield(600_000, 400_000, due=3_500_000)

        made = planned(situation, raising(600_000))

        sold = sold_of(made)
        assert near(sold[Tier.L1], 399_600)
        assert near(sold[Tier.L2], 200_400)
        assert made.actions[0].symbol == "YLD"
        assert {action.priority for action in made.actions} == {0}

    def test_raises_from_l3_what_only_l3_can_add(self) -> None:
        # All that falls due is in cash already, and it is most of what is liquid.
        situation = fund(
            holding("MMA", Tier.L2, 400_000 * USDT, target_bps=10_000),
            holding("HYA", Tier.L3, 4_600_000 * USDT, target_bps=10_000),
            cash=5_000_000 * USDT,
            due=4_900_000 * USDT,
            bands=tuple(replace(band, min_bps=0, max_bps=10_000) for band in BANDS),
        )

        made = planned(situation, raising(580_000))

        assert set(sold_of(made)) == {Tier.L3}

    def test_raises_little_for_what_is_due_however_little(self) -> None:
        situation = with_yield(600_000, 400_000, due=3_500_000)

        made = planned(situation, raising(50))

        assert near(made.amount_assets, 50)

    def test_raises_no_more_than_the_bands_let_and_says_so(self) -> None:
        made = planned(simple(1_000_000, 3_000_000, 6_000_000), raising(5_000_000))

        assert made.tiers[0].after_bps in {1_999, 2_000}
        assert any("can be raised within the bands" in warning for warning in made.warnings)

    def test_refuses_a_refill_below_the_minimum(self) -> None:
        reason = refused(
            simple(79_000, 310_000, 611_000), raising(), replace(P, plan_assets_min=10**23)
        )

        assert reason == "21,021.02 USDT would move, below the minimum of 100,000.00"


def with_yield(cash: int, held: int, *, due: int = 0) -> Situation:
    situation = simple(cash, 3_000_000, 7_000_000 - cash - held, due=due * USDT)
    asset = holding("YLD", Tier.L1, held * USDT, target_bps=10_000)
    return replace(situation, holdings=(*situation.holdings, asset))


class TestDeploy:
    AIM = Aim(kind=AimKind.DEPLOY)

    def test_invests_down_to_target_where_most_is_lacking(self) -> None:
        made = planned(simple(1_700_000, 2_990_000, 5_310_000), self.AIM)

        assert near(after(made)[Tier.L1], 1_000_000)
        assert {action.priority for action in made.actions} == {3}
        bought = sum(a.assets for a in made.actions if a.tier_to is Tier.L3)
        assert near(bought, 690_000)

    def test_leaves_alone_what_is_closed_and_says_so(self) -> None:
        situation = closed(simple(1_700_000, 3_000_000, 5_300_000), Tier.L3, all_but="HYA")

        made = planned(situation, self.AIM)

        assert {action.symbol for action in made.actions} == {"HYA"}

    def test_says_when_nothing_is_open(self) -> None:
        situation = closed(simple(1_700_000, 3_000_000, 5_300_000), Tier.L3)

        assert "HYA, HYB, HYC, HYD, 1 more: not open for purchases" in refused(situation, self.AIM)

    def test_buys_nothing_for_less_than_its_minimum(self) -> None:
        situation = simple(1_700_000, 3_000_000, 5_300_000)
        dear = tuple(replace(h, min_purchase_assets=300_000 * USDT) for h in situation.holdings)

        made = planned(replace(situation, holdings=dear), self.AIM)

        assert all(action.assets >= 300_000 * USDT for action in made.actions)

    def test_keeps_the_cash_that_falls_due(self) -> None:
        made = planned(
            simple(1_700_000, 3_000_000, 5_300_000, due=1_600_000 * USDT, liability=0), self.AIM
        )

        assert near(sum(action.assets for action in made.actions), 100_000)
        assert any(warning.startswith("L1 will be") for warning in made.warnings)

    def test_sells_yield_assets_when_cash_is_short(self) -> None:
        made = planned(with_yield(300_000, 1_500_000), self.AIM)

        sales = [a for a in made.actions if a.kind is ActionKind.REDEEM]
        assert [sale.symbol for sale in sales] == ["YLD"]
        assert near(after(made)[Tier.L1], 1_000_000) or after(made)[Tier.L1] >= 998_000 * USDT
        paid_by_sale = [a for a in made.actions if a.depends_on]
        assert paid_by_sale
        assert all(a.depends_on == (sales[0].position,) for a in paid_by_sale)

    @pytest.mark.parametrize("first", [1_000_000, 1_500_000])
    def test_has_no_surplus_up_to_the_high_mark(self, first: int) -> None:
        situation = simple(first, 3_000_000, 7_000_000 - first)

        assert "no surplus" in refused(situation, self.AIM)

    def test_does_not_lower_coverage_below_critical(self) -> None:
        # L1 and L2 have 4.7 millions and owe 4.6: only 100,000 may leave them.
        situation = simple(1_700_000, 3_000_000, 5_300_000, due=0, liability=4_600_000 * USDT)

        made = planned(situation, self.AIM)

        assert near(sum(a.assets for a in made.actions if a.tier_to is Tier.L3), 100_000)


def closed(situation: Situation, tier: Tier, *, all_but: str = "") -> Situation:
    changed = tuple(
        replace(h, purchasable=False) if h.tier is tier and h.symbol != all_but else h
        for h in situation.holdings
    )
    return replace(situation, holdings=changed)


class TestTiers:
    AIM = Aim(kind=AimKind.TIERS)

    def test_brings_all_to_target(self) -> None:
        made = planned(simple(500_000, 4_100_000, 5_400_000), self.AIM)

        for figures in made.tiers:
            assert abs(figures.after - figures.target) <= 2_500 * USDT
        kinds = [action.kind for action in made.actions]
        assert kinds == sorted(kinds, key=lambda kind: kind is ActionKind.PURCHASE)

    def test_lets_purchases_depend_on_the_sales_that_pay_them(self) -> None:
        made = planned(simple(820_000, 3_900_000, 5_280_000), self.AIM)

        # Only 20,000 may leave L1 should no sale succeed.
        assert all(a.depends_on for a in made.actions if a.kind is ActionKind.PURCHASE)

    def test_is_satisfied_in_band(self) -> None:
        reason = refused(simple(1_100_000, 3_100_000, 5_800_000), self.AIM)

        assert reason == "every tier is in its band and within 5.00 % of its target"

    def test_sells_nothing_that_nobody_takes(self) -> None:
        situation = closed(simple(1_000_000, 4_000_000, 5_000_000), Tier.L3)

        assert refused(situation, self.AIM)


class TestWeights:
    AIM = Aim(kind=AimKind.WEIGHTS)

    def heavy(self, *, purchasable: bool = True) -> Situation:
        others = [
            holding(f"HY{n}", Tier.L3, 800_000 * USDT, target_bps=2_000, purchasable=purchasable)
            for n in range(4)
        ]
        return fund(
            holding("BIG", Tier.L3, 2_800_000 * USDT, target_bps=2_000),
            *others,
            holding("MMA", Tier.L2, 1_500_000 * USDT, target_bps=5_000),
            holding("MMB", Tier.L2, 1_500_000 * USDT, target_bps=5_000),
            cash=1_000_000 * USDT,
        )

    def test_sells_what_is_too_heavy_into_others_of_its_tier(self) -> None:
        made = planned(self.heavy(), self.AIM)

        big = next(a for a in made.actions if a.symbol == "BIG")
        assert big.kind is ActionKind.REDEEM
        assert big.reason == "BIG is 28.00 % of the fund, above 25.00 %"
        assert after(made)[Tier.L3] >= 5_990_000 * USDT

    def test_keeps_it_as_cash_where_nothing_is_open(self) -> None:
        made = planned(self.heavy(purchasable=False), self.AIM)

        assert {action.symbol for action in made.actions} == {"BIG"}
        assert near(after(made)[Tier.L1], 1_299_700)

    def test_lets_a_high_target_of_its_own_stand(self) -> None:
        situation = fund(
            holding("HYA", Tier.L3, 6_000_000 * USDT, target_bps=10_000),
            holding("MMA", Tier.L2, 3_000_000 * USDT, target_bps=10_000),
            cash=1_000_000 * USDT,
        )

        assert refused(situation, self.AIM)


class TestExact:
    def test_plans_exactly_to_it(self) -> None:
        made = planned(simple(1_000_000, 3_000_000, 6_000_000), exact(1_200, 3_300, 5_500))

        assert [figures.target_bps for figures in made.tiers] == [1_200, 3_300, 5_500]
        for figures in made.tiers:
            assert abs((figures.after_bps or 0) - figures.target_bps) <= 1

    @pytest.mark.parametrize(
        ("ratios", "told"),
        [
            ((1_200, 3_300, 5_499), "sum to 99.99 %"),
            ((1_200, 3_300, 5_501), "sum to 100.01 %"),
            ((499, 3_500, 6_001), "L1 cannot be 4.99 %: its band is 5.00 % to 20.00 %"),
            ((2_000, 3_001, 4_999), "L3 cannot be 49.99 %"),
        ],
    )
    def test_refuses_ratios_that_make_no_sense(
        self, ratios: tuple[int, int, int], told: str
    ) -> None:
        with pytest.raises(BadTargets, match=told):
            plan(simple(1_000_000, 3_000_000, 6_000_000), P, exact(*ratios))

    def test_refuses_a_missing_tier(self) -> None:
        aim = Aim(kind=AimKind.EXACT, target_bps={Tier.L1: 2_000, Tier.L2: 8_000})

        with pytest.raises(BadTargets, match="each of L1, L2 and L3"):
            plan(simple(1_000_000, 3_000_000, 6_000_000), P, aim)

    def test_takes_a_ratio_on_the_edge_of_its_band(self) -> None:
        made = planned(simple(1_000_000, 3_000_000, 6_000_000), exact(1_000, 4_000, 5_000))

        assert made.tiers[1].after_bps in {3_998, 3_999, 4_000}


class TestReverse:
    def undoing(self, situation: Situation, **usdt: int) -> Aim:
        tokens = {h.symbol: h.token for h in situation.holdings}
        undo = {tokens[symbol]: amount * USDT for symbol, amount in usdt.items()}
        return Aim(kind=AimKind.REVERSE, undo=undo)

    def test_sells_and_buys_what_is_given(self) -> None:
        situation = simple(1_000_000, 3_000_000, 6_000_000)

        made = planned(situation, self.undoing(situation, HYA=-100_000, MMA=100_000))

        assert [(a.symbol, a.kind.value) for a in made.actions] == [
            ("HYA", "REDEEM"),
            ("MMA", "PURCHASE"),
        ]
        assert [score.planner for score in made.scores] == [Planner.RULES]

    def test_does_only_what_keeps_l1_above_critical(self) -> None:
        situation = simple(1_000_000, 3_000_000, 6_000_000)

        made = planned(situation, self.undoing(situation, MMA=400_000))

        assert near(after(made)[Tier.L1], 800_000)
        assert made.warnings == ("200,000.00 of 400,000.00 USDT can be undone",)

    def test_sells_no_more_than_there_is(self) -> None:
        situation = simple(1_000_000, 3_000_000, 6_000_000)

        made = planned(situation, self.undoing(situation, HYE=-5_000_000))

        assert made.actions[0].tokens == made_of(situation, "HYE")

    def test_has_nothing_to_do_for_nothing(self) -> None:
        situation = simple(1_000_000, 3_000_000, 6_000_000)

        assert refused(situation, Aim(kind=AimKind.REVERSE)) == "there is nothing to undo"


def made_of(situation: Situation, symbol: str) -> int:
    return next(h.balance for h in situation.holdings if h.symbol == symbol)


class TestUnknowns:
    AIM = Aim(kind=AimKind.TIERS)

    @pytest.mark.parametrize(
        ("situation", "told"),
        [
            (fund(cash=0), "the fund holds nothing"),
            (fund(cash=USDT, bands=()), "the limits of the tiers are not known"),
            (fund(cash=USDT, bands=BANDS[:2]), "the limits of the tiers are not known"),
            (fund(cash=USDT, trade_max=0), "no signer may trade"),
        ],
    )
    def test_are_told(self, situation: Situation, told: str) -> None:
        assert refused(situation, self.AIM) == told

    def test_of_a_price_that_is_held_are_told(self) -> None:
        asset = replace(holding("HYA", Tier.L3, USDT), price=0, value=0)

        assert refused(fund(asset, cash=USDT), self.AIM) == (
            "the price of HYA, which is held, is not known"
        )


class TestPlanners:
    SITUATION = simple(1_700_000, 2_900_000, 5_400_000)
    AIM = Aim(kind=AimKind.DEPLOY)

    def cheap_and_dear(self) -> Situation:
        """L2 has an asset that costs nothing to sell, and the rules' order takes the dear one."""
        situation = simple(620_000, 3_400_000, 5_980_000)
        first, second, *others = situation.holdings
        dear = replace(first, value=first.value, expected_slippage_bps=150, target_bps=4_900)
        cheap = replace(second, expected_slippage_bps=1, target_bps=5_100)
        return replace(situation, holdings=(dear, cheap, *others))

    def test_the_optimiser_sells_what_is_cheaper_to_sell(self) -> None:
        made = planned(self.cheap_and_dear(), raising())

        assert made.planner is Planner.OPTIMISER
        assert made.scores[0].total < made.scores[1].total
        assert made.scores[0].cost_assets < made.scores[1].cost_assets
        assert near(after(made)[Tier.L1], 1_000_000)

    @pytest.mark.parametrize(
        ("answer", "told"),
        [
            (Unsolved("The problem is infeasible."), "infeasible"),
            ({}, "was not kept"),
            ({simple(1, 1, 1).holdings[2].token: 9_000_000 * USDT}, "was not kept"),
            ({simple(1, 1, 1).holdings[2].token: 20_000 * USDT}, "missed the goal"),
        ],
    )
    def test_the_rules_stand_when_the_optimiser_has_nothing_valid(
        self, monkeypatch: pytest.MonkeyPatch, answer: Any, told: str
    ) -> None:
        def optimise(*_args: Any) -> Any:
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(planning, "optimise", optimise)

        made = planned(self.SITUATION, self.AIM)

        assert made.planner is Planner.RULES
        assert [score.planner for score in made.scores] == [Planner.RULES]
        assert any("planned by the rules alone" in w and told in w for w in made.warnings)

    def test_the_rules_win_a_tie(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(planning, "optimise", lambda *args: dict(args[4].proposal))

        made = planned(self.SITUATION, self.AIM)

        assert made.planner is Planner.RULES
        assert [score.planner for score in made.scores] == [Planner.RULES, Planner.OPTIMISER]
        assert made.scores[0].total == made.scores[1].total


class TestParts:
    def test_of_a_trade_are_no_larger_than_a_signer_may_move(self) -> None:
        situation = simple(620_000, 3_400_000, 5_980_000, trade_max=50_000 * USDT)

        made = planned(situation, raising())

        assert max(action.assets for action in made.actions) <= 50_000 * USDT
        assert near(after(made)[Tier.L1], 1_000_000)

    def test_are_no_more_than_a_plan_can_bear(self) -> None:
        situation = simple(620_000, 3_400_000, 5_980_000, trade_max=2_000 * USDT)

        made = planned(situation, raising())

        per_token: dict[str, list[Action]] = {}
        for action in made.actions:
            per_token.setdefault(action.token, []).append(action)
        assert max(map(len, per_token.values())) <= 21
