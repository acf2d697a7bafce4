"""One event for each thing that is wrong: opened, worsened, recovered, back again."""

import time
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.audit.models import OperationLog
from apps.risk import operations, queries
from apps.risk.events import RiskEventOpened, RiskEventResolved, RiskEventWorsened
from apps.risk.models import RiskEvent
from apps.risk.rules.figures import EventType, Severity
from tests.accounts.people import person
from tests.racing import outcomes

from .raised import L1, NOON, after, critical, flapped, low, well

MANY = 10_000
THREADS = 50
STATEMENTS_MAX = 2
"""Of an equal raise: read and lock the row, write it."""


@pytest.mark.django_db
class TestRaise:
    def test_opens_an_event_and_tells(self, facts: list[object]) -> None:
        row = low(details={"L1": "90,000 USDT"})

        assert (row.status, row.severity, row.told_severity) == ("OPEN", "WARNING", "WARNING")
        assert (row.value, row.worst_value) == (Decimal("0.09"), Decimal("0.09"))
        assert (row.threshold, row.unit, row.details) == (
            Decimal("0.10"),
            "SHARE",
            {"L1": "90,000 USDT"},
        )
        assert (row.opened_at, row.escalate_at) == (NOON, after(minutes=30))
        assert facts == [
            RiskEventOpened(event_id=row.pk, severity="WARNING", again=False, quiet=False, at=NOON)
        ]
        [log] = OperationLog.objects.filter(object_type="riskevent", object_id=str(row.pk))
        assert (log.action, log.actor_kind) == ("riskevent.opened", "system")

    def test_what_is_seen_again_only_counts(self, facts: list[object]) -> None:
        low()
        facts.clear()

        row = low("0.095", at=after(minutes=1))

        assert RiskEvent.objects.count() == 1
        assert (row.times, row.last_seen_at, row.value) == (
            2,
            after(minutes=1),
            Decimal("0.095"),
        )
        assert row.message == "L1 is 0.095 of assets."
        assert facts == []

    def test_keeps_the_worst_value(self) -> None:
        for value in ("0.09", "0.085", "0.099"):
            low(value)

        assert RiskEvent.objects.get().worst_value == Decimal("0.085")

    def test_the_worst_of_what_must_be_small_is_the_largest(self) -> None:
        for value in ("2", "90", "5"):
            operations.raise_event(
                type=EventType.INDICATOR,
                indicator="event_lag",
                severity=Severity.WARNING,
                message="late",
                value=Decimal(value),
                at=NOON,
            )

        assert RiskEvent.objects.get().worst_value == 90

    def test_an_unknown_value_does_not_hide_the_worst(self) -> None:
        low("0.07")
        row = operations.raise_event(
            type=EventType.INDICATOR,
            indicator=L1,
            severity=Severity.WARNING,
            message="unknown",
            at=after(minutes=1),
        )

        assert (row.value, row.worst_value) == (None, Decimal("0.07"))

    def test_tells_when_it_is_graver_than_it_was_told(self, facts: list[object]) -> None:
        row = low()
        facts.clear()

        critical(at=after(minutes=1))

        assert facts == [
            RiskEventWorsened(
                event_id=row.pk, old_severity="WARNING", severity="CRITICAL", at=after(minutes=1)
            )
        ]

    def test_up_and_down_within_one_opening_is_told_once(self, facts: list[object]) -> None:
        for n in range(10):
            low(at=after(minutes=2 * n))
            critical(at=after(minutes=2 * n + 1))

        row = RiskEvent.objects.get()
        assert (row.severity, row.told_severity, row.times) == ("CRITICAL", "CRITICAL", 20)
        assert [type(fact) for fact in facts] == [RiskEventOpened, RiskEventWorsened]

    def test_another_type_or_indicator_is_another_event(self) -> None:
        low()
        low(indicator="event_lag")
        low(type=EventType.FORECAST)

        assert RiskEvent.objects.count() == 3

    def test_information_is_never_told_again(self) -> None:
        assert low(severity=Severity.INFO).escalate_at is None

    def test_information_that_becomes_a_warning_gets_its_time_limit(self) -> None:
        low(severity=Severity.INFO)

        row = low(at=after(minutes=10))

        assert row.escalate_at == after(minutes=40)

    def test_a_warning_that_is_information_only_is_not_told_again(self) -> None:
        low()

        assert low(severity=Severity.INFO, at=after(minutes=1)).escalate_at is None

    def test_a_graver_severity_keeps_the_time_limit(self) -> None:
        low()

        assert critical(at=after(minutes=20)).escalate_at == after(minutes=30)

    def test_keeps_absurd_text_and_figures_within_the_row(self) -> None:
        row = operations.raise_event(
            type=EventType.INDICATOR,
            indicator=L1,
            severity=Severity.WARNING,
            message="a\n\u202eb" + "x" * 1000,
            value=Decimal("1e50"),
            threshold=Decimal("0.00000000005"),
            at=NOON,
        )

        kept = RiskEvent.objects.get(pk=row.pk)
        assert (len(kept.message), kept.message[:10]) == (400, "a [U+202E]")
        assert (kept.value, kept.threshold) == (Decimal(10) ** 29, 0)

    def test_an_older_look_that_comes_late_does_not_turn_time_back(self) -> None:
        low(at=after(minutes=5))

        assert low(at=NOON).last_seen_at == after(minutes=5)


