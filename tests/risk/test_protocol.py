"""The protocol as time passes: level by level, phase by phase, and back to calm."""

from datetime import datetime, timedelta

import pytest

from apps.approvals import operations as approvals
from apps.approvals.models import Rule, Ticket
from apps.risk import operations
from apps.risk.models import Incident
from apps.risk.rules.switches import Switch
from tests.accounts.people import Person, person
from tests.approvals.helpers import decide
from tests.forcing import guards_off

from .emergencies import (
    NOON,
    after,
    approve,
    ended,
    judge,
    lines,
    opened,
    sent,
    team,
    thrown,
    ticket_about,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def people(request: pytest.FixtureRequest) -> list[Person]:
    return team()


def incident() -> Incident:
    return Incident.objects.get()


def expire_tickets(*, at: datetime) -> None:
    """The rule rejects at the deadline, and it has passed."""
    with guards_off():
        Ticket.objects.filter(status="PENDING").update(auto_reject=True)
    approvals.tick(at)


class TestLevels:
    @pytest.mark.parametrize("level", ["NORMAL", "ELEVATED"])
    def test_below_high_asks_for_nothing(self, level: str) -> None:
        judge(level)

        assert not Ticket.objects.exists()
        assert not Incident.objects.exists()

    def test_high_asks_for_pausing_and_opens_nothing(self) -> None:
        judge("HIGH")

        (ticket,) = Ticket.objects.all()
        assert ticket.subject_id == "emergency:PAUSE_REDEMPTIONS:on"
        assert (ticket.facts["cause"], ticket.facts["level"]) == ("LEVEL_HIGH", "HIGH")
        assert ticket.assessment["level"] == "HIGH"
        assert ticket.conditions[1] == {"text": "Something is HIGH.", "met": True}
        assert not Incident.objects.exists()

    def test_high_asks_once_while_it_lasts(self, people: list[Person]) -> None:
        judge("HIGH")
        decide(people[0], ticket_about(Switch.REDEMPTIONS), "REJECT", "Not yet", at=NOON)

        for minutes in range(1, 10):
            judge("HIGH", at=after(minutes=minutes))

        assert Ticket.objects.count() == 1

    def test_high_asks_again_when_it_is_back(self, people: list[Person]) -> None:
        judge("HIGH")
        decide(people[0], ticket_about(Switch.REDEMPTIONS), "REJECT", "Not yet", at=NOON)
        judge("ELEVATED", at=after(minutes=1))

        judge("HIGH", at=after(minutes=2))

        assert Ticket.objects.count() == 2

    def test_what_expired_is_asked_twice_more(self) -> None:
        for hours in range(6):
            judge("HIGH", at=after(hours=hours))
            expire_tickets(at=after(hours=hours, minutes=30))

        assert [row.status for row in Ticket.objects.all()] == ["EXPIRED"] * 3

    def test_high_asks_for_nothing_that_is_paused(self) -> None:
        thrown(Switch.REDEMPTIONS, True, serial=1)

        judge("HIGH")

        assert not Ticket.objects.exists()

    def test_high_without_anybody_to_ask_is_judged_all_the_same(self, people: list[Person]) -> None:
        for who in people:
            who.user.groups.clear()

        judge("HIGH")

        assert not Ticket.objects.exists()

    def test_critical_takes_over_what_high_asked(self) -> None:
        judge("HIGH")
        asked = ticket_about(Switch.REDEMPTIONS)

        judge("CRITICAL", at=after(minutes=1))

        assert ticket_about(Switch.REDEMPTIONS) == asked
        assert {row.ticket_id for row in incident().actions.all()} == {
            asked.pk,
            ticket_about(Switch.MODE).pk,
        }
        assert any("was opened before and waits" in text for text in lines(incident(), "TICKET"))

    def test_a_level_change_is_in_the_timeline(self) -> None:
        judge("CRITICAL")
        judge("HIGH", at=after(minutes=1))
        judge("HIGH", at=after(minutes=2))

        assert lines(incident(), "LEVEL") == ["Level HIGH: Something is HIGH."]


class TestAskingAgain:
    def test_what_expired_twice_more(self) -> None:
        opened()
        for step in range(6):
            at = after(hours=step)
            operations.advance_incidents(at=at)
            expire_tickets(at=at + timedelta(minutes=30))

        assert Ticket.objects.filter(subject_id__contains="SET_EMERGENCY").count() == 3
        assert Ticket.objects.filter(subject_id__contains="PAUSE").count() == 3

    def test_not_against_people(self, people: list[Person]) -> None:
        opened()
        decide(people[0], ticket_about(Switch.MODE), "REJECT", "It makes it worse", at=NOON)

        operations.advance_incidents(at=after(minutes=10))

        assert Ticket.objects.filter(subject_id__contains="SET_EMERGENCY").count() == 1

    def test_when_there_is_somebody_to_ask(self, people: list[Person]) -> None:
        for who in people[1:]:
            who.user.groups.clear()
        found = opened()
        operations.advance_incidents(at=after(seconds=15))
        operations.advance_incidents(at=after(seconds=30))
        assert sum("Nobody" in text for text in lines(found, "TICKET")) == 2

        team()
        operations.advance_incidents(at=after(seconds=45))

        assert Ticket.objects.count() == 2


class TestCalm:
    def calm(self, start: int, end: int, *, level: str = "NORMAL") -> None:
        for minute in range(start, end + 1):
            judge("CRITICAL", figures=level, at=after(minutes=minute))

    def test_recovers_after_the_set_time(self) -> None:
        judge("CRITICAL")

        self.calm(1, 30)
        assert (incident().phase, incident().calm_since) == ("ALARM", after(minutes=1))
        self.calm(31, 31)

        assert incident().phase == "RECOVERY"

    @pytest.mark.parametrize(("level", "phase"), [("ELEVATED", "RECOVERY"), ("HIGH", "ALARM")])
    def test_counts_elevated_as_calm_and_no_more(self, level: str, phase: str) -> None:
        judge("CRITICAL")

        self.calm(1, 40, level=level)

        assert incident().phase == phase

    def test_begins_anew_after_a_worse_reading(self) -> None:
        judge("CRITICAL")
        self.calm(1, 20)
        judge("CRITICAL", at=after(minutes=21))

        self.calm(22, 51)
        assert incident().phase == "ALARM"
        self.calm(52, 52)

        assert incident().phase == "RECOVERY"

    def test_nobody_is_calm_about_what_they_cannot_see(self) -> None:
        judge("CRITICAL")
        for minute in range(1, 60):
            judge("ELEVATED", unknown=True, at=after(minutes=minute))

        assert incident().phase == "ALARM"
        assert incident().calm_since is None

    def test_emergency_mode_itself_does_not_keep_it_going(self) -> None:
        thrown(Switch.MODE, True, serial=1, at=None)
        judge("CRITICAL", at=NOON, figures="NORMAL")
        self.calm(1, 31)

        assert incident().phase == "RECOVERY"

    def test_the_clock_alone_does_not_recover(self) -> None:
        judge("CRITICAL")
        self.calm(1, 5)

        operations.advance_incidents(at=after(hours=9))

        assert incident().phase == "PEOPLE"

    def test_asks_to_let_go_what_is_stopped(self) -> None:
        thrown(Switch.REDEMPTIONS, True, serial=1)
        judge("CRITICAL")

        self.calm(1, 31)

        back = ticket_about(Switch.REDEMPTIONS, False)
        assert back.facts["cause"] == "RECOVERY"
        assert [row.kind for row in incident().actions.filter(enabled=False)] == [
            "UNPAUSE_REDEMPTIONS"
        ]
        assert not Ticket.objects.filter(subject_id="emergency:SET_EMERGENCY_MODE:off").exists()

    def test_stops_asking_for_stops(self) -> None:
        judge("CRITICAL")
        self.calm(1, 31)
        expire_tickets(at=after(hours=1))

        operations.advance_incidents(at=after(hours=1))

        assert Ticket.objects.filter(status="PENDING").count() == 0

    def test_falls_back_to_people_and_takes_its_tickets_back(self) -> None:
        thrown(Switch.REDEMPTIONS, True, serial=1)
        judge("CRITICAL")
        self.calm(1, 31)

        judge("HIGH", at=after(minutes=32))
        operations.advance_incidents(at=after(minutes=32))

        assert incident().phase == "PEOPLE"
        assert incident().calm_since is None
        assert incident().checklist.exists()
        assert ticket_about(Switch.REDEMPTIONS, False).status == "CANCELLED"

    def test_recovers_again_and_asks_again(self) -> None:
        thrown(Switch.REDEMPTIONS, True, serial=1)
        judge("CRITICAL")
        self.calm(1, 31)
        judge("HIGH", at=after(minutes=32))
        operations.advance_incidents(at=after(minutes=32))

        self.calm(33, 63)

        assert incident().phase == "RECOVERY"
        assert ticket_about(Switch.REDEMPTIONS, False).status == "PENDING"

    def test_asks_anew_for_the_stops_that_were_let_go(self, people: list[Person]) -> None:
        judge("CRITICAL")
        pause = approve(ticket_about(Switch.REDEMPTIONS), people, at=after(minutes=1))
        thrown(Switch.REDEMPTIONS, True, serial=1)
        ended(*sent(pause), at=after(minutes=1))
        self.calm(2, 32)
        back = approve(ticket_about(Switch.REDEMPTIONS, False), people, at=after(minutes=33))
        thrown(Switch.REDEMPTIONS, False, serial=2)
        ended(*sent(back), at=after(minutes=33))

        judge("CRITICAL", at=after(minutes=34))
        operations.advance_incidents(at=after(minutes=34))

        assert incident().phase == "PEOPLE"
        assert ticket_about(Switch.REDEMPTIONS).pk != pause.pk
        assert ticket_about(Switch.REDEMPTIONS).status == "PENDING"

    def test_time_that_nobody_judged_is_not_calm(self) -> None:
        judge("CRITICAL")
        self.calm(1, 2)

        self.calm(60, 60)
        assert (incident().phase, incident().calm_since) == ("ALARM", after(minutes=60))
        self.calm(61, 90)

        assert incident().phase == "RECOVERY"

    def test_what_is_voted_back_is_sent(self, people: list[Person]) -> None:
        thrown(Switch.REDEMPTIONS, True, serial=1)
        judge("CRITICAL")
        self.calm(1, 31)

        ticket = approve(ticket_about(Switch.REDEMPTIONS, False), people, at=after(minutes=32))

        assert [row.kind for row in sent(ticket)] == ["UNPAUSE_REDEMPTIONS"]


class TestClosed:
    """What is left of an emergency that people have closed is no new one."""

    @pytest.fixture(autouse=True)
    def _recovered(self) -> None:
        thrown(Switch.MODE, True, serial=1, at=NOON)
        judge("CRITICAL")
        for minute in range(1, 32):
            judge("CRITICAL", figures="NORMAL", at=after(minutes=minute))

    def close(self, *, why_still_on: str = "") -> None:
        operations.close(
            incident_id=incident().pk,
            lessons="Hold more cash",
            why_still_on=why_still_on,
            actor=person("RISK_OFFICER").actor,
            at=after(minutes=32),
        )

    def test_the_level_that_is_only_held_opens_nothing(self) -> None:
        thrown(Switch.MODE, False, serial=2, at=after(minutes=31))
        self.close()

        judge("CRITICAL", raw="NORMAL", figures="NORMAL", at=after(minutes=33))

        assert incident().phase == "CLOSED"

    def test_emergency_mode_that_people_left_on_opens_nothing(self) -> None:
        self.close(why_still_on="The auditor asks for it until Monday.")

        judge("CRITICAL", figures="ELEVATED", at=after(minutes=33))

        assert incident().phase == "CLOSED"

    def test_figures_that_are_critical_open_another(self) -> None:
        self.close(why_still_on="The auditor asks for it until Monday.")

        judge("CRITICAL", at=after(minutes=33))

        assert Incident.objects.count() == 2

    def test_emergency_mode_switched_on_again_opens_another(self) -> None:
        self.close(why_still_on="The auditor asks for it until Monday.")
        with guards_off():
            Incident.objects.update(closed_at=after(minutes=-1))

        judge("CRITICAL", figures="NORMAL", at=after(minutes=33))

        assert Incident.objects.count() == 2


def test_rule_of_a_new_installation_leaves_it_to_people() -> None:
    assert Rule.objects.get(kind="EMERGENCY_MODE", active=True).auto_approve == {}
