"""Emergency tickets: who asks, what a vote signs, what an approval sends, how it ends."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.models import User
from apps.approvals import operations as approvals
from apps.approvals import queries as tickets
from apps.approvals.models import Rule, Ticket
from apps.chain import operations as chain
from apps.chain import queries as chain_queries
from apps.chain.calls import PauseRedemptions, SetEmergencyMode, UnpauseRedemptions
from apps.chain.models import Transaction
from apps.core import clock
from apps.risk import operations, queries
from apps.risk.models import Incident
from apps.risk.operations import deciding
from apps.risk.rules.life import Phase
from apps.risk.rules.protocol import TicketCause
from apps.risk.rules.switches import PROTOCOL_SUBJECT, Switch
from tests.accounts.people import Person, person
from tests.approvals.helpers import decide, open_ticket
from tests.forcing import guards_off
from tests.redemptions.helpers import CHAIN

from .emergencies import (
    NOON,
    after,
    alert,
    approve,
    ended,
    final,
    fund_stands,
    head_at,
    judge,
    lines,
    open_emergency,
    opened,
    sent,
    team,
    thrown,
    ticket_about,
)

pytestmark = pytest.mark.django_db

MODE_ON = SetEmergencyMode(chain_id=CHAIN, enabled=True)
PAUSE = PauseRedemptions(chain_id=CHAIN)


@pytest.fixture(autouse=True)
def people() -> list[Person]:
    return team()


def let_the_rule(**conditions: list[str]) -> None:
    """Two people have let the rule approve by itself for these facts."""
    with guards_off():
        Rule.objects.filter(kind="EMERGENCY_MODE").update(auto_approve=conditions)


class TestByHand:
    def test_asks_for_the_protocol_with_both_stops(self, people: list[Person]) -> None:
        ticket = open_emergency(people[0])

        assert (ticket.kind, ticket.subject_id) == ("EMERGENCY_MODE", PROTOCOL_SUBJECT)
        assert ticket.maker_user_id == people[0].id
        assert ticket.calls_hash == chain_queries.calls_hash([MODE_ON, PAUSE])
        assert [one["sentence"] for one in ticket.facts["calls"]] == [
            "Switch emergency mode on",
            "Pause the redemption manager",
        ]
        assert not Incident.objects.exists()

    def test_opens_on_two_votes_and_sends_both(self, people: list[Person]) -> None:
        ticket = open_emergency(people[0])

        decide(people[1], ticket, at=NOON)
        assert not Incident.objects.exists()
        decide(people[2], ticket, at=after(minutes=1))

        incident = Incident.objects.get()
        assert (incident.cause, incident.summary) == ("MANUAL", "A run on the fund")
        assert incident.opened_by == people[0].user.username
        assert tickets.ticket(ticket.pk).execution_status == "SENT"
        assert [row.kind for row in sent(ticket)] == [MODE_ON.kind, PAUSE.kind]
        assert {row.ticket_id for row in incident.actions.all()} == {ticket.pk}
        operations.advance_incidents(at=after(minutes=2))
        assert Ticket.objects.count() == 1

    def test_nobody_votes_on_what_they_asked(self, people: list[Person]) -> None:
        ticket = open_emergency(people[0])

        with pytest.raises(approvals.MakerCannotCheck):
            decide(people[0], ticket, at=NOON)

    def test_other_roles_do_not_vote(self, people: list[Person]) -> None:
        ticket = open_emergency(people[0])

        for role in ("RISK_OFFICER", "OPERATOR", "SUPER_ADMIN", "VIP_APPROVER"):
            with pytest.raises(approvals.VoteRefused):
                decide(person(role), ticket, at=NOON)
        operator = person("OPERATOR")
        with pytest.raises(IntegrityError, match="no_superusers"), transaction.atomic():
            User.objects.filter(pk=operator.id).update(is_superuser=True)

    def test_a_rejection_opens_nothing(self, people: list[Person]) -> None:
        ticket = open_emergency(people[0])

        decide(people[1], ticket, "REJECT", "It is a drill", at=NOON)

        assert not Incident.objects.exists()
        assert not Transaction.objects.exists()

    def test_needs_three_who_could_vote(self, people: list[Person]) -> None:
        people[3].user.groups.clear()

        with pytest.raises(approvals.TooFewEligible):
            open_emergency(people[0])

    def test_needs_a_reason(self, people: list[Person]) -> None:
        with pytest.raises(approvals.NoReason):
            operations.propose_emergency(reason=" ", actor=people[0].actor, at=NOON)

    def test_is_asked_once(self, people: list[Person]) -> None:
        open_emergency(people[0])

        with pytest.raises(operations.AlreadyAsked):
            open_emergency(people[1])

    def test_is_refused_while_an_incident_is_open(self, people: list[Person]) -> None:
        opened()

        with pytest.raises(operations.ProtocolIsOpen):
            open_emergency(people[0])

    def test_nobody_votes_once_an_incident_is_open(self, people: list[Person]) -> None:
        ticket = open_emergency(people[0])
        opened()

        with pytest.raises(approvals.FiguresChanged):
            decide(people[1], ticket, at=NOON)
        operations.advance_incidents(at=after(seconds=15))
        assert tickets.ticket(ticket.pk).status == "CANCELLED"

    def test_sends_only_what_is_not_so(self, people: list[Person]) -> None:
        ticket = open_emergency(people[0])
        thrown(Switch.REDEMPTIONS, True, serial=1)

        approve(ticket, people[1:], at=NOON)

        assert [row.kind for row in sent(ticket)] == [MODE_ON.kind]

    def test_without_a_call_only_opens(self, people: list[Person]) -> None:
        long_ago = clock.now() - timedelta(days=1)
        thrown(Switch.MODE, True, serial=1, at=long_ago)
        thrown(Switch.REDEMPTIONS, True, serial=2, at=long_ago)
        ticket = open_emergency(people[0])
        assert ticket.facts["calls"] == []

        approve(ticket, people[1:], at=NOON)

        assert Incident.objects.get().cause == "MANUAL"
        assert tickets.ticket(ticket.pk).execution_status == "DONE"
        assert not Transaction.objects.exists()


class TestOneSwitch:
    def test_asks_by_hand(self, people: list[Person]) -> None:
        ticket = operations.propose_switch(
            switch=Switch.REDEMPTIONS, on=True, reason="Calm down", actor=people[0].actor, at=NOON
        )

        assert ticket.subject_id == "emergency:PAUSE_REDEMPTIONS:on"
        assert "call" not in ticket.facts
        assert ticket.facts["cause"] == "BY_HAND"
        assert ticket.calls_hash == chain_queries.calls_hash([PAUSE])

    def test_refuses_what_is_so(self, people: list[Person]) -> None:
        with pytest.raises(operations.AlreadySo):
            operations.propose_switch(
                switch=Switch.MODE, on=False, reason="x", actor=people[0].actor, at=NOON
            )

    def test_refuses_what_is_on_its_way(self, people: list[Person]) -> None:
        approve(open_emergency(people[0]), people[1:], at=NOON)

        with pytest.raises(operations.AlreadySo):
            operations.propose_switch(
                switch=Switch.REDEMPTIONS, on=True, reason="x", actor=people[0].actor, at=NOON
            )

    def test_refuses_what_is_asked(self, people: list[Person]) -> None:
        opened()

        with pytest.raises(operations.AlreadyAsked):
            operations.propose_switch(
                switch=Switch.MODE, on=True, reason="x", actor=people[0].actor, at=NOON
            )

    def test_is_off_the_table_once_it_is_so(self, people: list[Person]) -> None:
        opened()
        ticket = ticket_about(Switch.REDEMPTIONS)
        thrown(Switch.REDEMPTIONS, True, serial=1)

        with pytest.raises(approvals.FiguresChanged):
            decide(people[0], ticket, at=NOON)
        operations.advance_incidents(at=after(minutes=1))
        assert ticket_about(Switch.REDEMPTIONS).status == "CANCELLED"
        assert ticket_about(Switch.MODE).status == "PENDING"


class TestOutcome:
    @pytest.fixture
    def ticket(self, people: list[Person]) -> Ticket:
        return approve(open_emergency(people[0]), people[1:], at=NOON)

    def test_is_done_once_every_call_is(self, ticket: Ticket) -> None:
        mode, pause = sent(ticket)

        ended(mode, at=after(minutes=1))
        assert tickets.ticket(ticket.pk).execution_status == "SENT"
        ended(pause, at=after(minutes=2))

        assert tickets.ticket(ticket.pk).execution_status == "DONE"
        found = list(Incident.objects.get().entries.filter(kind="CHAIN"))
        assert [row.text for row in found] == [
            "Switch emergency mode on: transaction final",
            "Pause the redemption manager: transaction final",
        ]
        assert found[0].reference["tx"].startswith("0x")

    @pytest.mark.parametrize("first", [0, 1])
    def test_is_failed_when_one_is(self, ticket: Ticket, first: int) -> None:
        good, bad = (sent(ticket)[place] for place in (first, 1 - first))

        ended(bad, "REVERTED", error="EnforcedPause()", at=after(minutes=1))
        ended(good, at=after(minutes=2))

        shown = tickets.ticket(ticket.pk)
        assert (shown.execution_status, shown.execution_error) == ("FAILED", "EnforcedPause()")

    def test_what_failed_is_sent_again_alone(self, ticket: Ticket, people: list[Person]) -> None:
        mode, pause = sent(ticket)
        ended(mode, at=after(minutes=1))
        thrown(Switch.MODE, True, serial=1)
        ended(pause, "FAILED", error="no gas", at=after(minutes=1))

        operations.retry_decision(ticket_id=ticket.pk, actor=people[3].actor, at=after(minutes=2))

        assert [row.kind for row in sent(ticket)] == [mode.kind, pause.kind, pause.kind]
        assert sent(ticket)[-1].key == f"{pause.key}:2"
        ended(sent(ticket)[-1], at=after(minutes=3))
        assert tickets.ticket(ticket.pk).execution_status == "DONE"

    def test_is_not_sent_again_while_it_goes_on(self, ticket: Ticket, people: list[Person]) -> None:
        with pytest.raises(operations.NothingToRetry):
            operations.retry_decision(ticket_id=ticket.pk, actor=people[3].actor, at=NOON)

    def test_is_sent_again_only_by_the_role(self, ticket: Ticket) -> None:
        for row in sent(ticket):
            ended(row, "FAILED", error="no gas", at=NOON)

        with pytest.raises(approvals.NotTheirs):
            operations.retry_decision(ticket_id=ticket.pk, actor=person("OPERATOR").actor, at=NOON)

    def test_is_not_sent_again_once_it_is_so(self, ticket: Ticket, people: list[Person]) -> None:
        for row in sent(ticket):
            ended(row, "FAILED", error="no gas", at=NOON)
        thrown(Switch.MODE, True, serial=1)
        thrown(Switch.REDEMPTIONS, True, serial=2)

        with pytest.raises(operations.NothingToRetry, match="so already"):
            operations.retry_decision(ticket_id=ticket.pk, actor=people[3].actor, at=NOON)

    def test_a_ticket_of_nobody_is_left_alone(self) -> None:
        other = open_ticket(kind="EMERGENCY_MODE", party_wallets=[])

        with pytest.raises(operations.NothingToRetry):
            operations.retry_decision(ticket_id=other.pk, actor=person("ADMIN").actor, at=NOON)


class TestTheRule:
    """Pausing by itself, where two people let the rule; PostgreSQL compares the facts."""

    ALERT = ["CriticalLiquidityAlert"]

    def test_pauses_on_an_alert(self) -> None:
        let_the_rule(call=["PAUSE_REDEMPTIONS"], cause=self.ALERT)

        final(alert())

        pause, mode = ticket_about(Switch.REDEMPTIONS), ticket_about(Switch.MODE)
        assert (pause.status, pause.auto_approved_by) == ("APPROVED", "EMERGENCY_MODE v1")
        assert [row.kind for row in sent(pause)] == ["PAUSE_REDEMPTIONS"]
        assert mode.status == "PENDING"
        assert sent(mode) == []

    def test_does_not_by_default(self) -> None:
        final(alert())

        assert ticket_about(Switch.REDEMPTIONS).status == "PENDING"
        assert not Transaction.objects.exists()

    def test_does_not_for_another_cause(self) -> None:
        let_the_rule(call=["PAUSE_REDEMPTIONS"], cause=self.ALERT)

        judge("CRITICAL")

        assert ticket_about(Switch.REDEMPTIONS).status == "PENDING"

    def test_takes_the_place_of_a_ticket_that_waits(self) -> None:
        let_the_rule(call=["PAUSE_REDEMPTIONS"], cause=self.ALERT)
        judge("CRITICAL")
        waiting = ticket_about(Switch.REDEMPTIONS)

        final(alert())

        assert tickets.ticket(waiting.pk).status == "CANCELLED"
        assert ticket_about(Switch.REDEMPTIONS).status == "APPROVED"
        assert [row.ticket_id for row in Incident.objects.get().actions.all()][-1] == (
            ticket_about(Switch.REDEMPTIONS).pk
        )

    def test_leaves_a_ticket_that_waits_where_people_decide(self) -> None:
        let_the_rule(call=["SET_EMERGENCY_MODE"], cause=self.ALERT)
        judge("CRITICAL")
        waiting = ticket_about(Switch.REDEMPTIONS)

        final(alert())

        assert ticket_about(Switch.REDEMPTIONS) == waiting
        assert tickets.ticket(waiting.pk).status == "PENDING"

    @pytest.mark.parametrize(
        "conditions", [{"call": ["PAUSE_REDEMPTIONS"]}, {"call": ["PROTOCOL"]}]
    )
    def test_lets_nobody_act_alone_by_hand(
        self, conditions: dict[str, list[str]], people: list[Person]
    ) -> None:
        let_the_rule(**conditions)

        ask = {"reason": "Alone", "actor": people[0].actor, "at": NOON}
        switch = operations.propose_switch(switch=Switch.REDEMPTIONS, on=True, **ask)
        protocol = operations.propose_emergency(**ask)

        assert (switch.status, protocol.status) == ("PENDING", "PENDING")
        assert not Transaction.objects.exists()

    def test_approves_nothing_that_a_person_asks_whatever_its_conditions(
        self, people: list[Person]
    ) -> None:
        let_the_rule(cause=["BY_HAND"])

        ask = {"reason": "Alone", "actor": people[0].actor, "at": NOON}
        with pytest.raises(deciding.PeopleDecide):
            operations.propose_switch(switch=Switch.REDEMPTIONS, on=True, **ask)
        with pytest.raises(deciding.PeopleDecide):
            operations.propose_emergency(**ask)

        assert not Transaction.objects.exists()
        assert not Incident.objects.exists()

    def test_lets_nothing_go_by_itself(self) -> None:
        let_the_rule(call=["SET_EMERGENCY_MODE"], cause=["RECOVERY"])
        thrown(Switch.MODE, True, serial=1)
        for minute in (1, 11, 21, 31):
            judge("CRITICAL", figures="NORMAL", at=after(minutes=minute))

        assert Incident.objects.get().phase == Phase.RECOVERY
        off = ticket_about(Switch.MODE, False)
        assert "call" not in off.facts
        assert off.status == "PENDING"

    def test_lets_nothing_go_though_its_conditions_name_no_call(self) -> None:
        let_the_rule(cause=["RECOVERY"])
        thrown(Switch.MODE, True, serial=1)
        for minute in (1, 11, 21, 31):
            judge("CRITICAL", figures="NORMAL", at=after(minutes=minute))

        assert not Transaction.objects.exists()
        assert any("Nobody could be asked" in text for text in lines(Incident.objects.get()))

    @pytest.mark.parametrize(
        "call",
        [
            SetEmergencyMode(chain_id=CHAIN, enabled=False),
            UnpauseRedemptions(chain_id=CHAIN),
        ],
    )
    def test_carries_nothing_but_stops(self, call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        let_the_rule(cause=["forged"])
        ticket = open_ticket(
            kind="EMERGENCY_MODE",
            party_wallets=[],
            facts={"cause": "forged"},
            calls_hash=chain_queries.calls_hash([call]),
        )
        assert ticket.auto_approved_by

        with pytest.raises(chain.NeedsTicket, match="people approved"):
            chain.submit(
                call=call, key="forged", ticket_id=ticket.pk, actor=person("ADMIN").actor, at=NOON
            )

    def test_of_another_kind_carries_no_stop(self) -> None:
        with guards_off():
            Rule.objects.filter(kind="POOL_ACTION").update(auto_approve={"cause": ["forged"]})
        ticket = open_ticket(
            kind="POOL_ACTION",
            party_wallets=[],
            facts={"cause": "forged"},
            calls_hash=chain_queries.calls_hash([PAUSE]),
        )

        with pytest.raises(chain.NeedsTicket):
            chain.submit(
                call=PAUSE, key="forged", ticket_id=ticket.pk, actor=person("ADMIN").actor, at=NOON
            )


class TestHearing:
    def test_an_alert_opens_the_protocol(self) -> None:
        final(alert())

        incident = Incident.objects.get()
        assert incident.cause == "CHAIN"
        assert "9.00 %, below 10.00 %; 90,000.00 USDT available" in incident.summary
        assert ticket_about(Switch.MODE).facts["cause"] == TicketCause.ALERT

    def test_an_old_one_does_not(self) -> None:
        final(alert(at=after(days=-1)))
        head_at(NOON)
        final(alert(serial=901, at=after(minutes=-61)))

        assert not Incident.objects.exists()
        assert not Ticket.objects.exists()

    def test_emergency_mode_opens_it(self) -> None:
        thrown(Switch.MODE, True, serial=1)

        assert Incident.objects.get().cause == "CHAIN"
        assert [row.subject_id for row in Ticket.objects.all()] == [
            "emergency:PAUSE_REDEMPTIONS:on"
        ]

    def test_emergency_mode_off_does_not(self) -> None:
        thrown(Switch.MODE, False, serial=1)

        assert not Incident.objects.exists()

    def test_what_contracts_say_meanwhile_is_noted(self) -> None:
        incident = opened()

        final(alert())
        thrown(Switch.MODE, True, serial=1)
        thrown(Switch.REDEMPTIONS, True, serial=2)
        thrown(Switch.REDEMPTIONS, False, serial=3)
        thrown(Switch.MODE, False, serial=4)

        told = lines(incident, "CHAIN")
        assert told[0].startswith("Critical liquidity alert: liquidity is 9.00 %")
        assert told[1:] == [
            "Emergency mode is on.",
            f"The redemption manager was paused by 0x{'ad' * 20}.",
            f"The redemption manager was unpaused by 0x{'ad' * 20}.",
            "Emergency mode is off.",
        ]


class TestPanel:
    def test_shows_before_now_and_after(self, people: list[Person]) -> None:
        fund_stands()
        ticket = open_emergency(people[0])
        thrown(Switch.REDEMPTIONS, True, serial=1)

        shown = queries.describe_ticket(ticket)

        assert shown["changes"] == [
            {"name": "Emergency mode", "then": "off", "now": "off", "after": "on"},
            {
                "name": "New standard redemptions",
                "then": "open",
                "now": "paused",
                "after": "paused",
            },
        ]
        assert "nobody can make a new standard request" in shown["sentence"]
        assert [run["ok"] for run in shown["dry_runs"]] == [None, None]  # no node answers

    def test_points_to_the_incident(self) -> None:
        incident = opened()

        shown = queries.describe_ticket(ticket_about(Switch.MODE))

        assert shown["url"].endswith(f"/incident/{incident.pk}/change/")
        assert shown["incident"] == incident.pk
