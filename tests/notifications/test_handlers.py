"""Facts become messages to the right people, worded safely, once."""

from datetime import timedelta

import pytest
from django.conf import settings

from apps.approvals import operations as approvals
from apps.approvals.events import TicketDecided
from apps.chain import events
from apps.core import bus, clock
from apps.core.actor import Actor
from apps.notifications.models import Notification, PushMessage
from apps.notifications.rules import Severity
from tests.accounts.people import person
from tests.approvals.helpers import open_ticket, seed_rules
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
from tests.rebalance.helpers import admins, planned, risk_is, ticket_of
from tests.rebalance.running import MTMM, sell
from tests.redemptions.helpers import apply, requested, settled, source

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("everywhere")]
__all__ = ["everywhere"]

STRANGER = "0x" + "ee" * 20
VAULT = "0x" + "b1" * 20


class TestTickets:
    def test_opened_goes_to_those_who_may_decide_but_not_the_maker(self) -> None:
        ada, amir, maker = person("ADMIN"), person("ADMIN"), person("ADMIN")
        person("VIEWER")

        ticket = open_ticket(maker_user_id=maker.id)

        assert told("TICKET_OPENED") == emails(ada, amir)
        assert places("TICKET_OPENED") == set()
        message = Notification.objects.filter(kind="TICKET_OPENED", channel="EMAIL").first()
        assert message is not None
        assert message.severity == Severity.INFO
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
        message = Notification.objects.filter(kind="TICKET_DECIDED", channel="EMAIL").first()
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
        message = Notification.objects.filter(kind="TICKET_DECIDED", channel="EMAIL").first()
        assert message is not None
        assert f"by {ticket.auto_approved_by}, without a vote." in message.text

    def test_in_an_emergency_it_is_critical(self) -> None:
        people = [person("ADMIN") for _ in range(3)]

        open_ticket(kind="EMERGENCY_MODE", subject_id="emergency:now")

        assert told("TICKET_OPENED") == emails(*people)
        messages = Notification.objects.filter(kind="TICKET_OPENED")
        assert {message.severity for message in messages} == {Severity.CRITICAL}

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
        assert places("CONTRACT_REFERENCE") == CRITICAL_PLACES

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
        assert places("ROLE_GRANTED") == CRITICAL_PLACES

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
        assert places("CONTRACT_PARAMETER") == CRITICAL_PLACES - {"pagerduty"}
        message = one("CONTRACT_PARAMETER")
        assert "StandardApprovalAmount" in message.subject
        assert "50,000.00 USDT" in message.text
        assert "5,000,000.00 USDT" in message.text


class TestUnpaid:
    def unpaid(self) -> None:
        publish(
            events.SettlementLiquidityInsufficient(
                source=source(2, at=clock.now()),
                request_id=1,
                available_assets=100 * 10**18,
                payout_assets=1_250 * 10**18,
            ),
            bus.react,
        )

    def test_a_due_redemption_that_was_not_paid_pages(self) -> None:
        farid, greta = person("OPERATOR"), person("RISK_OFFICER")
        person("VIEWER")
        apply(requested(requires_approval=False))

        self.unpaid()

        assert told("REDEMPTION_UNPAID") == emails(farid, greta)
        assert places("REDEMPTION_UNPAID") == CRITICAL_PLACES
        message = Notification.objects.filter(kind="REDEMPTION_UNPAID").first()
        assert message is not None
        assert "1,150.00 USDT" in message.text
        assert message.link.endswith("/redemptions/redemption/31337-1/change/")

    def test_once_it_is_paid_the_pager_stops_and_nobody_is_mailed(self) -> None:
        person("OPERATOR")
        apply(requested(requires_approval=False))
        self.unpaid()

        apply(settled(1, at=clock.now()))

        assert places("REDEMPTION_PAID") == {"slack:operations", "pagerduty"}
        assert told("REDEMPTION_PAID") == set()
        paged, ended = Notification.objects.filter(channel="PAGERDUTY").order_by("id")
        assert (paged.topic, ended.resolves) == (ended.topic, True)

    def test_what_was_paid_in_time_is_not_told(self) -> None:
        person("OPERATOR")
        apply(requested(requires_approval=False))

        apply(settled(1, at=clock.now()))

        assert places("REDEMPTION_PAID") == set()


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
        pages = outcome == "MISMATCH"
        assert places("TRANSACTION_FAILED") == (CRITICAL_PLACES if pages else WARNING_PLACES)
        message = Notification.objects.filter(kind="TRANSACTION_FAILED").first()
        assert message is not None
        assert "NotEnoughAvailableCash" in message.text

    @pytest.mark.parametrize("outcome", ["FINAL", "CANCELLED"])
    def test_a_good_end_is_not(self, outcome: str) -> None:
        person("OPERATOR")

        publish(self.finished(outcome))

        assert told("TRANSACTION_FAILED") == set()

    def test_a_stop_pages_and_its_end_stops_the_pager(self) -> None:
        person("OPERATOR")
        at = clock.now()
        stop = events.SendingStopped(
            stop_id=3, scope="all", reason="Something is off.", set_by="watch", at=at
        )
        lift = events.SendingResumed(
            stop_id=3, scope="all", ticket_id=9, lifted_by="Ana, Ben", at=at
        )

        publish(stop)
        publish(lift)

        assert places("SENDING_STOPPED") == places("SENDING_RESUMED") == CRITICAL_PLACES
        paged, ended = Notification.objects.filter(channel="PAGERDUTY").order_by("id")
        assert (paged.resolves, ended.resolves) == (False, True)
        assert paged.topic == ended.topic == "stop:3"


class TestChain:
    def test_a_halt_is_critical(self) -> None:
        ada = person("ADMIN")

        publish(events.ChainHalted(chain_id=31337, reason="A final block changed.", at=clock.now()))

        assert told("CHAIN_HALTED") == emails(ada)
        assert places("CHAIN_HALTED") == CRITICAL_PLACES

    def test_finality_that_stands_still_is_told_once(self) -> None:
        ada = person("ADMIN")
        now = clock.now()
        fact = events.FinalityStalled(
            chain_id=31337, final_number=7, head_number=99, since=now, at=now
        )

        publish(fact)
        publish(fact)

        assert told("FINALITY_STALLED") == emails(ada)
        assert places("FINALITY_STALLED") == CRITICAL_PLACES - {"pagerduty"}

    def test_a_parked_log_is_told_once(self) -> None:
        ana = person("OPERATOR")
        fact = events.LogParked(
            log_id=9, chain_id=31337, event="NavUpdated", error="ValueError", at=clock.now()
        )

        publish(fact)
        publish(fact)

        assert told("LOG_PARKED") == emails(ana)
        assert places("LOG_PARKED") == WARNING_PLACES


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
