"""Facts become messages to the right people, worded safely, once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction

from apps.approvals import operations as approvals
from apps.approvals.events import TicketDecided
from apps.chain import events
from apps.core import bus, clock
from apps.core.actor import Actor
from apps.notifications.models import Notification, PushMessage
from apps.notifications.rules import Severity, Status
from tests.accounts.people import Person, person
from tests.approvals.helpers import open_ticket, seed_rules
from tests.rebalance.helpers import admins, planned, risk_is, ticket_of
from tests.rebalance.running import MTMM, sell
from tests.redemptions.helpers import apply, requested, settled, source

pytestmark = pytest.mark.django_db

STRANGER = "0x" + "ee" * 20
VAULT = "0x" + "b1" * 20


def publish(fact: Any, how: Callable[[Any], None] = bus.publish) -> None:
    with transaction.atomic():
        how(fact)


def told(kind: str) -> set[str]:
    return set(Notification.objects.filter(kind=kind).values_list("address", flat=True))


def emails(*people: Person) -> set[str]:
    return {who.user.email for who in people}


class TestTickets:
    def test_opened_goes_to_those_who_may_decide_but_not_the_maker(self) -> None:
        ada, amir, maker = person("ADMIN"), person("ADMIN"), person("ADMIN")
        person("VIEWER")

        ticket = open_ticket(maker_user_id=maker.id)

        assert told("TICKET_OPENED") == emails(ada, amir)
        message = Notification.objects.filter(kind="TICKET_OPENED").first()
        assert message is not None
        assert "31,200.00 USDT" in message.text
        assert message.link.startswith(settings.BASE_URL)
        assert message.link.endswith(f"/approvals/ticket/{ticket.pk}/change/")

    def test_each_limit_is_told_once_to_the_right_people(self) -> None:
        ada, sue, maker = person("ADMIN"), person("SUPER_ADMIN"), person("OPERATOR")
        ticket = open_ticket(maker_user_id=maker.id)

        for at in (ticket.warn_at, ticket.escalate_at, ticket.deadline_at):
            for _ in range(2):
                approvals.tick(at + timedelta(seconds=1))

        assert told("TICKET_WARNED") == emails(ada)
        assert told("TICKET_ESCALATED") == emails(sue, maker)
        assert told("TICKET_OVERDUE") == emails(ada, sue)
        severities = Notification.objects.filter(kind__in=["TICKET_ESCALATED", "TICKET_OVERDUE"])
        assert {row.severity for row in severities} == {Severity.CRITICAL}

    def test_the_outcome_goes_to_the_one_who_asked_and_the_approvers(self) -> None:
        ada, maker = person("ADMIN"), person("OPERATOR")
        ticket = open_ticket(maker_user_id=maker.id)

        publish(
            TicketDecided(
                ticket_id=ticket.pk,
                kind=ticket.kind,
                subject_id=ticket.subject_id,
                at=clock.now(),
                decision="REJECTED",
                reason="<img src=x onerror=alert(1)>\u202e",
            )
        )

        assert told("TICKET_DECIDED") == emails(ada, maker)
        message = Notification.objects.filter(kind="TICKET_DECIDED").first()
        assert message is not None
        assert "<img" not in message.html
        assert "\u202e" not in message.html

    def test_what_a_rule_approved_asks_nobody_and_is_told(self) -> None:
        people = admins()
        seed_rules()
        risk_is("NORMAL")

        ticket = ticket_of(planned(sell(1, MTMM, 60_000), trigger="THRESHOLD"))

        assert told("TICKET_OPENED") == told("PLAN_SUBMITTED") == set()
        assert told("TICKET_DECIDED") == emails(*people)
        message = Notification.objects.filter(kind="TICKET_DECIDED").first()
        assert message is not None
        assert f"by {ticket.auto_approved_by}, without a vote." in message.text

    def test_pages_hear_of_it(self) -> None:
        person("ADMIN")
        ticket = open_ticket()
        approvals.cancel_for_subject(
            kinds=[ticket.kind],
            subject_id=ticket.subject_id,
            reason="No longer",
            actor=Actor.system("test"),
            at=clock.now(),
        )

        opened, resolved = PushMessage.objects.order_by("id")
        assert (opened.channel, opened.data["amount"]) == ("approval:new", str(31_200 * 10**18))
        assert (resolved.channel, resolved.data["status"]) == ("approval:resolved", "CANCELLED")


def alert(**changes: Any) -> events.CriticalLiquidityAlert:
    values: dict[str, Any] = {
        "source": source(1, at=clock.now()),
        "ratio_bps": 412,
        "threshold_bps": 500,
        "available_assets": 400_000 * 10**18,
    }
    return events.CriticalLiquidityAlert(**values | changes)


class TestAlertsOnSight:
    def test_say_that_they_are_unconfirmed_and_are_told_once(self) -> None:
        rita = person("RISK_OFFICER")
        fact = alert()

        publish(fact, bus.see)
        publish(fact, bus.see)

        assert told("CRITICAL_LIQUIDITY") == emails(rita)
        message = Notification.objects.get()
        assert "unconfirmed" in message.subject
        assert "4.12 %" in message.subject
        assert PushMessage.objects.get().data["ratio"] == "0.0412"

    def test_of_long_ago_are_recorded_only(self) -> None:
        person("RISK_OFFICER")

        publish(alert(source=source(1, at=clock.now() - timedelta(hours=2))), bus.see)

        assert Notification.objects.get().status == Status.RECORDED

    def test_emergency_mode_is_critical(self) -> None:
        person("ADMIN")

        publish(
            events.EmergencyModeChanged(source=source(1, at=clock.now()), enabled=True), bus.see
        )

        assert Notification.objects.get().severity == Severity.CRITICAL
        assert PushMessage.objects.get().data["enabled"] is True

    def test_hundreds_of_equal_alerts_are_one_message(self) -> None:
        person("RISK_OFFICER")
        fact = alert()

        with transaction.atomic():
            for _ in range(200):
                bus.see(fact)

        assert Notification.objects.count() == 1


class TestDrift:
    def reference(self, address: str) -> events.ContractReferenceUpdated:
        return events.ContractReferenceUpdated(
            source=source(1, at=clock.now()),
            name="VaultUpdated",
            subject="",
            old_address=VAULT,
            new_address=address,
        )

    def test_a_reference_to_a_stranger_is_told_and_to_our_own_is_not(self) -> None:
        ada = person("ADMIN")

        publish(self.reference(VAULT), bus.react)
        assert told("CONTRACT_REFERENCE") == set()

        publish(self.reference(STRANGER), bus.react)
        assert told("CONTRACT_REFERENCE") == emails(ada)

    def test_a_role_for_a_stranger_is_told(self) -> None:
        ada = person("ADMIN")

        publish(
            events.RoleGranted(
                source=source(1, at=clock.now()),
                role="0x" + "00" * 32,
                account=STRANGER,
                granted_by=VAULT,
            ),
            bus.react,
        )

        assert told("ROLE_GRANTED") == emails(ada)

    def test_another_number_to_work_by_is_told(self) -> None:
        ada = person("ADMIN")

        publish(
            events.ContractParameterUpdated(
                source=source(1, at=clock.now()),
                name="StandardApprovalAmount",
                old_value=50_000 * 10**18,
                new_value=5_000_000 * 10**18,
            ),
            bus.react,
        )

        assert told("CONTRACT_PARAMETER") == emails(ada)
        message = Notification.objects.get()
        assert "StandardApprovalAmount" in message.subject
        assert "50,000.00 USDT" in message.text
        assert "5,000,000.00 USDT" in message.text


def test_a_due_redemption_that_was_not_paid_is_told() -> None:
    farid, greta = person("OPERATOR"), person("RISK_OFFICER")
    person("VIEWER")
    apply(requested())

    publish(
        events.SettlementLiquidityInsufficient(
            source=source(2, at=clock.now()),
            request_id=1,
            available_assets=100 * 10**18,
            payout_assets=1_250 * 10**18,
        ),
        bus.react,
    )

    assert told("REDEMPTION_UNPAID") == emails(farid, greta)
    message = Notification.objects.filter(kind="REDEMPTION_UNPAID").first()
    assert message is not None
    assert "1,150.00 USDT" in message.text
    assert message.link.endswith("/redemptions/redemption/31337-1/change/")


class TestTransactions:
    def finished(self, outcome: str) -> events.TransactionFinished:
        return events.TransactionFinished(
            kind="SETTLE_REDEMPTION",
            transaction_id=5,
            subject_id="7",
            ticket_id=None,
            outcome=outcome,
            error="NotEnoughAvailableCash(12, 3)",
            tx_hash="",
            at=clock.now(),
            details={},
        )

    @pytest.mark.parametrize("outcome", ["FAILED", "REVERTED", "MISMATCH", "EXPIRED"])
    def test_a_bad_end_is_told_to_those_who_can_act(self, outcome: str) -> None:
        ana, ada = person("OPERATOR"), person("ADMIN")

        publish(self.finished(outcome))

        assert told("TRANSACTION_FAILED") == emails(ana, ada)
        message = Notification.objects.filter(kind="TRANSACTION_FAILED").first()
        assert message is not None
        assert "NotEnoughAvailableCash" in message.text

    @pytest.mark.parametrize("outcome", ["FINAL", "CANCELLED"])
    def test_a_good_end_is_not(self, outcome: str) -> None:
        person("OPERATOR")

        publish(self.finished(outcome))

        assert told("TRANSACTION_FAILED") == set()


class TestChain:
    def test_a_halt_is_critical(self) -> None:
        ada = person("ADMIN")

        publish(events.ChainHalted(chain_id=31337, reason="A final block changed.", at=clock.now()))

        assert told("CHAIN_HALTED") == emails(ada)

    def test_finality_that_stands_still_is_told_once(self) -> None:
        ada = person("ADMIN")
        now = clock.now()
        fact = events.FinalityStalled(
            chain_id=31337, final_number=7, head_number=99, since=now, at=now
        )

        publish(fact)
        publish(fact)

        assert told("FINALITY_STALLED") == emails(ada)

    def test_a_parked_log_is_told_once(self) -> None:
        ana = person("OPERATOR")
        fact = events.LogParked(
            log_id=9, chain_id=31337, event="NavUpdated", error="ValueError", at=clock.now()
        )

        publish(fact)
        publish(fact)

        assert told("LOG_PARKED") == emails(ana)


class TestLive:
    def test_news_is_pushed_and_history_is_not(self) -> None:
        now = clock.now()

        apply(requested(1, at=now, requires_approval=False))
        apply(requested(2, requires_approval=False))  # of long ago
        apply(settled(1, at=now))

        assert list(PushMessage.objects.order_by("id").values_list("channel", flat=True)) == [
            "redemption:new",
            "redemption:settled",
        ]
        assert PushMessage.objects.order_by("id")[0].data["grossAmount"] == str(120_000 * 10**18)
