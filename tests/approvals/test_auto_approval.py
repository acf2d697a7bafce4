"""A rule that approves by itself, and tickets that stand for several calls."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.approvals import operations, queries
from apps.approvals.events import TicketDecided, TicketOpened
from apps.approvals.models import Rule, Ticket
from apps.audit import queries as audit
from tests.forcing import guards_off

from .helpers import CALLS, NOON, cast, open_ticket, person, seed_rules
from .helpers import SYSTEM as ACTOR

pytestmark = pytest.mark.django_db

LEG_1, LEG_2, STRANGER = ("0x" + pair * 32 for pair in ("11", "22", "33"))


def facts_of(**changes: Any) -> dict[str, Any]:
    return {
        "trigger": "THRESHOLD",
        "riskLevel": "NORMAL",
        "calls": [
            {"sentence": "Sell MTMM", "hash": LEG_1},
            {"sentence": "Buy HRBR", "hash": LEG_2},
        ],
    } | changes


CONDITIONS = {"trigger": ["THRESHOLD"], "riskLevel": ["NORMAL", "ELEVATED"]}


@pytest.fixture(autouse=True)
def _a_rule_that_approves() -> None:
    """The conditions of small rebalances, at a rule whose tickets no other app listens to."""
    seed_rules()
    with guards_off():
        Rule.objects.filter(kind="POOL_ACTION").update(auto_approve=CONDITIONS)


def open_small(**changes: Any) -> Ticket:
    person("amir", "ADMIN")
    return open_ticket(facts=facts_of(**changes))


class TestApprovesByItself:
    def test_small_rebalances_by_these_conditions(self) -> None:
        by_itself = Rule.objects.exclude(auto_approve={}).exclude(kind="POOL_ACTION")

        assert [(row.kind, row.auto_approve) for row in by_itself] == [
            ("REBALANCE_SMALL", CONDITIONS)
        ]

    def test_what_its_conditions_allow(self, facts: list[object]) -> None:
        ticket = open_small()

        assert (ticket.status, ticket.auto_approved_by) == ("APPROVED", "POOL_ACTION v1")
        assert ticket.decided_at == NOON
        assert [type(fact) for fact in facts] == [TicketDecided]
        rows = audit.trail("ticket", str(ticket.pk))
        assert [(row.action, row.actor_name) for row in rows] == [
            ("ticket.created", "test"),
            ("ticket.approved", "rule POOL_ACTION v1"),
        ]

    def test_for_every_call_that_it_stands_for_and_no_other(self) -> None:
        ticket = open_small()

        for covered in (CALLS, LEG_1, LEG_2.upper().replace("0X", "0x")):
            queries.authorises(ticket_id=ticket.pk, calls_hash=covered, at=NOON)
        with pytest.raises(queries.NotAuthorised, match="other calls"):
            queries.authorises(ticket_id=ticket.pk, calls_hash=STRANGER, at=NOON)

    @pytest.mark.parametrize(
        "changes",
        [
            {"trigger": "MANUAL"},
            {"trigger": ["THRESHOLD"]},
            {"riskLevel": "HIGH"},
            {"riskLevel": ""},
            {"riskLevel": None},
        ],
    )
    def test_nothing_else(self, facts: list[object], changes: dict[str, Any]) -> None:
        ticket = open_small(**changes)

        assert (ticket.status, ticket.auto_approved_by) == ("PENDING", "")
        assert [type(fact) for fact in facts] == [TicketOpened]

    def test_no_kind_whose_rule_has_no_conditions(self) -> None:
        person("amir", "ADMIN")

        ticket = open_ticket(kind="CONFIG_CHANGE", facts=facts_of())

        assert ticket.status == "PENDING"

    def test_no_longer_once_the_rule_does_not(self) -> None:
        ticket = open_small()
        with guards_off():
            Rule.objects.filter(kind="POOL_ACTION").update(auto_approve={"riskLevel": ["CRITICAL"]})

        with pytest.raises(queries.NotAuthorised, match="without people"):
            queries.authorises(ticket_id=ticket.pk, calls_hash=LEG_1, at=NOON)

    def test_no_longer_once_people_took_the_rule_back(self) -> None:
        ticket = open_small()
        with guards_off():
            rule = Rule.objects.get(kind="POOL_ACTION", active=True)
            Rule.objects.filter(pk=rule.pk).update(active=False)
            rule.pk, rule.version, rule.auto_approve = None, 2, {}
            rule.save(force_insert=True)

        with pytest.raises(queries.NotAuthorised, match="No rule approves"):
            queries.authorises(ticket_id=ticket.pk, calls_hash=CALLS, at=NOON)


class TestTheDatabase:
    @pytest.mark.parametrize(
        ("kind", "said", "rule"),
        [
            ("POOL_ACTION", {"trigger": "MANUAL"}, "POOL_ACTION v1"),
            ("POOL_ACTION", {"riskLevel": None}, "POOL_ACTION v1"),
            ("POOL_ACTION", {"trigger": "MANUAL"}, "POOL_ACTION v2"),
            ("CONFIG_CHANGE", {}, "CONFIG_CHANGE v1"),
        ],
    )
    def test_refuses_an_approval_that_no_rule_gives(
        self, kind: str, said: dict[str, Any], rule: str
    ) -> None:
        person("amir", "ADMIN")
        ticket = open_ticket(kind=kind, facts=facts_of(**said))

        ticket.approve_by_rule(rule=rule, reason="so be it", at=NOON)
        with pytest.raises(IntegrityError, match="no rule approves"), transaction.atomic():
            ticket.save()

    def test_refuses_to_change_who_approved(self) -> None:
        ticket = open_small()

        with pytest.raises(IntegrityError, match="who approved"), transaction.atomic():
            Ticket.objects.filter(pk=ticket.pk).update(auto_approved_by="")


class TestSeveralCalls:
    def test_votes_authorise_each_of_them(self) -> None:
        amir = person("amir", "ADMIN")
        ticket = open_ticket(facts=facts_of(trigger="MANUAL"))
        with pytest.raises(queries.NotAuthorised):
            queries.authorises(ticket_id=ticket.pk, calls_hash=LEG_1, at=NOON)

        cast(amir, ticket)

        for covered in (CALLS, LEG_1, LEG_2):
            queries.authorises(ticket_id=ticket.pk, calls_hash=covered, at=NOON)
        with pytest.raises(queries.NotAuthorised, match="other calls"):
            queries.authorises(ticket_id=ticket.pk, calls_hash=STRANGER, at=NOON)

    def test_a_rejection_authorises_none(self) -> None:
        amir = person("amir", "ADMIN")
        ticket = open_ticket(facts=facts_of(trigger="MANUAL"))
        cast(amir, ticket, "REJECT", "not now")

        with pytest.raises(queries.NotAuthorised):
            queries.authorises(ticket_id=ticket.pk, calls_hash=LEG_1, at=NOON)
        operations.bind_rejection(ticket_id=ticket.pk, calls_hash=STRANGER, at=NOON, actor=ACTOR)
        with pytest.raises(queries.NotAuthorised):
            queries.authorises(ticket_id=ticket.pk, calls_hash=LEG_1, at=NOON)
