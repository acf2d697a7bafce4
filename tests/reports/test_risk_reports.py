"""Reports about risk from real rows: when they are asked for, by whom they are received."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.core import bus
from apps.core.actor import Actor
from apps.notifications.models import Notification
from apps.reports import operations, queries
from apps.reports.models import ReportRun
from apps.reports.rules import Kind, Period, Status
from apps.risk.events import IncidentClosed
from apps.risk.models import Assessment, ChecklistItem, Incident, IncidentEntry, Reading, RiskEvent
from apps.risk.queries import IncidentNotFound
from tests.accounts.people import person
from tests.racing import at_once
from tests.redemptions.helpers import NOON, final_at, project, requested

pytestmark = pytest.mark.django_db(transaction=True)

BEAT = Actor.system("beat")


def judged(level: str, at: datetime, *, changed: bool = True, l1: str = "0.07") -> Assessment:
    """A run of the measurement that came to this level, with one reading."""
    row = Assessment.objects.create(
        at=at,
        level=level,
        raw_level=level,
        level_changed=changed,
        score=Decimal("41.5"),
        reasons=["L1 is 7.00 % of gross assets, below 8 %."],
        policy_version=1,
        duration_ms=12,
    )
    Reading.objects.create(
        assessment=row,
        at=at,
        indicator="l1_ratio",
        value=Decimal(l1),
        status="CRITICAL",
        warning=Decimal("0.1"),
        critical=Decimal("0.08"),
        weight=10,
        share=Decimal("14.3"),
        meaning="L1 is 7.00 % of gross assets, below the critical limit of 8 %.",
    )
    return row


def an_incident(*, closed: bool) -> Incident:
    """One that lasted an hour, with a line and an item of its checklist."""
    incident = Incident.objects.create(
        cause="LEVEL",
        summary="L1 + L2 are 20.00 % of gross assets",
        chain_id=31337,
        opened_by="risk",
        opened_at=NOON,
        phase_since=NOON,
        figures={"gross": "1000", "gap": {"assets": "5", "formula": "owed less available"}},
    )
    IncidentEntry.objects.create(
        incident=incident, at=NOON, kind="PHASE", text="The protocol began.", actor="risk"
    )
    for minute, gap in enumerate(("5", "2")):
        IncidentEntry.objects.create(
            incident=incident,
            at=NOON + timedelta(minutes=minute),
            kind="GAP",
            text=f"Liquidity gap: {gap}.",
            actor="risk",
            reference={"assets": gap},
        )
    ChecklistItem.objects.create(incident=incident, position=1, title="Crisis meeting held")
    if closed:
        incident.calm_since = NOON + timedelta(minutes=20)
        incident.recover(at=NOON + timedelta(minutes=50))
        incident.save()
        incident = Incident.objects.get(pk=incident.pk)
        incident.close(user_id=1, name="rita", lessons="Be quicker.", at=NOON + timedelta(hours=1))
        incident.save()
    return incident


def make(at: datetime) -> dict[str, Any]:
    """Make the one report that waits, and return its data."""
    assert operations.generate_due(lambda: at) == 1
    run = ReportRun.objects.order_by("-ready_at").first()
    assert run is not None
    assert run.status == Status.READY, run.error
    dataset: dict[str, Any] = run.dataset or {}
    return dataset


class TestLiquidity:
    def test_is_asked_for_once_a_slot_while_the_level_is_up(self) -> None:
        judged("HIGH", NOON)

        runs = [
            operations.request_due_liquidity(actor=BEAT, at=NOON + timedelta(minutes=minute))
            for minute in range(31)
        ]

        asked = [run.period_end for run in runs if run is not None]
        assert asked == [NOON + timedelta(minutes=minute) for minute in (0, 15, 30)]

    @pytest.mark.parametrize("level", [None, "NORMAL"])
    def test_is_not_asked_for_in_calm_times(self, level: str | None) -> None:
        if level:
            judged(level, NOON)

        assert operations.request_due_liquidity(actor=BEAT, at=NOON) is None

    def test_two_at_once_ask_once(self) -> None:
        judged("CRITICAL", NOON)
        at = NOON + timedelta(minutes=1)

        at_once(4, lambda _number: operations.request_due_liquidity(actor=BEAT, at=at))

        assert ReportRun.objects.filter(kind=Kind.LIQUIDITY).count() == 1

    def test_what_a_person_asks_does_not_take_the_clock_s_place(self) -> None:
        rita = person("RISK_OFFICER")
        judged("HIGH", NOON)
        at = NOON + timedelta(minutes=1)
        operations.request_liquidity(
            actor=rita.actor,
            at=at,
        )

        assert operations.request_due_liquidity(actor=BEAT, at=at) is not None

    def test_says_level_indicators_dues_and_events(self) -> None:
        judged("HIGH", NOON - timedelta(minutes=20))
        project(requested(1, requires_approval=False))
        final_at(NOON + timedelta(minutes=1), number=1_200)
        RiskEvent.objects.create(
            type="INDICATOR",
            indicator="l1_ratio",
            severity="CRITICAL",
            told_severity="CRITICAL",
            message="L1 is 7.00 % of gross assets",
            opened_at=NOON - timedelta(minutes=20),
            last_seen_at=NOON,
        )
        operations.request_due_liquidity(actor=BEAT, at=NOON)

        data = make(NOON)

        assert data["verdict"]["level"] == "HIGH"
        [reading] = data["verdict"]["readings"]
        assert (reading["value"], reading["critical"]) == ("0.07", "0.08")
        assert [row["request_id"] for row in data["requests"]] == ["1"]
        [due] = data["due_days"]
        assert data["requests"][0]["settles_at"].startswith(due["day"])
        assert (due["due_assets"], due["overdue"]) == (data["requests_assets"], False)
        assert [row["severity"] for row in data["risk"]["events"]] == ["CRITICAL"]
        assert data["risk"]["worst_level"] == "HIGH"
        assert "There is no forecast for 7 days." in data["missing"]

    def test_goes_to_risk_officers_and_administrators(self) -> None:
        rita, ada, olaf = person("RISK_OFFICER"), person("ADMIN"), person("OPERATOR")
        judged("ELEVATED", NOON)
        operations.request_due_liquidity(actor=BEAT, at=NOON)

        make(NOON)

        told = Notification.objects.filter(kind="REPORT_READY", channel="EMAIL")
        assert set(told.values_list("recipient_id", flat=True)) == {rita.id, ada.id}
        assert olaf.id not in told.values_list("recipient_id", flat=True)
        assert told[0].subject.endswith("Liquidity report 2026-03-02 12:00 UTC is ready")


class TestIncident:
    def test_one_that_is_over_is_reported_by_itself_whole_and_once(self) -> None:
        incident = an_incident(closed=True)
        judged("CRITICAL", NOON - timedelta(minutes=5))
        judged("CRITICAL", NOON + timedelta(minutes=10), changed=False, l1="0.05")
        at = NOON + timedelta(hours=1)

        for _ in range(2):
            with transaction.atomic():
                bus.publish(IncidentClosed(incident_id=incident.pk, at=at))

        [run] = ReportRun.objects.all()
        data = make(at)
        assert run.period == Period(NOON, at)
        assert data["incident"]["gap_assets"] == "5"
        assert data["incident"]["lessons"] == "Be quicker."
        assert data["figures"][0] == {"label": "Gross assets, L1 + L2 + L3", "assets": "1000"}
        assert data["incident"]["gap_words"] == "Liquidity gap: 5."
        assert data["entries"][0]["text"] == "The protocol began."
        assert data["checklist"][0]["done_at"] is None
        [history] = data["history"]
        assert (history["first_value"], history["worst_value"]) == ("0.07", "0.05")
        assert queries.title(run) == f"Incident {incident.pk} report"
        assert queries.file(run.pk, "pdf") == queries.file(run.pk, "pdf")

    def test_an_open_one_is_reported_until_now_as_often_as_somebody_asks(self) -> None:
        incident = an_incident(closed=False)
        rita, ada = person("RISK_OFFICER"), person("ADMIN")
        for minute in (10, 20):
            operations.request_incident(
                incident_id=incident.pk, actor=rita.actor, at=NOON + timedelta(minutes=minute)
            )

        operations.generate_due(lambda: NOON + timedelta(minutes=20))

        first, second = ReportRun.objects.order_by("id")
        assert second.period_end - first.period_end == timedelta(minutes=10)
        assert second.dataset["incident"]["closed_at"] is None
        told = Notification.objects.filter(kind="REPORT_READY", channel="EMAIL")
        assert set(told.values_list("recipient_id", flat=True)) == {rita.id}
        assert ada.id not in told.values_list("recipient_id", flat=True)
        assert first.incident_id == second.incident_id == incident.pk

    def test_refuses_one_that_there_is_not(self) -> None:
        with pytest.raises(IncidentNotFound):
            operations.request_incident(incident_id=99, actor=BEAT, at=NOON)

    def test_the_database_knows_which_one_it_is_about(self) -> None:
        incident = an_incident(closed=True)
        run = operations.request_incident(
            incident_id=incident.pk, actor=BEAT, at=NOON + timedelta(hours=2)
        )

        with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
            ReportRun.objects.filter(pk=run.pk).update(incident_id=incident.pk + 1)
        with pytest.raises(IntegrityError, match="report_incident_is_named"), transaction.atomic():
            operations.request(
                kind=Kind.CUSTOM,
                period=Period(NOON, NOON + timedelta(hours=1)),
                incident_id=incident.pk,
                actor=BEAT,
                at=NOON + timedelta(hours=2),
            )
