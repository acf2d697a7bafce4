"""Somebody looks afterwards at what nobody approved."""

import pytest

from apps.audit.models import OperationLog
from apps.rebalance import operations, queries
from apps.rebalance.models import Plan
from tests.accounts.people import person
from tests.forcing import guards_off

from .helpers import admins, planned
from .running import MTMM, NOON, approved, sell

pytestmark = pytest.mark.django_db


def ended(plan: Plan) -> Plan:
    with guards_off():
        Plan.objects.filter(pk=plan.pk).update(status="COMPLETED", finished_at=NOON, outcome="done")
    return queries.plan(plan.pk)


class TestReview:
    def test_is_written_down_once(self) -> None:
        rita = person("RISK_OFFICER")
        plan = ended(approved(sell(1, MTMM, 20_000)))

        operations.review(plan_id=plan.pk, actor=rita.actor, at=NOON)

        plan = queries.plan(plan.pk)
        assert (plan.to_review, plan.reviewed_by_name, plan.reviewed_at) == (
            False,
            rita.user.username,
            NOON,
        )
        assert OperationLog.objects.filter(action="rebalance.reviewed").count() == 1
        with pytest.raises(operations.NothingToReview):
            operations.review(plan_id=plan.pk, actor=rita.actor, at=NOON)

    def test_waits_for_the_end(self) -> None:
        plan = approved(sell(1, MTMM, 20_000))

        with pytest.raises(operations.NothingToReview):
            operations.review(plan_id=plan.pk, actor=person("RISK_OFFICER").actor, at=NOON)

    def test_refuses_what_people_approved(self) -> None:
        admins()
        plan = ended(planned(sell(1, MTMM, 60_000)))

        with pytest.raises(operations.NothingToReview):
            operations.review(plan_id=plan.pk, actor=person("RISK_OFFICER").actor, at=NOON)

    def test_refuses_who_made_it(self) -> None:
        ada = person("ADMIN")
        plan = ended(planned(sell(1, MTMM, 20_000), actor=ada.actor))

        with pytest.raises(operations.MakerCannotReview):
            operations.review(plan_id=plan.pk, actor=ada.actor, at=NOON)

    def test_refuses_what_does_not_exist(self) -> None:
        with pytest.raises(queries.PlanNotFound):
            operations.review(plan_id=404, actor=person("RISK_OFFICER").actor, at=NOON)
