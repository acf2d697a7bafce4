"""From a situation and an aim to a plan, or to the reason why there is none.

Two planners propose under the same limits, the rules and the optimiser; both proposals become
actions in the same way and are judged by the same measure, after all rounding. The better one is
taken, the rules' when they are equal, or when the optimiser has nothing valid to say.
"""

from apps.chain.terms import Tier
from apps.core.units import bps_of
from apps.rebalance.rules.by_rules import Wish, propose
from apps.rebalance.rules.figures import (
    Aim,
    AimKind,
    Blueprint,
    NoPlan,
    Parameters,
    Planner,
    Score,
    Situation,
    TierFigures,
)
from apps.rebalance.rules.goals import BadTargets, Goal, goal_of
from apps.rebalance.rules.legs import Draft, Explain, Proposal, draft_of
from apps.rebalance.rules.limits import Limits, limits_of, violation
from apps.rebalance.rules.obstacles import why_nothing
from apps.rebalance.rules.optimising import Unsolved, optimise, tolerance
from apps.rebalance.rules.scoring import score_of
from apps.rebalance.rules.words import explaining, warnings_of

__all__ = ["BadTargets", "plan"]

# In how many steps the rules' proposal is made smaller when all of it must not be done.
_STEPS = 20


def plan(situation: Situation, parameters: Parameters, aim: Aim) -> Blueprint | NoPlan:
    """Plan what an aim asks for.

    Raises:
        BadTargets: the ratios of an EXACT aim do not sum to the whole, or lie outside the bands.
    """
    goal = goal_of(situation, parameters, aim)
    if isinstance(goal, NoPlan):
        return goal
    return _Planning(situation, parameters, goal).result()


class _Planning:
    """One planning; the goal is known."""

    def __init__(self, situation: Situation, parameters: Parameters, goal: Goal) -> None:
        self._situation, self._parameters, self._goal = situation, parameters, goal
        self._limits: Limits = limits_of(situation, parameters, goal.aim)
        self._explain: Explain = explaining(situation, parameters, goal)

    def result(self) -> Blueprint | NoPlan:
        """The better of both proposals, or why neither may be done."""
        wish = propose(self._situation, self._parameters, self._goal, self._limits)
        if not self._draft(wish.proposal).actions:
            return NoPlan(
                reason=why_nothing(self._situation, self._parameters, self._goal, self._limits)
            )
        ruled, why_not = self._feasible(wish)
        if why_not:
            return NoPlan(reason=why_not)
        scores, best, warnings = [self._score(Planner.RULES, ruled)], ruled, []
        # What is to be undone is given, asset by asset: there is nothing to choose.
        if self._goal.aim.kind is not AimKind.REVERSE:
            try:
                other = self._optimised(wish, ruled)
            except Unsolved as error:
                warnings.append(f"planned by the rules alone: {error}")
            else:
                scores.append(self._score(Planner.OPTIMISER, other))
                if scores[1].total < scores[0].total:
                    scores.reverse()
                    best = other
        return self._blueprint(best, scores, warnings)

    def _feasible(self, wish: Wish) -> tuple[Draft, str]:
        """The rules' proposal, or the largest part of it that breaks no limit."""
        why_not = ""
        for step in range(_STEPS, 0, -1):
            part = {token: assets * step // _STEPS for token, assets in wish.proposal.items()}
            draft = self._draft(part)
            broken = self._violation(draft)
            if not broken:
                return draft, ""
            why_not = why_not or broken
        return draft, why_not

    def _optimised(self, wish: Wish, ruled: Draft) -> Draft:
        situation, goal = self._situation, self._goal
        proposal = optimise(situation, self._parameters, goal, self._limits, wish, ruled)
        draft = self._draft(proposal)
        if broken := self._violation(draft):
            raise Unsolved(f"the optimiser's proposal was not kept ({broken})")
        if not self._reaches(wish, ruled, draft):
            raise Unsolved("the optimiser's proposal missed the goal after rounding")
        return draft

    def _reaches(self, wish: Wish, ruled: Draft, draft: Draft) -> bool:
        """Whether every tier is as near to where it is meant to be as the rules brought it."""
        slack = tolerance(self._situation, ruled)
        tiers = all(
            abs(draft.tiers[tier] - wish.tiers[tier])
            <= abs(ruled.tiers[tier] - wish.tiers[tier]) + slack
            for tier in Tier
        )
        cash = self._goal.aim.kind is not AimKind.LIQUIDITY or (
            draft.spendable_cash + self._situation.gross // 100_000 >= ruled.spendable_cash
        )
        return tiers and cash

    def _draft(self, proposal: Proposal) -> Draft:
        situation, parameters = self._situation, self._parameters
        return draft_of(situation, parameters, self._goal.aim, proposal, self._explain)

    def _violation(self, draft: Draft) -> str:
        return violation(self._situation, self._parameters, self._goal.aim, draft)

    def _score(self, planner: Planner, draft: Draft) -> Score:
        return score_of(planner, self._situation, self._parameters, self._goal, draft)

    def _blueprint(self, draft: Draft, scores: list[Score], warnings: list[str]) -> Blueprint:
        told = warnings_of(self._situation, self._parameters, self._goal, draft)
        return Blueprint(
            aim=self._goal.aim,
            actions=draft.actions,
            tiers=tuple(self._figures(tier, draft) for tier in Tier),
            amount_assets=draft.amount_assets,
            slippage_assets=draft.slippage_assets,
            gas_assets=draft.gas_assets,
            planner=scores[0].planner,
            scores=tuple(scores),
            warnings=tuple(dict.fromkeys([*told, *warnings])),
        )

    def _figures(self, tier: Tier, draft: Draft) -> TierFigures:
        return TierFigures(
            tier=tier,
            before=self._situation.tier_assets(tier),
            after=draft.tier_assets(tier),
            target=self._goal.tiers[tier],
            before_bps=self._situation.ratio_bps(tier),
            after_bps=bps_of(draft.tier_assets(tier), draft.gross),
            target_bps=self._goal.target_bps[tier],
        )
