"""What open pages hear on risk:alert: one stable shape for each kind."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.core import clock
from apps.notifications.models import PushMessage
from apps.risk import operations as risk
from apps.risk.events import IncidentClosed, IncidentMoved, IncidentOpened, LevelChanged
from apps.risk.models import Incident
from apps.risk.rules.figures import EventType, Severity
from tests import installed
from tests.accounts.people import person
from tests.notifications.told import publish

pytestmark = pytest.mark.django_db

L1 = "l1_ratio"


@pytest.fixture(autouse=True)
def risk_policy() -> None:
    """Thresholds as the installation brings them."""
    installed.risk_policy()


def low(severity: Severity = Severity.WARNING) -> Any:
    return risk.raise_event(
        type=EventType.INDICATOR,
        indicator=L1,
        severity=severity,
        message="L1 is 9.00 % of gross assets, below 10 %.",
        value=Decimal("0.09"),
        threshold=Decimal("0.10"),
        unit="SHARE",
        worse_below=True,
        at=clock.now(),
    )


def recovered() -> None:
    for _ in range(3):
        risk.settle_event(
            type=EventType.INDICATOR, indicator=L1, resolution="Fine.", at=clock.now()
        )


def heard() -> list[dict[str, Any]]:
    rows = PushMessage.objects.order_by("id")
    assert {row.channel for row in rows} <= {"risk:alert"}
    return [row.data for row in rows]


class TestEvents:
    def test_its_whole_life_is_heard(self) -> None:
        ana = person("RISK_OFFICER")
        event = low()
        low(Severity.CRITICAL)
        risk.acknowledge(event_id=event.pk, note="I look.", actor=ana.actor, at=clock.now())
        recovered()

        changes = [(data["change"], data["severity"], data["status"]) for data in heard()]

        assert changes == [
            ("OPENED", "WARNING", "OPEN"),
            ("WORSENED", "CRITICAL", "OPEN"),
            ("ACKNOWLEDGED", "CRITICAL", "ACKNOWLEDGED"),
            ("RESOLVED", "CRITICAL", "RESOLVED"),
        ]

    def test_its_shape(self) -> None:
        event = low()

        (data,) = heard()

        opened_at = data.pop("openedAt")
        assert opened_at.endswith("Z")
        assert data == {
            "kind": "RISK_EVENT",
            "change": "OPENED",
            "id": str(event.pk),
            "type": "INDICATOR",
            "indicator": L1,
            "severity": "WARNING",
            "status": "OPEN",
            "message": "L1 is 9.00 % of gross assets, below 10 %.",
            "value": "0.09",
            "threshold": "0.1",
            "unit": "SHARE",
            "acknowledgedAt": None,
            "acknowledgedBy": "",
            "resolvedAt": None,
            "quiet": False,
        }

    def test_what_flaps_is_marked_quiet(self) -> None:
        for _ in range(3):
            low()
            recovered()

        opened = [data["quiet"] for data in heard() if data["change"] == "OPENED"]

        assert opened == [False, False, True]


class TestLevel:
    def test_a_change_is_heard_with_its_reasons(self) -> None:
        publish(
            LevelChanged(
                old="",
                new="HIGH",
                score="41.5",
                reasons=("L1 is low.",),
                assessment_id=1,
                at=clock.now(),
            )
        )

        (data,) = heard()

        assert data.pop("at").endswith("Z")
        assert data == {
            "kind": "LEVEL",
            "change": "CHANGED",
            "oldLevel": None,
            "level": "HIGH",
            "score": "41.5",
            "reasons": ["L1 is low."],
        }


class TestIncidents:
    def test_its_phases_are_heard(self) -> None:
        at = clock.now()
        incident = Incident.objects.create(
            cause="MANUAL",
            summary="By hand.",
            chain_id=31337,
            opened_by="ana",
            opened_at=at - timedelta(hours=1),
            phase_since=at,
        )

        publish(IncidentOpened(incident_id=incident.pk, at=at))
        publish(IncidentMoved(incident_id=incident.pk, phase="LIQUIDITY", at=at))
        publish(IncidentClosed(incident_id=incident.pk, at=at))

        assert [data["change"] for data in heard()] == ["OPENED", "MOVED", "CLOSED"]
        assert {key: heard()[0][key] for key in ("kind", "id", "phase", "cause", "summary")} == {
            "kind": "INCIDENT",
            "id": str(incident.pk),
            "phase": "ALARM",
            "cause": "MANUAL",
            "summary": "By hand.",
        }
