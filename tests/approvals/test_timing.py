"""Time limits, withdrawal, execution."""

from datetime import timedelta

import pytest
from django.db import transaction

from apps.approvals import operations, queries
from apps.approvals.events import (
    TicketCancelled,
    TicketDecided,
    TicketEscalated,
    TicketOverdue,
    TicketWarned,
)
from apps.approvals.models import Rule, Ticket
from apps.audit import queries as audit
from tests.forcing import guards_off

from .helpers import NOON, SYSTEM, actor_of, cast, open_ticket, person, seed_rules

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def ticket() -> Ticket:
    """Warned after 12 hours, escalated after 18, due after 24."""
    person("amir", "ADMIN")
    return open_ticket()


def kinds(facts: list[object]) -> list[type]:
    return [type(fact) for fact in facts]


class TestTick:
    def test_does_nothing_before_its_time(self, ticket: Ticket, facts: list[object]) -> None:
        assert operations.tick(NOON + 12 * HOUR - timedelta(seconds=1)) == {}
        assert facts == []

    def test_fires_each_step_once(self, ticket: Ticket, facts: list[object]) -> None:
        counts = [dict(operations.tick(NOON + hours * HOUR)) for hours in (12, 13, 18, 19, 24, 99)]

        assert counts == [{"warned": 1}, {}, {"escalated": 1}, {}, {"overdue": 1}, {}]
        assert kinds(facts) == [TicketWarned, TicketEscalated, TicketOverdue]
        ticket = Ticket.objects.get(pk=ticket.pk)
        assert ticket.status == "PENDING"
        assert (ticket.escalated_to, ticket.escalated_at) == ("SUPER_ADMIN", NOON + 18 * HOUR)

    def test_catches_up_after_an_outage(self, ticket: Ticket, facts: list[object]) -> None:
        counts = operations.tick(NOON + 30 * HOUR)

        assert counts == {"warned": 1, "escalated": 1, "overdue": 1}
        assert kinds(facts) == [TicketWarned, TicketEscalated, TicketOverdue]

    def test_leaves_decided_tickets_alone(self, ticket: Ticket, facts: list[object]) -> None:
        from apps.accounts.models import User

        cast(User.objects.get(username="amir"), ticket)
        facts.clear()

        assert operations.tick(NOON + 99 * HOUR) == {}
        assert facts == []

    def test_expires_where_the_rule_rejects_by_itself(self, facts: list[object]) -> None:
        seed_rules()
        person("amir", "ADMIN")
        with guards_off():
            Rule.objects.filter(kind="POOL_ACTION").update(auto_reject=True)
        ticket = open_ticket()

        operations.tick(NOON + 24 * HOUR)

        assert Ticket.objects.get(pk=ticket.pk).status == "EXPIRED"
        assert isinstance(facts[-1], TicketDecided)
        assert facts[-1].decision == "EXPIRED"
        actions = [row.action for row in audit.trail("ticket", str(ticket.pk))]
        assert actions[-1] == "ticket.expired"

    def test_a_vote_after_an_expiring_deadline_is_late_even_before_the_clock_comes(self) -> None:
        seed_rules()
        amir = person("amir", "ADMIN")
        with guards_off():
            Rule.objects.filter(kind="POOL_ACTION").update(auto_reject=True)
        ticket = open_ticket()

        with pytest.raises(operations.TicketClosed, match="deadline"):
            cast(amir, ticket, at=NOON + 24 * HOUR)

    def test_lets_the_next_role_up_decide(self, ticket: Ticket) -> None:
        sue = person("sue", "SUPER_ADMIN")
        with pytest.raises(operations.VoteRefused):
            cast(sue, ticket, at=NOON + 18 * HOUR)
        operations.tick(NOON + 18 * HOUR)

        after = cast(sue, ticket, at=NOON + 18 * HOUR)

        assert after.status == "APPROVED"
        assert after.votes.get().role == "SUPER_ADMIN"
        queries.authorises(ticket_id=ticket.pk, calls_hash=ticket.calls_hash, at=NOON + 19 * HOUR)


