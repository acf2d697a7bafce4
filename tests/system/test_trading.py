"""The health of prices and of rebalancing, and what the first page says of them."""

from datetime import timedelta

import pytest
from django.core.cache import cache

from apps.core import clock
from apps.core.units import WAD
from apps.system.queries.dashboard import dashboard
from apps.system.queries.trading import oracle_state, rebalancing_state
from apps.system.rules import State
from tests.accounts.people import person, signed_in
from tests.system import samples

pytestmark = pytest.mark.django_db

ONE, OTHER = "0x" + "d1" * 20, "0x" + "d2" * 20


class TestPrices:
    def test_never_observed_is_unknown(self) -> None:
        assert oracle_state(clock.now()).state is State.UNKNOWN

    def test_known_and_fresh_is_up(self) -> None:
        at = clock.now()
        samples.price(at - timedelta(seconds=20), ONE)
        samples.price(at - timedelta(seconds=20), OTHER)

        part = oracle_state(at)

        assert part.state is State.UP
        assert part.sentence.startswith("2 prices known, looked at")

    def test_an_unknown_one_is_named_with_its_reason(self) -> None:
        at = clock.now()
        samples.price(at, ONE)
        samples.price(at, OTHER, price=None, reason="One fresh source is too few.", sources_used=0)

        part = oracle_state(at)

        assert part.state is State.DEGRADED
        assert part.sentence == f"Price of {OTHER} unknown: One fresh source is too few."
        assert part.figures["unknown"] == [OTHER]

    def test_contracts_that_trade_far_from_it_are_told(self) -> None:
        at = clock.now()
        samples.price(at, ONE, traded_price=WAD * 103 // 100, deviation_bps=300)

        part = oracle_state(at)

        assert part.state is State.DEGRADED
        assert part.figures["trades_apart"] == [ONE]

    def test_nobody_looking_is_down(self) -> None:
        at = clock.now()
        samples.price(at - timedelta(minutes=6), ONE)

        part = oracle_state(at)

        assert part.state is State.DOWN
        assert "Nobody has looked at prices" in part.sentence


class TestRebalancing:
    def test_without_a_plan_all_is_well(self) -> None:
        assert rebalancing_state(clock.now()).sentence == "No plan is open"

    @pytest.mark.parametrize(
        ("minutes", "state"), [(5, State.UP), (6, State.DEGRADED), (61, State.DOWN)]
    )
    def test_an_approved_plan_may_not_wait_long(self, minutes: int, state: State) -> None:
        at = clock.now()
        plan = samples.plan(at - timedelta(minutes=minutes))

        part = rebalancing_state(at)

        assert part.state is state
        assert part.sentence.startswith(f"R-{plan.pk}: approved")

    def test_what_it_waits_for_is_told(self) -> None:
        at = clock.now()
        plan = samples.plan(at)
        plan.waits_for = "The vault is paused."
        plan.save()

        assert "waits: The vault is paused." in rebalancing_state(at).sentence

    def test_one_that_people_have_not_approved_is_not_late(self) -> None:
        at = clock.now()
        samples.plan(at - timedelta(hours=2), approved=False)

        assert rebalancing_state(at).state is State.UP


class TestDashboard:
    def test_knows_the_open_plan_the_next_check_and_prices(self) -> None:
        at = clock.now()
        plan = samples.plan(at)
        samples.price(at, ONE)

        shown = dashboard(user_id=person("VIEWER").id, may_decide=False, at=at).rebalancing

        assert shown.plan == plan
        assert shown.next_at > at
        assert shown.prices.state is State.UP

    def test_shows_them(self) -> None:
        cache.clear()
        at = clock.now()
        samples.fill(at)
        plan = samples.plan(at)

        page = signed_in(person("VIEWER")).get("/admin/").content.decode()

        assert f"R-{plan.pk} approved" in page
        assert "No price observed yet" in page

    def test_a_late_plan_and_an_unknown_price_are_alerts(self) -> None:
        at = clock.now()
        samples.plan(at - timedelta(minutes=10))
        samples.price(at, ONE, price=None, reason="No source answers.", sources_used=0)

        found = dashboard(user_id=person("VIEWER").id, may_decide=False, at=at).alerts

        sentences = " ".join(alert.sentence for alert in found)
        assert "Rebalancing: R-" in sentences
        assert f"Oracle: Price of {ONE} unknown" in sentences
