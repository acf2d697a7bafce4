"""Risk events, levels and incidents become messages: what they say, to whom, by which channel."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings, settings

from apps.core import clock
from apps.notifications.models import Notification
from apps.notifications.rules import Severity
from apps.risk import operations as risk
from apps.risk.events import (
    IncidentClosed,
    IncidentMoved,
    IncidentOpened,
    LevelChanged,
    RiskEventEscalated,
    RiskEventOpened,
    RiskEventResolved,
)
from apps.risk.models import ChecklistItem, Incident, RiskEvent
from apps.risk.rules import figures
from apps.risk.rules.figures import EventType
from tests.accounts.people import Person, person
from tests.notifications.judged import judged
from tests.notifications.told import (
    CRITICAL_PLACES,
    WARNING_PLACES,
    emails,
    everywhere,
    one,
    places,
    publish,
    told,
)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("everywhere", "risk_policy"),
]
__all__ = ["everywhere"]

L1 = "l1_ratio"
LOW = "L1 is 7.40 % of gross assets, below 8 %."
MANY = 1_000


@pytest.fixture
def risk_policy() -> None:
    from tests import installed

    installed.risk_policy()


def raised(**changes: Any) -> RiskEvent:
    """L1 is below what is critical."""
    values: dict[str, Any] = {
        "type": EventType.INDICATOR,
        "indicator": L1,
        "severity": figures.Severity.CRITICAL,
        "message": LOW,
        "value": Decimal("0.074"),
        "threshold": Decimal("0.08"),
        "unit": "SHARE",
        "details": {"L1": "740,000.00 USDT"},
        "worse_below": True,
        "at": clock.now(),
    }
    return risk.raise_event(**values | changes)


def warned(**changes: Any) -> RiskEvent:
    """L1 is below where it warns."""
    return raised(
        **{
            "severity": figures.Severity.WARNING,
            "message": "L1 is 9.00 % of gross assets, below 10 %.",
            "value": Decimal("0.09"),
            "threshold": Decimal("0.10"),
        }
        | changes
    )


def recovered(runs: int = 3) -> None:
    for _ in range(runs):
        risk.settle_event(
            type=EventType.INDICATOR, indicator=L1, resolution="L1 is 11 %.", at=clock.now()
        )


class TestAlert:
    def test_says_what_how_much_what_else_and_what_to_do(self) -> None:
        person("RISK_OFFICER")
        judged(
            clock.now(),
            l1_ratio=("0.074", "CRITICAL"),
            redemption_coverage=("0.25", "WARNING"),
            event_lag=(None, "UNKNOWN"),
        )

        event = raised()

        message = one("RISK_OPENED")
        lines = message.text.splitlines()
        assert message.subject.endswith(LOW)
        assert "Value: 7.40 %" in lines
        assert "Threshold: 8 %" in lines
        assert "L1: 740,000.00 USDT" in lines
        assert any(line.startswith("Redemption coverage: 25.00 %, warning") for line in lines)
        assert any("unknown: No node answers." in line for line in lines)
        normal = next(line for line in lines if line.startswith("Normal: "))
        assert "coverage" not in normal.lower()
        assert normal.count("; ") == 12  # sixteen indicators less the two above and its own
        assert "What to do:" in lines
        assert "• Preview a plan that refills L1 from L2." in lines
        assert f"Risk board: {settings.BASE_URL}/admin/" in message.text
        assert message.link == f"{settings.BASE_URL}/admin/risk/riskevent/{event.pk}/change/"
        assert message.topic == f"risk:INDICATOR:{L1}"

    def test_critical_goes_everywhere_and_by_mail_to_those_on_call(self) -> None:
        rita, ada = person("RISK_OFFICER"), person("ADMIN")
        person("VIEWER"), person("OPERATOR")

        raised()

        assert told("RISK_OPENED") == emails(rita, ada)
        assert places("RISK_OPENED") == CRITICAL_PLACES
        assert set(Notification.objects.values_list("severity", flat=True)) == {"CRITICAL"}

    def test_a_warning_goes_to_slack_and_telegram_and_is_not_mailed(self) -> None:
        person("RISK_OFFICER")

        warned()

        assert told("RISK_OPENED") == set()
        assert places("RISK_OPENED") == WARNING_PLACES

    def test_a_warning_is_mailed_where_no_shared_place_is_set_up(
        self, settings: LazySettings
    ) -> None:
        rita = person("RISK_OFFICER")
        settings.SLACK_TOKEN = settings.TELEGRAM_TOKEN = ""

        warned()

        assert told("RISK_OPENED") == emails(rita)
        assert places("RISK_OPENED") == set()

    def test_information_goes_to_slack_alone(self) -> None:
        person("RISK_OFFICER")

        warned(severity=figures.Severity.INFO)

        assert told("RISK_OPENED") == set()
        assert places("RISK_OPENED") == {"slack:operations"}

    def test_a_thousand_times_the_same_is_told_once(self) -> None:
        person("RISK_OFFICER")

        for n in range(MANY):
            raised(value=Decimal("0.074") - Decimal(n) / 10**7)

        assert one("RISK_OPENED").subject.endswith(LOW)
        assert Notification.objects.filter(channel="PAGERDUTY").count() == 1

    def test_the_same_fact_again_is_not_told_again(self) -> None:
        person("RISK_OFFICER")
        event = raised()
        fact = RiskEventOpened(
            event_id=event.pk, severity="CRITICAL", again=False, quiet=False, at=clock.now()
        )
        before = Notification.objects.count()

        publish(fact)

        assert Notification.objects.count() == before

    def test_others_text_is_only_text(self) -> None:
        person("RISK_OFFICER")

        raised(details={"Source": "<img src=x onerror=alert(1)>\u202e"})

        message = one("RISK_OPENED")
        assert "<img" not in message.html
        assert "\u202e" not in message.html


class TestAfterwards:
    def test_a_graver_one_is_told_by_the_channels_of_its_severity(self) -> None:
        rita = person("RISK_OFFICER")
        warned()

        raised()

        assert told("RISK_WORSENED") == emails(rita)
        assert places("RISK_WORSENED") == CRITICAL_PLACES
        assert one("RISK_WORSENED", "PAGERDUTY").subject == f"Worse: {LOW}"

    def test_a_less_grave_one_is_not_told(self) -> None:
        raised()
        before = Notification.objects.count()

        warned()

        assert Notification.objects.count() == before

    def test_unanswered_it_is_told_again_and_mailed_then_to_the_critical_list(self) -> None:
        rita, sue = person("RISK_OFFICER"), person("SUPER_ADMIN")
        event = warned()

        for step in (1, 2):
            publish(RiskEventEscalated(event_id=event.pk, step=step, at=clock.now()))

        first, last = (
            Notification.objects.filter(kind="RISK_ESCALATED", dedupe_key__endswith=f":{step}")
            for step in (1, 2)
        )
        assert set(first.filter(channel="EMAIL").values_list("address", flat=True)) == emails(rita)
        assert {row.address for row in first} >= WARNING_PLACES
        assert "pagerduty" not in {row.address for row in first}
        assert {row.address for row in last if row.channel != "IN_APP"} == {
            "slack:critical",
            "pagerduty",
            *emails(rita, sue),
        }
        assert {row.severity for row in first} == {Severity.WARNING}
        assert {row.severity for row in last} == {Severity.CRITICAL}

    def test_an_answer_is_said_on_slack(self) -> None:
        ana = person("RISK_OFFICER")
        event = raised()

        risk.acknowledge(event_id=event.pk, note="I look.", actor=ana.actor, at=clock.now())

        message = one("RISK_ACKNOWLEDGED", "SLACK")
        assert message.subject == f"{ana.user.username} takes care of it: {LOW}"
        assert "I look." in message.text
        assert places("RISK_ACKNOWLEDGED") == {"slack:operations"}

    def test_its_end_is_said_on_slack_and_stops_the_pager(self) -> None:
        person("RISK_OFFICER")
        raised()

        recovered()

        assert places("RISK_RESOLVED") == {"slack:operations", "pagerduty"}
        assert told("RISK_RESOLVED") == set()
        paged, ended = Notification.objects.filter(channel="PAGERDUTY").order_by("id")
        assert (paged.resolves, ended.resolves) == (False, True)
        assert paged.topic == ended.topic

    def test_the_end_of_what_paged_nobody_does_not_reach_the_pager(self) -> None:
        warned()

        recovered()

        assert places("RISK_RESOLVED") == {"slack:operations"}

    def test_its_end_by_a_person_names_them(self) -> None:
        ana = person("RISK_OFFICER")
        event = raised()

        risk.resolve(event_id=event.pk, resolution="Sold CPCS.", actor=ana.actor, at=clock.now())

        message = one("RISK_RESOLVED", "SLACK")
        assert f"resolved by {ana.user.username}" in message.text
        assert "Sold CPCS." in message.text


class TestFlapping:
    def test_the_first_return_is_told_as_such_and_later_ones_are_silent(self) -> None:
        person("RISK_OFFICER")
        raised()
        recovered()
        raised()
        recovered()
        before = Notification.objects.count()

        raised()
        recovered()

        subjects = [
            row.subject for row in Notification.objects.filter(kind="RISK_OPENED", channel="SLACK")
        ]
        assert subjects == [f"Back: {LOW}", LOW]
        assert Notification.objects.count() == before

    def test_quiet_and_graver_is_told(self) -> None:
        rita = person("RISK_OFFICER")
        for _ in range(3):
            warned()
            recovered()

        raised()

        assert told("RISK_OPENED") == emails(rita)
        assert "pagerduty" in places("RISK_OPENED")

    def test_a_quiet_one_that_escalated_ends_aloud(self) -> None:
        person("RISK_OFFICER")
        event = raised()
        RiskEvent.objects.filter(pk=event.pk).update(escalations=1)

        publish(RiskEventResolved(event_id=event.pk, by_itself=True, quiet=True, at=clock.now()))

        assert places("RISK_RESOLVED") == {"slack:operations", "pagerduty"}


class TestLevel:
    def changed(self, old: str, new: str) -> None:
        at = clock.now()
        run = judged(at, level=new, l1_ratio=("0.074", "CRITICAL"))
        publish(
            LevelChanged(
                old=old,
                new=new,
                score="41.5",
                reasons=(LOW, "Coverage is 118 %."),
                assessment_id=run.pk,
                at=at,
            )
        )

    @pytest.mark.parametrize("old", ["", "NORMAL", "ELEVATED"])
    def test_high_pages_the_fund_manager(self, old: str) -> None:
        mia = person("FUND_MANAGER")
        person("RISK_OFFICER")

        self.changed(old, "HIGH")

        assert told("RISK_LEVEL") == emails(mia)
        assert places("RISK_LEVEL") == {"pagerduty"}
        message = one("RISK_LEVEL")
        assert message.topic == "risk:LEVEL:level"
        assert f"• {LOW}" in message.text.splitlines()
        assert "Score: 41.5 of 100" in message.text.splitlines()

    def test_from_high_to_critical_everybody_on_call_hears(self) -> None:
        mia, rita, sue = person("FUND_MANAGER"), person("RISK_OFFICER"), person("SUPER_ADMIN")

        self.changed("HIGH", "CRITICAL")

        assert told("RISK_LEVEL") == emails(mia, rita, sue)
        assert places("RISK_LEVEL") == CRITICAL_PLACES

    def test_back_at_high_everybody_hears_where_its_risk_event_stays_silent(self) -> None:
        mia, rita = person("FUND_MANAGER"), person("RISK_OFFICER")
        for severity in (figures.Severity.CRITICAL, figures.Severity.WARNING):
            raised(type=EventType.LEVEL, indicator="level", severity=severity)

        self.changed("ELEVATED", "HIGH")

        assert told("RISK_LEVEL") == emails(mia, rita)
        assert places("RISK_LEVEL") == CRITICAL_PLACES

    def test_a_fall_is_said_on_slack(self) -> None:
        person("FUND_MANAGER")

        self.changed("HIGH", "ELEVATED")

        assert told("RISK_LEVEL") == set()
        assert places("RISK_LEVEL") == {"slack:operations"}

    @pytest.mark.parametrize(("old", "new"), [("NORMAL", "ELEVATED"), ("ELEVATED", "NORMAL")])
    def test_what_its_risk_event_tells_is_not_told_twice(self, old: str, new: str) -> None:
        person("FUND_MANAGER")

        self.changed(old, new)

        assert Notification.objects.count() == 0

    def test_its_risk_event_gives_the_reasons(self) -> None:
        person("RISK_OFFICER")
        at = clock.now()
        judged(at)

        risk.raise_event(
            type=EventType.LEVEL,
            indicator="level",
            severity=figures.Severity.CRITICAL,
            message="The level of risk is HIGH: L1.",
            details={"old": "NORMAL", "new": "HIGH", "score": "41.5"},
            at=at,
        )

        lines = one("RISK_OPENED").text.splitlines()
        assert "• Coverage is 118 %." in lines
        assert "Level: NORMAL → HIGH" in lines


class TestIncident:
    @pytest.fixture
    def incident(self) -> Incident:
        at = clock.now()
        return Incident.objects.create(
            cause="LEVEL",
            summary="The level of risk is CRITICAL.",
            chain_id=31337,
            opened_by="risk",
            opened_at=at - timedelta(hours=1),
            phase_since=at,
        )

    @pytest.fixture
    def people(self) -> list[Person]:
        person("VIEWER")
        return [person(role) for role in ("RISK_OFFICER", "ADMIN", "OPERATOR", "FUND_MANAGER")]

    def test_its_beginning_goes_to_everybody_by_every_channel(
        self, incident: Incident, people: list[Person]
    ) -> None:
        publish(IncidentOpened(incident_id=incident.pk, at=clock.now()))

        assert told("INCIDENT_OPENED") == emails(*people)
        assert places("INCIDENT_OPENED") == CRITICAL_PLACES
        message = one("INCIDENT_OPENED", "SLACK")
        assert message.subject == "EMERGENCY: The level of risk is CRITICAL."
        assert message.link.endswith(f"/risk/incident/{incident.pk}/change/")

    def test_raising_liquidity_is_said_where_people_work_on_it(
        self, incident: Incident, people: list[Person]
    ) -> None:
        Incident.objects.filter(pk=incident.pk).update(
            figures={"gap": {"assets": str(240_000 * 10**18), "formula": "Owed less available."}}
        )

        publish(IncidentMoved(incident_id=incident.pk, phase="LIQUIDITY", at=clock.now()))

        assert told("INCIDENT_LIQUIDITY") == set()
        assert places("INCIDENT_LIQUIDITY") == {"slack:critical", "telegram"}
        message = one("INCIDENT_LIQUIDITY", "SLACK")
        assert "Missing cash: 240,000.00 USDT. Owed less available." in message.text

    def test_people_are_called_with_what_is_left_to_do(
        self, incident: Incident, people: list[Person]
    ) -> None:
        for place, title in enumerate(["Crisis meeting held", "Regulator notified"], start=1):
            ChecklistItem.objects.create(incident=incident, position=place, title=title)

        publish(IncidentMoved(incident_id=incident.pk, phase="PEOPLE", at=clock.now()))

        assert told("INCIDENT_PEOPLE") == emails(*people)
        assert "pagerduty" not in places("INCIDENT_PEOPLE")
        assert "• Regulator notified" in one("INCIDENT_PEOPLE", "SLACK").text.splitlines()

    def test_the_same_phase_later_is_told_again(self, incident: Incident) -> None:
        for minutes in (0, 40):
            at = clock.now() + timedelta(minutes=minutes)
            publish(IncidentMoved(incident_id=incident.pk, phase="PEOPLE", at=at))

        assert Notification.objects.filter(kind="INCIDENT_PEOPLE", channel="SLACK").count() == 2

    def test_its_end_stops_the_pager(self, incident: Incident, people: list[Person]) -> None:
        publish(IncidentOpened(incident_id=incident.pk, at=clock.now()))
        publish(IncidentMoved(incident_id=incident.pk, phase="RECOVERY", at=clock.now()))

        publish(IncidentClosed(incident_id=incident.pk, at=clock.now()))

        assert told("INCIDENT_CLOSED") == emails(*people)
        assert places("INCIDENT_CLOSED") == CRITICAL_PLACES
        paged = Notification.objects.filter(channel="PAGERDUTY").order_by("id")
        assert [row.resolves for row in paged] == [False, True]
