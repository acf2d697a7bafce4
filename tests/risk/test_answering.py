"""Taking care of a risk event, putting it off, saying that it is over: by whom, and once."""

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from apps.audit.models import OperationLog
from apps.core.actor import Actor
from apps.risk import operations, queries
from apps.risk.events import RiskEventAcknowledged, RiskEventResolved, RiskEventWorsened
from apps.risk.models import RiskEvent
from apps.risk.rules.figures import Severity
from tests.accounts.people import Person, person
from tests.racing import outcomes, refusals

from .raised import after, critical, flapped, low, well

pytestmark = pytest.mark.django_db
SOON = after(minutes=1)

Answer = Callable[..., RiskEvent]


def acknowledge(row: RiskEvent, actor: Actor, **changes: Any) -> RiskEvent:
    return operations.acknowledge(event_id=row.pk, actor=actor, **{"at": SOON} | changes)


def snooze(row: RiskEvent, actor: Actor, **changes: Any) -> RiskEvent:
    said = {"until": after(hours=2), "reason": "The refill is on its way", "at": SOON}
    return operations.snooze(event_id=row.pk, actor=actor, **said | changes)


def resolve(row: RiskEvent, actor: Actor, **changes: Any) -> RiskEvent:
    said = {"resolution": "Refilled from L2", "at": SOON}
    return operations.resolve(event_id=row.pk, actor=actor, **said | changes)


ANSWERS: list[Answer] = [acknowledge, snooze, resolve]


@pytest.fixture
def rita() -> Person:
    return person("RISK_OFFICER", username="rita")


@pytest.mark.parametrize("answer", ANSWERS)
class TestWho:
    @pytest.mark.parametrize("role", ["RISK_OFFICER", "ADMIN", "SUPER_ADMIN"])
    def test_answers(self, role: str, answer: Answer) -> None:
        answer(low(), person(role).actor)

    @pytest.mark.parametrize(
        "role", ["OPERATOR", "VIP_APPROVER", "COMPLIANCE", "FUND_MANAGER", "VIEWER", "INVESTOR"]
    )
    def test_does_not(self, role: str, answer: Answer) -> None:
        row = low()

        with pytest.raises(operations.MayNotAnswer):
            answer(row, person(role).actor)

        assert RiskEvent.objects.get() == row
        assert RiskEvent.objects.get().status == "OPEN"

    def test_a_process_does_not(self, answer: Answer) -> None:
        with pytest.raises(operations.MayNotAnswer):
            answer(low(), Actor.system("shell"))

    def test_nobody_answers_under_another_name_or_number(
        self, answer: Answer, rita: Person
    ) -> None:
        row, omar = low(), person("OPERATOR", username="omar")

        for forged in (
            dataclasses.replace(omar.actor, user_id=rita.id),
            dataclasses.replace(rita.actor, user_id=omar.id),
            dataclasses.replace(rita.actor, user_id=None),
            dataclasses.replace(rita.actor, kind="system"),
            dataclasses.replace(omar.actor, role="ADMIN"),
        ):
            with pytest.raises(operations.MayNotAnswer):
                answer(row, forged)

    def test_who_lost_the_role_or_left_does_not(self, answer: Answer) -> None:
        row, gone, left = low(), person("ADMIN"), person("ADMIN")
        gone.user.groups.clear()
        left.user.is_active = False
        left.user.save()

        for who in (gone, left):
            with pytest.raises(operations.MayNotAnswer):
                answer(row, who.actor)

    def test_one_that_is_not_there(self, answer: Answer, rita: Person) -> None:
        with pytest.raises(queries.EventNotFound):
            answer(RiskEvent(pk=2**40), rita.actor)

    def test_one_that_is_over(self, answer: Answer, rita: Person) -> None:
        low()
        row = well()

        with pytest.raises(operations.AlreadyResolved, match="by itself"):
            answer(row, rita.actor)


