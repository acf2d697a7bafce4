"""What is kept of runs, and for how long."""

from datetime import datetime, timedelta

import pytest

from apps.risk import operations
from apps.risk.models import Assessment, Reading
from apps.risk.operations import pruning

from .running import NOON

pytestmark = pytest.mark.django_db

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
FORTNIGHT_AGO = NOON - 14 * DAY
TWO_YEARS_AGO = NOON - 730 * DAY


def run(at: datetime, *, changed: bool = False) -> int:
    row = Assessment.objects.create(
        at=at,
        level="NORMAL",
        raw_level="NORMAL",
        level_changed=changed,
        score=0,
        policy_version=1,
        duration_ms=1,
    )
    Reading.objects.create(
        assessment=row,
        at=at,
        indicator="event_lag",
        value=1,
        status="NORMAL",
        warning=30,
        critical=300,
        weight=3,
        share=0,
        meaning="Fine.",
    )
    return row.pk


def kept() -> set[int]:
    ids = set(Assessment.objects.values_list("pk", flat=True))
    assert set(Reading.objects.values_list("assessment_id", flat=True)) == ids
    return ids


class TestPrune:
    def test_keeps_every_run_of_a_fortnight(self) -> None:
        young = {run(FORTNIGHT_AGO), run(FORTNIGHT_AGO + MINUTE), run(NOON - MINUTE)}

        assert operations.prune(at=NOON) == 0
        assert kept() == young

    def test_keeps_the_first_run_of_each_hour_before_that(self) -> None:
        hour = FORTNIGHT_AGO - 2 * HOUR
        first = run(hour)
        run(hour + MINUTE)
        run(hour + 59 * MINUTE)
        next_hour = run(hour + HOUR)

        assert operations.prune(at=NOON) == 2
        assert kept() == {first, next_hour}

    def test_keeps_runs_at_which_the_level_changed(self) -> None:
        hour = FORTNIGHT_AGO - 2 * HOUR
        run(hour)
        changes = {run(hour + MINUTE, changed=True), run(hour + 2 * MINUTE, changed=True)}

        operations.prune(at=NOON)

        assert kept() == changes

    def test_forgets_everything_after_two_years(self) -> None:
        run(TWO_YEARS_AGO - MINUTE, changed=True)
        young = run(TWO_YEARS_AGO)

        assert operations.prune(at=NOON) == 1
        assert kept() == {young}

    def test_takes_as_many_portions_as_it_needs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pruning, "RUNS_AT_ONCE", 2)
        hour = FORTNIGHT_AGO - 2 * HOUR
        first, *_ = [run(hour + number * MINUTE) for number in range(8)]

        assert operations.prune(at=NOON) == 7
        assert kept() == {first}

    def test_again_forgets_nothing_more(self) -> None:
        hour = FORTNIGHT_AGO - 2 * HOUR
        run(hour)
        run(hour + MINUTE)
        operations.prune(at=NOON)

        assert operations.prune(at=NOON) == 0
