"""Alerts before finality: by every channel at once; the final event only confirms them."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from apps.chain import events
from apps.core import bus, clock
from apps.notifications.models import Notification, PushMessage
from apps.notifications.rules import Severity, Status
from apps.risk import operations as risk
from apps.risk.models import RiskEvent
from apps.risk.rules import figures
from apps.risk.rules.figures import EventType
from tests.accounts.people import person
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
from tests.redemptions.helpers import source

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("everywhere")]
__all__ = ["everywhere"]


def alert(**changes: Any) -> events.CriticalLiquidityAlert:
    values: dict[str, Any] = {
        "source": source(1, at=clock.now()),
        "ratio_bps": 412,
        "threshold_bps": 500,
        "available_assets": 400_000 * 10**18,
    }
    return events.CriticalLiquidityAlert(**values | changes)


def final_event(name: str = "CriticalLiquidityAlert", **changes: Any) -> RiskEvent:
    """What the risk app does when the log is final."""
    values: dict[str, Any] = {
        "type": EventType.CHAIN_ALERT,
        "indicator": name,
        "severity": figures.Severity.CRITICAL,
        "message": "The contract says liquidity is critical.",
        "at": clock.now(),
    }
    return risk.raise_event(**values | changes)


class TestOnSight:
    def test_goes_everywhere_says_it_is_unconfirmed_and_is_told_once(self) -> None:
        rita = person("RISK_OFFICER")
        fact = alert()

        publish(fact, bus.see)
        publish(fact, bus.see)

        assert told("CRITICAL_LIQUIDITY") == emails(rita)
        assert places("CRITICAL_LIQUIDITY") == CRITICAL_PLACES
        message = one("CRITICAL_LIQUIDITY")
        assert "unconfirmed" in message.subject
        assert "4.12 %, threshold 5.00 %" in message.subject
        assert "What to do:" in message.text
        assert "Raise liquidity" in message.text
        assert message.topic == "risk:CHAIN_ALERT:CriticalLiquidityAlert"
        assert PushMessage.objects.get().data["ratio"] == "0.0412"

    def test_low_liquidity_warns_and_pages_nobody(self) -> None:
        person("RISK_OFFICER")

        publish(
            events.LowLiquidityAlert(
                source=source(1, at=clock.now()),
                ratio_bps=900,
                threshold_bps=1_000,
                available_assets=10**24,
                total_assets=10**25,
            ),
            bus.see,
        )

        assert places("LOW_LIQUIDITY") == WARNING_PLACES

    def test_of_long_ago_are_recorded_only(self) -> None:
        person("RISK_OFFICER")

        publish(alert(source=source(1, at=clock.now() - timedelta(hours=2))), bus.see)

        statuses = set(Notification.objects.values_list("status", flat=True))
        assert statuses == {Status.RECORDED}

    @pytest.mark.parametrize(("enabled", "severity"), [(True, "CRITICAL"), (False, "WARNING")])
    def test_emergency_mode_on_is_critical_and_off_a_warning(
        self, enabled: bool, severity: str
    ) -> None:
        person("ADMIN")

        publish(
            events.EmergencyModeChanged(source=source(1, at=clock.now()), enabled=enabled), bus.see
        )

        assert one("EMERGENCY_MODE").severity == Severity(severity)
        assert places("EMERGENCY_MODE") == (CRITICAL_PLACES if enabled else WARNING_PLACES)
        assert PushMessage.objects.get().data["enabled"] is enabled

    def test_hundreds_of_equal_alerts_are_one_message(self) -> None:
        person("RISK_OFFICER")
        fact = alert()

        with transaction.atomic():
            for _ in range(200):
                bus.see(fact)

        assert Notification.objects.filter(channel="EMAIL").count() == 1
        assert PushMessage.objects.count() == 1


class TestConfirmed:
    def test_what_was_alerted_on_sight_is_only_confirmed_on_slack(self) -> None:
        rita = person("RISK_OFFICER")
        publish(alert(), bus.see)

        event = final_event()

        assert told("CRITICAL_LIQUIDITY") == emails(rita)
        assert told("RISK_OPENED") == set()
        assert places("RISK_OPENED") == {"slack:operations"}
        message = one("RISK_OPENED", "SLACK")
        assert message.subject == "Confirmed: The contract says liquidity is critical."
        assert message.topic == event.subject == one("CRITICAL_LIQUIDITY").topic

    def test_what_nobody_was_alerted_of_alarms(self) -> None:
        rita = person("RISK_OFFICER")

        final_event()

        assert told("RISK_OPENED") == emails(rita)
        assert places("RISK_OPENED") == CRITICAL_PLACES

    def test_an_alert_too_old_to_be_sent_does_not_silence_the_final_one(self) -> None:
        person("RISK_OFFICER")
        publish(alert(source=source(1, at=clock.now() - timedelta(hours=2))), bus.see)

        final_event()

        assert places("RISK_OPENED") == CRITICAL_PLACES

    def test_an_alert_of_something_else_does_not_silence_it(self) -> None:
        person("RISK_OFFICER")
        publish(alert(), bus.see)

        final_event("EmergencyModeChanged", message="Emergency mode is on.")

        assert places("RISK_OPENED") == CRITICAL_PLACES

    def test_after_its_end_the_same_alarms_again(self) -> None:
        person("RISK_OFFICER")
        publish(alert(), bus.see)
        final_event()
        risk.settle_event(
            type=EventType.CHAIN_ALERT,
            indicator="CriticalLiquidityAlert",
            resolution="Liquidity is above its threshold.",
            at=clock.now(),
        )

        final_event()

        paged = Notification.objects.filter(channel="PAGERDUTY").order_by("id")
        assert [row.kind for row in paged] == [
            "CRITICAL_LIQUIDITY",
            "RISK_RESOLVED",
            "RISK_OPENED",
        ]
        assert len({row.topic for row in paged}) == 1

    def test_the_end_of_a_quiet_return_stops_a_pager_that_sight_has_rung(self) -> None:
        person("RISK_OFFICER")
        for number in range(3):
            publish(alert(source=source(10 + number, at=clock.now())), bus.see)
            final_event()
            risk.settle_event(
                type=EventType.CHAIN_ALERT,
                indicator="CriticalLiquidityAlert",
                resolution="Liquidity is above its threshold.",
                at=clock.now(),
            )
        assert RiskEvent.objects.get().quiet

        paged = Notification.objects.filter(channel="PAGERDUTY").order_by("id")
        assert [row.resolves for row in paged] == [False, True] * 3

    def test_emergency_mode_seen_off_does_not_silence_that_it_is_on(self) -> None:
        person("RISK_OFFICER")
        off = events.EmergencyModeChanged(source=source(1, at=clock.now()), enabled=False)
        publish(off, bus.see)

        final_event("EmergencyModeChanged", message="Emergency mode is on.")

        assert places("RISK_OPENED") == CRITICAL_PLACES


class TestWithdrawn:
    def lost(self, fact: events.CriticalLiquidityAlert) -> events.SightingLost:
        return events.SightingLost(
            source=fact.source, event="CriticalLiquidityAlert", at=clock.now()
        )

    def test_is_told_wherever_it_was_told_and_lets_the_pager_rest(self) -> None:
        rita = person("RISK_OFFICER")
        fact = alert()
        publish(fact, bus.see)

        publish(self.lost(fact), bus.publish)
        publish(self.lost(fact), bus.publish)

        assert told("SIGHTING_LOST") == emails(rita)
        assert places("SIGHTING_LOST") == CRITICAL_PLACES
        message = one("SIGHTING_LOST")
        assert message.resolves
        assert message.topic == "risk:CHAIN_ALERT:CriticalLiquidityAlert"
        assert "not on the chain any more" in message.subject

    def test_says_nothing_of_what_nobody_was_told(self) -> None:
        person("RISK_OFFICER")

        publish(self.lost(alert()), bus.publish)

        assert not Notification.objects.exists()

    def test_does_not_quiet_the_pager_about_one_that_is_final(self) -> None:
        person("RISK_OFFICER")
        final_event()
        fact = alert()
        publish(fact, bus.see)

        publish(self.lost(fact), bus.publish)

        assert places("SIGHTING_LOST") == CRITICAL_PLACES - {"pagerduty"}

    def test_what_comes_again_after_that_alarms_everyone(self) -> None:
        rita = person("RISK_OFFICER")
        fact = alert()
        publish(fact, bus.see)
        publish(self.lost(fact), bus.publish)

        final_event()

        assert told("RISK_OPENED") == emails(rita)
        assert places("RISK_OPENED") == CRITICAL_PLACES