class TestAcknowledge:
    def test_says_who_and_when_and_why(self, rita: Person, facts: list[object]) -> None:
        row = low()
        facts.clear()

        acknowledge(row, rita.actor, note="  I am on it ")

        kept = RiskEvent.objects.get()
        assert (kept.status, kept.acknowledged_by, kept.acknowledged_by_id) == (
            *("ACKNOWLEDGED", "rita"),
            rita.id,
        )
        assert (kept.acknowledged_at, kept.acknowledge_note) == (SOON, "I am on it")
        assert kept.escalate_at is None
        assert facts == [RiskEventAcknowledged(event_id=row.pk, at=SOON)]
        log = OperationLog.objects.get(action="riskevent.acknowledged")
        assert (log.actor_name, log.actor_user_id, log.level) == ("rita", rita.id, "HIGH")
        assert log.after == {"status": "ACKNOWLEDGED", "note": "I am on it"}

    def test_is_done_once(self, rita: Person) -> None:
        row = acknowledge(low(), rita.actor)

        with pytest.raises(operations.AlreadyAcknowledged, match="rita"):
            acknowledge(row, person("ADMIN").actor)

        assert RiskEvent.objects.get().acknowledged_by == "rita"

    def test_wants_no_novel(self, rita: Person) -> None:
        with pytest.raises(operations.NoNote):
            acknowledge(low(), rita.actor, note="x" * 2_001)

    def test_shows_what_hides(self, rita: Person) -> None:
        assert acknowledge(low(), rita.actor, note="a\u202eb").acknowledge_note == "a[U+202E]b"

    def test_what_gets_graver_is_told_all_the_same(self, rita: Person, facts: list[object]) -> None:
        acknowledge(low(), rita.actor)
        facts.clear()

        row = critical(at=after(minutes=2))

        assert [type(fact) for fact in facts] == [RiskEventWorsened]
        assert (row.status, row.escalate_at) == ("ACKNOWLEDGED", None)

    def test_one_that_was_put_off_is_taken_care_of(self, rita: Person) -> None:
        row = snooze(low(), rita.actor)

        assert acknowledge(row, rita.actor).snoozed_until is None

    def test_one_that_is_back_wants_an_answer_again(self, rita: Person) -> None:
        acknowledge(low(), rita.actor)
        well(at=after(minutes=2))

        row = low(at=after(minutes=3))

        assert (row.status, row.acknowledged_by, row.escalate_at) == (
            *("OPEN", ""),
            after(minutes=33),
        )


class TestSnooze:
    def test_puts_the_next_telling_off(self, rita: Person) -> None:
        row = snooze(low(), rita.actor)

        assert (row.status, row.snoozed_by) == ("OPEN", "rita")
        assert (row.snoozed_until, row.escalate_at) == (after(hours=2), after(hours=2))
        assert queries.is_snoozed(row, at=after(minutes=119))
        assert not queries.is_snoozed(row, at=after(minutes=120))
        assert operations.escalate_due(at=after(minutes=119)) == 0
        assert operations.escalate_due(at=after(minutes=120)) == 1
        kept = RiskEvent.objects.get()
        assert (kept.snoozed_until, kept.escalate_at) == (None, after(minutes=210))
        log = OperationLog.objects.get(action="riskevent.snoozed")
        assert log.after is not None
        assert log.after["reason"] == "The refill is on its way"

    def test_does_not_bring_it_forward(self, rita: Person) -> None:
        row = snooze(low(), rita.actor, until=after(minutes=10))

        assert row.escalate_at == after(minutes=30)

    def test_may_be_made_longer_and_shorter_again(self, rita: Person) -> None:
        row = low()
        snooze(row, rita.actor, until=after(hours=20))
        shorter = snooze(row, rita.actor, until=after(hours=1))

        assert (shorter.snoozed_until, shorter.escalate_at) == (after(hours=1), after(hours=1))

    def test_a_graver_severity_wakes_it(self, rita: Person, facts: list[object]) -> None:
        snooze(low(), rita.actor, until=after(hours=20))
        facts.clear()

        row = critical(at=after(hours=1))

        assert [type(fact) for fact in facts] == [RiskEventWorsened]
        assert (row.snoozed_until, row.escalate_at) == (None, after(minutes=90))

    def test_after_the_first_step_waking_leads_to_the_second(self, rita: Person) -> None:
        row = low()
        operations.escalate_due(at=after(minutes=30))
        snooze(row, rita.actor, until=after(hours=20), at=after(minutes=31))

        row = critical(at=after(hours=1))

        assert (row.escalations, row.escalate_at) == (1, after(hours=1, minutes=90))

    def test_the_same_severity_does_not_wake_it(self, rita: Person) -> None:
        snooze(critical(), rita.actor, until=after(hours=20))
        low(at=after(minutes=2))

        row = critical(at=after(minutes=3))

        assert row.snoozed_until == after(hours=20)

    def test_one_that_is_over_is_not_put_off_when_it_is_back(self, rita: Person) -> None:
        snooze(low(), rita.actor, until=after(hours=20))
        well(at=after(minutes=2))

        row = low(at=after(minutes=3))

        assert (row.snoozed_until, row.escalate_at) == (None, after(minutes=33))

    @pytest.mark.parametrize(
        "wait", [timedelta(), timedelta(minutes=-1), timedelta(hours=24, seconds=1)]
    )
    def test_is_for_a_day_at_most_and_for_later(self, wait: timedelta, rita: Person) -> None:
        with pytest.raises(operations.BadSnooze) as refused:
            snooze(low(), rita.actor, until=SOON + wait)

        assert "until" in refused.value.details

    def test_may_be_for_a_whole_day(self, rita: Person) -> None:
        assert snooze(low(), rita.actor, until=SOON + timedelta(hours=24)).snoozed_until

    @pytest.mark.parametrize("reason", ["", "   ", "x" * 2_001])
    def test_wants_a_reason(self, reason: str, rita: Person) -> None:
        with pytest.raises(operations.NoNote):
            snooze(low(), rita.actor, reason=reason)

    def test_what_is_taken_care_of_need_not_be_put_off(self, rita: Person) -> None:
        row = acknowledge(low(), rita.actor)

        with pytest.raises(operations.AlreadyAcknowledged):
            snooze(row, rita.actor)

    def test_what_will_not_be_told_again_cannot_be_put_off(self, rita: Person) -> None:
        row = low()
        operations.escalate_due(at=after(hours=3))

        with pytest.raises(operations.NothingToSnooze):
            snooze(row, rita.actor, at=after(hours=3), until=after(hours=4))
        with pytest.raises(operations.NothingToSnooze):
            snooze(low(severity=Severity.INFO, indicator="event_lag"), rita.actor)


