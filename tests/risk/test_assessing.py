"""A run from the figures to the level, its rows, and what follows from it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from apps.audit.models import OperationLog
from apps.core import clock
from apps.core.locks import exclusive
from apps.fund import operations as fund_operations
from apps.fund import queries as fund
from apps.risk import operations, queries
from apps.risk.events import LevelChanged
from apps.risk.models import Assessment, Incident, Policy, Reading, RiskEvent
from apps.risk.operations import assessing
from apps.risk.queries.assessments import last_known
from apps.risk.rules.figures import Indicator, Level, Status
from tests.forcing import guards_off
from tests.racing import at_once

from .rules.funds import USDT, asset
from .running import MINUTE, NOON, Fund, blind, stands

__all__ = ["stands"]

pytestmark = pytest.mark.django_db

LOW_L1 = {"l1_assets": 79_000 * USDT}
SHORT = {"liability_assets": 500_001 * USDT}


def reading(row: Assessment, indicator: Indicator) -> Reading:
    return row.readings.get(indicator=indicator)


class TestRun:
    def test_writes_the_level_and_every_reading(self, stands: Fund) -> None:
        row = stands.run(**LOW_L1)

        assert (row.level, row.raw_level, row.level_changed) == ("HIGH", "HIGH", True)
        assert (row.block_number, row.policy_version) == (1_000, 1)
        assert row.score == Decimal("12.000")
        assert row.readings.count() == len(Indicator)
        l1 = reading(row, Indicator.L1_RATIO)
        assert (l1.value, l1.status, l1.share) == (Decimal("0.079"), "CRITICAL", Decimal(12))
        assert (l1.warning, l1.critical, l1.weight) == (Decimal("0.1"), Decimal("0.08"), 12)
        assert row.reasons[0] == "L1 is 7.90 % of gross assets. It is critical below 8 %."
        assert row.figures["l1_assets"] == str(79_000 * USDT)

    def test_is_what_others_read(self, stands: Fund) -> None:
        row = stands.run(**LOW_L1)

        found = queries.latest_assessment()

        assert found is not None
        assert (found.id, found.level, found.score) == (row.pk, Level.HIGH, Decimal("12.000"))
        assert [one.indicator for one in found.readings] == list(Indicator)
        l1 = found.readings[0]
        assert (l1.title, l1.status, l1.headroom) == ("L1 ratio", Status.CRITICAL, 0)
        assert found.indicator_level is Level.HIGH

    def test_says_what_the_figures_alone_would_be_in_an_emergency(self, stands: Fund) -> None:
        row = stands.run(emergency_mode=True)

        found = queries.assessment_view(row)

        assert (found.level, found.indicator_level) == (Level.CRITICAL, Level.NORMAL)

    def test_writes_the_level_down_for_lower_apps(self, stands: Fund) -> None:
        stands.run(**LOW_L1)

        found = fund.risk_state(at=NOON)

        assert found is not None
        assert (found.level, found.as_of) == ("HIGH", NOON)
        assert found.readings["l1_ratio"] == "0.0790000000"
        assert "redemption_coverage" not in found.readings  # infinite
        assert OperationLog.objects.filter(action="RISK_LEVEL").count() == 1

    def test_leaves_a_newer_level_that_is_written_down(self, stands: Fund) -> None:
        later = NOON + MINUTE
        fund_operations.set_risk_state(level="CRITICAL", readings={}, as_of=later, at=later)

        assert stands.run().level == "NORMAL"

        found = fund.risk_state(at=later)
        assert found is not None
        assert found.level == "CRITICAL"

    def test_keeps_values_beyond_all_reason(self, stands: Fund) -> None:
        row = stands.run(liability_assets=1, event_lag_seconds=10**12)

        assert reading(row, Indicator.REDEMPTION_COVERAGE).value == 10**9
        assert reading(row, Indicator.EVENT_LAG).value == 10**12

    def test_judges_by_the_parameters_in_force(self, stands: Fund) -> None:
        first = Policy.objects.get()
        strict = {
            **first.values,
            "thresholds": {
                **first.values["thresholds"],
                "l1_ratio": {"warning": "0.5", "critical": "0.3", "weight": "12"},
            },
        }
        with guards_off():
            Policy.objects.create(
                version=2,
                values=strict,
                effective_at=NOON + MINUTE,
                ticket_id=1,
                created_at=NOON,
            )

        before, after = stands.run(), stands.run(at=NOON + MINUTE)

        assert (before.policy_version, before.level) == (1, "NORMAL")
        assert (after.policy_version, after.level) == (2, "HIGH")

    def test_counts_failures_in_a_row_as_the_parameters_say(self, stands: Fund) -> None:
        with guards_off():
            first = Policy.objects.get()
            first.values["levels"]["critical_failures_in_a_row"] = "4"
            first.save()

        row = stands.run(sent_24h=100, failed_24h=3, failed_in_a_row=3)

        assert row.level == "NORMAL"

    def test_without_parameters_is_refused(self, stands: Fund) -> None:
        with guards_off():
            Policy.objects.all()._raw_delete("default")

        with pytest.raises(queries.NoPolicy):
            stands.run()

        assert not Assessment.objects.exists()

    def test_text_that_others_wrote_is_stored(self, stands: Fund) -> None:
        names = asset(1, 900_000, symbol="A\u202e", issuer="I" * 200)
        row = stands.run(assets=(names,))

        assert reading(row, Indicator.SINGLE_ASSET_CONCENTRATION).status == "CRITICAL"


class TestFollowing:
    def test_a_bad_indicator_has_its_risk_event(self, stands: Fund) -> None:
        stands.run(event_lag_seconds=31)

        found = RiskEvent.objects.get(type="INDICATOR")
        assert (found.indicator, found.severity, found.status) == ("event_lag", "WARNING", "OPEN")
        assert found.threshold == 30

    def test_the_level_has_its_own(self, stands: Fund) -> None:
        stands.run(**LOW_L1)

        assert RiskEvent.objects.get(type="LEVEL").severity == "CRITICAL"

    def test_a_change_of_level_is_told_once(self, stands: Fund, facts: list[object]) -> None:
        stands.run(**LOW_L1)
        stands.run(at=NOON + MINUTE)

        (told,) = [fact for fact in facts if isinstance(fact, LevelChanged)]
        assert (told.old, told.new, told.reasons[0]) == (
            "",
            "HIGH",
            "L1 is 7.90 % of gross assets. It is critical below 8 %.",
        )

    def test_critical_opens_the_emergency_protocol(self, stands: Fund) -> None:
        stands.run(**SHORT)

        assert Incident.objects.get().cause == "LEVEL"


class TestHysteresis:
    def test_falls_at_the_third_better_run(self, stands: Fund) -> None:
        stands.run(at=NOON - MINUTE, **LOW_L1)
        stands.is_now()

        assert stands.run_each_minute(3) == ["HIGH", "HIGH", "NORMAL"]

    def test_begins_to_count_again_when_it_was_as_bad_meanwhile(self, stands: Fund) -> None:
        stands.run(at=NOON - 3 * MINUTE, **LOW_L1)
        stands.run(at=NOON - 2 * MINUTE, l1_assets=120_000 * USDT)
        stands.run(at=NOON - MINUTE, **LOW_L1)
        stands.is_now()

        assert stands.run_each_minute(3) == ["HIGH", "HIGH", "NORMAL"]

    def test_falls_to_the_worst_of_the_better_runs(self, stands: Fund) -> None:
        stands.run(at=NOON - 3 * MINUTE, **LOW_L1)
        stands.run(at=NOON - 2 * MINUTE, event_lag_seconds=31)
        stands.is_now()

        assert stands.run_each_minute(2, start=NOON - MINUTE) == ["HIGH", "ELEVATED"]

    def test_rises_at_once(self, stands: Fund) -> None:
        stands.run(at=NOON - MINUTE)

        assert stands.run(**SHORT).level == "CRITICAL"


class TestDeadNode:
    def test_is_no_reason_to_be_calm_after_15_minutes(self, stands: Fund) -> None:
        stands.run(at=NOON - MINUTE)
        stands.is_now(**blind())

        found = stands.run_each_minute(17)

        assert found == ["NORMAL"] * 16 + ["ELEVATED"]

    def test_says_since_when_and_why(self, stands: Fund) -> None:
        stands.run(at=NOON - MINUTE)
        stands.is_now(**blind())
        stands.run()

        found = reading(stands.run(at=NOON + MINUTE), Indicator.L1_RATIO)

        assert (found.status, found.value, found.unknown_since) == ("UNKNOWN", None, NOON)
        assert found.unknown == "The contracts cannot be read: no node answers."

    def test_a_gap_in_between_begins_the_time_anew(self, stands: Fund) -> None:
        stands.run(at=NOON - 20 * MINUTE, **blind())
        stands.run(at=NOON - MINUTE, l1_assets=120_000 * USDT)
        stands.is_now(**blind())

        assert reading(stands.run(), Indicator.L1_RATIO).unknown_since == NOON

    def test_never_lets_a_level_down(self, stands: Fund) -> None:
        stands.run(at=NOON - MINUTE, **SHORT)
        stands.is_now(**blind())

        assert set(stands.run_each_minute(10)) == {"CRITICAL"}

    def test_an_indicator_that_was_critical_holds_the_level_while_it_is_unknown(
        self, stands: Fund
    ) -> None:
        stands.run(at=NOON - 2 * MINUTE, event_lag_seconds=301)
        stands.run(at=NOON - MINUTE, event_lag_seconds=None)
        stands.is_now(event_lag_seconds=None)

        assert set(stands.run_each_minute(5)) == {"HIGH"}

        stands.is_now()
        assert stands.run_each_minute(3, start=NOON + 5 * MINUTE)[-1] == "NORMAL"

    def test_what_was_known_last_is_found_though_runs_between_are_forgotten(
        self, stands: Fund
    ) -> None:
        stands.run(at=NOON - 3 * MINUTE, event_lag_seconds=301)
        stands.run(at=NOON - 2 * MINUTE, event_lag_seconds=None)
        known = stands.run(at=NOON - MINUTE, event_lag_seconds=3)
        stands.run(event_lag_seconds=None)
        with guards_off():
            known.readings.all()._raw_delete("default")

        found = last_known({Indicator.EVENT_LAG: NOON})

        assert found == {Indicator.EVENT_LAG: Status.CRITICAL}

    def test_keeps_no_level_fresh_by_which_things_are_approved(self, stands: Fund) -> None:
        stands.run(at=NOON - MINUTE)
        stands.is_now(**blind())
        stands.run_each_minute(14)

        assert fund.risk_state(at=NOON + 15 * MINUTE) is None

    def test_may_still_tell_that_it_is_graver_and_makes_it_no_fresher(self, stands: Fund) -> None:
        stands.run(at=NOON - MINUTE)
        stands.run(**blind() | {"emergency_mode": True})

        found = fund.risk_state(at=NOON)

        assert found is not None
        assert (found.level, found.as_of) == ("CRITICAL", NOON - MINUTE)


class TestClock:
    def test_the_same_instant_again_is_the_same_run(self, stands: Fund) -> None:
        first = stands.run()

        again = stands.run(**SHORT)

        assert again == first
        assert Assessment.objects.count() == 1

    def test_a_run_that_comes_too_late_gives_way(self, stands: Fund) -> None:
        newest = stands.run(at=NOON + MINUTE)

        assert stands.run(at=NOON, **SHORT) == newest
        assert Assessment.objects.count() == 1

    def test_a_clock_that_was_put_back_stops_nothing(self, stands: Fund) -> None:
        ahead = NOON + timedelta(hours=1)
        stands.run(at=ahead)

        found = operations.assess_if_due(at=NOON)

        assert found is not None
        assert found.at == ahead + timedelta(microseconds=1)
        stands.is_now(**SHORT)
        assert operations.assess(at=NOON + MINUTE).level == "CRITICAL"
        state = fund.risk_state(at=ahead)
        assert state is not None
        assert state.level == "CRITICAL"

    def test_unknown_since_a_time_to_come_is_not_unknown_for_long(self, stands: Fund) -> None:
        stands.run(at=NOON + timedelta(minutes=59))
        stands.run(at=NOON + timedelta(hours=1), **blind())

        assert stands.run().level == "NORMAL"


class TestDue:
    def test_is_at_once_when_there_is_none(self, stands: Fund) -> None:
        assert operations.assess_if_due(at=NOON) is not None

    @pytest.mark.parametrize(
        ("changes", "seconds", "due"),
        [
            ({}, 289, False),
            ({}, 290, True),
            (LOW_L1, 49, False),
            (LOW_L1, 50, True),
        ],
    )
    def test_comes_every_five_minutes_and_every_minute_above_normal(
        self, stands: Fund, changes: dict[str, Any], seconds: int, due: bool
    ) -> None:
        stands.run(**changes)

        found = operations.assess_if_due(at=NOON + timedelta(seconds=seconds))

        assert (found is not None) is due

    def test_comes_every_minute_while_an_incident_is_open(self, stands: Fund) -> None:
        stands.run(at=NOON - 10 * MINUTE, **SHORT)
        stands.is_now()
        stands.run_each_minute(3, start=NOON - 2 * MINUTE)

        assert Assessment.objects.order_by("-at")[0].level == "NORMAL"
        assert operations.assess_if_due(at=NOON + MINUTE) is not None

    def test_looks_again_once_it_is_its_turn(
        self, stands: Fund, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        @contextmanager
        def after_another(name: str) -> Iterator[bool]:
            stands.run()
            with exclusive(name) as ours:
                yield ours

        monkeypatch.setattr(assessing, "exclusive", after_another)

        assert operations.assess_if_due(at=NOON + MINUTE) is None
        assert Assessment.objects.count() == 1

    def test_waits_for_nobody_who_is_at_it(self, stands: Fund) -> None:
        taken = threading.Event()
        done = threading.Event()

        def hold() -> None:
            with exclusive("risk:assess:by-clock"):
                taken.set()
                done.wait(60)
            connection.close()

        other = threading.Thread(target=hold)
        other.start()
        assert taken.wait(60)
        try:
            assert operations.assess_if_due(at=NOON) is None
        finally:
            done.set()
            other.join(60)
        assert stands.looked == 0


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_two_runs_of_one_instant_leave_one_row(self, stands: Fund) -> None:
        stands.is_now(**LOW_L1)

        found = at_once(2, lambda _number: operations.assess(at=NOON).pk)

        assert len(set(found)) == 1
        assert Assessment.objects.count() == 1
        assert Reading.objects.count() == len(Indicator)
        assert RiskEvent.objects.filter(type="LEVEL").count() == 1

    def test_two_ticks_of_the_clock_make_one_run(self, stands: Fund) -> None:
        found = at_once(
            2, lambda number: operations.assess_if_due(at=NOON + timedelta(milliseconds=number))
        )

        assert sum(row is not None for row in found) == 1
        assert Assessment.objects.count() == 1

    def test_many_runs_keep_their_order(self, stands: Fund) -> None:
        at_once(4, lambda number: operations.assess(at=NOON + number * MINUTE).pk)

        rows = list(Assessment.objects.order_by("at"))
        assert [row.pk for row in rows] == sorted(row.pk for row in rows)
        assert [row.level_changed for row in rows] == [True] + [False] * (len(rows) - 1)

    @pytest.mark.parametrize(
        "step", ["follow_readings", "follow_level", "follow_assessment", "_write_down"]
    )
    def test_one_that_is_killed_leaves_nothing(
        self, stands: Fund, step: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def die(*_args: Any, **_kwargs: Any) -> None:
            raise RuntimeError("killed")

        with monkeypatch.context() as patch:
            patch.setattr(assessing, step, die)
            with pytest.raises(RuntimeError):
                stands.run(**SHORT)

        for model in (Assessment, Reading, RiskEvent, Incident):
            assert not model.objects.exists()
        assert fund.risk_state(at=NOON) is None
        assert stands.run(at=NOON + MINUTE).level == "CRITICAL"

    def test_looks_at_the_fund_outside_a_transaction(self, stands: Fund) -> None:
        seen = []
        stands.before_look = lambda: seen.append(connection.in_atomic_block)

        stands.run()

        assert seen == [False]


class TestKept:
    def test_a_run_does_not_change(self, stands: Fund) -> None:
        row = stands.run()

        with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
            Assessment.objects.filter(pk=row.pk).update(level="CRITICAL")
        with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
            row.readings.update(value=0)

    def test_a_young_run_is_not_deleted(self, stands: Fund) -> None:
        row = stands.run(at=clock.now())

        with pytest.raises(IntegrityError, match="kept for its time"), transaction.atomic():
            row.readings.all()._raw_delete("default")
        with pytest.raises(IntegrityError, match="kept for its time"), transaction.atomic():
            Assessment.objects.filter(pk=row.pk)._raw_delete("default")


def test_a_fund_of_nothing_is_normal(stands: Fund) -> None:
    row = stands.run(
        gross_assets=0, l1_assets=0, l2_assets=0, l3_assets=0, total_supply=0, available_assets=0
    )

    assert row.level == "NORMAL"


def test_a_fund_that_lost_everything_is_critical(stands: Fund) -> None:
    row = stands.run(gross_assets=0, l1_assets=0, l2_assets=0, l3_assets=0, available_assets=0)

    assert row.level == "CRITICAL"
    assert row.reasons[0] == "The fund has shares or debts, and no assets."
