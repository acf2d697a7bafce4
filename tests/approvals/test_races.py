"""Many people at once, on a real PostgreSQL: each is counted once, the state moves once."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest

from apps.approvals import operations, queries
from apps.approvals.events import TicketDecided
from apps.approvals.models import Rule, Ticket, Vote
from apps.approvals.rules import LARGER_KIND
from apps.audit.models import OperationLog
from tests.forcing import guards_off
from tests.racing import outcomes, refusals

from .helpers import NOON, open_ticket, person, seed_rules, signed

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 50
LATE = NOON + timedelta(hours=24)


@pytest.fixture
def decided(facts: list[object]) -> Callable[[], list[str]]:
    return lambda: [fact.decision for fact in facts if isinstance(fact, TicketDecided)]


class TestFiftyVoters:
    def test_are_each_counted_once_when_all_are_needed(
        self, decided: Callable[[], list[str]]
    ) -> None:
        seed_rules()
        with guards_off():
            Rule.objects.filter(kind="POOL_ACTION").update(required_approvals=MANY)
        voters = [person(f"admin{n}", "ADMIN") for n in range(MANY)]
        ticket = open_ticket()
        votes = [signed(voter, ticket) for voter in voters]

        results = outcomes([lambda a=a: operations.vote(**a) for a in votes])

        assert refusals(results) == {}
        assert Vote.objects.filter(ticket=ticket).count() == MANY
        assert Ticket.objects.get(pk=ticket.pk).status == "APPROVED"
        assert decided() == ["APPROVED"]
        assert len(queries.counted_votes(ticket, "APPROVE")) == MANY  # type: ignore[arg-type]
        assert OperationLog.objects.filter(action="ticket.approved").count() == MANY

    def test_when_one_is_needed_one_decides(self, decided: Callable[[], list[str]]) -> None:
        voters = [person(f"admin{n}", "ADMIN") for n in range(MANY)]
        ticket = open_ticket()
        votes = [signed(voter, ticket) for voter in voters]

        results = outcomes([lambda a=a: operations.vote(**a) for a in votes])

        assert refusals(results) == {"TicketClosed": MANY - 1}
        assert Vote.objects.filter(ticket=ticket).count() == 1
        assert decided() == ["APPROVED"]


class TestOnePersonFiftyTimes:
    def test_with_fifty_signatures_counts_once(self, decided: Callable[[], list[str]]) -> None:
        people = [person(f"admin{n}", "ADMIN") for n in range(3)]
        ticket = open_ticket(kind="EMERGENCY_MODE")
        votes = [signed(people[0], ticket) for _ in range(MANY)]

        results = outcomes([lambda a=a: operations.vote(**a) for a in votes])

        assert refusals(results) == {"AlreadyVoted": MANY - 1}
        assert Ticket.objects.get(pk=ticket.pk).status == "PARTIALLY_APPROVED"
        assert decided() == []

    def test_with_one_signature_counts_once(self) -> None:
        people = [person(f"admin{n}", "ADMIN") for n in range(3)]
        ticket = open_ticket(kind="EMERGENCY_MODE")
        arguments = signed(people[0], ticket)

        results = outcomes([lambda: operations.vote(**arguments)] * MANY)

        assert sum(refusals(results).values()) == MANY - 1
        assert Vote.objects.filter(ticket=ticket).count() == 1


class TestApproveAgainstRejectAgainstExpire:
    def test_has_one_outcome(self, decided: Callable[[], list[str]]) -> None:
        seed_rules()
        with guards_off():
            Rule.objects.filter(kind="POOL_ACTION").update(auto_reject=True)
        voters = [person(f"admin{n}", "ADMIN") for n in range(20)]
        just_before = LATE - timedelta(seconds=1)
        for round_number in range(5):
            ticket = open_ticket(subject_id=str(round_number))
            votes = [
                signed(
                    voter,
                    ticket,
                    "APPROVE" if n % 2 else "REJECT",
                    "Because",
                    at=just_before,
                )
                for n, voter in enumerate(voters)
            ]
            jobs: list[Callable[[], object]] = [lambda a=a: operations.vote(**a) for a in votes]
            jobs += [lambda: operations.tick(LATE)] * 4

            results = outcomes(jobs)

            operations.tick(LATE)
            ticket = Ticket.objects.get(pk=ticket.pk)
            assert set(refusals(results)) <= {"TicketClosed"}
            assert len(decided()) == round_number + 1
            assert decided()[-1] == ticket.status
            assert ticket.votes.count() == (0 if ticket.status == "EXPIRED" else 1)


class TestTickFromManyClocks:
    def test_fires_each_step_once(self, facts: list[object]) -> None:
        person("amir", "ADMIN")
        open_ticket()
        facts.clear()

        outcomes([lambda: operations.tick(LATE)] * 12)
        operations.tick(LATE)

        assert Counter(type(fact).__name__ for fact in facts) == {
            "TicketWarned": 1,
            "TicketEscalated": 1,
            "TicketOverdue": 1,
        }


class TestOpenTicketFromManyDoors:
    def test_opens_one(self, facts: list[object]) -> None:
        person("amir", "ADMIN")
        seed_rules()

        results = outcomes([open_ticket] * 20)

        assert refusals(results) == {}
        assert len({ticket.pk for ticket in results}) == 1  # type: ignore[attr-defined]
        assert Counter(type(fact).__name__ for fact in facts) == {"TicketOpened": 1}


class TestARuleThatApproves:
    def test_counts_what_it_approves_at_the_same_moment(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(LARGER_KIND, "POOL_ACTION", "REBALANCE_LARGE")
        seed_rules()
        with guards_off():
            Rule.objects.filter(kind="POOL_ACTION").update(auto_approve={"trigger": ["THRESHOLD"]})
        person("amir", "ADMIN")

        def ask(number: int) -> Ticket:
            return open_ticket(
                subject_id=str(number),
                amount=60_000 * 10**18,
                facts={"trigger": "THRESHOLD", "number": number},
            )

        results = outcomes([lambda n=n: ask(n) for n in range(10)])

        assert refusals(results) == {}
        tickets = Ticket.objects.order_by("id")
        assert [one.status for one in tickets] == ["APPROVED"] * 3 + ["PENDING"] * 7
        for one in tickets[:3]:
            queries.authorises(ticket_id=one.pk, calls_hash=one.calls_hash, at=NOON)
