"""The protocol's arithmetic: phases, what is asked again, the gap."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from apps.risk.rules.life import PHASE_TRANSITIONS, Phase
from apps.risk.rules.protocol import (
    CHECKLIST,
    IN_WORDS,
    Asked,
    Gap,
    TicketCause,
    gap_of,
    may_ask,
    may_plan,
    phase_due,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
USDT = 10**18


def due(phase: Phase, minutes: float, *, settled: bool = False) -> Phase:
    return phase_due(
        phase=phase, opened_at=NOON, stops_settled=settled, at=NOON + timedelta(minutes=minutes)
    )


class TestPhaseDue:
    @pytest.mark.parametrize(
        ("phase", "minutes", "then"),
        [
            (Phase.ALARM, 0, Phase.ALARM),
            (Phase.ALARM, 4.99, Phase.ALARM),
            (Phase.ALARM, 5, Phase.LIQUIDITY),
            (Phase.ALARM, 500, Phase.LIQUIDITY),
            (Phase.LIQUIDITY, 29.99, Phase.LIQUIDITY),
            (Phase.LIQUIDITY, 30, Phase.PEOPLE),
            (Phase.PEOPLE, 5_000, Phase.PEOPLE),
            (Phase.RECOVERY, 5_000, Phase.RECOVERY),
            (Phase.CLOSED, 5_000, Phase.CLOSED),
        ],
    )
    def test_follows_the_time_since_opening(
        self, phase: Phase, minutes: float, then: Phase
    ) -> None:
        assert due(phase, minutes) is then

    def test_the_alarm_ends_when_its_stops_are_in_force(self) -> None:
        assert due(Phase.ALARM, 1, settled=True) is Phase.LIQUIDITY
        assert due(Phase.LIQUIDITY, 1, settled=True) is Phase.LIQUIDITY

    def test_goes_only_where_the_table_lets_it(self) -> None:
        for phase in Phase:
            then = due(phase, 10_000, settled=True)
            assert then is phase or then in PHASE_TRANSITIONS[phase]


def gap(
    *,
    gross: int = 1_000,
    liquid: int = 400,
    available: int | None = None,
    liability: int = 100,
    coverage: str = "1.20",
    least: str = "0.25",
) -> Gap:
    return gap_of(
        gross=gross * USDT,
        liquid=liquid * USDT,
        available=(liquid if available is None else available) * USDT,
        liability=liability * USDT,
        coverage=Decimal(coverage),
        least=Decimal(least),
    )


class TestGapOf:
    def test_is_nothing_where_all_is_covered(self) -> None:
        assert gap().assets == 0

    def test_is_what_covering_what_is_owed_takes(self) -> None:
        assert gap(liability=500).assets == (600 - 400) * USDT

    def test_counts_what_is_available_not_what_is_held(self) -> None:
        assert gap(liability=300, available=100).assets == 260 * USDT

    def test_is_what_the_least_share_lacks(self) -> None:
        assert gap(liquid=200, liability=0).assets == 50 * USDT

    def test_is_the_larger_of_both(self) -> None:
        assert gap(liquid=200, liability=300).assets == 160 * USDT
        assert gap(liquid=200, liability=170).assets == 50 * USDT

    def test_rounds_up(self) -> None:
        found = gap_of(
            gross=0, liquid=0, available=0, liability=1, coverage=Decimal("1.2"), least=Decimal(0)
        )

        assert found.assets == 2

    def test_says_how_it_was_worked_out(self) -> None:
        assert gap(liability=500).formula == (
            "The larger of two, at least 0: 120 % of 500.00 USDT owed less 400.00 USDT available is"
            " 200.00 USDT; 25 % of 1,000.00 USDT gross less 400.00 USDT in L1 + L2 is 0.00 USDT."
        )


class TestMayAsk:
    def asked(self, *statuses: str, before: bool = False) -> bool:
        at = NOON - timedelta(seconds=1) if before else NOON
        return may_ask([Asked(status=status, at=at) for status in statuses], since=NOON)

    def test_what_nobody_was_asked(self) -> None:
        assert self.asked()

    @pytest.mark.parametrize("status", ["PENDING", "PARTIALLY_APPROVED"])
    def test_nothing_while_a_ticket_is_open_however_old(self, status: str) -> None:
        assert not self.asked(status)
        assert not self.asked(status, before=True)

    @pytest.mark.parametrize("status", ["APPROVED", "REJECTED"])
    def test_nothing_that_people_decided_in_this_emergency(self, status: str) -> None:
        assert not self.asked(status)
        assert not self.asked("EXPIRED", status)
        assert self.asked(status, before=True)

    def test_what_expired_twice_more(self) -> None:
        assert self.asked("EXPIRED")
        assert self.asked("EXPIRED", "CANCELLED")
        assert not self.asked("EXPIRED", "EXPIRED", "EXPIRED")


class TestMayPlan:
    @pytest.mark.parametrize("open_", ["DRAFT", "PENDING_APPROVAL", "APPROVED", "EXECUTING"])
    def test_not_while_one_is_open(self, open_: str) -> None:
        assert not may_plan([open_], again_when_done=True)

    def test_not_against_people(self) -> None:
        assert not may_plan(["CANCELLED"], again_when_done=True)

    @pytest.mark.parametrize("in_vain", ["EXPIRED", "FAILED"])
    def test_twice_more_after_it_was_in_vain(self, in_vain: str) -> None:
        assert may_plan([in_vain] * 2, again_when_done=False)
        assert not may_plan([in_vain] * 3, again_when_done=True)

    @pytest.mark.parametrize("done", ["COMPLETED", "PARTIALLY_COMPLETED"])
    def test_again_for_what_an_executed_one_left_in_an_emergency(self, done: str) -> None:
        assert may_plan([done] * 5, again_when_done=True)
        assert not may_plan([done], again_when_done=False)


class TestWords:
    def test_every_cause_has_some(self) -> None:
        assert set(IN_WORDS) == set(TicketCause)

    def test_the_checklist_has_what_people_must_see_to(self) -> None:
        words = " ".join(task.title.lower() for task in CHECKLIST)

        for needed in ("meeting", "pausing", "announcement", "auditor", "regulator", "otc"):
            assert needed in words
        assert all(len(task.title) <= 200 and len(task.help) <= 400 for task in CHECKLIST)
        assert all(one.title != two.title for one, two in pairwise(CHECKLIST))
