"""An event that nobody answers is told again after 30 minutes and after two hours, once each."""

from datetime import datetime

import pytest

from apps.audit.models import OperationLog
from apps.risk import operations, queries, tasks
from apps.risk.events import RiskEventEscalated
from apps.risk.models import RiskEvent
from apps.risk.rules.figures import Severity
from tests.accounts.people import person
from tests.racing import outcomes

from .raised import NOON, after, critical, flapped, low, well

THREADS = 20


def steps(facts: list[object]) -> list[tuple[int, datetime]]:
    return [(fact.step, fact.at) for fact in facts if isinstance(fact, RiskEventEscalated)]


@pytest.mark.django_db
class TestEscalate:
    def test_tells_again_at_thirty_minutes_and_at_two_hours_and_no_more(
        self, facts: list[object]
    ) -> None:
        low()

        for minute in range(0, 60 * 24, 10):
            operations.escalate_due(at=after(minutes=minute))

        assert steps(facts) == [(1, after(minutes=30)), (2, after(minutes=120))]
        row = RiskEvent.objects.get()
        assert (row.escalations, row.escalate_at) == (2, None)
        assert OperationLog.objects.filter(action="riskevent.escalated").count() == 2

    @pytest.mark.parametrize(("minutes", "due"), [(29, 0), (30, 1), (119, 1), (120, 2)])
    def test_not_a_minute_too_early(self, minutes: int, due: int) -> None:
        low()

        assert operations.escalate_due(at=after(minutes=minutes)) == due

    def test_after_an_outage_takes_each_step_once(self, facts: list[object]) -> None:
        low()

        assert operations.escalate_due(at=after(hours=3)) == 2
        assert operations.escalate_due(at=after(hours=3)) == 0

        assert steps(facts) == [(1, after(hours=3)), (2, after(hours=3))]

    def test_a_late_clock_does_not_put_the_second_step_off(self, facts: list[object]) -> None:
        low()

        operations.escalate_due(at=after(minutes=100))
        operations.escalate_due(at=after(minutes=120))

        assert steps(facts) == [(1, after(minutes=100)), (2, after(minutes=120))]

    def test_acknowledging_stops_it(self, facts: list[object]) -> None:
        row = low()
        operations.acknowledge(
            event_id=row.pk, actor=person("RISK_OFFICER").actor, at=after(minutes=29)
        )

        assert operations.escalate_due(at=after(days=1)) == 0

    def test_acknowledging_after_the_first_step_stops_the_second(self, facts: list[object]) -> None:
        row = low()
        operations.escalate_due(at=after(minutes=30))
        operations.acknowledge(
            event_id=row.pk, actor=person("RISK_OFFICER").actor, at=after(minutes=31)
        )

        assert operations.escalate_due(at=after(days=1)) == 0
        assert len(steps(facts)) == 1

    def test_recovering_stops_it(self) -> None:
        low()
        well(at=after(minutes=10))

        assert operations.escalate_due(at=after(days=1)) == 0

    def test_information_is_not_told_again(self) -> None:
        low(severity=Severity.INFO)

        assert operations.escalate_due(at=after(days=1)) == 0

    def test_one_that_is_back_is_counted_from_then(self, facts: list[object]) -> None:
        low()
        operations.escalate_due(at=after(minutes=30))
        well(at=after(minutes=40))
        low(at=after(minutes=50))

        assert operations.escalate_due(at=after(minutes=79)) == 0
        assert operations.escalate_due(at=after(minutes=80)) == 1
        assert operations.escalate_due(at=after(minutes=170)) == 1
        assert [step for step, _ in steps(facts)] == [1, 1, 2]

    def test_a_quiet_one_that_lasts_is_told_and_so_is_its_end(self) -> None:
        flapped(2)

        operations.escalate_due(at=after(minutes=30))

        assert RiskEvent.objects.get().quiet is False

    def test_one_that_was_put_off_a_moment_before_is_left_alone(
        self, monkeypatch: pytest.MonkeyPatch, facts: list[object]
    ) -> None:
        row, rita, policy = low(), person("RISK_OFFICER"), queries.policy

        def put_off_meanwhile(*, at: datetime) -> object:
            monkeypatch.setattr(queries, "policy", policy)
            until = after(hours=2)
            operations.snooze(event_id=row.pk, until=until, reason="Soon", actor=rita.actor, at=at)
            return policy(at=at)

        monkeypatch.setattr(queries, "policy", put_off_meanwhile)

        assert operations.escalate_due(at=after(minutes=30)) == 0

        assert RiskEvent.objects.get().snoozed_until == after(hours=2)
        assert steps(facts) == []

    def test_two_events_are_each_told(self, facts: list[object]) -> None:
        low()
        critical(indicator="l1_l2_ratio")

        assert operations.escalate_due(at=after(minutes=30)) == 2

    def test_the_clock_starts_it(self, facts: list[object]) -> None:
        low(at=NOON)

        tasks.escalate()

        assert [step for step, _ in steps(facts)] == [1, 2]


@pytest.mark.django_db(transaction=True)
class TestManyClocksAtOnce:
    def test_take_each_step_once(self, facts: list[object]) -> None:
        low()

        results = outcomes([lambda: operations.escalate_due(at=after(minutes=30))] * THREADS)

        assert sum(int(str(result)) for result in results) == 1
        assert len(steps(facts)) == 1
        results = outcomes([lambda: operations.escalate_due(at=after(hours=5))] * THREADS)
        assert sum(int(str(result)) for result in results) == 1
        assert [step for step, _ in steps(facts)] == [1, 2]

    def test_against_a_person_who_acknowledges_have_one_outcome(self) -> None:
        row = low()
        actor = person("ADMIN").actor

        outcomes(
            [
                lambda: operations.escalate_due(at=after(minutes=30)),
                lambda: operations.acknowledge(event_id=row.pk, actor=actor, at=after(minutes=30)),
            ]
            * 5
        )

        ended = RiskEvent.objects.get()
        assert (ended.status, ended.escalate_at) == ("ACKNOWLEDGED", None)
        assert operations.escalate_due(at=after(days=1)) == 0
