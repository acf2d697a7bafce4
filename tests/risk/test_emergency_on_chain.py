"""An emergency on a real node: the contract's alarm, people's votes, the stops, the plan, the way
back; and who may do none of it."""

from datetime import timedelta

import pytest

from apps.approvals import operations as approvals
from apps.approvals.models import Rule, Ticket
from apps.chain.models import Transaction
from apps.core import clock
from apps.fund.tasks import take_overview
from apps.rebalance.models import Plan
from apps.risk import operations, queries
from apps.risk.models import Incident
from apps.risk.queries.switches import positions
from apps.risk.rules.life import Phase
from apps.risk.rules.switches import Switch
from tests.accounts.people import person
from tests.approvals.helpers import decide
from tests.chain_world import World
from tests.forcing import guards_off
from tests.rebalance.floor import Floor

from .emergencies import approve, lines, open_emergency, sent, ticket_about

pytestmark = [pytest.mark.chain, pytest.mark.django_db]


@pytest.fixture
def floor(world: World) -> Floor:
    """A million, as on an ordinary day, and four administrators: one asks, three could vote."""
    floor = Floor(world)
    floor.people.append(person("ADMIN"))
    floor.fund(1_000_000)
    return floor


def incident() -> Incident:
    return Incident.objects.get()


def on_chain(floor: Floor) -> tuple[bool, bool]:
    """Whether emergency mode is on, and whether the manager is paused, as the contracts say."""
    scenario = floor.world.scenario
    return scenario.state().emergency_mode, scenario.manager.read("paused")


def vote_for(ticket: Ticket, floor: Floor) -> Ticket:
    return approve(ticket, floor.people, at=clock.now())


class TestTheWholeWay:
    def test_from_the_alarm_to_calm(self, floor: Floor) -> None:
        world = floor.world

        world.scenario.trigger_critical_liquidity_alert()
        world.finalise()

        assert (incident().cause, incident().phase) == ("CHAIN", "ALARM")
        assert incident().summary.startswith("Critical liquidity alert: liquidity is 8.0")
        mode, pause = ticket_about(Switch.MODE), ticket_about(Switch.REDEMPTIONS)
        assert [run["ok"] for run in queries.describe_ticket(pause)["dry_runs"]] == [True]
        assert on_chain(floor) == (False, False)

        vote_for(pause, floor)
        vote_for(mode, floor)
        world.send_all()

        assert on_chain(floor) == (True, True)
        assert positions() == {Switch.MODE: True, Switch.REDEMPTIONS: True}
        done = Ticket.objects.filter(kind="EMERGENCY_MODE")
        assert {row.execution_status for row in done} == {"DONE"}
        told = lines(incident(), "CHAIN")
        assert "Emergency mode is on." in told
        assert "Switch emergency mode on: transaction final" in told

        floor.settle()
        operations.assess(at=clock.now())
        operations.advance_incidents(at=clock.now())

        assert incident().phase == Phase.LIQUIDITY, "everything it stops is stopped"
        plan = Plan.objects.get()
        view = queries.incident(incident().pk)
        assert view.gap is not None
        assert plan.legs.filter(kind="REDEEM", tier_from=2).exists()
        floor.approve(plan)
        plan = floor.carry_out(plan)
        assert plan.status == "COMPLETED", plan.outcome
        assert any("ended, completed" in text for text in lines(incident(), "PLAN"))
        assert view.gap.assets > 0
        take_overview()

        world.scenario.restore_liquidity()
        floor.settle()
        operations.assess(at=clock.now())
        assert incident().calm_since is not None
        with guards_off():  # half an hour later
            since = clock.now() - timedelta(minutes=31)
            Incident.objects.update(calm_since=since)
        operations.assess(at=clock.now())

        assert incident().phase == Phase.RECOVERY
        assert on_chain(floor) == (True, True), "only people let it go"
        for switch in Switch:
            vote_for(ticket_about(switch, False), floor)
        world.send_all()

        assert on_chain(floor) == (False, False)
        self.end_it()

    def end_it(self) -> None:
        operations.close(
            incident_id=incident().pk,
            lessons="Hold more cash",
            actor=person("RISK_OFFICER").actor,
            at=clock.now() + timedelta(hours=2),
        )

        assert incident().phase == Phase.CLOSED
        view = queries.incident(incident().pk)
        assert [(one.title, one.state) for one in view.actions] == [
            ("Switch emergency mode on", "Done"),
            ("Pause the redemption manager", "Done"),
            ("Raise liquidity", "Completed"),
            ("Switch emergency mode off", "Done"),
            ("Unpause the redemption manager", "Done"),
        ]
        assert view.gas_used > 0

    def test_by_hand_in_one_decision(self, floor: Floor) -> None:
        ticket = open_emergency(floor.people[0], at=clock.now())
        with pytest.raises(approvals.MakerCannotCheck):
            decide(floor.people[0], ticket, at=clock.now())
        approve(ticket, floor.people[1:], at=clock.now())

        floor.world.send_all()

        assert on_chain(floor) == (True, True)
        assert incident().cause == "MANUAL"
        assert [row.kind for row in sent(ticket)] == ["SET_EMERGENCY_MODE", "PAUSE_REDEMPTIONS"]
        assert Ticket.objects.get(pk=ticket.pk).execution_status == "DONE"
        assert Ticket.objects.count() == 1


