"""Risk on the first page, in the sidebar, in the palette, and among the parts of the system."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.urls import reverse

from apps.chain import queries as chain
from apps.core import clock
from apps.core.actor import Actor
from apps.notifications.models import Notification
from apps.notifications.operations import notify
from apps.notifications.rules import Shared
from apps.risk import operations as risk
from apps.risk.models import Incident, RiskEvent
from apps.risk.rules.figures import Severity
from apps.risk.rules.protocol import TicketCause
from apps.system.queries import watching
from apps.system.queries.alerts import EVENTS_MAX, Alert, alerts
from apps.system.queries.dashboard import INCIDENTS_MAX
from apps.system.rules import State
from tests import installed
from tests.accounts.people import person, signed_in
from tests.forcing import guards_off
from tests.risk import shown
from tests.risk.raised import critical, low
from tests.system import samples

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _rows() -> None:
    cache.clear()
    installed.rules()
    installed.policy()
    installed.risk_policy()


def incident() -> Incident:
    return risk.open_incident(
        cause=TicketCause.LEVEL_CRITICAL,
        summary="Cash is gone",
        actor=Actor.system("risk"),
        at=clock.now(),
    )


def open_alerts() -> list[Alert]:
    at = clock.now()
    status = chain.status(chain.fund_chain().chain_id, at=at)
    return alerts(status=status, overview=None, at=at)


class TestRisk:
    def test_not_judged_yet_is_unknown(self) -> None:
        assert watching.risk_state(clock.now()).state is State.UNKNOWN

    @pytest.mark.parametrize(("minutes", "state"), [(10, State.UP), (12, State.DOWN)])
    def test_is_down_when_nobody_judges(self, minutes: int, state: State) -> None:
        at = clock.now()
        shown.judged(shown.calm(at - timedelta(minutes=minutes)))

        part = watching.risk_state(at)

        assert part.state is state
        assert f"{minutes} min ago" in part.sentence

    def test_above_normal_it_is_judged_more_often(self) -> None:
        at = clock.now()
        shown.judged(shown.short(at - timedelta(minutes=4)))

        assert watching.risk_state(at).state is State.DOWN
        assert watching.risk_state(at - timedelta(minutes=2)).state is State.UP

    def test_in_an_incident_too(self) -> None:
        at = clock.now()
        shown.judged(shown.calm(at - timedelta(minutes=4)))
        assert watching.risk_state(at).state is State.UP

        incident()

        assert watching.risk_state(at).state is State.DOWN


class TestForecast:
    def test_none_yet_is_unknown(self) -> None:
        assert watching.forecast_state(clock.now()).state is State.UNKNOWN

    def test_an_old_one_is_late(self) -> None:
        at = clock.now()
        samples.fill(at)
        risk.make_forecasts(at=at)

        assert watching.forecast_state(at + timedelta(hours=2)).state is State.UP
        late = watching.forecast_state(at + timedelta(hours=2, seconds=1))
        assert late.state is State.DEGRADED


class TestMessages:
    def test_names_what_is_not_configured(self) -> None:
        part = watching.messages_state()

        assert part.state is State.UP
        assert "PagerDuty" in part.sentence

    def test_is_degraded_while_a_place_fails(self, settings: LazySettings) -> None:
        settings.SLACK_TOKEN, settings.SLACK_CHANNEL = "xoxb-not-a-token", "C1"
        at = clock.now()
        (pk,) = notify(
            kind="TEST",
            dedupe_key="test:1",
            shared=(Shared.SLACK,),
            subject="Hello",
            body="",
            at=at,
        )
        row = Notification.objects.get(pk=pk)
        row.claim(lease_until=at + timedelta(minutes=2))
        row.save()
        row.fail(failure_type="SERVER_ERROR", error="channel_not_found")
        row.save()

        part = watching.messages_state()

        assert part.state is State.DEGRADED
        assert part.sentence == "Slack, operations fails: channel_not_found"
        page = signed_in(person("ADMIN")).get(reverse("admin:system_health")).content.decode()
        assert "channel_not_found" in page
        assert "xoxb-not-a-token" not in page


class TestAlerts:
    def test_an_unanswered_event_is_one_until_somebody_takes_it(self) -> None:
        rita = person("RISK_OFFICER")
        row = critical(at=clock.now())
        mine = Alert(
            sentence=row.message, tone="bad", url_name="admin:risk_riskevent_change", key=row.pk
        )
        assert mine in open_alerts()

        risk.acknowledge(event_id=row.pk, actor=rita.actor, at=clock.now())

        assert mine not in open_alerts()

    def test_information_is_none(self) -> None:
        row = low(severity=Severity.INFO, at=clock.now())

        assert row.message not in {alert.sentence for alert in open_alerts()}

    def test_many_are_told_in_short(self) -> None:
        for number in range(EVENTS_MAX + 3):
            low(indicator=f"thing_{number}", at=clock.now())

        found = [alert for alert in open_alerts() if "riskevent" in alert.url_name]

        assert len(found) == EVENTS_MAX + 1
        assert found[-1].url == reverse("admin:risk_riskevent_changelist")

    def test_nobody_judging_is_one(self) -> None:
        shown.judged(shown.calm(clock.now() - timedelta(hours=1)))

        assert any("Nobody has judged the fund" in alert.sentence for alert in open_alerts())


class TestPages:
    def badges(self, role: str = "VIEWER") -> dict[str, Any]:
        cache.clear()
        response = signed_in(person(role)).get("/admin/")
        groups = response.context["sidebar_navigation"]
        return {item["title"]: item for group in groups for item in group["items"]}

    def test_the_sidebar_has_risk_and_alerts(self) -> None:
        response = signed_in(person("VIEWER")).get("/admin/")

        groups = {
            group["title"]: [item["title"] for item in group["items"]]
            for group in response.context["sidebar_navigation"]
        }
        assert groups["Risk"] == [
            *("Board", "Events", "Forecast", "What-if", "Incidents", "Thresholds"),
        ]
        assert groups["Today"][-1] == "Alerts"

    def test_counts_unanswered_events_as_urgent_as_the_gravest(self) -> None:
        low(at=clock.now())
        assert self.badges()["Alerts"]["badge_tone"] == "warn"

        critical(indicator="event_lag", at=clock.now())

        item = self.badges()["Alerts"]
        assert (item["badge"], item["badge_tone"]) == (2, "bad")
        assert item["link"].endswith("?tab=open")

    def test_counts_the_open_incident(self) -> None:
        assert "badge" not in self.badges()["Incidents"]
        incident()

        assert self.badges()["Incidents"]["badge"] == 1

    def test_only_the_board_is_marked_on_the_board(self) -> None:
        client = signed_in(person("VIEWER"))

        def marked(url: str) -> list[str]:
            groups = client.get(url).context["sidebar_navigation"]
            return [item["title"] for group in groups for item in group["items"] if item["active"]]

        assert marked(reverse("admin:risk_board")) == ["Board"]
        assert marked(reverse("admin:risk_incident_changelist")) == ["Incidents"]
        assert marked(reverse("admin:risk_riskevent_changelist") + "?tab=open") == ["Alerts"]

    def test_the_first_page_names_the_worst_with_its_headroom(self) -> None:
        at = clock.now()
        samples.fill(at)
        shown.judged(shown.short(at))

        page = signed_in(person("VIEWER")).get("/admin/").content.decode()

        panel = page.partition('id="risk"')[2].partition("</section>")[0]
        assert panel.index("L1 ratio") < panel.index("Age of prices") < panel.index("L1 + L2 ratio")
        assert "0.90 points beyond critical" in panel
        assert "No forecast yet." in page

    def test_the_first_page_has_the_last_incidents(self) -> None:
        assert 'id="incidents"' not in self.first_page()
        for _ in range(INCIDENTS_MAX + 1):
            incident()
            with guards_off():
                Incident.objects.update(phase="CLOSED", closed_at=clock.now())
        now = incident()

        panel = self.first_page().partition('id="incidents"')[2].partition("</div>")[0]

        assert panel.count("<a href=") == INCIDENTS_MAX
        assert panel.index(reverse("admin:risk_incident_change", args=[now.pk])) < panel.index(
            "Closed"
        )
        assert "Phase alarm" in panel

    def first_page(self) -> str:
        cache.clear()
        return signed_in(person("VIEWER")).get("/admin/").content.decode()

    def test_the_first_page_is_quiet_in_calm_times(self) -> None:
        at = clock.now()
        samples.fill(at)
        shown.judged(shown.calm(at))

        page = signed_in(person("VIEWER")).get("/admin/").content.decode()

        assert "All 16 indicators are normal" in page

    def test_old_figures_are_named(self) -> None:
        at = clock.now()
        samples.fill(at)
        shown.judged(shown.calm(at - timedelta(minutes=30)))

        page = signed_in(person("VIEWER")).get("/admin/").content.decode()

        assert "not judged since" in page

    def test_asks_the_database_no_more_for_a_longer_past(
        self, django_assert_max_num_queries: Callable[..., Any]
    ) -> None:
        at = clock.now()
        samples.fill(at)
        shown.a_day(at, ends=shown.short(at))
        client = signed_in(person("VIEWER"))

        cache.clear()
        with django_assert_max_num_queries(125):
            client.get("/admin/")


class TestPalette:
    def found(self, term: str, role: str = "VIEWER") -> str:
        client = signed_in(person(role))
        answer = client.get("/admin/search/", {"s": term, "extended": "1"})
        return answer.content.decode()

    @pytest.mark.parametrize("written", ["{}", "E-{}", "e{}", "#{}"])
    def test_leads_to_an_event(self, written: str) -> None:
        row = low(at=clock.now())

        assert reverse("admin:risk_riskevent_change", args=[row.pk]) in self.found(
            written.format(row.pk)
        )

    def test_leads_to_an_incident(self) -> None:
        row = incident()

        assert reverse("admin:risk_incident_change", args=[row.pk]) in self.found(f"I-{row.pk}")

    def test_leads_to_an_indicator_by_name(self) -> None:
        assert reverse("admin:risk_indicator", args=["l1_ratio"]) in self.found("l1 ratio")

    def test_what_is_not_there_leads_nowhere(self) -> None:
        assert "risk/riskevent/" not in self.found("E-424242").replace("riskevent/?", "")
        assert not RiskEvent.objects.exists()
