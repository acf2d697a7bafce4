"""Two people let the rule of emergencies approve by itself, or take that back."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from apps.accounts.models import User
from apps.approvals import operations, queries
from apps.approvals.models import Rule, Ticket
from apps.approvals.rules import BadTerms, RuleTerms
from tests.accounts.people import person as staff
from tests.accounts.people import signed_in

from .helpers import CHAIN, NOON, actor_of, cast, open_ticket, person, seed_rules

pytestmark = pytest.mark.django_db

KIND = "EMERGENCY_MODE"
PAUSING = {"call": ["PAUSE_REDEMPTIONS"], "cause": ["CriticalLiquidityAlert"]}
FACTS = {"call": "PAUSE_REDEMPTIONS", "cause": "CriticalLiquidityAlert"}


@pytest.fixture
def people() -> tuple[User, User]:
    seed_rules()
    return person("ada", "ADMIN"), person("amir", "ADMIN")


def ask(who: User, conditions: dict[str, list[str]], *, kind: str = KIND) -> Ticket:
    """Ask for the rule with these conditions."""
    facts = queries.rule_for(kind).terms.as_facts() | {"auto_approve": conditions}
    return queries.ticket(
        operations.propose_rule(
            kind=kind,
            new=RuleTerms.from_facts(facts),
            reason="Minutes count",
            chain_id=CHAIN,
            actor=actor_of(who),
            at=NOON,
        )
    )


def emergency(**facts: Any) -> Ticket:
    """A ticket that no app but approvals knows."""
    for name in ("eve", "finn", "gus"):
        person(name, "ADMIN")
    return open_ticket(kind=KIND, party_wallets=[], facts=FACTS | facts)


class TestProposeRule:
    def test_second_person_puts_conditions_in_force(self, people: tuple[User, User]) -> None:
        maker, checker = people
        ticket = ask(maker, PAUSING)
        assert emergency().status == "PENDING"

        cast(checker, ticket)

        rule = queries.rule_for(KIND)
        assert (rule.version, rule.auto_approve, rule.ticket_id) == (2, PAUSING, ticket.pk)
        said = queries.describe_rule_change(ticket)["sentence"]
        assert "approves by itself never → when call is PAUSE_REDEMPTIONS" in said

    def test_the_maker_alone_does_not(self, people: tuple[User, User]) -> None:
        ticket = ask(people[0], PAUSING)

        with pytest.raises(operations.MakerCannotCheck):
            cast(people[0], ticket)
        assert queries.rule_for(KIND).auto_approve == {}

    def test_and_takes_them_back(self, people: tuple[User, User]) -> None:
        maker, checker = people
        cast(checker, ask(maker, PAUSING))

        cast(checker, ask(maker, {}))

        assert queries.rule_for(KIND).auto_approve == {}
        assert emergency().status == "PENDING"

    @pytest.mark.parametrize(
        ("conditions", "says"),
        [
            ({"cause": ["LEVEL_HIGH"]}, "for which call"),
            ({"call": ["PAUSE_REDEMPTIONS"]}, "for which call"),
            ({"call": [], "cause": ["LEVEL_HIGH"]}, "for which call"),
            ({"call": ["UNPAUSE_REDEMPTIONS"], "cause": ["LEVEL_HIGH"]}, "cannot approve"),
            ({"call": ["PAUSE_REDEMPTIONS"], "cause": ["RECOVERY"]}, "cannot approve"),
            ({"call": ["PAUSE_REDEMPTIONS"], "cause": ["BY_HAND"]}, "cannot approve"),
            ({**PAUSING, "level": ["HIGH"]}, "for which call"),
            ({**PAUSING, "call": ["PAUSE_REDEMPTIONS"] * 2}, "cannot approve"),
        ],
    )
    def test_refuses_what_nobody_may_leave_to_a_rule(
        self, people: tuple[User, User], conditions: dict[str, list[str]], says: str
    ) -> None:
        with pytest.raises(BadTerms, match=says):
            ask(people[0], conditions)

    def test_refuses_them_for_other_kinds(self, people: tuple[User, User]) -> None:
        with pytest.raises(BadTerms, match="nothing by itself"):
            ask(people[0], PAUSING, kind="FEE_WITHDRAW")


class TestTheDatabase:
    def test_compares_the_facts(self, people: tuple[User, User]) -> None:
        cast(people[1], ask(people[0], PAUSING))
        named = {"status": "APPROVED", "auto_approved_by": f"{KIND} v2", "decided_at": NOON}

        assert emergency().status == "APPROVED"
        other = open_ticket(
            kind=KIND, subject_id="8", party_wallets=[], facts=FACTS | {"cause": "LEVEL_HIGH"}
        )
        assert other.status == "PENDING"
        with pytest.raises(IntegrityError, match="by itself"), transaction.atomic():
            Ticket.objects.filter(pk=other.pk).update(**named)

    def test_refuses_a_rule_that_nobody_approved(self, people: tuple[User, User]) -> None:
        with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
            Rule.objects.filter(kind=KIND).update(auto_approve=PAUSING)


@pytest.mark.usefixtures("redemption_chain")
class TestPage:
    def form(self, **changes: str) -> dict[str, str]:
        rule = queries.rule_for(KIND)
        return {
            "role": rule.role,
            "escalation_role": rule.escalation_role,
            "required_approvals": str(rule.required_approvals),
            "eligible_min": str(rule.eligible_min),
            "warn_minutes": str(rule.warn_after_seconds // 60),
            "escalate_minutes": str(rule.escalate_after_seconds // 60),
            "deadline_minutes": str(rule.deadline_after_seconds // 60),
            "reason": "Minutes count",
        } | changes

    def post(self, **changes: str) -> Ticket | None:
        url = reverse("admin:approvals_rule_propose", args=[queries.rule_for(KIND).pk])
        signed_in(staff("ADMIN")).post(url, self.form(**changes))
        return Ticket.objects.filter(subject_id=f"rule:{KIND}").order_by("-id").first()

    def test_offers_every_condition(self, people: tuple[User, User]) -> None:
        url = reverse("admin:approvals_rule_change", args=[queries.rule_for(KIND).pk])

        page = signed_in(staff("ADMIN")).get(url).content.decode()

        assert 'name="auto_call_PAUSE_REDEMPTIONS"' in page
        assert 'name="auto_cause_CriticalLiquidityAlert"' in page
        assert " checked" not in page.split("<fieldset>")[1].split("</fieldset>")[0]

    def test_asks_for_what_is_ticked(self, people: tuple[User, User]) -> None:
        ticket = self.post(auto_call_PAUSE_REDEMPTIONS="on", auto_cause_CriticalLiquidityAlert="on")

        assert ticket is not None
        assert ticket.facts["new"]["auto_approve"] == PAUSING
        cast(people[1], ticket)
        url = reverse("admin:approvals_rule_change", args=[queries.rule_for(KIND).pk])
        page = signed_in(staff("ADMIN")).get(url).content.decode()
        assert 'name="auto_call_PAUSE_REDEMPTIONS" checked' in page

    def test_nothing_ticked_takes_them_back(self, people: tuple[User, User]) -> None:
        cast(people[1], ask(people[0], PAUSING))

        ticket = self.post()

        assert ticket is not None
        assert ticket.facts["new"]["auto_approve"] == {}

    def test_half_a_condition_asks_for_nothing(self, people: tuple[User, User]) -> None:
        assert self.post(auto_call_PAUSE_REDEMPTIONS="on") is None
