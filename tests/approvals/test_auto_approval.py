"""A rule that approves by itself, and tickets that stand for several calls."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.approvals import operations, queries
from apps.approvals.events import TicketDecided, TicketOpened
from apps.approvals.models import Rule, Ticket
from apps.approvals.rules import LARGER_KIND
from apps.audit import queries as audit
from tests.forcing import guards_off

from .helpers import CALLS, NOON, cast, open_ticket, person, seed_rules
from .helpers import SYSTEM as ACTOR

pytestmark = pytest.mark.django_db

USDT = 10**18
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


class TestTheDaysSum:
    """REBALANCE_LARGE begins at 200,000 USDT; POOL_ACTION stands for REBALANCE_SMALL here."""

    @pytest.fixture(autouse=True)
    def _a_larger_kind(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert LARGER_KIND == {"REBALANCE_SMALL": "REBALANCE_LARGE"}
        monkeypatch.setitem(LARGER_KIND, "POOL_ACTION", "REBALANCE_LARGE")
        person("amir", "ADMIN")

    def opened(self, subject_id: str, amount: int | None, **changes: Any) -> Ticket:
        return open_ticket(subject_id=subject_id, amount=amount, **{"facts": facts_of(), **changes})

    @pytest.mark.parametrize(
        ("second", "status"), [(80_000 * USDT - 1, "APPROVED"), (80_000 * USDT, "PENDING")]
    )
    def test_stays_below_the_limit_of_the_larger_kind(self, second: int, status: str) -> None:
        self.opened("1", 120_000 * USDT)

        assert self.opened("2", second).status == status

    def test_asks_people_in_words_at_the_limit(self, facts: list[object]) -> None:
        self.opened("1", 120_000 * USDT)

        asked = self.opened("2", 80_000 * USDT, conditions=[{"text": "large", "met": True}])

        assert (asked.status, asked.auto_approved_by) == ("PENDING", "")
        assert [type(fact) for fact in facts] == [TicketDecided, TicketOpened]
        assert asked.conditions[0] == {"text": "large", "met": True}
        assert "120,000.00 USDT that the rule approved by itself" in asked.conditions[1]["text"]
        assert "it makes 200,000.00 USDT" in asked.conditions[1]["text"]

    @pytest.mark.parametrize(
        ("hours", "status"), [(24, "APPROVED"), (23.99, "PENDING")], ids=["a day", "less"]
    )
    def test_forgets_what_is_a_day_old(self, hours: float, status: str) -> None:
        self.opened("1", 120_000 * USDT, at=NOON - timedelta(hours=hours))

        assert self.opened("2", 80_000 * USDT).status == status

    @pytest.mark.parametrize(
        "changes", [{"kind": "CONFIG_CHANGE"}, {"chain_id": 1}, {"facts": facts_of(trigger="X")}]
    )
    def test_counts_only_what_this_rule_approved_here(self, changes: dict[str, Any]) -> None:
        self.opened("1", 120_000 * USDT, **changes)

        assert self.opened("2", 80_000 * USDT).status == "APPROVED"

    def test_without_an_amount_people_decide(self) -> None:
        assert self.opened("1", None).status == "PENDING"

    def test_without_a_larger_rule_people_decide(self) -> None:
        with guards_off():
            Rule.objects.filter(kind="REBALANCE_LARGE").update(active=False)

        assert self.opened("1", 1).status == "PENDING"

    def test_authorises_what_was_below_the_limit_however_much_followed(self) -> None:
        first = self.opened("1", 120_000 * USDT)
        second = self.opened("2", 79_999 * USDT)

        for ticket in (first, second):
            queries.authorises(ticket_id=ticket.pk, calls_hash=LEG_1, at=NOON)

    def test_authorises_no_more_once_the_limit_is_lower(self) -> None:
        first = self.opened("1", 120_000 * USDT)
        second = self.opened("2", 79_999 * USDT)
        lower = [{"figure": "amount", "operator": ">=", "value": str(199_999 * USDT)}]
        with guards_off():
            Rule.objects.filter(kind="REBALANCE_LARGE").update(thresholds=lower)

        queries.authorises(ticket_id=first.pk, calls_hash=LEG_1, at=NOON)
        with pytest.raises(queries.NotAuthorised, match="without people"):
            queries.authorises(ticket_id=second.pk, calls_hash=LEG_1, at=NOON)


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
