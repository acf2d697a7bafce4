"""Risk over REST as tests ask it: who asks, and what comes back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from apps.core import clock
from apps.risk.models import RiskEvent
from tests.accounts.people import Person, api_client, person

ROOT = "/api/v1/risk"
READS = [
    *("/status", "/events", "/events/1", "/liquidity-forecast", "/metrics/history"),
    *("/incidents", "/incidents/1"),
]
ANSWERS: dict[str, dict[str, str]] = {
    "acknowledge": {"note": "I am on it"},
    "snooze": {"until": "", "reason": "The refill is on its way"},
    "resolve": {"resolution": "Refilled from L2"},
}
NUMBERS = ["999", f"{2**64}", "x", "-1", "0"]
QUERIES_MAX = 12
"""Of any page: sign-in and rights (4), the rows themselves, what belongs to them."""


@pytest.fixture
def viewer() -> APIClient:
    return api_client(person("VIEWER"))


@pytest.fixture
def rita() -> Person:
    return person("RISK_OFFICER", username="rita")


def get(client: APIClient, path: str, **params: Any) -> Any:
    response = client.get(f"{ROOT}{path}", params)
    assert response.status_code == 200, response.json()
    return response.json()["data"]


def post(who: Person, path: str, body: Any = None) -> Any:
    return api_client(who).post(f"{ROOT}{path}", {} if body is None else body, format="json")


def answer(who: Person, row: RiskEvent, name: str, **changes: str) -> Any:
    body = {**ANSWERS[name]}
    if name == "snooze":
        body["until"] = soon()
    return post(who, f"/events/{row.pk}/{name}", body | changes)


def soon() -> str:
    return (clock.now() + timedelta(hours=2)).isoformat()


def refusal(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def fields(response: Any) -> set[str]:
    assert refusal(response) == (400, "VALIDATION_ERROR"), response.json()
    return set(response.json()["error"]["details"])


def statements(ask: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        ask()
    return len(captured.captured_queries)
