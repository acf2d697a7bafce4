"""When a risk event is told, told again, or left alone: arithmetic alone."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.risk.rules import alerting
from apps.risk.rules.figures import Level, Response, Severity, Status

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
RESPONSE = Response()
severities = st.sampled_from(Severity)


def after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


class TestSeverity:
    def test_of_a_status(self) -> None:
        assert {status: alerting.severity_of_status(status) for status in Status} == {
            Status.NORMAL: None,
            Status.WARNING: Severity.WARNING,
            Status.UNKNOWN: Severity.WARNING,
            Status.CRITICAL: Severity.CRITICAL,
        }

    def test_of_a_level(self) -> None:
        assert {level: alerting.severity_of_level(level) for level in Level} == {
            Level.NORMAL: None,
            Level.ELEVATED: Severity.WARNING,
            Level.HIGH: Severity.CRITICAL,
            Level.CRITICAL: Severity.CRITICAL,
        }


class TestFlapping:
    @pytest.mark.parametrize(("minutes", "back"), [(0, True), (60, True), (60.01, False)])
    def test_back_within_the_hour_is_the_same(self, minutes: float, back: bool) -> None:
        assert alerting.comes_back(resolved_at=NOON, at=after(minutes), response=RESPONSE) is back

    @pytest.mark.parametrize(("returns", "quiet"), [(0, False), (1, False), (2, True), (9, True)])
    def test_is_quiet_from_the_second_return_on(self, returns: int, quiet: bool) -> None:
        said = alerting.is_quiet(returns=returns, severity=Severity.WARNING, told=Severity.WARNING)

        assert said is quiet

    @given(st.integers(0, 1_000), severities, severities)
    def test_is_never_quiet_about_what_is_graver_than_told(
        self, returns: int, severity: Severity, told: Severity
    ) -> None:
        if alerting.is_quiet(returns=returns, severity=severity, told=told):
            assert severity.rank <= told.rank


class TestEscalation:
    def test_information_has_none(self) -> None:
        assert alerting.first_escalation(Severity.INFO, at=NOON, response=RESPONSE) is None

    @pytest.mark.parametrize("severity", [Severity.WARNING, Severity.CRITICAL])
    def test_comes_after_thirty_minutes_and_two_hours(self, severity: Severity) -> None:
        first = alerting.first_escalation(severity, at=NOON, response=RESPONSE)
        assert first == after(30)

        second = alerting.next_escalation(done=1, due=first, response=RESPONSE)
        assert second == after(120)
        assert alerting.next_escalation(done=2, due=second, response=RESPONSE) is None

    @given(st.integers(1, 10_000), st.integers(1, 10_000), st.integers(0, 3))
    def test_a_later_step_is_never_due_before_an_earlier_one(
        self, again: int, to_all: int, done: int
    ) -> None:
        response = Response(escalate_again_minutes=again, escalate_critical_minutes=to_all)

        due = alerting.next_escalation(done=done, due=NOON, response=response)

        assert due is None or due >= NOON
        assert (due is None) is (done >= len(alerting.STEPS))

    @pytest.mark.parametrize(("done", "minutes"), [(0, 30), (1, 90), (2, None)])
    def test_woken_up_it_is_counted_from_then(self, done: int, minutes: int | None) -> None:
        due = alerting.after_waking(done=done, at=NOON, response=RESPONSE)

        assert due == (None if minutes is None else after(minutes))


class TestValues:
    @pytest.mark.parametrize(
        ("one", "other", "below", "worse"),
        [
            ("1", "2", False, "2"),
            ("1", "2", True, "1"),
            (None, "2", True, "2"),
            ("1", None, False, "1"),
            (None, None, False, None),
        ],
    )
    def test_the_worse_of_two(
        self, one: str | None, other: str | None, below: bool, worse: str | None
    ) -> None:
        def read(text: str | None) -> Decimal | None:
            return None if text is None else Decimal(text)

        assert alerting.worse_value(read(one), read(other), below=below) == read(worse)

    @given(st.decimals(allow_nan=False, allow_infinity=False))
    def test_fit_a_row_with_ten_places(self, value: Decimal) -> None:
        kept = alerting.storable(value)

        assert kept is not None
        assert abs(kept) <= Decimal(10) ** 29
        assert kept.as_tuple().exponent == -10

    @given(st.decimals(min_value=-(10**15), max_value=10**15, places=10))
    def test_that_fit_stay_as_they_are(self, value: Decimal) -> None:
        assert alerting.storable(value) == value

    def test_unknown_stays_unknown(self) -> None:
        assert alerting.storable(None) is None
