"""Incidents: opened once, worked through, closed by a person."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.approvals.models import Ticket
from apps.audit import queries as audit
from apps.risk import operations, queries
from apps.risk.events import IncidentClosed, IncidentMoved, IncidentOpened
from apps.risk.models import ChecklistItem, Incident, IncidentAction, IncidentEntry
from apps.risk.rules.life import PHASE_TRANSITIONS, Phase
from apps.risk.rules.protocol import CHECKLIST, TicketCause
from apps.risk.rules.switches import Switch
from tests.accounts.people import Person, person
from tests.forcing import guards_off
from tests.redemptions.helpers import CHAIN

from .emergencies import NOON, after, fund_stands, judge, lines, opened, team, thrown, ticket_about

pytestmark = pytest.mark.django_db

LATER = after(hours=1)


@pytest.fixture(autouse=True)
def people() -> list[Person]:
    return team()


@pytest.fixture
def officer() -> Person:
    return person("RISK_OFFICER")


def in_phase(phase: Phase, **values: Any) -> Incident:
    """An incident that is in a phase, whatever led there."""
    incident = opened()
    with guards_off():
        Incident.objects.filter(pk=incident.pk).update(phase=phase, **values)
    return Incident.objects.get(pk=incident.pk)


class TestOpenIncident:
    def test_freezes_how_the_fund_stood(self) -> None:
        fund_stands(l1=20_000, owed=400_000)
        judge("CRITICAL")

        incident = Incident.objects.get()

        assert (incident.cause, incident.phase) == ("LEVEL", "ALARM")
        assert incident.summary == "Something is CRITICAL."
        figures = incident.figures
        assert (figures["l1"], figures["liability"]) == (
            str(20_000 * 10**18),
            str(400_000 * 10**18),
        )
        assert (figures["level"], figures["reasons"]) == ("CRITICAL", ["Something is CRITICAL."])

    def test_asks_for_emergency_mode_and_for_pausing(self) -> None:
        incident = opened()

        mode, pause = ticket_about(Switch.MODE), ticket_about(Switch.REDEMPTIONS)
        assert (mode.status, pause.status) == ("PENDING", "PENDING")
        assert (mode.required_approvals, mode.role) == (2, "ADMIN")
        assert mode.facts["incident"] == str(incident.pk)
        assert [(row.kind, row.enabled, row.ticket_id) for row in incident.actions.all()] == [
            ("SET_EMERGENCY_MODE", True, mode.pk),
            ("PAUSE_REDEMPTIONS", True, pause.pk),
        ]
        assert [text.split(":")[0] for text in lines(incident)] == [
            "Incident opened, phase ALARM",
            f"Ticket #{mode.pk} (Emergency",
            f"Ticket #{pause.pk} (Emergency",
        ]

    def test_asks_for_nothing_that_is_so(self) -> None:
        thrown(Switch.REDEMPTIONS, True, serial=1)

        opened()

        assert [row.subject_id for row in Ticket.objects.all()] == [
            "emergency:SET_EMERGENCY_MODE:on"
        ]

    def test_once_while_one_is_open(self, facts: list[object]) -> None:
        first = opened()
        again = opened(TicketCause.ALERT, at=after(minutes=1))

        assert again == first
        assert Incident.objects.count() == 1
        assert Ticket.objects.count() == 2
        assert sum(isinstance(fact, IncidentOpened) for fact in facts) == 1

    def test_again_after_the_first_is_closed(self, officer: Person) -> None:
        first = in_phase(Phase.RECOVERY, calm_since=NOON)
        operations.close(
            incident_id=first.pk, lessons="Hold more cash", actor=officer.actor, at=after(hours=1)
        )

        assert opened(at=after(hours=2)) != first

    def test_opens_though_nobody_could_vote(self, people: list[Person]) -> None:
        for who in people[1:]:
            who.user.groups.clear()

        incident = opened()

        assert not Ticket.objects.exists()
        assert any("Nobody could be asked" in text for text in lines(incident, "TICKET"))

    def test_is_in_the_audit_log(self) -> None:
        incident = opened()

        (row,) = audit.trail("incident", str(incident.pk))
        assert (row.action, row.level, row.actor_name) == ("incident.opened", "HIGH", "test")


class TestTick:
    @pytest.fixture
    def item(self) -> ChecklistItem:
        incident = opened()
        operations.advance_incidents(at=after(minutes=31))
        return incident.checklist.get(position=1)

    def test_names_who_and_when(self, item: ChecklistItem, officer: Person) -> None:
        operations.tick(
            item_id=item.pk, note="Ana, Bo and Cy", actor=officer.actor, at=after(minutes=40)
        )

        item.refresh_from_db()
        assert (item.done_by, item.done_by_id) == (officer.user.username, officer.id)
        assert (item.done_at, item.note) == (after(minutes=40), "Ana, Bo and Cy")
        assert "Done: Crisis meeting held. Ana, Bo and Cy" in lines(item.incident)

    def test_only_once(self, item: ChecklistItem, officer: Person) -> None:
        operations.tick(item_id=item.pk, actor=officer.actor, at=NOON)

        with pytest.raises(operations.AlreadyTicked, match=officer.user.username):
            operations.tick(item_id=item.pk, actor=officer.actor, at=NOON)

    def test_refuses_what_is_on_no_list(self, officer: Person) -> None:
        with pytest.raises(operations.ItemNotFound):
            operations.tick(item_id=4_711, actor=officer.actor, at=NOON)

    def test_refuses_after_the_end(self, item: ChecklistItem, officer: Person) -> None:
        with guards_off():
            Incident.objects.update(phase=Phase.CLOSED, closed_at=NOON)

        with pytest.raises(operations.IncidentIsClosed):
            operations.tick(item_id=item.pk, actor=officer.actor, at=NOON)


class TestNote:
    def test_is_kept_with_its_writer(self, officer: Person) -> None:
        incident = opened()

        operations.note(
            incident_id=incident.pk, text=" Called\nthe bank\u202e ", actor=officer.actor, at=NOON
        )

        entry = incident.entries.get(kind="NOTE")
        assert (entry.text, entry.actor) == ("Called the bank[U+202E]", officer.user.username)

    @pytest.mark.parametrize("text", ["", "  ", "x" * 1_001])
    def test_refuses_nothing_and_too_much(self, text: str, officer: Person) -> None:
        incident = opened()

        with pytest.raises(operations.NothingSaid):
            operations.note(incident_id=incident.pk, text=text, actor=officer.actor, at=NOON)

    def test_refuses_an_unknown_incident(self, officer: Person) -> None:
        with pytest.raises(queries.IncidentNotFound):
            operations.note(incident_id=9, text="x", actor=officer.actor, at=NOON)


class TestClose:
    def test_with_what_was_learnt(self, officer: Person, facts: list[object]) -> None:
        incident = in_phase(Phase.RECOVERY, calm_since=NOON)

        operations.close(
            incident_id=incident.pk, lessons="Hold more cash", actor=officer.actor, at=LATER
        )

        incident = Incident.objects.get()
        assert (incident.phase, incident.closed_by) == ("CLOSED", officer.user.username)
        assert (incident.lessons, incident.closed_at) == ("Hold more cash", LATER)
        assert IncidentClosed(incident_id=incident.pk, at=LATER) in facts

    @pytest.mark.parametrize("phase", [Phase.ALARM, Phase.LIQUIDITY, Phase.PEOPLE])
    def test_refuses_before_recovery(self, phase: Phase, officer: Person) -> None:
        incident = in_phase(phase)

        with pytest.raises(operations.NotRecovered):
            operations.close(incident_id=incident.pk, lessons="x", actor=officer.actor, at=LATER)

    def test_refuses_twice(self, officer: Person) -> None:
        incident = in_phase(Phase.RECOVERY, calm_since=NOON)
        operations.close(incident_id=incident.pk, lessons="x", actor=officer.actor, at=LATER)

        with pytest.raises(operations.IncidentIsClosed):
            operations.close(incident_id=incident.pk, lessons="y", actor=officer.actor, at=LATER)

    def test_refuses_without_lessons(self, officer: Person) -> None:
        incident = in_phase(Phase.RECOVERY, calm_since=NOON)

        with pytest.raises(operations.NothingSaid):
            operations.close(incident_id=incident.pk, lessons=" ", actor=officer.actor, at=LATER)

    def test_refuses_while_something_is_stopped_unless_told_why(self, officer: Person) -> None:
        thrown(Switch.REDEMPTIONS, True, serial=1)
        incident = in_phase(Phase.RECOVERY, calm_since=NOON)

        with pytest.raises(operations.SwitchesStillOn, match="paused"):
            operations.close(incident_id=incident.pk, lessons="x", actor=officer.actor, at=LATER)
        operations.close(
            incident_id=incident.pk,
            lessons="x",
            why_still_on="Until the audit is done",
            actor=officer.actor,
            at=LATER,
        )

        assert "Stays stopped: Until the audit is done" in lines(incident)


class TestTheDatabase:
    """What the triggers of migration 0004 hold, whoever writes."""

    @pytest.mark.parametrize("old", list(Phase))
    @pytest.mark.parametrize("new", list(Phase))
    def test_holds_the_table_of_phases(self, old: Phase, new: Phase) -> None:
        if old is new:
            return
        closed = {"closed_at": NOON} if old is Phase.CLOSED else {}
        incident = in_phase(old, calm_since=NOON, **closed)
        values: dict[str, Any] = {"phase": new, "closed_at": None}
        if new is Phase.CLOSED:
            values |= {"closed_at": NOON, "closed_by": "Ana", "closed_by_id": 1, "lessons": "x"}

        def write() -> None:
            with transaction.atomic():
                Incident.objects.filter(pk=incident.pk).update(**values)

        if new in PHASE_TRANSITIONS[old]:
            write()
        else:
            with pytest.raises(IntegrityError):
                write()

    def test_lets_nobody_begin_elsewhere(self) -> None:
        with pytest.raises(IntegrityError, match="begins with the alarm"), transaction.atomic():
            Incident.objects.create(
                cause="LEVEL",
                summary="x",
                chain_id=CHAIN,
                opened_by="x",
                opened_at=NOON,
                phase_since=NOON,
                phase=Phase.RECOVERY,
            )

    def test_lets_only_a_person_close(self) -> None:
        incident = in_phase(Phase.RECOVERY, calm_since=NOON)
        with pytest.raises(IntegrityError, match="a person closes"), transaction.atomic():
            Incident.objects.filter(pk=incident.pk).update(phase="CLOSED", closed_at=NOON)

    def test_lets_nobody_recover_without_calm(self) -> None:
        incident = in_phase(Phase.PEOPLE)
        with pytest.raises(IntegrityError, match="once it has been calm"), transaction.atomic():
            Incident.objects.filter(pk=incident.pk).update(phase="RECOVERY")

    @pytest.mark.parametrize(
        "values",
        [
            {"summary": "Nothing happened"},
            {"cause": "MANUAL"},
            {"opened_at": NOON - timedelta(hours=1)},
            {"figures": {"level": "NORMAL"}},
            {"chain_id": 1},
        ],
    )
    def test_keeps_how_it_began(self, values: dict[str, Any]) -> None:
        opened()
        with pytest.raises(IntegrityError, match="how an incident began"), transaction.atomic():
            Incident.objects.update(**values)

    def test_lets_the_gap_be_written_down(self) -> None:
        incident = opened()

        Incident.objects.update(figures=incident.figures | {"gap": {"assets": "1"}})

    @pytest.mark.parametrize("values", [{"lessons": "none"}, {"closed_by": "x"}])
    def test_keeps_the_end(self, values: dict[str, Any], officer: Person) -> None:
        incident = in_phase(Phase.RECOVERY, calm_since=NOON)
        operations.close(incident_id=incident.pk, lessons="x", actor=officer.actor, at=LATER)

        with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
            Incident.objects.update(**values)

    def test_has_one_open_for_a_chain(self) -> None:
        opened()
        with pytest.raises(IntegrityError, match="incident_one_open"), transaction.atomic():
            Incident.objects.create(
                cause="LEVEL",
                summary="x",
                chain_id=CHAIN,
                opened_by="x",
                opened_at=NOON,
                phase_since=NOON,
            )

    @pytest.mark.parametrize("model", [Incident, IncidentEntry, IncidentAction, ChecklistItem])
    def test_deletes_nothing(self, model: Any) -> None:
        opened()
        operations.advance_incidents(at=after(minutes=31))
        row = model.objects.first()

        with pytest.raises(IntegrityError), transaction.atomic():
            model.objects.filter(pk=row.pk)._raw_delete("default")

    def test_keeps_the_timeline(self) -> None:
        opened()
        with pytest.raises(IntegrityError, match="timeline"), transaction.atomic():
            IncidentEntry.objects.update(text="All is well")

    def test_keeps_what_was_asked(self) -> None:
        opened()
        with pytest.raises(IntegrityError, match="asked for"), transaction.atomic():
            IncidentAction.objects.update(ticket_id=None)

    def test_takes_no_action_without_its_ticket(self) -> None:
        incident = opened()
        with pytest.raises(IntegrityError, match="EMERGENCY_MODE ticket"), transaction.atomic():
            IncidentAction.objects.create(incident=incident, kind="PAUSE_REDEMPTIONS", at=NOON)

    def test_takes_no_liquidation_without_a_plan(self) -> None:
        incident = opened()
        with pytest.raises(IntegrityError, match="is a plan"), transaction.atomic():
            IncidentAction.objects.create(incident=incident, kind="LIQUIDATION", at=NOON)

    def test_keeps_a_tick(self, officer: Person) -> None:
        incident = opened()
        operations.advance_incidents(at=after(minutes=31))
        item = incident.checklist.get(position=2)
        operations.tick(item_id=item.pk, actor=officer.actor, at=NOON)

        for values in ({"done_at": None, "done_by": ""}, {"note": "never"}):
            with pytest.raises(IntegrityError, match="stays ticked"), transaction.atomic():
                ChecklistItem.objects.filter(pk=item.pk).update(**values)

    def test_keeps_what_a_checklist_asks(self) -> None:
        opened()
        operations.advance_incidents(at=after(minutes=31))
        with pytest.raises(IntegrityError, match="asks"), transaction.atomic():
            ChecklistItem.objects.filter(position=1).update(title="Lunch")


class TestView:
    def test_has_all_of_it(self) -> None:
        incident = opened()
        operations.advance_incidents(at=after(minutes=31))

        view = queries.incident(incident.pk)

        assert view.row == Incident.objects.get()
        assert [item.title for item in view.checklist] == [task.title for task in CHECKLIST]
        assert [(one.title, one.state) for one in view.actions] == [
            ("Switch emergency mode on", "Waits for votes"),
            ("Pause the redemption manager", "Waits for votes"),
        ]
        assert [(one.title, one.position) for one in view.switches] == [
            ("Emergency mode", "off"),
            ("New standard redemptions", "open"),
        ]
        assert (view.done, view.gas_used, view.cost_assets) == (0, 0, 0)
        assert queries.open_incident_view() == view

    def test_is_none_in_calm_times(self) -> None:
        assert queries.open_incident_view() is None

    def test_refuses_an_unknown_number(self) -> None:
        with pytest.raises(queries.IncidentNotFound):
            queries.incident(77)


class TestPhases:
    def test_follow_the_clock(self, facts: list[object]) -> None:
        incident = opened()

        def phase_at(at: datetime) -> str:
            operations.advance_incidents(at=at)
            return Incident.objects.get().phase

        assert phase_at(after(minutes=4, seconds=59)) == "ALARM"
        assert phase_at(after(minutes=5)) == "LIQUIDITY"
        assert phase_at(after(minutes=29, seconds=59)) == "LIQUIDITY"
        assert not incident.checklist.exists()
        assert phase_at(after(minutes=30)) == "PEOPLE"
        assert incident.checklist.count() == len(CHECKLIST)
        assert [fact.phase for fact in facts if isinstance(fact, IncidentMoved)] == [
            "LIQUIDITY",
            "PEOPLE",
        ]

    def test_a_clock_that_stood_still_catches_up(self) -> None:
        incident = opened()

        operations.advance_incidents(at=after(hours=5))

        assert Incident.objects.get().phase == "PEOPLE"
        assert [text.split(":")[0] for text in lines(incident, "PHASE")] == [
            "Incident opened, phase ALARM",
            "Phase liquidity",
            "Phase people",
        ]

    def test_the_alarm_ends_once_everything_is_stopped(self) -> None:
        opened()
        thrown(Switch.MODE, True, serial=1)
        thrown(Switch.REDEMPTIONS, True, serial=2)

        operations.advance_incidents(at=after(minutes=1))

        assert Incident.objects.get().phase == "LIQUIDITY"

    def test_nothing_moves_without_an_incident(self) -> None:
        operations.advance_incidents(at=NOON)

        assert not Incident.objects.exists()
        assert not Ticket.objects.exists()
