"""Thresholds in the admin: every version, a preview of a change, asking another person."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from apps.accounts.rules.roles import STAFF_ROLES
from apps.approvals.models import Ticket
from apps.core import clock
from apps.risk import queries
from apps.risk.admin import parameters
from apps.risk.models import Policy
from apps.risk.rules import policy_json
from apps.risk.rules.figures import Indicator
from tests.accounts.people import Person, person, signed_in
from tests.forcing import guards_off

from .shown import HOSTILE, calm, judged

pytestmark = pytest.mark.django_db

LIST, PAGE = "admin:risk_policy_changelist", "admin:risk_policy_change"
PROPOSING = {"SUPER_ADMIN", "ADMIN", "RISK_OFFICER"}


@pytest.fixture(autouse=True)
def _nothing_cached() -> None:
    cache.clear()


@pytest.fixture
def rita() -> Person:
    for _ in range(2):
        person("ADMIN")
    return person("RISK_OFFICER", username="rita")


@pytest.fixture
def first() -> Policy:
    return Policy.objects.get(version=1)


def later(values: dict[str, Any], *, days: int) -> Policy:
    """Another version, as two people would have agreed on it."""
    at = clock.now()
    with guards_off():
        return Policy.objects.create(
            version=Policy.objects.count() + 1,
            values=values,
            effective_at=at + timedelta(days=days),
            ticket_id=900 + Policy.objects.count(),
            created_at=at,
        )


def html(client: Client, name: str, *args: Any) -> str:
    response = client.get(reverse(name, args=args))
    assert response.status_code == 200, response
    return response.content.decode()


def post(client: Client, row: Policy, door: str, **form: str) -> Any:
    url = reverse(f"admin:risk_policy_{door}", args=[row.pk])
    return client.post(url, {"reason": "L1 is refilled daily"} | form, follow=True)


def said(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


class TestLooking:
    def test_names_every_number_with_its_unit(self, first: Policy) -> None:
        page = html(signed_in(person("VIEWER")), PAGE, first.pk)

        assert "L1 ratio" in page
        assert "10 %" in page
        assert "240 minutes" in page  # age of prices
        assert "30 seconds" in page  # lag of events
        assert "HIGH: coverage of redemptions below" in page
        assert "120 %" in page

    def test_tells_what_is_in_force_scheduled_and_over(self, first: Policy) -> None:
        later(first.values, days=-1)
        later(first.values, days=3)

        page = html(signed_in(person("VIEWER")), LIST)

        assert page.count("in force") >= 1
        assert "scheduled" in page

    def test_shows_what_a_version_changed(self, first: Policy) -> None:
        values = policy_json.as_json(policy_json.from_json(first.values))
        values["thresholds"]["l1_ratio"] |= {"critical": "0.07"}
        row = later(values, days=-1)

        page = html(signed_in(person("VIEWER")), PAGE, row.pk)

        assert "What changed against v1" in page
        assert "L1 ratio, critical" in page

    def test_an_older_one_is_not_changed(self, rita: Person, first: Policy) -> None:
        later(first.values, days=-1)

        assert "Only the version in force can be changed." in html(signed_in(rita), PAGE, first.pk)

    @pytest.mark.parametrize("role", sorted(STAFF_ROLES - PROPOSING))
    def test_says_who_may_not_propose(self, role: str, first: Policy) -> None:
        client = signed_in(person(role))

        assert "Your role does not propose thresholds." in html(client, PAGE, first.pk)
        for door in ("preview", "propose"):
            url = reverse(f"admin:risk_policy_{door}", args=[first.pk])
            assert client.post(url, {"l1_ratio_critical": "7"}).status_code == 403
        assert Ticket.objects.count() == 0


class TestPreview:
    def test_shows_what_would_change_and_asks_nobody(self, rita: Person, first: Policy) -> None:
        judged(calm(clock.now()))

        response = post(signed_in(rita), first, "preview", l1_ratio_warning="15")

        page = response.content.decode()
        (change,) = response.context["changes"]
        assert (change.old, change.new) == ("10 %", "15 %")
        (moved,) = response.context["moved"]
        assert (moved.title, moved.before, moved.after) == ("L1 ratio", "NORMAL", "WARNING")
        assert 'name="l1_ratio_warning" value="15"' in page
        assert Ticket.objects.count() == 0

    def test_nothing_different_is_said(self, rita: Person, first: Policy) -> None:
        response = post(signed_in(rita), first, "preview")

        assert said(response) == ["These are the parameters already."]

    @pytest.mark.parametrize(
        ("form", "words"),
        [
            ({"l1_ratio_warning": "ten"}, "“L1 ratio, warning” must be a number, in %."),
            ({"l1_ratio_weight": "1.5"}, "“L1 ratio, weight” must be a whole number."),
            ({"better_runs": "NaN"}, "must be a plain number"),
            ({"better_runs": "1e9"}, "must be a plain number"),
            ({"calm_minutes": "9" * 50}, "must be a number, in minutes."),
            ({"l1_ratio_critical": "12"}, "L1 ratio: critical is never above warning."),
            ({"l1_ratio_weight": "101"}, "L1 ratio"),
            ({"effective_at": "tomorrow"}, "Say from when it counts"),
            ({"recovery_minutes": "-1"}, "“Calm before an emergency may end”"),
        ],
    )
    def test_what_makes_no_sense_is_said(
        self, rita: Person, first: Policy, form: dict[str, str], words: str
    ) -> None:
        response = post(signed_in(rita), first, "preview", **form)

        assert words in " ".join(said(response))
        assert Ticket.objects.count() == 0

    def test_a_form_of_another_version_is_refused(self, rita: Person, first: Policy) -> None:
        later(first.values, days=-1)

        response = post(signed_in(rita), first, "preview", l1_ratio_warning="15")

        assert said(response) == ["Version 2 is in force now; look at it first."]

    def test_escapes_the_reason(self, rita: Person, first: Policy) -> None:
        response = post(signed_in(rita), first, "preview", l1_ratio_warning="15", reason=HOSTILE)

        assert "<script>alert" not in response.content.decode()


class TestProposing:
    def test_asks_another_person(self, rita: Person, first: Policy) -> None:
        response = post(signed_in(rita), first, "propose", l1_ratio_critical="7")

        ticket = Ticket.objects.get()
        assert said(response) == [
            f"Ticket #{ticket.pk} asks for it. Until it is approved nothing changes."
        ]
        new = policy_json.from_json(ticket.facts["new"])
        assert new.thresholds[Indicator.L1_RATIO].critical == Decimal("0.07")
        assert queries.policy(at=clock.now())[0] == 1

    def test_may_count_from_later_on(self, rita: Person, first: Policy) -> None:
        since = f"{clock.now() + timedelta(days=9):%Y-%m-%dT%H:%M}"

        post(signed_in(rita), first, "propose", oracle_staleness_warning="90", effective_at=since)

        ticket = Ticket.objects.get()
        assert ticket.facts["effectiveAt"].startswith(since)
        new = policy_json.from_json(ticket.facts["new"])
        assert new.thresholds[Indicator.ORACLE_STALENESS].warning == 5_400

    def test_the_ticket_says_it_in_words(self, rita: Person, first: Policy) -> None:
        post(signed_in(rita), first, "propose", l1_ratio_critical="7")

        page = html(
            signed_in(person("ADMIN")), "admin:approvals_ticket_change", Ticket.objects.get().pk
        )

        assert "L1 ratio, critical 8 % → 7 %" in page


class TestForm:
    def test_what_is_not_in_the_form_stays(self, first: Policy) -> None:
        now = policy_json.from_json(first.values)

        assert parameters.parameters_of({}, now) == now

    def test_every_number_comes_back_as_it_was_written(self, first: Policy) -> None:
        now = policy_json.from_json(first.values)
        form = {field.name: field.text for field in parameters.all_fields(now)}

        assert parameters.parameters_of(form, now) == now
        assert len(form) == len(Indicator) * 3 + 16
