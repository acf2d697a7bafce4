"""The redemption list, page, settling and export, as people use them."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from apps.approvals.models import Ticket
from apps.audit.models import OperationLog
from apps.chain.models import Transaction
from apps.chain.terms import Channel
from apps.core import clock
from apps.redemptions.models import Redemption
from tests.accounts.people import person, signed_in
from tests.approvals.helpers import seed_rules

from .conftest import Figures
from .helpers import (
    CHAIN,
    NOON,
    OWNER,
    USDT,
    apply,
    approved,
    cancelled,
    final_at,
    project,
    rejected,
    requested,
    settled,
)

pytestmark = pytest.mark.django_db
HOSTILE = "=cmd|'/c calc'!A1<script>alert(1)</script>\u202e"
LIST = "admin:redemptions_redemption_changelist"
KEY = f"{CHAIN}-1"


@pytest.fixture
def every_kind(overview: Callable[..., None]) -> None:
    """One redemption in each state; 6 and 7 have dates, 6 is due."""
    overview(Figures(taken_at=clock.now()))
    final_at(NOON + timedelta(days=8))
    seed_rules()
    apply(requested(1, at=NOON + timedelta(days=7, hours=23)))
    apply(requested(2), approved(2))
    apply(requested(3), rejected(3, reason=HOSTILE))
    apply(requested(4), cancelled(4))
    apply(requested(5, requires_approval=False), settled(5))
    apply(requested(6, requires_approval=False, gross_assets=7_000 * USDT))
    apply(
        requested(
            7,
            requires_approval=False,
            channel=Channel.SCHEDULED,
            settles_at=NOON + timedelta(days=60),
            window_id=2,
        )
    )


def listed(client: Client, **query: str) -> list[int]:
    response = client.get(reverse(LIST), query)
    assert response.status_code == 200, response
    return sorted(row.request_id for row in response.context["cl"].result_list)


class TestList:
    @pytest.mark.parametrize(
        ("tab", "expected"),
        [
            ("mine", [1]),
            ("others", []),
            ("ready", [2, 6]),
            ("scheduled", [7]),
            ("done", [3, 4, 5]),
            ("all", [1, 2, 3, 4, 5, 6, 7]),
        ],
    )
    def test_tabs_for_an_approver(self, every_kind: None, tab: str, expected: list[int]) -> None:
        assert listed(signed_in(person("VIP_APPROVER")), tab=tab) == expected

    def test_others_see_it_among_those_waiting_for_others(self, every_kind: None) -> None:
        client = signed_in(person("OPERATOR"))

        assert listed(client, tab="mine") == []
        assert listed(client, tab="others") == [1]

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({"q": "3"}, [3]),
            ({"q": "#6"}, [6]),
            ({"q": OWNER.upper().replace("0X", "0x")}, [1, 2, 3, 4, 5, 6, 7]),
            ({"q": "0x" + f"{21:064x}"}, [2]),
            ({"q": "0x" + "00" * 20}, []),
            ({"q": "'; DROP TABLE"}, []),
            ({"status__exact": "REJECTED"}, [3]),
            ({"channel__exact": "SCHEDULED"}, [7]),
            ({"amount_from": "7000", "amount_to": "7000"}, [6]),
            ({"requested_at_from": "2026-03-03"}, [1]),
            ({"requested_at_to": "2026-03-02"}, [2, 3, 4, 5, 6, 7]),
            ({"settles_at_from": "2026-04-01"}, [7]),
            ({"late": "overdue"}, [2, 6]),
            ({"late": "sla"}, []),
        ],
    )
    def test_search_and_filters(
        self, every_kind: None, query: dict[str, str], expected: list[int]
    ) -> None:
        assert listed(signed_in(person("VIEWER")), **query) == expected

    @pytest.mark.parametrize(
        "query", [{"amount_from": "lots"}, {"requested_at_from": "yesterday"}, {"amount_to": "-1"}]
    )
    def test_nonsense_in_a_filter_is_not_an_error_page(
        self, every_kind: None, query: dict[str, str]
    ) -> None:
        assert signed_in(person("VIEWER")).get(reverse(LIST), query).status_code in (200, 302)

    def test_sums_the_filtered_set_and_not_the_page(self, every_kind: None) -> None:
        client = signed_in(person("VIEWER"))

        totals = client.get(reverse(LIST), {"tab": "ready"}).context_data["totals"]

        assert (totals.count, totals.gross_assets) == (2, 127_000 * USDT)
        assert totals.net_assets == 127_000 * USDT - 2 * 600 * USDT

    def test_asks_the_database_no_more_for_more_rows(
        self, every_kind: None, django_assert_max_num_queries: Callable[..., object]
    ) -> None:
        client = signed_in(person("VIEWER"))
        for number in range(10, 30):
            project(requested(number, requires_approval=False, settles_at=NOON + timedelta(90)))

        with django_assert_max_num_queries(70):  # type: ignore[attr-defined]
            client.get(reverse(LIST))

    def test_holds_sums_beyond_256_bits(self, overview: Callable[..., None]) -> None:
        for number in (1, 2):
            project(requested(number, requires_approval=False, gross_assets=2**256 - 1))

        totals = signed_in(person("VIEWER")).get(reverse(LIST)).context_data["totals"]

        assert totals.gross_assets == 2 * (2**256 - 1)

    def test_says_what_next_when_empty(self, every_kind: None) -> None:
        text = signed_in(person("OPERATOR")).get(reverse(LIST), {"tab": "mine"}).content.decode()

        assert "No redemptions wait for you." in text
        assert "1 waits for others" in text


class TestExport:
    def get(self, role: str, file_format: str, **query: str) -> object:
        url = reverse("admin:redemptions_redemption_export", args=[file_format])
        return signed_in(person(role)).get(url, query)

    def test_csv_is_what_is_filtered_and_neutral(self, every_kind: None) -> None:
        response = self.get("OPERATOR", "csv", status__exact="REJECTED")

        lines = response.content.decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
        assert len(lines) == 2
        assert "'=cmd|" in lines[1]
        assert ",=cmd" not in lines[1]
        assert str(120_000 * USDT) in lines[1]

    def test_xlsx_has_exact_text_and_no_formula(self, every_kind: None) -> None:
        response = self.get("OPERATOR", "xlsx", status__exact="REJECTED")

        sheet = load_workbook(io.BytesIO(response.content)).active  # type: ignore[attr-defined]
        header, row = list(sheet.iter_rows())
        cells = {head.value: cell for head, cell in zip(header, row, strict=True)}
        assert cells["Value (base units)"].value == str(120_000 * USDT)
        assert cells["Rejection reason"].data_type == "s"

    def test_is_written_down(self, every_kind: None) -> None:
        self.get("OPERATOR", "csv")

        assert OperationLog.objects.filter(action="redemption.exported").count() == 1

    def test_needs_the_permission(self, every_kind: None) -> None:
        assert self.get("VIEWER", "csv").status_code == 403  # type: ignore[attr-defined]

    def test_knows_two_formats(self, every_kind: None) -> None:
        assert self.get("OPERATOR", "exe").status_code == 404  # type: ignore[attr-defined]


class TestPage:
    @pytest.mark.parametrize("number", range(1, 8))
    @pytest.mark.parametrize("role", ["VIP_APPROVER", "OPERATOR", "VIEWER"])
    def test_renders_in_every_state(self, every_kind: None, number: int, role: str) -> None:
        url = reverse("admin:redemptions_redemption_change", args=[f"{CHAIN}-{number}"])

        response = signed_in(person(role)).get(url)

        text = response.content.decode()
        assert response.status_code == 200
        assert "<script>alert(1)" not in text
        assert ("Approve or reject" in text) is (number == 1 and role == "VIP_APPROVER")
        settle_url = reverse("admin:redemptions_redemption_settle", args=[f"{CHAIN}-{number}"])
        assert (settle_url in text) is (number in (2, 6) and role == "OPERATOR")

    def test_renders_without_any_reading_of_the_fund(self, overview: Callable[..., None]) -> None:
        overview(None)
        project(requested())

        response = signed_in(person("VIEWER")).get(
            reverse("admin:redemptions_redemption_change", args=[KEY])
        )

        assert response.status_code == 200
        assert "There is no fresh reading of the fund" in response.content.decode()

    @pytest.mark.parametrize("key", ["1", "x", f"{CHAIN}-99", "1-1-1", "9" * 200])
    def test_of_no_redemption_is_not_found(self, key: str) -> None:
        url = reverse("admin:redemptions_redemption_change", args=[key])

        assert signed_in(person("VIEWER")).get(url).status_code == 404

    def test_its_ticket_shows_what_will_happen(self, every_kind: None) -> None:
        ticket = Ticket.objects.get(subject_id="1", status="PENDING")

        text = (
            signed_in(person("VIP_APPROVER"))
            .get(reverse("admin:approvals_ticket_change", args=[ticket.pk]))
            .content.decode()
        )

        assert "If paid today" in text
        assert "After approval the holder is paid in seven days" in text
        assert "120,000 USDT ≥ 100,000 for the standard channel" in text
        assert "data-sign-url" in text


class TestSettle:
    def url(self, number: int = 6) -> str:
        return reverse("admin:redemptions_redemption_settle", args=[f"{CHAIN}-{number}"])

    def test_asks_before_it_does(self, every_kind: None) -> None:
        client = signed_in(person("OPERATOR"))

        page = client.get(self.url())
        assert "Send the payment" in page.content.decode()
        assert not Transaction.objects.exists()
        client.post(self.url())

        assert Transaction.objects.get().subject_id == "6"

    def test_twice_is_once(self, every_kind: None) -> None:
        client = signed_in(person("OPERATOR"))
        client.post(self.url())

        response = client.post(self.url(), follow=True)

        assert "is on its way" in response.content.decode()
        assert Transaction.objects.count() == 1

    def test_refuses_what_is_not_due(self, every_kind: None) -> None:
        response = signed_in(person("OPERATOR")).post(self.url(7), follow=True)

        assert "Not due" in response.content.decode()
        assert not Transaction.objects.exists()

    @pytest.mark.parametrize("role", ["VIEWER", "VIP_APPROVER", "ADMIN", "RISK_OFFICER"])
    def test_is_the_operators(self, every_kind: None, role: str) -> None:
        client = signed_in(person(role))

        assert client.get(self.url()).status_code == 403
        assert client.post(self.url()).status_code == 403
        due = reverse("admin:redemptions_redemption_settle_due")
        assert client.post(due).status_code == 403

    def test_all_due_says_what_was_done_for_each(self, every_kind: None) -> None:
        client = signed_in(person("OPERATOR"))
        url = reverse("admin:redemptions_redemption_settle_due")
        assert "Send 2 payments" in client.get(url).content.decode()

        response = client.post(url)

        assert [r.outcome for r in response.context_data["results"]] == ["SENT", "SENT"]
        assert Transaction.objects.count() == 2


class TestRetry:
    def test_needs_post_and_the_permission(self, every_kind: None) -> None:
        url = reverse("admin:redemptions_redemption_retry", args=[KEY])

        assert signed_in(person("VIP_APPROVER")).get(url).status_code == 405
        assert signed_in(person("OPERATOR")).post(url).status_code == 403

    def test_says_when_there_is_nothing_to_retry(self, every_kind: None) -> None:
        url = reverse("admin:redemptions_redemption_retry", args=[KEY])

        response = signed_in(person("VIP_APPROVER")).post(url, follow=True)

        assert "No decision about this redemption failed" in response.content.decode()
        assert Redemption.objects.get(key=KEY).status == "PENDING_APPROVAL"


class TestHostileQueries:
    @pytest.mark.parametrize(
        "query", [{"requested_at_to": "9999-12-31"}, {"channel__exact": "\0"}, {"q": "9" * 78}]
    )
    def test_are_refused_or_find_nothing(self, every_kind: None, query: dict[str, str]) -> None:
        client = signed_in(person("OPERATOR"))

        listed_ = client.get(reverse(LIST), query)
        exported = client.get(reverse("admin:redemptions_redemption_export", args=["csv"]), query)

        assert listed_.status_code in (200, 302, 400)
        assert exported.status_code in (200, 400)


class TestQueryCount:
    @pytest.mark.parametrize(
        ("page", "queries_max"), [(LIST, 35), ("admin:approvals_ticket_changelist", 30)]
    )
    def test_does_not_grow_with_the_rows(
        self,
        overview: Callable[..., None],
        django_assert_max_num_queries: Any,
        page: str,
        queries_max: int,
    ) -> None:
        overview(Figures(taken_at=clock.now()))
        final_at(NOON)
        seed_rules()
        for number in range(1, 16):
            apply(requested(number, owner=f"0x{number:040x}"))
        client = signed_in(person("VIP_APPROVER"))
        client.get(reverse(page))  # what is cached for a while is not the list's

        with django_assert_max_num_queries(queries_max):
            response = client.get(reverse(page))

        assert len(response.context["cl"].result_list) == 15
