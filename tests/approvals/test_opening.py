"""Asking people."""

import pytest
from django.db import IntegrityError, InternalError, transaction

from apps.approvals import operations, queries
from apps.approvals.events import TicketOpened
from apps.approvals.models import Rule, Ticket
from apps.audit import queries as audit

from .helpers import NOON, address_of, open_ticket, person, seed_rules

pytestmark = pytest.mark.django_db


class TestOpenTicket:
    def test_freezes_the_figures_and_the_rule(self, facts: list[object]) -> None:
        person("amir", "ADMIN")

        ticket = open_ticket(party_wallets=[address_of("investor").upper().replace("0X", "0x")])

        assert ticket.status == "PENDING"
        assert ticket.facts == {"pool": "7", "amount": str(31_200 * 10**18)}
        assert (ticket.role, ticket.required_approvals, ticket.rule_version) == ("ADMIN", 1, 1)
        assert ticket.party_wallets == [address_of("investor")]
        assert facts == [
            TicketOpened(ticket_id=ticket.pk, kind="POOL_ACTION", subject_id="7", at=NOON)
        ]
        assert [row.action for row in audit.trail("ticket", str(ticket.pk))] == ["ticket.created"]

    def test_by_one_key_opens_one(self, facts: list[object]) -> None:
        person("amir", "ADMIN")

        first, second = open_ticket(), open_ticket()

        assert first.pk == second.pk
        assert len(facts) == 1

    def test_one_subject_has_one_open_ticket(self) -> None:
        person("amir", "ADMIN")
        open_ticket()

        with pytest.raises(IntegrityError), transaction.atomic():
            open_ticket(idempotency_key="another")

    def test_refuses_two_of_three_without_three_who_could_vote(self) -> None:
        makers = [person(name, "ADMIN") for name in ("amir", "ada", "adam")]

        with pytest.raises(operations.TooFewEligible):
            open_ticket(kind="REBALANCE_LARGE", maker_user_id=makers[0].pk)

        assert not Ticket.objects.exists()

    def test_counts_no_party_among_the_three(self) -> None:
        for name in ("amir", "ada", "adam"):
            person(name, "ADMIN")

        with pytest.raises(operations.TooFewEligible):
            open_ticket(kind="REBALANCE_LARGE", party_wallets=[address_of("ada")])

    def test_refuses_a_kind_without_a_rule(self) -> None:
        with pytest.raises(queries.NoRule):
            open_ticket(kind="NO_SUCH_KIND")


class TestDefaultRules:
    def test_are_there_for_every_kind(self) -> None:
        seed_rules()

        table = {rule.kind: rule for rule in Rule.objects.filter(active=True)}

        assert set(table) == {
            "EMERGENCY_REDEMPTION",
            "STANDARD_REDEMPTION",
            "REBALANCE_SMALL",
            "REBALANCE_LARGE",
            "ASSET_ADD",
            "ASSET_REMOVE",
            "FEE_WITHDRAW",
            "EMERGENCY_MODE",
            "CONFIG_CHANGE",
            "ROLE_CHANGE",
            "WALLET_CHANGE",
            "LIFT_STOP",
            "POOL_ACTION",
        }
        emergency = table["EMERGENCY_REDEMPTION"]
        assert (
            emergency.role,
            emergency.required_approvals,
            emergency.warn_after_seconds,
            emergency.escalate_after_seconds,
            emergency.deadline_after_seconds,
        ) == ("VIP_APPROVER", 1, 7200, 10800, 14400)
        two_of_three = {kind for kind, rule in table.items() if rule.eligible_min == 3}
        assert two_of_three == {
            "REBALANCE_LARGE",
            "ASSET_ADD",
            "ASSET_REMOVE",
            "FEE_WITHDRAW",
            "EMERGENCY_MODE",
        }


class TestTheDatabaseItself:
    @pytest.mark.parametrize(
        "change",
        [
            {"facts": {"pool": 8}},
            {"calls_hash": "0x" + "cd" * 32},
            {"required_approvals": 0},
            {"maker_user_id": None},
            {"role": "VIEWER"},
            {"deadline_at": NOON},
        ],
    )
    def test_keeps_the_question_frozen(self, change: dict[str, object]) -> None:
        maker = person("ana", "OPERATOR")
        person("amir", "ADMIN")
        ticket = open_ticket(maker_user_id=maker.pk)

        with pytest.raises((IntegrityError, InternalError), match="frozen"), transaction.atomic():
            Ticket.objects.filter(pk=ticket.pk).update(**change)

    @pytest.mark.parametrize("status", ["APPROVED", "REJECTED", "PARTIALLY_APPROVED", "EXPIRED"])
    def test_grants_no_outcome_without_votes(self, status: str) -> None:
        person("amir", "ADMIN")
        ticket = open_ticket()
        decided = None if status == "PARTIALLY_APPROVED" else NOON

        with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
            Ticket.objects.filter(pk=ticket.pk).update(status=status, decided_at=decided)

    def test_reopens_nothing(self) -> None:
        person("amir", "ADMIN")
        maker = person("ana", "OPERATOR")
        ticket = open_ticket(maker_user_id=maker.pk)
        Ticket.objects.filter(pk=ticket.pk).update(status="CANCELLED", decided_at=NOON)

        with (
            pytest.raises((IntegrityError, InternalError), match="CANCELLED"),
            transaction.atomic(),
        ):
            Ticket.objects.filter(pk=ticket.pk).update(status="PENDING", decided_at=None)

    def test_begins_no_ticket_decided(self) -> None:
        person("amir", "ADMIN")
        ticket = open_ticket()
        ticket.pk, ticket.idempotency_key, ticket.subject_id = None, "x", "8"
        ticket._state.adding = True
        Ticket.status.field.set_state(ticket, "APPROVED")
        ticket.decided_at = NOON

        with pytest.raises((IntegrityError, InternalError), match="begins"), transaction.atomic():
            ticket.save()