class TestCancel:
    def test_is_the_makers(self, facts: list[object]) -> None:
        ana = person("ana", "OPERATOR")
        person("amir", "ADMIN")
        ticket = open_ticket(maker_user_id=ana.pk)

        operations.cancel(ticket_id=ticket.pk, reason="Mistake", actor=actor_of(ana), at=NOON)

        assert Ticket.objects.get(pk=ticket.pk).status == "CANCELLED"
        assert isinstance(facts[-1], TicketCancelled)

    def test_is_nobody_elses(self) -> None:
        ana, amir = person("ana", "OPERATOR"), person("amir", "ADMIN")
        ticket = open_ticket(maker_user_id=ana.pk)

        with pytest.raises(operations.CannotCancel):
            operations.cancel(ticket_id=ticket.pk, reason="x", actor=actor_of(amir), at=NOON)
        with pytest.raises(operations.CannotCancel):
            operations.cancel(ticket_id=ticket.pk, reason="x", actor=SYSTEM, at=NOON)

    def test_is_refused_where_the_subject_lives_on_chain(self) -> None:
        ana = person("ana", "OPERATOR")
        ticket = open_ticket(kind="STANDARD_REDEMPTION", maker_user_id=ana.pk)

        with pytest.raises(operations.CannotCancel):
            operations.cancel(ticket_id=ticket.pk, reason="x", actor=actor_of(ana), at=NOON)

    def test_is_refused_after_the_outcome(self) -> None:
        ana, amir = person("ana", "OPERATOR"), person("amir", "ADMIN")
        ticket = open_ticket(maker_user_id=ana.pk)
        cast(amir, ticket)

        with pytest.raises(operations.TicketClosed):
            operations.cancel(ticket_id=ticket.pk, reason="x", actor=actor_of(ana), at=NOON)

    def test_for_a_subject_closes_open_tickets_only(self) -> None:
        amir = person("amir", "ADMIN")
        decided = open_ticket(idempotency_key="first")
        cast(amir, decided)
        still_open = open_ticket(idempotency_key="second")

        count = operations.cancel_for_subject(
            kinds=["POOL_ACTION"], subject_id="7", reason="Gone", actor=SYSTEM, at=NOON
        )

        assert count == 1
        assert Ticket.objects.get(pk=decided.pk).status == "APPROVED"
        assert Ticket.objects.get(pk=still_open.pk).status == "CANCELLED"


class TestRecordExecution:
    def test_shows_what_became_of_it(self) -> None:
        amir = person("amir", "ADMIN")
        ticket = open_ticket()
        cast(amir, ticket)

        for status, error in (("SENT", ""), ("FAILED", "InsufficientLiquidity"), ("DONE", "")):
            operations.record_execution(
                ticket_id=ticket.pk, status=status, error=error, tx_hash="", at=NOON
            )

        ticket = Ticket.objects.get(pk=ticket.pk)
        assert (ticket.status, ticket.execution_status, ticket.execution_error) == (
            "APPROVED",
            "DONE",
            "",
        )
        actions = [row.action for row in audit.trail("ticket", str(ticket.pk))]
        assert actions.count("ticket.executed") == 3

    def test_the_same_twice_is_one_row(self) -> None:
        amir = person("amir", "ADMIN")
        ticket = open_ticket()
        cast(amir, ticket)
        for _ in range(2):
            operations.record_execution(
                ticket_id=ticket.pk, status="DONE", error="", tx_hash="", at=NOON
            )

        actions = [row.action for row in audit.trail("ticket", str(ticket.pk))]
        assert actions.count("ticket.executed") == 1

    def test_refuses_an_open_ticket(self, ticket: Ticket) -> None:
        with pytest.raises(operations.TicketClosed), transaction.atomic():
            operations.record_execution(
                ticket_id=ticket.pk, status="DONE", error="", tx_hash="", at=NOON
            )
