"""Risk events over REST, and what people do about them."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.core import clock
from apps.risk import operations
from apps.risk.models import RiskEvent
from apps.risk.rules.figures import EventType, Severity
from tests.accounts.people import Person, api_client

from .raised import critical, low, well
from .rest import (
    ANSWERS,
    QUERIES_MAX,
    ROOT,
    answer,
    fields,
    get,
    post,
    refusal,
    rita,
    soon,
    statements,
    viewer,
)
from .shown import HOSTILE

__all__ = ["rita", "viewer"]

pytestmark = pytest.mark.django_db


class TestEvents:
    def numbers(self, data: Any) -> list[int]:
        return [int(item["id"]) for item in data["items"]]

    @pytest.fixture
    def rows(self) -> list[RiskEvent]:
        now = clock.now()
        old = critical(indicator="event_lag", at=now - timedelta(days=3))
        well(indicator="event_lag", at=now - timedelta(days=2))
        return [
            old,
            low(at=now - timedelta(hours=2)),
            low(type=EventType.LEVEL, indicator="level", at=now),
        ]

    def test_is_paged_newest_first(self, rows: list[RiskEvent], viewer: APIClient) -> None:
        data = get(viewer, "/events", pageSize=2)

        assert self.numbers(data) == [rows[2].pk, rows[1].pk]
        assert data["pagination"] == {"total": 3, "page": 1, "pageSize": 2, "totalPages": 2}

    def test_a_row_says_all_that_a_list_needs(
        self, rows: list[RiskEvent], viewer: APIClient
    ) -> None:
        row = get(viewer, "/events", type="INDICATOR", resolved="false")["items"][0]

        assert (row["indicator"], row["severity"], row["status"]) == (
            *("l1_ratio", "WARNING"),
            "OPEN",
        )
        assert (row["value"], row["threshold"], row["unit"]) == ("0.09", "0.1", "SHARE")
        assert row["durationSeconds"] in range(7_199, 7_300)
        assert row["escalatesAt"] is not None
        assert (row["resolved"], row["resolvedAt"], row["acknowledgedBy"]) == (False, None, "")

    @pytest.mark.parametrize(
        ("params", "expected"),
        [
            ({"severity": "CRITICAL"}, [0]),
            ({"severity": "WARNING"}, [2, 1]),
            ({"severity": "INFO"}, []),
            ({"resolved": "true"}, [0]),
            ({"resolved": "false"}, [2, 1]),
            ({"type": "LEVEL"}, [2]),
            ({"indicator": "l1_ratio"}, [1]),
            ({"indicator": "nothing"}, []),
            ({"severity": "CRITICAL", "resolved": "false"}, []),
        ],
    )
    def test_narrows(
        self,
        params: dict[str, str],
        expected: list[int],
        rows: list[RiskEvent],
        viewer: APIClient,
    ) -> None:
        assert self.numbers(get(viewer, "/events", **params)) == [rows[n].pk for n in expected]

    def test_the_start_is_within_and_the_end_is_not(
        self, rows: list[RiskEvent], viewer: APIClient
    ) -> None:
        opened = rows[1].opened_at

        def asked(**params: datetime) -> list[int]:
            named = {name: value.isoformat() for name, value in params.items()}
            return self.numbers(get(viewer, "/events", **named))

        assert asked(startDate=opened) == [rows[2].pk, rows[1].pk]
        assert asked(endDate=opened) == [rows[0].pk]
        assert asked(startDate=opened, endDate=opened + timedelta(microseconds=1)) == [rows[1].pk]
        today = f"{clock.now():%Y-%m-%d}"
        assert rows[2].pk in self.numbers(get(viewer, "/events", endDate=today))

    @pytest.mark.parametrize(
        ("params", "field"),
        [
            ({"severity": "critical"}, "severity"),
            ({"resolved": "maybe"}, "resolved"),
            ({"resolved": ""}, "resolved"),
            ({"type": "WHIM"}, "type"),
            ({"indicator": "l1 ratio"}, "indicator"),
            ({"indicator": "x" * 41}, "indicator"),
            ({"indicator": "'; DROP TABLE risk_riskevent; --"}, "indicator"),
            ({"startDate": "yesterday"}, "startDate"),
            ({"endDate": "0001-01-01T00:00:00+14:00"}, "endDate"),
            ({"startDate": "2026-03-02", "endDate": "2026-03-01"}, "startDate"),
            ({"pageSize": "1000"}, "pageSize"),
        ],
    )
    def test_refuses_nonsense_by_field(
        self, params: dict[str, str], field: str, viewer: APIClient
    ) -> None:
        assert fields(viewer.get(f"{ROOT}/events", params)) == {field}

    def test_many_rows_take_as_few_statements_as_one(self, viewer: APIClient) -> None:
        now = clock.now()
        low(at=now)
        one = statements(lambda: get(viewer, "/events", pageSize=100))
        for n in range(60):
            low(indicator=f"x{n}", at=now)

        many = statements(lambda: get(viewer, "/events", pageSize=100))

        assert many == one
        assert many <= QUERIES_MAX


class TestEvent:
    def test_has_figures_timeline_and_answers(self, viewer: APIClient, rita: Person) -> None:
        at = clock.now() - timedelta(minutes=50)
        row = low(details={"L1": "90,000.00 USDT"}, at=at)
        critical(at=at + timedelta(minutes=1))
        operations.escalate_due(at=at + timedelta(minutes=30))
        answer(rita, row, "acknowledge")

        data = get(viewer, f"/events/{row.pk}")

        assert data["toldSeverity"] == "CRITICAL"
        assert (data["acknowledgedBy"], data["acknowledgeNote"]) == ("rita", "I am on it")
        assert [(step["event"], step["by"]) for step in data["timeline"]] == [
            ("opened", "risk"),
            ("worsened", "risk"),
            ("escalated", "clock"),
            ("acknowledged", "rita"),
        ]
        assert data["timeline"][3]["text"] == "I am on it"
        assert data["notifications"] == [] or data["notifications"][0]["channel"]

    def test_details_keep_their_labels(self, viewer: APIClient) -> None:
        row = low(details={"largest_asset Of L3": "90,000.00 USDT"}, at=clock.now())

        assert get(viewer, f"/events/{row.pk}")["details"] == [
            {"name": "largest_asset Of L3", "value": "90,000.00 USDT"}
        ]

    def test_takes_few_statements(self, viewer: APIClient) -> None:
        row = low(at=clock.now())
        for _ in range(30):
            low(at=clock.now())

        assert statements(lambda: get(viewer, f"/events/{row.pk}")) <= QUERIES_MAX


class TestAnswers:
    def test_acknowledge(self, rita: Person) -> None:
        row = low(at=clock.now())

        data = answer(rita, row, "acknowledge").json()["data"]

        assert (data["status"], data["acknowledgedBy"], data["escalatesAt"]) == (
            *("ACKNOWLEDGED", "rita"),
            None,
        )
        assert refusal(answer(rita, row, "acknowledge")) == (409, "CONFLICT")

    def test_acknowledge_needs_no_words(self, rita: Person) -> None:
        row = low(at=clock.now())

        assert post(rita, f"/events/{row.pk}/acknowledge").status_code == 200

    def test_snooze(self, rita: Person) -> None:
        row, until = low(at=clock.now()), soon()

        data = answer(rita, row, "snooze", until=until).json()["data"]

        assert data["snoozedUntil"] == data["escalatesAt"] == until.replace("+00:00", "Z")
        assert (data["snoozedBy"], data["status"]) == ("rita", "OPEN")

    def test_resolve(self, rita: Person) -> None:
        row = low(at=clock.now())

        data = answer(rita, row, "resolve").json()["data"]

        assert (data["status"], data["resolved"], data["resolvedBy"]) == (
            *("RESOLVED", True),
            "rita",
        )
        assert (data["resolution"], data["resolvedByItself"]) == ("Refilled from L2", False)
        for name in ANSWERS:
            assert refusal(answer(rita, row, name)) == (409, "CONFLICT")

    @pytest.mark.parametrize(
        ("name", "body", "field"),
        [
            ("acknowledge", {"note": "x" * 2_001}, "note"),
            ("acknowledge", {"note": 7.5e400}, None),
            ("acknowledge", {"note": {"a": 1}}, "note"),
            ("snooze", {"reason": "later"}, "until"),
            ("snooze", {"until": "tomorrow", "reason": "later"}, "until"),
            ("snooze", {"until": "9999-12-31T23:59:59-14:00", "reason": "x"}, "until"),
            ("snooze", {"until": "2020-01-01T00:00:00Z", "reason": "later"}, "until"),
            ("snooze", {"until": "2999-01-01T00:00:00Z", "reason": "later"}, "until"),
            ("snooze", {"until": "SOON"}, "reason"),
            ("snooze", {"until": "SOON", "reason": "  "}, "reason"),
            ("resolve", {}, "resolution"),
            ("resolve", {"resolution": ""}, "resolution"),
            ("resolve", {"resolution": None}, "resolution"),
            ("resolve", {"resolution": "x" * 2_001}, "resolution"),
            ("resolve", ["Refilled"], None),
        ],
    )
    def test_refuse_nonsense_by_field(
        self, name: str, body: Any, field: str | None, rita: Person
    ) -> None:
        row = low(at=clock.now())
        if isinstance(body, dict) and body.get("until") == "SOON":
            body = {**body, "until": soon()}
        if body == {"note": 7.5e400}:
            response = api_client(rita).post(
                f"{ROOT}/events/{row.pk}/{name}", '{"note": NaN}', content_type="application/json"
            )
            assert refusal(response) == (400, "VALIDATION_ERROR")
            return

        found = fields(post(rita, f"/events/{row.pk}/{name}", body))

        assert field is None or found == {field}
        assert RiskEvent.objects.get().status == "OPEN"

    def test_hostile_words_come_back_as_text(self, rita: Person, viewer: APIClient) -> None:
        row = low(at=clock.now())

        answer(rita, row, "resolve", resolution=HOSTILE)

        said = get(viewer, f"/events/{row.pk}")["resolution"]
        assert "<script>" in said
        assert "\u202e" not in said

    def test_one_person_many_times_answers_once(self, rita: Person) -> None:
        row = low(at=clock.now())

        codes = [answer(rita, row, "resolve").status_code for _ in range(5)]

        assert codes == [200, 409, 409, 409, 409]


def test_an_event_that_informs_is_shown_as_such(viewer: APIClient) -> None:
    low(severity=Severity.INFO, at=clock.now())

    [row] = get(viewer, "/events")["items"]

    assert (row["severity"], row["escalatesAt"]) == ("INFO", None)
