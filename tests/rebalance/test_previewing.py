"""Looking at a plan changes nothing."""

from datetime import timedelta

import pytest

from apps.approvals.models import Ticket
from apps.chain.client import ChainUnavailable
from apps.chain.terms import Tier
from apps.rebalance import operations, queries
from apps.rebalance.models import Plan, Preview
from apps.rebalance.rules import frozen
from apps.rebalance.rules.figures import Aim, AimKind
from apps.rebalance.rules.goals import BadTargets
from tests.accounts.people import person
from tests.forcing import guards_off

from .helpers import CLOCK, LIQUIDITY, Fund
from .running import (
    CHAIN,
    CPCS,
    MTMM,
    NOON,
    USDT,
    approved,
    buy,
    executing,
    holding,
    sell,
    situation,
)

pytestmark = pytest.mark.django_db


class TestPreview:
    def test_is_kept_for_five_minutes_and_changes_nothing_else(self, fund_now: Fund) -> None:
        omar = person("OPERATOR")

        preview = operations.preview(chain_id=CHAIN, aim=LIQUIDITY, actor=omar.actor, at=NOON)

        assert (preview.created_by_id, preview.created_by_name) == (omar.id, omar.user.username)
        assert preview.expires_at == NOON + timedelta(minutes=5)
        assert (preview.policy_version, preview.reverse_of_id) == (1, None)
        assert frozen.situation_from_json(preview.situation) == situation()
        assert frozen.aim_from_json(preview.aim) == LIQUIDITY
        blueprint = frozen.blueprint_from_json(preview.blueprint)
        assert preview.content_hash == frozen.content_hash(blueprint, situation())
        assert not Plan.objects.exists()
        assert not Ticket.objects.exists()

    def test_plans_exactly_to_targets(self, fund_now: Fund) -> None:
        aim = Aim(kind=AimKind.EXACT, target_bps={Tier.L1: 800, Tier.L2: 3_200, Tier.L3: 6_000})

        preview = operations.preview(
            chain_id=CHAIN, aim=aim, actor=person("OPERATOR").actor, at=NOON
        )

        tiers = frozen.blueprint_from_json(preview.blueprint).tiers
        assert [tier.target_bps for tier in tiers] == [800, 3_200, 6_000]

    def test_refuses_targets_that_make_no_sense(self, fund_now: Fund) -> None:
        aim = Aim(kind=AimKind.EXACT, target_bps={Tier.L1: 800, Tier.L2: 3_200, Tier.L3: 6_001})

        with pytest.raises(BadTargets):
            operations.preview(chain_id=CHAIN, aim=aim, actor=person("OPERATOR").actor, at=NOON)

    def test_refuses_where_nothing_is_to_be_done(self, fund_now: Fund) -> None:
        fund_now.stands = situation(
            100_000, holdings=(holding(MTMM, 300_000), holding(CPCS, 600_000))
        )

        with pytest.raises(operations.NothingToDo):
            operations.preview(
                chain_id=CHAIN, aim=LIQUIDITY, actor=person("OPERATOR").actor, at=NOON
            )
        assert not Preview.objects.exists()

    @pytest.mark.parametrize(
        "why", [ChainUnavailable("no node answers"), queries.SituationUnknown("no price of CPCS")]
    )
    def test_refuses_without_knowing_the_fund(self, fund_now: Fund, why: Exception) -> None:
        fund_now.stands = why

        with pytest.raises(type(why)):
            operations.preview(
                chain_id=CHAIN, aim=LIQUIDITY, actor=person("OPERATOR").actor, at=NOON
            )

    def test_refuses_the_clock(self, fund_now: Fund) -> None:
        with pytest.raises(operations.NobodyAsks):
            operations.preview(chain_id=CHAIN, aim=LIQUIDITY, actor=CLOCK, at=NOON)


class TestReverse:
    def test_undoes_what_was_really_done(self, fund_now: Fund) -> None:
        plan = executing(sell(1, MTMM, 40_000), sell(2, CPCS, 5_000))
        with guards_off():
            Plan.objects.filter(pk=plan.pk).update(
                status="PARTIALLY_COMPLETED", finished_at=NOON, outcome="half"
            )
            plan.legs.filter(position=1).update(
                status="DONE",
                realised_assets=39_000 * USDT,
                realised_tokens=40_000 * USDT,
                tx_hash="0x" + "ab" * 32,
            )
            plan.legs.filter(position=2).update(status="FAILED")
        fund_now.stands = situation(
            140_000, holdings=(holding(MTMM, 260_000), *situation().holdings[1:])
        )

        preview = operations.preview_reverse(
            plan_id=plan.pk, actor=person("OPERATOR").actor, at=NOON
        )

        aim = frozen.aim_from_json(preview.aim)
        assert (aim.kind, preview.reverse_of_id) == (AimKind.REVERSE, plan.pk)
        assert aim.undo == {MTMM: 39_000 * USDT}
        actions = frozen.blueprint_from_json(preview.blueprint).actions
        assert [(action.kind, action.token) for action in actions] == [("PURCHASE", MTMM)]

    def test_refuses_what_has_not_ended(self, fund_now: Fund) -> None:
        plan = approved(buy(1, CPCS, 20_000))

        with pytest.raises(operations.NothingToReverse):
            operations.preview_reverse(plan_id=plan.pk, actor=person("OPERATOR").actor, at=NOON)

    def test_refuses_what_did_nothing(self, fund_now: Fund) -> None:
        plan = approved(buy(1, CPCS, 20_000))
        with guards_off():
            Plan.objects.filter(pk=plan.pk).update(
                status="FAILED", finished_at=NOON, outcome="nothing was sent"
            )

        with pytest.raises(operations.NothingToReverse):
            operations.preview_reverse(plan_id=plan.pk, actor=person("OPERATOR").actor, at=NOON)

    def test_refuses_what_does_not_exist(self, fund_now: Fund) -> None:
        with pytest.raises(queries.PlanNotFound):
            operations.preview_reverse(plan_id=404, actor=person("OPERATOR").actor, at=NOON)