class TestResolve:
    def test_says_who_and_how(self, rita: Person, facts: list[object]) -> None:
        row = low()
        facts.clear()

        resolve(row, rita.actor)

        kept = RiskEvent.objects.get()
        assert (kept.status, kept.resolved_by, kept.resolved_by_id, kept.by_itself) == (
            *("RESOLVED", "rita"),
            rita.id,
            False,
        )
        assert (kept.resolved_at, kept.resolution) == (SOON, "Refilled from L2")
        assert facts == [RiskEventResolved(event_id=row.pk, by_itself=False, quiet=False, at=SOON)]
        log = OperationLog.objects.get(action="riskevent.resolved")
        assert (log.actor_name, log.before) == ("rita", {"status": "OPEN"})

    def test_keeps_who_acknowledged(self, rita: Person) -> None:
        row = resolve(acknowledge(low(), rita.actor), person("ADMIN", username="anna").actor)

        assert (row.acknowledged_by, row.resolved_by) == ("rita", "anna")

    @pytest.mark.parametrize("resolution", ["", "\n ", "x" * 2_001])
    def test_wants_words(self, resolution: str, rita: Person) -> None:
        with pytest.raises(operations.NoNote):
            resolve(low(), rita.actor, resolution=resolution)

        assert RiskEvent.objects.get().status == "OPEN"

    def test_of_a_quiet_one_is_quiet(self, rita: Person, facts: list[object]) -> None:
        resolve(flapped(2), rita.actor)

        assert isinstance(facts[-1], RiskEventResolved)
        assert facts[-1].quiet is True


@pytest.mark.django_db(transaction=True)
class TestManyPeopleAtOnce:
    def test_one_acknowledges(self, facts: list[object]) -> None:
        row = low()
        actors = [person("RISK_OFFICER").actor for _ in range(20)]
        facts.clear()

        results = outcomes([lambda a=a: acknowledge(row, a) for a in actors])

        assert refusals(results) == {"AlreadyAcknowledged": 19}
        assert [type(fact) for fact in facts] == [RiskEventAcknowledged]

    def test_one_resolves(self, facts: list[object]) -> None:
        row = low()
        actors = [person("RISK_OFFICER").actor for _ in range(20)]
        facts.clear()

        results = outcomes([lambda a=a: resolve(row, a) for a in actors])

        assert refusals(results) == {"AlreadyResolved": 19}
        assert [type(fact) for fact in facts] == [RiskEventResolved]
