"""The list of risk events, the page of one, and answering it."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from apps.accounts.rules.roles import STAFF_ROLES
from apps.audit.models import OperationLog
from apps.core import clock
from apps.notifications.models import Notification
from apps.notifications.operations import notify
from apps.risk import operations
from apps.risk.models import RiskEvent
from apps.risk.rules.figures import EventType, Indicator, Severity
from tests.accounts.people import Person, person, signed_in

from .raised import critical, flapped, low
from .shown import HOSTILE, a_day, short

pytestmark = pytest.mark.django_db

LIST, PAGE = "admin:risk_riskevent_changelist", "admin:risk_riskevent_change"
ANSWERING = {"SUPER_ADMIN", "ADMIN", "RISK_OFFICER"}
DOORS = {
    "acknowledge": {"note": "On it"},
    "snooze": {"minutes": "60", "reason": "The refill is on its way"},
    "resolve": {"resolution": "Refilled"},
}


@pytest.fixture(autouse=True)
def _nothing_cached() -> None:
    cache.clear()


@pytest.fixture
def rita() -> Person:
    return person("RISK_OFFICER", username="rita")


def html(client: Client, name: str, *args: Any, **query: str) -> str:
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200, response
    return response.content.decode()


def answer(client: Client, row: RiskEvent, door: str, **changes: str) -> list[str]:
    url = reverse(f"admin:risk_riskevent_{door}", args=[row.pk])
    response: Any = client.post(url, DOORS[door] | changes, follow=True)
    assert response.redirect_chain[-1][0] == reverse(PAGE, args=[row.pk])
    return [str(message) for message in response.context["messages"]]


def status(row: RiskEvent) -> str:
    return RiskEvent.objects.get(pk=row.pk).status


class TestList:
    def some(self, rita: Person) -> dict[str, RiskEvent]:
        at = clock.now()
        rows = {
            "open": low(at=at),
            "acknowledged": low("0.3", indicator=Indicator.L1_L2_RATIO, at=at),
            "resolved": low("0.04", indicator=Indicator.NAV_VOLATILITY_24H, at=at),
        }
        operations.acknowledge(event_id=rows["acknowledged"].pk, actor=rita.actor, at=at)
        operations.resolve(event_id=rows["resolved"].pk, resolution="Fine", actor=rita.actor, at=at)
        return rows

    @pytest.mark.parametrize("tab", ["open", "acknowledged", "resolved"])
    def test_tabs_hold_what_they_say(self, rita: Person, tab: str) -> None:
        rows = self.some(rita)

        shown = signed_in(rita).get(reverse(LIST), {"tab": tab}).context["cl"].queryset

        assert [row.pk for row in shown] == [rows[tab].pk]

    def test_all_of_them(self, rita: Person) -> None:
        self.some(rita)

        response = signed_in(rita).get(reverse(LIST))

        assert response.context["cl"].result_count == 3
        assert [tab["count"] for tab in response.context["tabs"]] == [1, 1, None, None]

    def test_a_tab_that_is_none_shows_all(self, rita: Person) -> None:
        self.some(rita)

        response = signed_in(rita).get(reverse(LIST), {"tab": "x' OR 1=1"})

        assert response.status_code in (200, 302)

    def test_narrows_by_severity_and_subject(self, rita: Person) -> None:
        self.some(rita)
        critical(indicator=Indicator.EVENT_LAG, at=clock.now())
        client = signed_in(rita)

        by_severity = client.get(reverse(LIST), {"severity": "CRITICAL"}).context["cl"]
        by_subject = client.get(reverse(LIST), {"subject": "l1_ratio"}).context["cl"]

        assert [row.indicator for row in by_severity.queryset] == ["event_lag"]
        assert [row.indicator for row in by_subject.queryset] == ["l1_ratio"]

    def test_finds_by_words_and_number(self, rita: Person) -> None:
        row = self.some(rita)["resolved"]
        client = signed_in(rita)

        for words in (str(row.pk), "Fine", "nav_volatility"):
            found = client.get(reverse(LIST), {"q": words}).context["cl"].queryset
            assert row.pk in {one.pk for one in found}, words

    def test_says_why_it_is_empty(self, rita: Person) -> None:
        page = html(signed_in(rita), LIST, tab="open")

        assert "No event is open." in page

    def test_shows_values_with_their_unit(self, rita: Person) -> None:
        low("0.09999", at=clock.now())

        page = html(signed_in(rita), LIST)

        assert "9.999 %" in page  # beside 10 %, and not on it
        assert "10 %" in page

    def test_escapes_what_is_hostile(self, rita: Person) -> None:
        operations.raise_event(
            type=EventType.CHAIN_ALERT,
            indicator=HOSTILE[:40],
            severity=Severity.CRITICAL,
            message=HOSTILE,
            details={HOSTILE: HOSTILE},
            at=clock.now(),
        )
        client = signed_in(rita)

        pages = [html(client, LIST), html(client, PAGE, RiskEvent.objects.get().pk)]

        for page in pages:
            assert "<script>alert" not in page
            assert "\u202e" not in page.partition('id="content"')[2]

    def test_asks_the_database_no_more_for_more_events(
        self, rita: Person, django_assert_max_num_queries: Callable[..., Any]
    ) -> None:
        for indicator in Indicator:
            low(indicator=indicator, at=clock.now())
        client = signed_in(rita)

        cache.clear()
        with django_assert_max_num_queries(55):
            client.get(reverse(LIST))

    @pytest.mark.parametrize("role", sorted(STAFF_ROLES))
    def test_is_open_to_all_staff(self, role: str) -> None:
        assert signed_in(person(role)).get(reverse(LIST)).status_code == 200


class TestExport:
    def test_csv_of_what_is_shown(self, rita: Person) -> None:
        low("0.0912345", at=clock.now())
        critical(indicator=Indicator.EVENT_LAG, at=clock.now())
        url = reverse("admin:risk_riskevent_export", args=["csv"])

        response = signed_in(rita).get(url, {"subject": "l1_ratio"})

        (row,) = csv.DictReader(io.StringIO(response.content.decode("utf-8-sig")))
        assert row["Value"] == "9.12 %"
        assert row["Value, exact (a share of 0.1 is 10 %)"] == "0.0912345000"
        assert row["Threshold"] == "10 %"
        assert OperationLog.objects.filter(action="risk.exported").exists()

    def test_xlsx_executes_nothing(self, rita: Person) -> None:
        row = low(at=clock.now())
        operations.acknowledge(
            event_id=row.pk, note='=HYPERLINK("http://x")', actor=rita.actor, at=clock.now()
        )
        url = reverse("admin:risk_riskevent_export", args=["xlsx"])

        sheet = load_workbook(io.BytesIO(signed_in(rita).get(url).content)).active

        assert sheet is not None
        assert {cell.data_type for line in sheet.iter_rows() for cell in line} <= {
            "s",
            "n",
            "d",
            "inlineStr",
        }

    def test_is_for_those_who_export(self) -> None:
        url = reverse("admin:risk_riskevent_export", args=["csv"])

        assert signed_in(person("VIEWER")).get(url).status_code == 403
        assert "Your role does not export" in html(signed_in(person("VIEWER")), LIST)


class TestPage:
    def test_shows_figures_times_and_the_clock(self, rita: Person) -> None:
        at = clock.now()
        low("0.09", at=at - timedelta(minutes=10))
        row = low("0.085", at=at)

        page = html(signed_in(rita), PAGE, row.pk)

        assert "8.50 %" in page
        assert '<span class="num">2</span> times' in page
        assert "Told again, and by email" in page
        assert "in 19 min" in page
        assert "in 1 h 49 min" in page

    def test_draws_the_indicator_around_it(self, rita: Person) -> None:
        at = clock.now()
        a_day(at, ends=short(at))
        row = RiskEvent.objects.get(type="INDICATOR", indicator="l1_ratio")

        chart = signed_in(rita).get(reverse(PAGE, args=[row.pk])).context["chart"]["drawn"]

        assert chart["points"]
        assert chart["marks"] == [{"at": at.isoformat(), "text": f"E-{row.pk} opened"}]

    def test_names_who_was_told(self, rita: Person) -> None:
        row = critical(at=clock.now())

        page = html(signed_in(rita), PAGE, row.pk)

        assert Notification.objects.filter(dedupe_key__startswith=f"risk:event:{row.pk}:").exists()
        assert "Nobody was told" not in page
        assert "Email" in page

    def test_messages_of_another_event_are_not_its_own(self, rita: Person) -> None:
        row = critical(at=clock.now())
        for number in (f"{row.pk}0", f"0{row.pk}"):
            notify(
                kind="RISK_EVENT",
                dedupe_key=f"risk:event:{number}:opened:0",
                user_ids=[rita.id],
                subject="Of another one",
                body="",
                at=clock.now(),
            )

        told = signed_in(rita).get(reverse(PAGE, args=[row.pk])).context["told"]

        assert told
        assert not any("Of another one" in one.subject for one in told)

    def test_a_message_that_did_not_arrive_says_why(self, rita: Person) -> None:
        row = critical(at=clock.now())
        message = Notification.objects.filter(channel="EMAIL", status="PENDING").latest("id")
        message.claim(lease_until=clock.now() + timedelta(minutes=2))
        message.save()
        message.fail(failure_type="BOUNCED", error="550 no such mailbox")
        message.save()

        page = html(signed_in(rita), PAGE, row.pk)

        assert "550 no such mailbox" in page

    def test_counts_how_often_it_came_back(self, rita: Person) -> None:
        row = flapped(2, at=clock.now())

        page = html(signed_in(rita), PAGE, row.pk)

        assert "It came back 2 times" in page.replace('<span class="num">2</span>', "2")

    def test_says_what_to_do(self, rita: Person) -> None:
        page = html(signed_in(rita), PAGE, low(at=clock.now()).pk)

        assert "Preview a plan that refills L1 from L2." in page

    def test_information_needs_no_answer(self, rita: Person) -> None:
        row = low(severity=Severity.INFO, at=clock.now())

        page = html(signed_in(rita), PAGE, row.pk)

        assert "nobody is told again" in page

    @pytest.mark.parametrize("number", ["999", "0", "x", "9" * 30])
    def test_what_is_not_there(self, rita: Person, number: str) -> None:
        url = reverse(LIST) + f"{number}/change/"

        assert signed_in(rita).get(url).status_code == 404

    def test_a_get_answers_nothing(self, rita: Person) -> None:
        row = low(at=clock.now())
        client = signed_in(rita)

        html(client, PAGE, row.pk)
        for door in DOORS:
            url = reverse(f"admin:risk_riskevent_{door}", args=[row.pk])
            assert client.get(url).status_code == 405

        assert status(row) == "OPEN"

    def test_costs_the_same_however_much_happened(
        self, rita: Person, django_assert_max_num_queries: Callable[..., Any]
    ) -> None:
        row = flapped(6, at=clock.now())
        client = signed_in(rita)

        cache.clear()
        with django_assert_max_num_queries(55):
            client.get(reverse(PAGE, args=[row.pk]))


class TestAnswering:
    def test_acknowledging(self, rita: Person) -> None:
        row = low(at=clock.now())
        client = signed_in(rita)

        said = answer(client, row, "acknowledge")

        assert said == [f"E-{row.pk} is yours: nobody else is told again."]
        assert status(row) == "ACKNOWLEDGED"
        page = html(client, PAGE, row.pk)
        assert "rita" in page
        assert "takes care of it." in page  # why the button is disabled now

    def test_snoozing(self, rita: Person) -> None:
        row = low(at=clock.now())

        said = answer(signed_in(rita), row, "snooze")

        assert "is quiet until" in said[0]
        fresh = RiskEvent.objects.get(pk=row.pk)
        assert fresh.snooze_reason == "The refill is on its way"

    @pytest.mark.parametrize("minutes", ["", "61", "-60", "x", "99999999999"])
    def test_snoozing_for_what_is_not_offered(self, rita: Person, minutes: str) -> None:
        row = low(at=clock.now())

        said = answer(signed_in(rita), row, "snooze", minutes=minutes)

        assert said == ["Choose for how long it can wait."]
        assert RiskEvent.objects.get(pk=row.pk).snoozed_until is None

    def test_resolving(self, rita: Person) -> None:
        row = low(at=clock.now())

        assert answer(signed_in(rita), row, "resolve") == [f"E-{row.pk} is resolved."]
        assert status(row) == "RESOLVED"

    @pytest.mark.parametrize(("door", "field"), [("snooze", "reason"), ("resolve", "resolution")])
    def test_without_a_reason_it_is_refused(self, rita: Person, door: str, field: str) -> None:
        row = low(at=clock.now())

        answer(signed_in(rita), row, door, **{field: " "})

        assert status(row) == "OPEN"
        assert RiskEvent.objects.get(pk=row.pk).snoozed_until is None

    def test_twice_is_refused_with_the_name(self, rita: Person) -> None:
        row = low(at=clock.now())
        answer(signed_in(rita), row, "acknowledge")

        said = answer(signed_in(person("ADMIN")), row, "acknowledge")

        assert said == [f"rita takes care of risk event {row.pk}."]

    @pytest.mark.parametrize("role", sorted(STAFF_ROLES - ANSWERING))
    @pytest.mark.parametrize("door", DOORS)
    def test_is_for_those_who_answer(self, role: str, door: str) -> None:
        row = low(at=clock.now())
        client = signed_in(person(role))

        url = reverse(f"admin:risk_riskevent_{door}", args=[row.pk])
        refused = client.post(url, DOORS[door])

        assert refused.status_code == 403
        assert status(row) == "OPEN"
        assert "Your role does not answer risk events" in html(client, PAGE, row.pk)

    @pytest.mark.parametrize("role", sorted(ANSWERING))
    def test_each_answering_role_may(self, role: str) -> None:
        row = low(at=clock.now())

        answer(signed_in(person(role)), row, "resolve")

        assert status(row) == "RESOLVED"

    def test_notes_are_escaped_and_show_what_is_hidden(self, rita: Person) -> None:
        row = low(at=clock.now())
        client = signed_in(rita)
        answer(client, row, "acknowledge", note=HOSTILE)

        page = html(client, PAGE, row.pk)

        assert "<script>alert" not in page
        assert "[U+202E]" in page
        assert "\u202e" not in page

    def test_needs_the_forms_token(self, rita: Person) -> None:
        row = low(at=clock.now())
        strict = signed_in(rita, Client(enforce_csrf_checks=True))

        url = reverse("admin:risk_riskevent_acknowledge", args=[row.pk])

        assert strict.post(url, {}).status_code == 403
        assert status(row) == "OPEN"