@pytest.mark.django_db
class TestSettle:
    def test_an_indicator_recovers_after_enough_better_runs(self, facts: list[object]) -> None:
        row = low()
        facts.clear()

        well(runs=2, at=after(minutes=2))
        assert RiskEvent.objects.get().status == "OPEN"
        assert facts == []
        well(runs=1, at=after(minutes=3))

        ended = RiskEvent.objects.get()
        assert (ended.status, ended.by_itself, ended.resolved_by_id) == ("RESOLVED", True, None)
        assert (ended.resolved_at, ended.resolution) == (after(minutes=3), "L1 is in order.")
        assert ended.escalate_at is None
        assert queries.duration(ended, at=after(days=1)) == timedelta(minutes=3)
        assert facts == [
            RiskEventResolved(event_id=row.pk, by_itself=True, quiet=False, at=after(minutes=3))
        ]

    def test_better_runs_count_only_in_a_row(self) -> None:
        low()
        well(runs=2)
        low()
        well(runs=2)

        assert RiskEvent.objects.get().status == "OPEN"

    @pytest.mark.parametrize(
        "event_type", [EventType.FORECAST, EventType.CHAIN_ALERT, EventType.LEVEL]
    )
    def test_what_is_no_indicator_recovers_at_once(self, event_type: EventType) -> None:
        low(type=event_type)

        row = operations.settle_event(
            type=event_type, indicator=L1, resolution="Over.", at=after(minutes=1)
        )

        assert row is not None
        assert row.status == "RESOLVED"

    def test_one_that_is_acknowledged_recovers_too_and_keeps_who_did_it(self) -> None:
        rita = person("RISK_OFFICER", username="rita")
        row = low()
        operations.acknowledge(event_id=row.pk, actor=rita.actor, at=after(minutes=1))

        well(at=after(minutes=5))

        ended = RiskEvent.objects.get()
        assert (ended.status, ended.acknowledged_by) == ("RESOLVED", "rita")

    def test_without_an_event_there_is_nothing_to_do(self, facts: list[object]) -> None:
        assert well() is None
        assert facts == []