class TestTheRule:
    def test_pauses_by_itself_where_two_people_let_it(self, floor: Floor) -> None:
        with guards_off():
            Rule.objects.filter(kind="EMERGENCY_MODE").update(
                auto_approve={"call": ["PAUSE_REDEMPTIONS"], "cause": ["CriticalLiquidityAlert"]}
            )

        floor.world.scenario.trigger_critical_liquidity_alert()
        floor.world.finalise()
        floor.world.send_all()

        assert on_chain(floor) == (False, True)
        assert ticket_about(Switch.REDEMPTIONS).auto_approved_by == "EMERGENCY_MODE v1"
        assert ticket_about(Switch.MODE).status == "PENDING"


class TestHistory:
    def test_old_alarms_open_nothing(self, floor: Floor) -> None:
        """The fixture's fund was read; what follows happens while nobody reads."""
        scenario = floor.world.scenario
        scenario.trigger_critical_liquidity_alert()
        scenario.set_emergency_mode(True)
        scenario.set_emergency_mode(False)
        scenario.advance_time(2 * 3_600)
        scenario.mine(20)

        floor.world.finalise()

        assert not Incident.objects.exists()
        assert not Ticket.objects.filter(kind="EMERGENCY_MODE").exists()
        assert not Transaction.objects.exists()


class TestFailure:
    def test_what_reverts_is_shown_and_sent_again_by_the_role_alone(self, floor: Floor) -> None:
        ticket = operations.propose_switch(
            switch=Switch.REDEMPTIONS,
            on=True,
            reason="A run on the fund",
            actor=floor.people[0].actor,
            at=clock.now(),
        )
        approve(ticket, floor.people[1:], at=clock.now())
        floor.world.scenario.pause("redemption_manager")  # somebody was faster
        floor.world.send_all()

        shown = Ticket.objects.get(pk=ticket.pk)
        assert shown.execution_status == "FAILED"
        assert "EnforcedPause" in shown.execution_error or "paused" in shown.execution_error
        with pytest.raises(operations.NothingToRetry, match="so already"):
            operations.retry_decision(
                ticket_id=ticket.pk, actor=floor.people[1].actor, at=clock.now()
            )

        floor.world.scenario.unpause("redemption_manager")
        floor.world.finalise()
        with pytest.raises(approvals.NotTheirs):
            operations.retry_decision(
                ticket_id=ticket.pk, actor=person("OPERATOR").actor, at=clock.now()
            )
        operations.retry_decision(ticket_id=ticket.pk, actor=floor.people[1].actor, at=clock.now())
        floor.world.send_all()

        assert on_chain(floor)[1] is True
        assert Ticket.objects.get(pk=ticket.pk).execution_status == "DONE"
