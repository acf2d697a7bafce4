"""What a run finds wrong becomes events, and what it finds in order recovers."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.risk import operations, queries
from apps.risk.events import RiskEventOpened, RiskEventResolved, RiskEventWorsened
from apps.risk.models import Assessment, Reading, RiskEvent
from apps.risk.rules.figures import Indicator, Judged, Level, Measured, Verdict
from apps.risk.rules.judging import judge
from tests.accounts.people import person

from .raised import NOON, after

pytestmark = pytest.mark.django_db

GOOD: Mapping[Indicator, str] = {
    Indicator.L1_RATIO: "0.12",
    Indicator.L1_L2_RATIO: "0.5",
    Indicator.REDEMPTION_COVERAGE: "3",
}
"""Values in order where zero is not."""


def judged(**values: str | None) -> tuple[Judged, ...]:
    """A run in which everything is in order but what is named; None is unknown."""
    known = {indicator: GOOD.get(indicator, "0") for indicator in Indicator} | values
    measured = [
        Measured(
            indicator=indicator,
            value=None if known[indicator] is None else Decimal(str(known[indicator])),
            unknown="The node does not answer." if known[indicator] is None else "",
            details={"Note": "a figure behind it"},
        )
        for indicator in Indicator
    ]
    return judge(measured, queries.policy(at=NOON)[1].thresholds)


def assessment(
    level: Level = Level.NORMAL, *, at: datetime, changed: bool = False, **fields: Any
) -> Assessment:
    return Assessment.objects.create(
        at=at,
        level=level.value,
        raw_level=level.value,
        level_changed=changed,
        score=Decimal("12.5"),
        reasons=[] if level is Level.NORMAL else ["L1 is 9.00 % of assets, below 10.00 %."],
        policy_version=1,
        duration_ms=20,
        **fields,
    )


def run(
    at: datetime = NOON,
    *,
    level: Level = Level.NORMAL,
    unknown_since: datetime | None = None,
    **values: str | None,
) -> None:
    """One run over the given values."""
    row, found = assessment(level, at=at), judged(**values)
    for one in found:
        if one.status == "UNKNOWN":
            Reading.objects.create(
                assessment=row,
                at=at,
                indicator=one.measured.indicator,
                status=one.status,
                warning=one.threshold.warning,
                critical=one.threshold.critical,
                weight=one.threshold.weight,
                share=one.share,
                unknown=one.measured.unknown,
                unknown_since=unknown_since or at,
                meaning=one.meaning,
            )
    operations.follow_readings(
        judged=found, parameters=queries.policy(at=at)[1], assessment=row, at=at
    )


def change(
    old: Level | None, new: Level, *, at: datetime = NOON, reasons: tuple[str, ...] = ("Why.",)
) -> None:
    """The run in which the level became another one."""
    verdict = Verdict(level=new, raw=new, better_runs=0, score=Decimal("12.5"), reasons=reasons)
    operations.follow_level(
        old=old, verdict=verdict, assessment=assessment(new, at=at, changed=True), at=at
    )


class TestReadings:
    def test_what_is_in_order_opens_nothing(self, facts: list[object]) -> None:
        run()

        assert facts == []
        assert not RiskEvent.objects.exists()

    @pytest.mark.parametrize(
        ("value", "severity", "threshold"),
        [("0.09", "WARNING", "0.1"), ("0.07", "CRITICAL", "0.08")],
    )
    def test_what_is_wrong_opens_an_event(self, value: str, severity: str, threshold: str) -> None:
        run(l1_ratio=value)

        row = RiskEvent.objects.get()
        assert (row.type, row.indicator, row.severity) == ("INDICATOR", "l1_ratio", severity)
        assert (row.value, row.threshold, row.unit) == (
            Decimal(value),
            Decimal(threshold),
            "SHARE",
        )
        assert row.message == judged(l1_ratio=value)[0].meaning
        assert row.details == {"Note": "a figure behind it"}

    def test_the_worst_value_is_on_the_indicators_own_side(self) -> None:
        run(l1_ratio="0.09", event_lag="40")
        run(l1_ratio="0.085", event_lag="90", at=after(minutes=1))
        run(l1_ratio="0.095", event_lag="50", at=after(minutes=2))

        worst = dict(RiskEvent.objects.values_list("indicator", "worst_value"))
        assert worst == {"l1_ratio": Decimal("0.085"), "event_lag": Decimal(90)}

    def test_gets_worse_and_recovers_after_three_better_runs(self, facts: list[object]) -> None:
        for n, value in enumerate(["0.09", "0.07", "0.2", "0.09", "0.2", "0.2", "0.2", "0.2"]):
            run(after(minutes=n), l1_ratio=value)

        assert [type(fact) for fact in facts] == [
            RiskEventOpened,
            RiskEventWorsened,
            RiskEventResolved,
        ]
        row = RiskEvent.objects.get()
        assert (row.status, row.resolved_at) == ("RESOLVED", after(minutes=6))
        assert row.resolution == judged(l1_ratio="0.2")[0].meaning

    def test_several_indicators_have_an_event_each(self) -> None:
        run(l1_ratio="0.09", event_lag="40", oracle_staleness="20000")

        assert RiskEvent.objects.count() == 3

    def test_a_quiet_run_takes_few_statements(self) -> None:
        row = assessment(at=NOON)
        found, parameters = judged(), queries.policy(at=NOON)[1]

        with CaptureQueriesContext(connection) as captured:
            operations.follow_readings(judged=found, parameters=parameters, assessment=row, at=NOON)

        said = [query["sql"] for query in captured.captured_queries]
        assert len([sql for sql in said if "SAVEPOINT" not in sql]) == 1, said


class TestUnknown:
    def test_is_no_event_for_fifteen_minutes(self) -> None:
        run(l1_ratio=None, unknown_since=NOON - timedelta(minutes=15))

        assert not RiskEvent.objects.exists()

    def test_is_a_warning_after_that(self) -> None:
        run(l1_ratio=None, unknown_since=NOON - timedelta(minutes=15, seconds=1))

        row = RiskEvent.objects.get()
        assert (row.severity, row.value, row.threshold) == ("WARNING", None, None)
        assert "unknown since 2026-03-02 11:44 UTC" in row.message
        assert row.details["unknown"] == "The node does not answer."

    def test_does_not_pass_for_better(self) -> None:
        run(l1_ratio="0.09")
        for n in range(1, 10):
            run(after(minutes=n), l1_ratio=None, unknown_since=after(minutes=1))

        assert RiskEvent.objects.get().status == "OPEN"

    def test_breaks_a_row_of_better_runs(self) -> None:
        run(l1_ratio="0.09")
        for n, value in enumerate(["0.2", "0.2", None, "0.2", "0.2"]):
            run(after(minutes=n + 1), l1_ratio=value)
        assert RiskEvent.objects.get().status == "OPEN"

        run(after(minutes=6), l1_ratio="0.2")

        assert RiskEvent.objects.get().status == "RESOLVED"

    def test_does_not_make_less_of_what_was_critical(self) -> None:
        run(l1_ratio="0.07")
        run(after(hours=1), l1_ratio=None, unknown_since=NOON)

        assert RiskEvent.objects.get().severity == "CRITICAL"

    def test_known_again_and_in_order_it_recovers(self) -> None:
        run(l1_ratio=None, unknown_since=NOON - timedelta(hours=1))
        for n in range(3):
            run(after(minutes=n + 1))

        assert RiskEvent.objects.get().status == "RESOLVED"


class TestLevel:
    @pytest.mark.parametrize(
        ("level", "severity"),
        [
            (Level.ELEVATED, "WARNING"),
            (Level.HIGH, "CRITICAL"),
            (Level.CRITICAL, "CRITICAL"),
        ],
    )
    def test_above_normal_is_an_event(self, level: Level, severity: str) -> None:
        change(Level.NORMAL, level)

        row = RiskEvent.objects.get()
        assert (row.type, row.indicator, row.severity) == ("LEVEL", "level", severity)
        assert row.message == f"The level of risk is {level}: Why."
        assert row.details == {"old": "NORMAL", "new": level, "score": "12.5"}

    def test_the_first_judgement_ever_may_be_normal(self, facts: list[object]) -> None:
        change(None, Level.NORMAL)

        assert facts == []

    def test_climbs_and_falls_as_one_event(self, facts: list[object]) -> None:
        levels = [
            *(Level.NORMAL, Level.ELEVATED, Level.HIGH, Level.CRITICAL),
            *(Level.HIGH, Level.ELEVATED, Level.NORMAL),
        ]
        for n, (old, new) in enumerate(pairwise(levels)):
            change(old, new, at=after(minutes=n))

        assert [type(fact) for fact in facts] == [
            RiskEventOpened,
            RiskEventWorsened,
            RiskEventResolved,
        ]
        row = RiskEvent.objects.get()
        assert (row.status, row.severity, row.by_itself) == ("RESOLVED", "WARNING", True)

    def test_stays_open_while_the_level_stands(self) -> None:
        change(Level.NORMAL, Level.ELEVATED)

        run(after(minutes=1), level=Level.ELEVATED)

        row = RiskEvent.objects.get(type="LEVEL")
        assert (row.times, row.last_seen_at) == (2, after(minutes=1))
        assert row.details["old"] == "NORMAL"

    def test_resolved_by_a_person_it_opens_again_at_the_next_run(self) -> None:
        change(Level.NORMAL, Level.ELEVATED)
        first = RiskEvent.objects.get()
        operations.resolve(
            event_id=first.pk, resolution="Enough", actor=person("ADMIN").actor, at=NOON
        )

        run(after(minutes=1), level=Level.ELEVATED)

        second = RiskEvent.objects.get(type="LEVEL", status="OPEN")
        assert second.pk != first.pk

    def test_a_run_that_changes_it_leaves_it_to_the_change(self) -> None:
        row = assessment(Level.ELEVATED, at=NOON, changed=True)

        operations.follow_readings(
            judged=judged(), parameters=queries.policy(at=NOON)[1], assessment=row, at=NOON
        )

        assert not RiskEvent.objects.exists()

    def test_normal_has_none(self) -> None:
        run()

        assert not RiskEvent.objects.filter(type="LEVEL").exists()

    def test_long_reasons_fit(self) -> None:
        change(Level.NORMAL, Level.HIGH, reasons=("x" * 1_000,))

        assert len(RiskEvent.objects.get().message) == 400
