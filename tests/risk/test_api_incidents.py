"""Emergencies and incidents over REST."""

from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.approvals.models import Ticket
from apps.core import clock
from apps.risk import operations
from tests.accounts.people import person

from . import emergencies
from .rest import QUERIES_MAX, fields, get, post, refusal, statements, viewer

__all__ = ["viewer"]

pytestmark = pytest.mark.django_db


class TestEmergency:
    def test_asks_people(self) -> None:
        emergencies.team()
        omar = person("OPERATOR", username="omar")

        response = post(omar, "/emergency", {"reason": "The custodian stopped paying"})

        assert response.status_code == 202
        data = response.json()["data"]
        ticket = Ticket.objects.get(pk=int(data["id"]))
        assert (data["type"], data["status"], data["requester"]) == (
            *("EMERGENCY_MODE", "PENDING"),
            "omar",
        )
        assert data["requiredApprovals"] == 2
        assert ticket.facts["reason"] == "The custodian stopped paying"

    def test_is_asked_once(self) -> None:
        emergencies.team()
        omar = person("OPERATOR")
        post(omar, "/emergency", {"reason": "Once"})

        assert refusal(post(omar, "/emergency", {"reason": "Twice"})) == (409, "CONFLICT")

    def test_an_open_one_is_not_asked_for(self) -> None:
        emergencies.team()
        emergencies.opened(at=clock.now())

        response = post(person("OPERATOR"), "/emergency", {"reason": "More"})
        assert refusal(response) == (409, "CONFLICT")

    @pytest.mark.parametrize("reason", [None, "", "  ", "x" * 401, 7, ["a"]])
    def test_wants_a_reason(self, reason: Any) -> None:
        emergencies.team()
        response = post(person("OPERATOR"), "/emergency", {"reason": reason})

        assert reason == 7 or fields(response) == {"reason"}

    def test_wants_a_body(self) -> None:
        assert fields(post(person("OPERATOR"), "/emergency")) == {"reason"}


class TestIncidents:
    def test_are_listed_newest_first(self, viewer: APIClient) -> None:
        emergencies.team()
        incident = emergencies.opened(at=clock.now() - timedelta(minutes=10))

        data = get(viewer, "/incidents")

        [row] = data["items"]
        assert (row["id"], row["phase"], row["closedAt"]) == (str(incident.pk), "ALARM", None)
        assert row["durationSeconds"] in range(600, 700)

    def test_one_tells_everything(self, viewer: APIClient) -> None:
        emergencies.team()
        incident = emergencies.opened(at=clock.now())

        data = get(viewer, f"/incidents/{incident.pk}")

        assert data["timeline"][0]["event"]
        assert data["timeline"][0]["text"]
        operations.advance_incidents(at=clock.now() + timedelta(minutes=31))
        checklist = get(viewer, f"/incidents/{incident.pk}")["checklist"]
        assert {item["doneAt"] for item in checklist} == {None}
        assert data["actions"][0]["ticketId"] is not None
        assert data["lessons"] == ""

    def test_takes_few_statements(self, viewer: APIClient) -> None:
        emergencies.team()
        incident = emergencies.opened(at=clock.now())

        assert statements(lambda: get(viewer, "/incidents")) <= QUERIES_MAX
        assert statements(lambda: get(viewer, f"/incidents/{incident.pk}")) <= 3 * QUERIES_MAX
