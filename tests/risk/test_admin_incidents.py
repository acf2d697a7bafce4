"""The list of incidents, the page of one, and asking for an emergency."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from apps.accounts.rules.roles import STAFF_ROLES
from apps.approvals.models import Rule, Ticket
from apps.core import clock
from apps.core.units import format_amount
from apps.reports.models import ReportRun
from apps.risk import operations, queries
from apps.risk.models import ChecklistItem, Incident
from apps.risk.rules.life import Phase
from apps.risk.rules.switches import PROTOCOL_SUBJECT, Switch, subject_of
from tests.accounts.people import Person, person, signed_in
from tests.forcing import guards_off

from .emergencies import fund_stands, judge, opened, team, thrown
from .shown import HOSTILE, calm, judged, short

pytestmark = pytest.mark.django_db

LIST, PAGE = "admin:risk_incident_changelist", "admin:risk_incident_change"
EMERGENCY, SWITCH = "admin:risk_emergency", "admin:risk_switch"
WORKING = {"SUPER_ADMIN", "ADMIN", "OPERATOR", "RISK_OFFICER"}


@pytest.fixture(autouse=True)
def people() -> list[Person]:
    cache.clear()
    return team()


@pytest.fixture
def rita() -> Person:
    return person("RISK_OFFICER", username="rita")


@pytest.fixture
def lasting() -> Incident:
    """Opened 35 minutes ago: people work on it."""
    at = clock.now()
    fund_stands(l1=20_000, owed=400_000, available=320_000, at=at - timedelta(minutes=31))
    row = opened(at=at - timedelta(minutes=35))
    for minutes in (29, 4):
        operations.advance_incidents(at=at - timedelta(minutes=minutes))
    return Incident.objects.get(pk=row.pk)


def calmed(row: Incident) -> Incident:
    """The same, in recovery."""
    at = clock.now()
    with guards_off():
        Incident.objects.filter(pk=row.pk).update(
            phase=Phase.RECOVERY, phase_since=at, calm_since=at - timedelta(minutes=31)
        )
    return Incident.objects.get(pk=row.pk)


def html(client: Client, name: str, *args: Any, **query: str) -> str:
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200, response
    return response.content.decode()


def post(client: Client, row: Incident, door: str, **form: str) -> list[str]:
    url = reverse(f"admin:risk_incident_{door}", args=[row.pk])
    response: Any = client.post(url, form, follow=True)
    assert response.status_code == 200
    return [str(message) for message in response.context["messages"]]


def asked(client: Client, url: str, reason: str = "Holders leave") -> Any:
    return client.post(url, {"reason": reason}, follow=True)


class TestList:
    def test_says_what_would_open_one(self, rita: Person) -> None:
        page = html(signed_in(rita), LIST)

        assert "There has never been an emergency." in page
        assert reverse(EMERGENCY) in page

    def test_an_open_one_leaves_no_second(self, rita: Person, lasting: Incident) -> None:
        page = html(signed_in(rita), LIST)

        assert f"I-{lasting.pk}" in page
        assert "An incident is open already." in page
        assert f'href="{reverse(EMERGENCY)}"' not in page

    @pytest.mark.parametrize("role", sorted(STAFF_ROLES))
    def test_is_open_to_all_staff(self, role: str, lasting: Incident) -> None:
        client = signed_in(person(role))

        assert client.get(reverse(LIST)).status_code == 200
        assert client.get(reverse(PAGE, args=[lasting.pk])).status_code == 200


class TestPage:
    def test_shows_phases_actions_gap_and_checklist(self, rita: Person, lasting: Incident) -> None:
        response = signed_in(rita).get(reverse(PAGE, args=[lasting.pk]))

        page = response.content.decode()
        entered = {phase["title"]: phase["at"] for phase in response.context["phases"]}
        assert entered["Alarm"] == lasting.opened_at
        assert entered["Liquidity"] < entered["People"] == lasting.phase_since
        assert entered["Recovery"] is None
        assert "Switch emergency mode on" in page
        assert "Waits for votes" in page
        gap = queries.incident(lasting.pk).gap
        assert gap is not None
        assert f"{format_amount(gap.assets)}<span" in page
        assert gap.formula in page
        assert "Crisis meeting held" in page
        for ticket in Ticket.objects.filter(kind="EMERGENCY_MODE"):
            assert reverse("admin:approvals_ticket_change", args=[ticket.pk]) in page

    def test_says_what_comes_next(self, rita: Person, lasting: Incident) -> None:
        client = signed_in(rita)

        assert "Recovery begins once" in html(client, PAGE, lasting.pk)
        row = calmed(lasting)
        assert "It can be closed once the stops are taken back" in html(client, PAGE, row.pk)

    def test_the_first_minutes(self, rita: Person) -> None:
        row = opened(at=clock.now())

        page = html(signed_in(rita), PAGE, row.pk)

        assert "Liquidity begins at" in page
        assert "No checklist yet." in page
        assert "Not worked out yet." in page

    def test_escapes_what_is_hostile(self, rita: Person, lasting: Incident) -> None:
        client = signed_in(rita)
        post(client, lasting, "note", text=HOSTILE)
        item = ChecklistItem.objects.filter(incident=lasting).first()
        assert item is not None
        post(client, lasting, "tick", item=str(item.pk), note=HOSTILE)

        page = html(client, PAGE, lasting.pk)

        assert "<script>alert" not in page
        assert "\u202e" not in page

    @pytest.mark.parametrize("number", ["999", "x", "9" * 30])
    def test_what_is_not_there(self, rita: Person, number: str) -> None:
        assert signed_in(rita).get(reverse(LIST) + f"{number}/change/").status_code == 404

    def test_costs_the_same_however_much_was_noted(
        self, rita: Person, lasting: Incident, django_assert_max_num_queries: Callable[..., Any]
    ) -> None:
        for number in range(40):
            operations.note(
                incident_id=lasting.pk, text=f"Note {number}", actor=rita.actor, at=clock.now()
            )
        client = signed_in(rita)

        cache.clear()
        with django_assert_max_num_queries(75):
            client.get(reverse(PAGE, args=[lasting.pk]))

    def test_closed_it_shows_lessons_and_no_buttons(self, rita: Person, lasting: Incident) -> None:
        row = calmed(lasting)
        client = signed_in(rita)
        assert post(client, row, "close", lessons="Refill earlier") == [
            f"I-{row.pk} is closed; its report is being made."
        ]

        page = html(client, PAGE, row.pk)

        assert "Refill earlier" in page
        assert reverse("admin:risk_incident_close", args=[row.pk]) not in page
        assert "data-live-seconds" not in page


class TestWorking:
    def test_ticking_with_a_note(self, rita: Person, lasting: Incident) -> None:
        item = ChecklistItem.objects.filter(incident=lasting).first()
        assert item is not None

        said = post(signed_in(rita), lasting, "tick", item=str(item.pk), note="Ana, Ben")

        assert said == [f"Done: {item.title}."]
        done = ChecklistItem.objects.get(pk=item.pk)
        assert (done.done_by, done.note) == ("rita", "Ana, Ben")

    def test_ticking_what_is_none(self, rita: Person, lasting: Incident) -> None:
        url = reverse("admin:risk_incident_tick", args=[lasting.pk])

        assert signed_in(rita).post(url, {"item": "x"}).status_code == 404
        assert post(signed_in(rita), lasting, "tick", item="99999")

    def test_noting(self, rita: Person, lasting: Incident) -> None:
        client = signed_in(rita)

        post(client, lasting, "note", text="The custodian answers")

        assert "The custodian answers" in html(client, PAGE, lasting.pk)

    def test_closing_too_early_is_refused_with_the_reason(
        self, rita: Person, lasting: Incident
    ) -> None:
        client = signed_in(rita)

        said = post(client, lasting, "close", lessons="None")

        assert "It is closed from RECOVERY" in said[0]
        page = html(client, PAGE, lasting.pk)
        assert "It can be closed in the step Recovery, once the fund has been calm" in page

    def test_closing_while_something_is_stopped_asks_why(
        self, rita: Person, lasting: Incident
    ) -> None:
        thrown(Switch.REDEMPTIONS, True, serial=1)
        row = calmed(lasting)
        client = signed_in(rita)

        assert "Why does it stay so?" in html(client, PAGE, row.pk)
        assert "Still stopped" in post(client, row, "close", lessons="Refill earlier")[0]
        post(client, row, "close", lessons="Refill earlier", why_still_on="The audit runs")

        assert Incident.objects.get(pk=row.pk).phase == Phase.CLOSED

    @pytest.mark.parametrize("role", sorted(STAFF_ROLES - WORKING))
    @pytest.mark.parametrize("door", ["tick", "note", "close"])
    def test_is_for_those_who_work_on_it(self, role: str, door: str, lasting: Incident) -> None:
        client = signed_in(person(role))

        url = reverse(f"admin:risk_incident_{door}", args=[lasting.pk])

        assert client.post(url, {"text": "x"}).status_code == 403
        assert "Your role does not work on incidents." in html(client, PAGE, lasting.pk)

    def test_a_get_does_nothing(self, rita: Person, lasting: Incident) -> None:
        for door in ("tick", "note", "close", "retry"):
            url = reverse(f"admin:risk_incident_{door}", args=[lasting.pk])
            assert signed_in(rita).get(url).status_code == 405

    def test_sending_again_what_did_not_fail(self, lasting: Incident, people: list[Person]) -> None:
        ticket = Ticket.objects.filter(kind="EMERGENCY_MODE").first()
        assert ticket is not None

        said = post(signed_in(people[0]), lasting, "retry", ticket=str(ticket.pk))

        assert said == [f"Nothing of ticket {ticket.pk} failed on its way to the chain."]

    def test_a_report_is_one_click_away(self, lasting: Incident) -> None:
        client = signed_in(person("ADMIN"))
        assert 'name="form" value="incident"' in html(client, PAGE, lasting.pk)

        url = reverse("admin:reports_reportrun_make")
        client.post(url, {"form": "incident", "incident": lasting.pk})

        assert ReportRun.objects.get().kind == "INCIDENT"


class TestEmergency:
    def test_a_get_asks_nobody(self, rita: Person) -> None:
        judged(short(clock.now()))

        page = html(signed_in(rita), EMERGENCY)

        assert "Emergency mode" in page
        assert "Nobody can make a new standard request." in page
        assert "2 must approve" in page
        assert not Ticket.objects.filter(subject_id=PROTOCOL_SUBJECT).exists()

    def test_opens_a_ticket_with_the_reason(self, rita: Person) -> None:
        response = asked(signed_in(rita), reverse(EMERGENCY))

        ticket = Ticket.objects.get()
        assert (ticket.subject_id, ticket.requester_name) == (PROTOCOL_SUBJECT, "rita")
        assert ticket.facts["reason"] == "Holders leave"
        ticket_url = reverse("admin:approvals_ticket_change", args=[ticket.pk])
        assert response.redirect_chain[-1][0] == ticket_url
        assert Incident.objects.count() == 0

    def test_without_a_reason_it_says_so(self, rita: Person) -> None:
        response = asked(signed_in(rita), reverse(EMERGENCY), " ")

        assert response.status_code == 200
        assert [str(message) for message in response.context["messages"]]
        assert Ticket.objects.count() == 0

    def test_a_second_one_is_not_asked_for(self, rita: Person) -> None:
        client = signed_in(rita)
        asked(client, reverse(EMERGENCY))

        page = html(client, EMERGENCY)
        asked(client, reverse(EMERGENCY))

        assert "asks for this already" in page
        assert Ticket.objects.count() == 1

    def test_an_open_incident_is_named(self, rita: Person, lasting: Incident) -> None:
        page = html(signed_in(rita), EMERGENCY)

        assert f"Incident I-{lasting.pk}" in page
        assert "An incident is open already" in page

    @pytest.mark.parametrize(("switch", "on"), [(s, on) for s in Switch for on in (True, False)])
    def test_each_switch_has_its_page_and_ticket(
        self, rita: Person, switch: Switch, on: bool
    ) -> None:
        if not on:
            thrown(switch, True, serial=1)
        url = reverse(SWITCH, args=[switch.value, "on" if on else "off"])
        client = signed_in(rita)

        page = client.get(url).content.decode()
        asked(client, url)

        assert switch.position(on).capitalize() in page
        subject = subject_of(switch, on=on)
        assert Ticket.objects.get(subject_id=subject).facts["reason"] == "Holders leave"

    def test_what_is_so_already_is_refused(self, rita: Person) -> None:
        url = reverse(SWITCH, args=[Switch.MODE.value, "off"])

        response = asked(signed_in(rita), url)

        said = [str(message) for message in response.context["messages"]]
        assert said == ["Emergency mode: off already, or about to be."]

    @pytest.mark.parametrize("args", [("NOTHING", "on"), ("EMERGENCY_MODE", "up")])
    def test_what_is_no_switch(self, rita: Person, args: tuple[str, str]) -> None:
        assert signed_in(rita).get(reverse(SWITCH, args=args)).status_code == 404

    @pytest.mark.parametrize("role", sorted(STAFF_ROLES - WORKING))
    def test_is_for_those_who_may_open_one(self, role: str) -> None:
        client = signed_in(person(role))

        for url in (reverse(EMERGENCY), reverse(SWITCH, args=["EMERGENCY_MODE", "on"])):
            assert client.get(url).status_code == 403
            assert client.post(url, {"reason": "x"}).status_code == 403
        assert Ticket.objects.count() == 0

    def test_without_a_rule_nobody_can_be_asked(self, rita: Person) -> None:
        with guards_off():
            Rule.objects.filter(kind="EMERGENCY_MODE").delete()

        page = html(signed_in(rita), EMERGENCY)

        assert "Nobody can be asked." in page

    def test_shows_the_reasons_of_the_level_escaped(self, rita: Person) -> None:
        judged(short(clock.now()))

        assert "L1 is 7.10 % of gross assets" in html(signed_in(rita), EMERGENCY)


class TestBanner:
    def test_stands_on_every_page_while_it_lasts(self, rita: Person, lasting: Incident) -> None:
        client = signed_in(rita)
        words = "<strong>Emergency.</strong>"

        assert words in html(client, "admin:index")
        assert words in html(client, "admin:fund_holder_changelist")
        row = calmed(lasting)
        post(client, row, "close", lessons="Refill earlier")
        assert words not in html(client, "admin:index")

    def test_the_strip_names_the_level(self, rita: Person) -> None:
        judged(calm(clock.now()))

        assert "Risk <b>Normal</b>" in html(signed_in(rita), "admin:index")

    def test_a_judgement_by_hand_opens_it(self, rita: Person) -> None:
        judge("CRITICAL", at=datetime.now(tz=clock.UTC))

        assert "<strong>Emergency.</strong>" in html(signed_in(rita), "admin:index")