@pytest.mark.django_db
class TestFlapping:
    def test_back_within_the_hour_is_the_same_event_told_again(self, facts: list[object]) -> None:
        row = low()
        well(at=after(minutes=5))
        facts.clear()

        back = low(at=after(minutes=65))

        assert (back.pk, back.status, back.flaps, back.quiet) == (row.pk, "OPEN", 1, False)
        assert (back.resolved_at, back.resolution, back.by_itself) == (None, "", False)
        assert back.escalate_at == after(minutes=95)
        assert facts == [
            RiskEventOpened(
                event_id=row.pk,
                severity="WARNING",
                again=True,
                quiet=False,
                at=after(minutes=65),
            )
        ]

    def test_back_later_is_another_event(self) -> None:
        low()
        well(at=after(minutes=5))

        low(at=after(minutes=65, seconds=1))

        assert RiskEvent.objects.count() == 2

    def test_from_the_second_return_on_nobody_is_told_of_it_or_its_end(
        self, facts: list[object]
    ) -> None:
        flapped(20)
        well(at=after(minutes=1))

        row = RiskEvent.objects.get()
        assert row.flaps == 20
        told = Counter(
            (type(fact).__name__, fact.quiet)
            for fact in facts
            if isinstance(fact, RiskEventOpened | RiskEventResolved)
        )
        assert told == {
            ("RiskEventOpened", False): 2,
            ("RiskEventOpened", True): 19,
            ("RiskEventResolved", False): 2,
            ("RiskEventResolved", True): 19,
        }

    def test_graver_than_told_is_told_even_if_it_flaps(self, facts: list[object]) -> None:
        flapped(3)
        well(at=after(minutes=1))
        facts.clear()

        row = critical(at=after(minutes=2))

        assert (row.quiet, row.told_severity) == (False, "CRITICAL")
        [fact] = facts
        assert isinstance(fact, RiskEventOpened)
        assert (fact.again, fact.quiet) == (True, False)

    def test_a_quiet_one_that_gets_worse_is_told_and_so_is_its_end(
        self, facts: list[object]
    ) -> None:
        flapped(2)
        facts.clear()

        critical(at=after(minutes=1))
        well(at=after(minutes=2))

        assert [type(fact) for fact in facts] == [RiskEventWorsened, RiskEventResolved]
        assert isinstance(facts[1], RiskEventResolved)
        assert facts[1].quiet is False

    def test_the_first_return_tells_what_it_is_now(self, facts: list[object]) -> None:
        critical()
        well(at=after(minutes=1))

        row = low(at=after(minutes=2))
        facts.clear()
        critical(at=after(minutes=3))

        assert row.told_severity == "WARNING"
        assert [type(fact) for fact in facts] == [RiskEventWorsened]

    def test_what_a_person_resolved_and_is_still_wrong_is_another_event(
        self, facts: list[object]
    ) -> None:
        rita = person("RISK_OFFICER")
        first = low()
        operations.resolve(
            event_id=first.pk, resolution="Refilled", actor=rita.actor, at=after(minutes=1)
        )
        facts.clear()

        second = low(at=after(minutes=2))

        assert second.pk != first.pk
        assert (second.flaps, second.times) == (0, 1)
        [fact] = facts
        assert isinstance(fact, RiskEventOpened)
        assert fact.again is False

    def test_what_comes_back_is_what_ended_last(self) -> None:
        rita = person("RISK_OFFICER")
        first = low()
        operations.resolve(event_id=first.pk, resolution="Done", actor=rita.actor, at=NOON)
        second = low(at=after(minutes=1))
        well(at=after(minutes=5))

        assert low(at=after(minutes=10)).pk == second.pk

    def test_what_was_told_counts_as_told_while_it_flaps(self, facts: list[object]) -> None:
        critical()
        well(at=after(minutes=1))
        critical(at=after(minutes=2))
        well(at=after(minutes=3))
        facts.clear()

        row = low(at=after(minutes=4))
        critical(at=after(minutes=5))

        assert (row.quiet, row.told_severity) == (True, "CRITICAL")
        assert [type(fact) for fact in facts] == [RiskEventOpened]

    def test_a_person_ends_a_flapping_series(self) -> None:
        rita = person("RISK_OFFICER")
        row = flapped(3)
        operations.resolve(
            event_id=row.pk, resolution="Refilled", actor=rita.actor, at=after(minutes=1)
        )

        assert low(at=after(minutes=2)).flaps == 0


@pytest.mark.django_db(transaction=True)
class TestManyEqualOnes:
    def test_are_one_row_and_one_message_in_few_statements(self, facts: list[object]) -> None:
        low()
        with CaptureQueriesContext(connection) as captured:
            low()
        statements = [
            query["sql"]
            for query in captured.captured_queries
            if query["sql"].split()[0] in ("SELECT", "UPDATE", "INSERT")
        ]

        began = time.perf_counter()
        for _ in range(MANY - 2):
            low()
        seconds = time.perf_counter() - began

        row = RiskEvent.objects.get()
        assert row.times == MANY
        assert len(facts) == 1
        assert OperationLog.objects.filter(object_type="riskevent").count() == 1
        assert len(statements) <= STATEMENTS_MAX, statements
        print(f"\n{MANY:,} equal alerts in {seconds:.1f} s")


@pytest.mark.django_db(transaction=True)
class TestFiftyAtOnce:
    def test_open_one_event(self, facts: list[object]) -> None:
        results = outcomes([low] * THREADS)

        assert not [result for result in results if isinstance(result, Exception)]
        row = RiskEvent.objects.get()
        assert row.times == THREADS
        assert [type(fact) for fact in facts] == [RiskEventOpened]

    def test_open_one_again(self, facts: list[object]) -> None:
        row = low()
        well(at=after(minutes=1))
        facts.clear()

        results = outcomes([lambda: low(at=after(minutes=2))] * THREADS)

        assert not [result for result in results if isinstance(result, Exception)]
        row = RiskEvent.objects.get()
        assert (row.flaps, row.times) == (1, THREADS + 1)
        assert [type(fact) for fact in facts] == [RiskEventOpened]

    def test_of_different_severity_tell_the_gravest(self, facts: list[object]) -> None:
        results = outcomes([low, critical] * (THREADS // 2))

        assert not [result for result in results if isinstance(result, Exception)]
        row = RiskEvent.objects.get()
        assert row.told_severity == "CRITICAL"
        assert len([fact for fact in facts if isinstance(fact, RiskEventOpened)]) == 1
        assert len([fact for fact in facts if isinstance(fact, RiskEventWorsened)]) <= 1

    def test_raised_and_recovered_at_once_end_as_one_row(self) -> None:
        low()

        results = outcomes([lambda: low(at=after(minutes=1)), lambda: well(runs=1)] * 25)

        assert not [result for result in results if isinstance(result, Exception)]
        assert RiskEvent.objects.count() == 1
