"""Risk in a real browser: the board, an indicator, answering an event, an incident, thresholds."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse

from apps.core import clock
from apps.core.actor import Actor
from apps.risk import operations
from apps.risk.models import ChecklistItem, Incident, Policy, RiskEvent
from apps.risk.rules.protocol import TicketCause
from tests import installed
from tests.accounts.people import Person, person, signed_in
from tests.dead_node import chain_file
from tests.journeys.browser import open_all_ways, screenshot, sign_in
from tests.risk import shown

__all__ = ["chain_file"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

BOARD = "admin:risk_board"
EVENT = "admin:risk_riskevent_change"
INCIDENT = "admin:risk_incident_change"


@pytest.fixture(autouse=True)
def rows_installed(chain_file: None) -> Iterator[None]:
    """What the installation brings."""
    cache.clear()
    installed.rules()
    installed.policy()
    installed.risk_policy()
    yield
    cache.clear()


@pytest.fixture
def rita(page: Any, live_server: Any) -> Person:
    """A risk officer whose session the window has."""
    who = person("RISK_OFFICER", username="rita")
    sign_in(page, live_server.url, signed_in(who))
    return who


@pytest.fixture
def short_day() -> None:
    """A day that ends badly."""
    at = clock.now()
    shown.a_day(at, ends=shown.short(at))


@pytest.fixture
def incident(short_day: None) -> Incident:
    """The protocol was opened half an hour ago; people work on it."""
    for name in ("ada", "ben", "cleo"):
        person("ADMIN", username=name)
    at = clock.now()
    actor = Actor.system("risk")
    row = operations.open_incident(
        cause=TicketCause.LEVEL_CRITICAL,
        summary="L1 and L2 together are below 25 % of gross assets.",
        actor=actor,
        at=at - timedelta(minutes=35),
    )
    for minutes in (29, 4):
        operations.advance_incidents(at=at - timedelta(minutes=minutes))
    return row


class TestBoard:
    def test_shows_what_is_wrong_and_leads_to_the_indicator(
        self, page: Any, live_server: Any, rita: Person, short_day: None
    ) -> None:
        open_all_ways(page, live_server.url + reverse(BOARD), "risk-board")

        assert page.locator(".rk-row").count() == 16
        assert "No price has been observed yet" in page.inner_text(".rk-unknown")
        page.get_by_role("link", name="L1 ratio").click()
        page.wait_for_selector("#risk-indicator path.line")

    def test_says_that_all_is_well(self, page: Any, live_server: Any, rita: Person) -> None:
        shown.a_day(clock.now())

        open_all_ways(page, live_server.url + reverse(BOARD), "risk-board-calm")

        assert "No event is open" in page.inner_text("#rk-events")

    def test_is_honest_before_the_first_run(
        self, page: Any, live_server: Any, rita: Person
    ) -> None:
        page.goto(live_server.url + reverse(BOARD))

        screenshot(page, "risk-board-empty")
        assert "The fund has not been judged yet" in page.inner_text("#risk-board")

    def test_follows_by_itself(self, page: Any, live_server: Any, rita: Person) -> None:
        at = clock.now()
        shown.judged(shown.calm(at - timedelta(minutes=6)))
        page.goto(live_server.url + reverse(BOARD))
        page.wait_for_selector("#rk-head >> text=Normal")

        shown.judged(shown.short(at))
        page.evaluate(
            "document.dispatchEvent(new CustomEvent('paimon:message',"
            " {detail: {channel: 'risk:alert', data: {}}}))"
        )

        page.wait_for_selector("#rk-head >> text=High", timeout=10_000)


class TestIndicator:
    def test_shows_its_line_against_its_limits(
        self, page: Any, live_server: Any, rita: Person, short_day: None
    ) -> None:
        url = live_server.url + reverse("admin:risk_indicator", args=["l1_ratio"])
        open_all_ways(page, url, "risk-indicator")

        page.wait_for_selector("path.line")
        assert page.locator("line.limit").count() == 2
        assert "warning 10 %" in page.inner_text("figure.line-chart")
        page.get_by_role("link", name="7 days", exact=True).click()
        page.wait_for_selector("#risk-indicator path.line")
        screenshot(page, "risk-indicator-week")

    def test_an_unknown_one_says_why(
        self, page: Any, live_server: Any, rita: Person, short_day: None
    ) -> None:
        url = live_server.url + reverse("admin:risk_indicator", args=["oracle_staleness"])
        open_all_ways(page, url, "risk-indicator-unknown")

        assert "No price has been observed yet" in page.inner_text("#rk-now-bars")


class TestEvents:
    def test_lists(self, page: Any, live_server: Any, rita: Person, short_day: None) -> None:
        url = live_server.url + reverse("admin:risk_riskevent_changelist") + "?tab=open"

        open_all_ways(page, url, "risk-events")

        assert page.locator("#result_list tbody tr").count() >= 2

    def test_one_click_from_the_deep_link_acknowledges(
        self, page: Any, live_server: Any, rita: Person, short_day: None
    ) -> None:
        row = RiskEvent.objects.get(type="INDICATOR", indicator="l1_ratio")
        url = live_server.url + reverse(EVENT, args=[row.pk])
        open_all_ways(page, url, "risk-event")

        page.get_by_role("button", name="Acknowledge").click()
        page.wait_for_selector("#risk-event-bars >> text=rita takes care of it")

        screenshot(page, "risk-event-acknowledged")
        row = RiskEvent.objects.get(pk=row.pk)
        assert (row.status, row.acknowledged_by) == ("ACKNOWLEDGED", "rita")
        assert page.get_by_role("button", name="Acknowledge").is_disabled()

    def test_snoozing_and_resolving_with_a_reason(
        self, page: Any, live_server: Any, rita: Person, short_day: None
    ) -> None:
        row = RiskEvent.objects.get(type="INDICATOR", indicator="l1_ratio")
        page.goto(live_server.url + reverse(EVENT, args=[row.pk]))
        page.get_by_label("because").fill("The refill is on its way")
        page.get_by_role("button", name="Snooze").click()
        page.wait_for_selector("#risk-event-bars >> text=Snoozed until")
        screenshot(page, "risk-event-snoozed")

        page.get_by_label("It is over.").fill("Refilled by R-12")
        page.get_by_role("button", name="Resolve").click()
        page.wait_for_selector("#risk-event-bars >> text=rita resolved it")

        screenshot(page, "risk-event-resolved")


class TestIncidents:
    def test_the_page_of_one_that_lasts(
        self, page: Any, live_server: Any, rita: Person, incident: Incident
    ) -> None:
        url = live_server.url + reverse(INCIDENT, args=[incident.pk])
        open_all_ways(page, url, "risk-incident")

        first = page.locator(".rk-tick").first
        first.locator("input[name=note]").fill("Ana, Ben, Cleo; again at 15:00")
        first.get_by_role("button", name="Done").click()
        page.wait_for_selector("#rk-incident-checklist >> text=1 of 6")

        screenshot(page, "risk-incident-ticked")
        assert ChecklistItem.objects.filter(done_by="rita").count() == 1

    def test_what_is_being_typed_is_not_taken_away(
        self, page: Any, live_server: Any, rita: Person, incident: Incident
    ) -> None:
        page.goto(live_server.url + reverse(INCIDENT, args=[incident.pk]))
        note = page.locator(".rk-tick input[name=note]").first
        note.fill("half a sentence")
        page.locator("h1").first.click()
        operations.note(incident_id=incident.pk, text="Seen", actor=rita.actor, at=clock.now())

        page.wait_for_selector("#rk-incident-timeline >> text=Seen", timeout=15_000)

        assert note.input_value() == "half a sentence"

    def test_lists(self, page: Any, live_server: Any, rita: Person, incident: Incident) -> None:
        url = live_server.url + reverse("admin:risk_incident_changelist")

        open_all_ways(page, url, "risk-incidents")

    def test_asking_for_an_emergency_shows_what_will_be_asked(
        self, page: Any, live_server: Any, rita: Person, short_day: None
    ) -> None:
        for name in ("ada", "ben", "cleo"):
            person("ADMIN", username=name)
        url = live_server.url + reverse("admin:risk_emergency")
        open_all_ways(page, url, "risk-emergency")

        page.get_by_label("Why").fill("Holders leave faster than the forecast says")
        page.get_by_role("button", name="Open the ticket").click()
        page.wait_for_selector("#ticket")

        screenshot(page, "risk-emergency-ticket")
        assert "Emergency: open the protocol" in page.inner_text("#ticket")


class TestThresholds:
    def test_a_change_is_shown_before_anybody_is_asked(
        self, page: Any, live_server: Any, rita: Person, short_day: None
    ) -> None:
        for name in ("ada", "ben"):
            person("ADMIN", username=name)
        row = Policy.objects.get(version=1)
        url = live_server.url + reverse("admin:risk_policy_change", args=[row.pk])
        open_all_ways(page, url, "risk-policy")
        page.get_by_text("Ask for other parameters").click()
        screenshot(page, "risk-policy-form")
        page.locator("input[name=l1_ratio_critical]").fill("7")
        page.get_by_label("Why").fill("L1 is refilled every day now")
        page.get_by_role("button", name="Show what would change").click()
        page.wait_for_selector("#risk-policy-preview")

        open_shown = page.inner_text("#risk-policy-preview")
        screenshot(page, "risk-policy-preview")
        page.get_by_role("button", name="Ask another person").click()
        page.wait_for_selector("text=asks for it")

        assert "L1 ratio, critical" in open_shown
        assert "8 %" in open_shown
        assert "7 %" in open_shown
