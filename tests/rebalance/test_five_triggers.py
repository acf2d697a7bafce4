"""All five kinds of trigger over one fund, as the clock, the chain and people set them off."""

import pytest
from django.urls import reverse

from apps.chain.models import Cursor
from apps.core import clock
from apps.rebalance import operations, tasks
from apps.rebalance.models import Plan, TriggerEvent
from apps.rebalance.operations import PlanOpen
from tests.accounts.people import person, signed_in

from .helpers import LIQUIDITY, Fund, admins
from .running import CHAIN, NOON, final_at
from .shown import read_fund
from .test_watching import BALANCED
from .test_wishing import hear, nav, subscription

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def standing() -> None:
    """A fund of a million with 4 % in L1, read a moment ago; the chain's head is of noon."""
    admins()
    read_fund(clock.now())
    final_at(NOON)
    Cursor.objects.update(head_at=NOON)


def by_clock() -> None:
    """What the clock starts within a minute in which all is due."""
    tasks.consider_liquidity()
    tasks.consider_thresholds()
    tasks.consider_daily()
    tasks.consider_windows()
    tasks.consider_wishes()


def told() -> list[tuple[str, str, int | None]]:
    return list(TriggerEvent.objects.order_by("id").values_list("kind", "outcome", "plan"))


class TestAllFive:
    def test_one_plan_is_open_and_the_others_are_recorded_on_it(self, fund_now: Fund) -> None:
        omar = person("OPERATOR")
        preview = operations.preview(
            chain_id=CHAIN, aim=LIQUIDITY, actor=omar.actor, at=clock.now()
        )
        hear(subscription(150_000))

        by_clock()

        with pytest.raises(PlanOpen):
            operations.submit(
                preview_id=preview.pk, reason="by hand", actor=omar.actor, at=clock.now()
            )
        plan = Plan.objects.get()
        assert (plan.trigger, plan.status) == ("LIQUIDITY", "PENDING_APPROVAL")
        assert told()[0] == ("LIQUIDITY", "PLANNED", plan.pk)
        # A tier and an asset beyond their limits; the day and the week; the subscription.
        assert sorted(told()[1:]) == sorted(
            [(kind, "RECORDED", plan.pk) for kind in ("THRESHOLD", "SCHEDULED") * 2]
            + [("EVENT", "RECORDED", plan.pk)]
        )

    def test_people_plan_when_nothing_is_open_and_then_the_clock_only_records(
        self, fund_now: Fund
    ) -> None:
        omar = person("OPERATOR")
        preview = operations.preview(
            chain_id=CHAIN, aim=LIQUIDITY, actor=omar.actor, at=clock.now()
        )
        plan = operations.submit(
            preview_id=preview.pk, reason="by hand", actor=omar.actor, at=clock.now()
        )

        by_clock()

        assert (plan.trigger, plan.trigger_reason) == ("MANUAL", "by hand")
        assert {(outcome, number) for _, outcome, number in told()} == {("RECORDED", plan.pk)}
        assert Plan.objects.count() == 1

    def test_each_says_why_nothing_comes_of_it(self, fund_now: Fund) -> None:
        fund_now.stands = BALANCED
        hear(subscription(150_000, serial=2))
        hear(nav(10_000, 10_600))

        by_clock()
        by_clock()

        rows = {
            (row.kind, row.reason): (row.outcome, row.explanation, row.times)
            for row in TriggerEvent.objects.all()
        }
        assert not Plan.objects.exists()
        assert {kind for kind, _ in rows} == {"THRESHOLD", "SCHEDULED", "EVENT"}
        assert {outcome for outcome, _, _ in rows.values()} == {"NOTHING"}
        assert all(why for _, why, _ in rows.values())
        [subscribed] = [row for (kind, why), row in rows.items() if "subscription" in why]
        assert subscribed == (
            "NOTHING",
            "L1 is 10.00 %, not above 15.00 %: no surplus to deploy",
            1,
        )

    def test_the_list_reads_well(self, fund_now: Fund) -> None:
        hear(subscription(150_000))
        by_clock()

        client = signed_in(person("VIEWER"))
        page = client.get(reverse("admin:rebalance_triggerevent_changelist")).content.decode()

        for words in (
            "L1 is 4.00 %, below 8.00 %",
            "a subscription of 150,000.00 USDT, more than 100,000.00",
            "the daily look at the tiers",
            "the weekly look at weights of assets",
            f"R-{Plan.objects.get().pk}",
        ):
            assert words in page
