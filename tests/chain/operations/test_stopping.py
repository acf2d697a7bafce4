"""The kill switch: one person stops, a ticket lifts, and no other way does."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.approvals import operations as approvals
from apps.approvals.models import Ticket
from apps.audit.models import OperationLog
from apps.chain import operations, queries
from apps.chain.models import Stop
from apps.chain.rules import scopes
from apps.notifications.models import Notification
from tests.approvals.helpers import CHAIN, NOON, SYSTEM, actor_of, cast, open_ticket, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet_chain")]


@pytest.fixture
def admins() -> list[User]:
    return [person(name, "ADMIN") for name in ("ana", "ben", "cem")]


def stop(scope: str = scopes.ALL, reason: str = "odd prices") -> Stop:
    number = operations.stop_sending(scope=scope, reason=reason, actor=SYSTEM, at=NOON)
    return Stop.objects.get(pk=number)


def propose(row: Stop, maker: User, reason: str = "we looked") -> Ticket:
    number = operations.propose_lift(stop_id=row.pk, reason=reason, actor=actor_of(maker), at=NOON)
    return Ticket.objects.get(pk=number)


class TestStop:
    def test_is_told_and_written_down(self, admins: list[User]) -> None:
        row = stop()

        assert [found.pk for found in queries.stops_in_force()] == [row.pk]
        assert OperationLog.objects.filter(action="STOP", level="HIGH").count() == 1
        told = Notification.objects.filter(kind="SENDING_STOPPED").first()
        assert told is not None
        assert "odd prices" in told.text

    def test_twice_is_one(self) -> None:
        first, second = stop(), stop(reason="again")

        assert first.pk == second.pk
        assert Stop.objects.get().reason == "odd prices"

    def test_covers_what_its_scope_says(self) -> None:
        stop(scopes.of_stream(CHAIN, "SETTLE_REDEMPTION"))

        assert queries.is_stopped(CHAIN, "", "SETTLE_REDEMPTION") is not None
        assert queries.is_stopped(CHAIN, "", "APPROVE_REDEMPTION") is None
        assert queries.is_stopped(1, "", "SETTLE_REDEMPTION") is None

    @pytest.mark.parametrize(
        ("scope", "reason", "refusal"),
        [
            ("some", "odd", scopes.UnknownScope),
            (scopes.of_chain(1), "odd", scopes.UnknownScope),
            (scopes.of_stream(CHAIN, "SETTLE_REDEMPTIONS"), "odd", scopes.UnknownScope),
            (scopes.of_signer(CHAIN, "0x" + "ab" * 20), "odd", scopes.UnknownScope),
            (scopes.ALL, "  ", approvals.NoReason),
        ],
    )
    def test_refuses_what_makes_no_sense(
        self, scope: str, reason: str, refusal: type[Exception]
    ) -> None:
        with pytest.raises(refusal):
            stop(scope, reason)


class TestLift:
    def test_needs_two_other_administrators(self, admins: list[User]) -> None:
        row = stop()
        ana, ben, cem = admins
        ticket = propose(row, ana)

        cast(ben, ticket)
        after_one = len(queries.stops_in_force())
        cast(cem, Ticket.objects.get(pk=ticket.pk))

        row = Stop.objects.get(pk=row.pk)
        assert (after_one, queries.stops_in_force()) == (1, [])
        assert (row.lift_ticket_id, row.lifted_at, row.lifted_by) == (ticket.pk, NOON, "ben, cem")
        assert Ticket.objects.get(pk=ticket.pk).execution_status == "DONE"
        assert OperationLog.objects.filter(action="LIFT", level="HIGH").count() == 1
        assert Notification.objects.filter(kind="SENDING_RESUMED").exists()

    def test_a_rejected_one_changes_nothing(self, admins: list[User]) -> None:
        row = stop()
        ticket = propose(row, admins[0])

        cast(admins[1], ticket, "REJECT", "not yet")

        assert len(queries.stops_in_force()) == 1
        again = propose(row, admins[0])
        assert again.pk != ticket.pk

    def test_is_asked_once_at_a_time(self, admins: list[User]) -> None:
        row = stop()
        propose(row, admins[0])

        with pytest.raises(approvals.AlreadyProposed):
            propose(row, admins[1])

    def test_what_is_lifted_is_not_lifted_again_but_stopped_anew(self, admins: list[User]) -> None:
        row = stop()
        ana, ben, cem = admins
        ticket = propose(row, ana)
        cast(ben, ticket)
        cast(cem, Ticket.objects.get(pk=ticket.pk))

        with pytest.raises(operations.NotStopped):
            propose(row, ana)
        assert stop().pk != row.pk

    def test_says_why(self, admins: list[User]) -> None:
        with pytest.raises(approvals.NoReason):
            propose(stop(), admins[0], reason="")


class TestNoOtherWay:
    """PostgreSQL refuses it to every shell."""

    def refused(self, sql: str, *values: object) -> None:
        with (
            pytest.raises(DatabaseError),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql, values)

    def test_to_lift_without_a_ticket(self) -> None:
        row = stop()

        self.refused("UPDATE chain_stop SET lifted_at = now() WHERE id = %s", row.pk)

    def test_to_lift_by_a_ticket_that_is_not_approved(self, admins: list[User]) -> None:
        row = stop()
        ticket = propose(row, admins[0])

        with pytest.raises(DatabaseError), transaction.atomic():
            Stop.objects.filter(pk=row.pk).update(
                lifted_at=timezone.now(), lift_ticket_id=ticket.pk
            )

    def test_to_lift_by_a_ticket_about_something_else(self, admins: list[User]) -> None:
        row = stop()
        other = open_ticket(subject_id=str(row.pk))
        cast(admins[0], other)

        assert Ticket.objects.get(pk=other.pk).status == "APPROVED"
        with pytest.raises(DatabaseError), transaction.atomic():
            Stop.objects.filter(pk=row.pk).update(lifted_at=timezone.now(), lift_ticket_id=other.pk)

    def test_to_lift_by_the_ticket_of_another_stop(self, admins: list[User]) -> None:
        row, other = stop(), stop(scopes.of_chain(CHAIN))
        ana, ben, cem = admins
        ticket = propose(other, ana)
        cast(ben, ticket)
        cast(cem, Ticket.objects.get(pk=ticket.pk))

        with pytest.raises(DatabaseError), transaction.atomic():
            Stop.objects.filter(pk=row.pk).update(
                lifted_at=timezone.now(), lift_ticket_id=ticket.pk
            )

    def test_to_change_or_delete_or_begin_lifted(self) -> None:
        row = stop()

        self.refused("UPDATE chain_stop SET scope = 'chain:1' WHERE id = %s", row.pk)
        self.refused("DELETE FROM chain_stop WHERE id = %s", row.pk)
        self.refused(
            "INSERT INTO chain_stop (scope, reason, set_by, set_at, lifted_at, lifted_by)"
            " VALUES ('chain:1', 'x', 'x', now(), now(), '')"
        )
