"""Rules change by two people, and by no shell."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from apps.accounts.models import User
from apps.approvals import operations, queries
from apps.approvals.events import TicketDecided
from apps.approvals.models import Rule, Ticket
from apps.approvals.rules import NO_CALLS_HASH, BadTerms, RuleTerms, changed_terms
from apps.audit import queries as audit
from apps.core.errors import NotFound, Refused
from tests.accounts.people import person as staff
from tests.accounts.people import signed_in
from tests.forcing import guards_off

from .helpers import CHAIN, NOON, actor_of, cast, person, seed_rules

pytestmark = pytest.mark.django_db

KIND = "FEE_WITHDRAW"


@pytest.fixture
def people() -> tuple[User, User]:
    seed_rules()
    return person("ada", "ADMIN"), person("amir", "ADMIN")


def terms(**changes: Any) -> RuleTerms:
    return replace(queries.rule_for(KIND).terms, **changes)


def ask(who: User, *, kind: str = KIND, new: RuleTerms | None = None, reason: str = "Too slow"):
    return operations.propose_rule(
        kind=kind,
        new=new or terms(deadline_after_seconds=3600 * 30),
        reason=reason,
        chain_id=CHAIN,
        actor=actor_of(who),
        at=NOON,
    )


class TestProposeRule:
    def test_asks_and_changes_nothing(self, people: tuple[User, User]) -> None:
        ticket = queries.ticket(ask(people[0]))

        assert (ticket.kind, ticket.subject_id) == ("CONFIG_CHANGE", "rule:FEE_WITHDRAW")
        assert ticket.facts["new"]["deadline_after_seconds"] == str(3600 * 30)
        assert ticket.calls_hash == NO_CALLS_HASH
        assert queries.rule_for(KIND).version == 1

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"role": "INVESTOR"}, "no role"),
            ({"escalation_role": ""}, "no role"),
            ({"required_approvals": 0}, "1 to 20"),
            ({"required_approvals": 21, "eligible_min": 21}, "1 to 20"),
            ({"required_approvals": 4, "eligible_min": 3}, "able to vote"),
            ({"eligible_min": 21}, "At most 20"),
            ({"warn_after_seconds": 59}, "a minute"),
            ({"warn_after_seconds": 10**6}, "a minute"),
            ({"deadline_after_seconds": 90 * 86_400 + 1}, "90 days"),
            ({"thresholds": ({"figure": "amount", "operator": ">", "value": "1"},)}, "figures"),
        ],
    )
    def test_refuses_what_a_rule_cannot_say(
        self, people: tuple[User, User], changes: dict[str, Any], says: str
    ) -> None:
        with pytest.raises(BadTerms, match=says):
            ask(people[0], new=terms(**changes))

        assert not Ticket.objects.exists()

    def test_refuses_limits_out_of_range(self, people: tuple[User, User]) -> None:
        old = queries.rule_for("REBALANCE_LARGE").terms
        low = ({"figure": "amount", "operator": ">=", "value": "-1"},)

        with pytest.raises(BadTerms, match="out of range"):
            ask(people[0], kind="REBALANCE_LARGE", new=replace(old, thresholds=low))

    def test_refuses_without_reason_change_or_rule(self, people: tuple[User, User]) -> None:
        with pytest.raises(operations.NoReason):
            ask(people[0], reason="  ")
        with pytest.raises(operations.NothingChanges):
            ask(people[0], new=terms())
        with pytest.raises(NotFound):
            ask(people[0], kind="NO_SUCH")

    def test_one_at_a_time(self, people: tuple[User, User]) -> None:
        ask(people[0])

        with pytest.raises(operations.AlreadyProposed):
            ask(people[1])


class TestProposeChange:
    def ask(self, who: User) -> int:
        return operations.propose_change(
            kind="CONFIG_CHANGE",
            subject_id="elsewhere:7",
            title="Something else",
            facts={},
            chain_id=CHAIN,
            actor=actor_of(who),
            at=NOON,
        )

    def test_not_while_what_was_decided_is_on_its_way(self, people: tuple[User, User]) -> None:
        first = self.ask(people[0])
        cast(people[1], queries.ticket(first))
        operations.record_execution(ticket_id=first, status="SENT", at=NOON)

        with pytest.raises(operations.AlreadyProposed, match=f"ticket {first} decided"):
            self.ask(people[0])

    def test_again_once_it_failed(self, people: tuple[User, User]) -> None:
        first = self.ask(people[0])
        cast(people[1], queries.ticket(first))
        operations.record_execution(ticket_id=first, status="FAILED", error="no", at=NOON)

        assert self.ask(people[0]) != first


class TestCarryOutChange:
    def approved(self, people: tuple[User, User]) -> tuple[Ticket, TicketDecided]:
        number = TestProposeChange().ask(people[0])
        with guards_off():
            Ticket.objects.filter(pk=number).update(status="APPROVED", decided_at=NOON)
        ticket = Ticket.objects.get(pk=number)
        return ticket, TicketDecided(
            ticket_id=number,
            kind=ticket.kind,
            subject_id=ticket.subject_id,
            decision="APPROVED",
            reason="",
            at=NOON,
        )

    def test_of_a_change_that_is_refused_midway_nothing_stays(
        self, people: tuple[User, User], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ticket, fact = self.approved(people)
        monkeypatch.setattr(queries, "authorised_change", lambda _: ticket)

        def change(_: Ticket) -> operations.Changed:
            User.objects.filter(pk=people[0].pk).update(first_name="Somebody else")
            raise Refused("Not so.")

        operations.carry_out_change(fact, change)

        ticket = Ticket.objects.get(pk=ticket.pk)
        assert (ticket.execution_status, ticket.execution_error) == ("FAILED", "Not so.")
        assert User.objects.get(pk=people[0].pk).first_name != "Somebody else"

    def test_refuses_where_the_votes_do_not_carry_it(self, people: tuple[User, User]) -> None:
        _, fact = self.approved(people)
        made: list[Ticket] = []

        with pytest.raises(queries.NotAuthorised):
            operations.carry_out_change(fact, made.append)

        assert made == []


class TestCleanChangeReason:
    def test_is_one_line_in_which_nothing_hides(self) -> None:
        assert operations.clean_change_reason(" a\n b\x00\u202e ") == "a b[U+0000][U+202E]"

    def test_is_cut(self) -> None:
        assert len(operations.clean_change_reason("x" * 501)) == 500


class TestApplyRule:
    def test_puts_the_new_version_in_force(self, people: tuple[User, User]) -> None:
        maker, checker = people
        old = terms()
        ticket = queries.ticket(ask(maker, new=terms(required_approvals=3)))

        cast(checker, ticket)

        rule = queries.rule_for(KIND)
        assert (rule.version, rule.required_approvals, rule.ticket_id) == (2, 3, ticket.pk)
        assert changed_terms(old, rule.terms) == {"required_approvals": (2, 3)}
        assert queries.ticket(ticket.pk).execution_status == "DONE"
        assert [row.action for row in audit.trail("rule", KIND)] == ["CHANGE_RULE"]

    def test_limits_count_at_once(self, people: tuple[User, User]) -> None:
        new = replace(
            queries.rule_for("REBALANCE_SMALL").terms,
            thresholds=({"figure": "amount", "operator": ">=", "value": "7"},),
            auto_approve={},
        )

        cast(people[1], queries.ticket(ask(people[0], kind="REBALANCE_SMALL", new=new)))

        assert queries.ticket_threshold("REBALANCE_SMALL") == 7
        assert queries.rule_for("REBALANCE_SMALL").auto_approve == {}

    def test_the_maker_cannot_check(self, people: tuple[User, User]) -> None:
        ticket = queries.ticket(ask(people[0]))

        with pytest.raises(operations.MakerCannotCheck):
            cast(people[0], ticket)

    def test_a_rejection_changes_nothing(self, people: tuple[User, User]) -> None:
        cast(people[1], queries.ticket(ask(people[0])), "REJECT", "no")

        assert queries.rule_for(KIND).version == 1

    def test_fails_when_the_rule_is_another_by_now(self, people: tuple[User, User]) -> None:
        ticket = queries.ticket(ask(people[0]))
        with guards_off():
            Rule.objects.filter(kind=KIND).update(version=5)

        cast(people[1], ticket)

        assert queries.ticket(ticket.pk).execution_status == "FAILED"
        assert queries.rule_for(KIND).version == 5


class TestTheDatabase:
    @pytest.fixture(autouse=True)
    def _rules(self) -> None:
        seed_rules()

    def test_refuses_a_change_in_place(self) -> None:
        with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
            Rule.objects.filter(kind=KIND).update(required_approvals=1)

    def test_refuses_to_delete_one(self) -> None:
        with pytest.raises(IntegrityError, match="for ever"), transaction.atomic():
            Rule.objects.filter(kind=KIND).delete()

    def test_refuses_a_version_that_nobody_approved(self) -> None:
        self._insert(ticket_id=None, says="no approved ticket")

    def test_refuses_a_version_that_says_something_else(self, people: tuple[User, User]) -> None:
        ticket = queries.ticket(ask(people[0]))
        self._insert(ticket_id=ticket.pk, says="no approved ticket")
        cast(people[1], ticket)

        self._insert(ticket_id=ticket.pk, says="no approved ticket")

    def test_refuses_to_revive_an_old_version(self, people: tuple[User, User]) -> None:
        cast(people[1], queries.ticket(ask(people[0])))

        with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
            Rule.objects.filter(kind=KIND, version=1).update(active=True)

    def _insert(self, *, ticket_id: int | None, says: str) -> None:
        row = queries.rule_for(KIND)
        row.pk, row.version, row.ticket_id = None, row.version + 1, ticket_id
        row.active, row.required_approvals = False, 1

        with pytest.raises(IntegrityError, match=says), transaction.atomic():
            row.save(force_insert=True)


@pytest.mark.usefixtures("redemption_chain")
class TestPages:
    @pytest.fixture(autouse=True)
    def _rules(self) -> None:
        seed_rules()

    def form(self, **changes: str) -> dict[str, str]:
        return {
            "role": "ADMIN",
            "escalation_role": "SUPER_ADMIN",
            "required_approvals": "2",
            "eligible_min": "3",
            "warn_minutes": "120",
            "escalate_minutes": "180",
            "deadline_minutes": "240",
            "limit_0": "150,000",
            "reason": "More eyes",
        } | changes

    def post(self, role: str, **changes: str) -> Any:
        row = queries.rule_for("REBALANCE_LARGE")
        url = reverse("admin:approvals_rule_propose", args=[row.pk])
        return signed_in(staff(role)).post(url, self.form(**changes), follow=True)

    def test_an_administrator_asks_and_the_ticket_says_what_changes(self) -> None:
        staff("ADMIN")

        answer = self.post("SUPER_ADMIN")

        ticket = Ticket.objects.get()
        assert f"Ticket #{ticket.pk} asks for it" in answer.content.decode()
        url = reverse("admin:approvals_ticket_change", args=[ticket.pk])
        page = signed_in(staff("ADMIN")).get(url).content.decode()
        assert "amount &gt;= 200,000.00 USDT → amount &gt;= 150,000.00 USDT" in page
        assert "More eyes" in page

    @pytest.mark.parametrize(
        "changes", [{"limit_0": "many"}, {"limit_0": "-1"}, {"warn_minutes": "1e3"}, {"reason": ""}]
    )
    def test_what_makes_no_sense_is_refused_in_words(self, changes: dict[str, str]) -> None:
        staff("ADMIN")

        answer = self.post("SUPER_ADMIN", **changes)

        assert answer.status_code == 200
        assert not Ticket.objects.exists()
        assert 'class="errornote' in answer.content.decode() or "alert" in answer.content.decode()

    @pytest.mark.parametrize("role", ["OPERATOR", "VIP_APPROVER", "VIEWER", "RISK_OFFICER"])
    def test_others_may_not(self, role: str) -> None:
        assert self.post(role).status_code == 403
        assert not Ticket.objects.exists()

    def test_a_look_changes_nothing(self) -> None:
        row = queries.rule_for(KIND)
        url = reverse("admin:approvals_rule_propose", args=[row.pk])

        assert signed_in(staff("ADMIN")).get(url).status_code == 405
