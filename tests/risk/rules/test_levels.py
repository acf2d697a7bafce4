"""What sets the level now, and how it falls again."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.risk.rules import levels
from apps.risk.rules.defaults import PARAMETERS
from apps.risk.rules.figures import Indicator, Level, LevelLimits, Status, Verdict

from .funds import MILLION, NOON, USDT, fund, judged, level

I = Indicator  # noqa: E741 - short, for tables
NORMAL, ELEVATED, HIGH, CRITICAL = Level
LIMITS = PARAMETERS.levels


def share(percent: str) -> int:
    """So much of a million USDT, in base units."""
    return int(Decimal(percent) * MILLION / 100)


class TestNormal:
    def test_is_a_fund_in_order(self) -> None:
        assert level() == (NORMAL, ())


class TestElevated:
    @pytest.mark.parametrize(
        ("l1", "expected"), [(share("10"), NORMAL), (share("10") - 1, ELEVATED)]
    )
    def test_by_l1_below_10_percent(self, l1: int, expected: Level) -> None:
        assert level(l1_assets=l1)[0] is expected

    @pytest.mark.parametrize(
        ("requested", "expected"),
        [(share("3") - 1, NORMAL), (share("3"), ELEVATED), (share("3") + 1, ELEVATED)],
    )
    def test_by_redemptions_of_3_percent_a_day(self, requested: int, expected: Level) -> None:
        assert level(requested_24h_assets=requested)[0] is expected

    def test_by_the_nav(self) -> None:
        # (max − min) ÷ mean is 6 ÷ 200 = 3 % exactly, and less
        assert level(navs_24h=(197 * USDT, 203 * USDT))[0] is ELEVATED
        assert level(navs_24h=(197 * USDT + 1, 203 * USDT))[0] is NORMAL

    @pytest.mark.parametrize(
        "changes",
        [
            {"l2_assets": share("27")},
            {"event_lag_seconds": 31},
            {"approved_plan_seconds": 301},
            {"oldest_price_seconds": 3_600},
            {"predicted_outflow_7d": 500_001 * USDT},
            {"requests_7d": 8},
            {"pending_approval_assets": 100_000 * USDT},
            {"sent_24h": 20, "failed_24h": 1},
        ],
    )
    def test_by_any_warning(self, changes: dict[str, Any]) -> None:
        assert level(**changes)[0] is ELEVATED

    def test_by_its_own_limits_where_the_indicators_are_milder(self) -> None:
        limits = replace(LIMITS, elevated_l1=Decimal("0.13"))

        found, why = levels.raw_level(judged(), fund(), limits, {})

        assert (found, why) == (ELEVATED, ("L1 is below 13 %.",))


class TestHigh:
    @pytest.mark.parametrize(("l1", "expected"), [(share("8"), ELEVATED), (share("8") - 1, HIGH)])
    def test_by_l1_below_8_percent(self, l1: int, expected: Level) -> None:
        assert level(l1_assets=l1)[0] is expected

    @pytest.mark.parametrize(
        ("owed", "expected"),
        [
            # coverage of 120 % exactly, and a base unit less
            (500_000 * USDT * 100 // 120, ELEVATED),
            (500_000 * USDT * 100 // 120 + 1, HIGH),
        ],
    )
    def test_by_coverage_below_120_percent(self, owed: int, expected: Level) -> None:
        assert level(liability_assets=owed)[0] is expected

    @pytest.mark.parametrize(
        ("requested", "expected"), [(share("5"), ELEVATED), (share("5") + 1, HIGH)]
    )
    def test_by_redemptions_above_5_percent_a_day(self, requested: int, expected: Level) -> None:
        assert level(requested_24h_assets=requested)[0] is expected

    @pytest.mark.parametrize(
        "changes",
        [
            {"event_lag_seconds": 301},
            {"approved_plan_seconds": 3_601},
            {"oldest_price_seconds": 14_401},
            {"requests_7d": 11},
            {"sent_24h": 5, "failed_24h": 2, "failed_in_a_row": 2},
        ],
    )
    def test_by_any_critical_indicator(self, changes: dict[str, Any]) -> None:
        assert level(**changes)[0] is HIGH


class TestCritical:
    @pytest.mark.parametrize(
        ("owed", "expected"), [(500_000 * USDT, HIGH), (500_000 * USDT + 1, CRITICAL)]
    )
    def test_by_owing_more_than_is_available(self, owed: int, expected: Level) -> None:
        assert level(liability_assets=owed)[0] is expected

    def test_compares_with_what_the_vault_says_is_available(self) -> None:
        found, why = level(liability_assets=400_000 * USDT, available_assets=399_999 * USDT)

        assert found is CRITICAL
        assert why[0] == "More is owed to redemptions than is available, by 1.00 USDT."

    def test_takes_l1_and_l2_where_the_vault_does_not_say(self) -> None:
        assert level(liability_assets=500_000 * USDT + 1, available_assets=None)[0] is CRITICAL

    @pytest.mark.parametrize(("l2", "expected"), [(share("13"), HIGH), (share("13") - 1, CRITICAL)])
    def test_by_l1_and_l2_below_25_percent(self, l2: int, expected: Level) -> None:
        assert level(l2_assets=l2)[0] is expected

    @pytest.mark.parametrize(("in_a_row", "expected"), [(2, NORMAL), (3, CRITICAL)])
    def test_by_three_transactions_failed_in_a_row(self, in_a_row: int, expected: Level) -> None:
        changes = {"sent_24h": 4, "failed_24h": in_a_row, "failed_in_a_row": in_a_row}

        assert level(**changes)[0] is expected

    def test_by_emergency_mode(self) -> None:
        assert level(emergency_mode=True) == (CRITICAL, ("The vault is in emergency mode.",))

    def test_by_an_alert_of_the_contracts(self) -> None:
        found, why = level(critical_alert_at=NOON)

        assert found is CRITICAL
        assert "2026-03-02 12:00 UTC" in why[0]

    def test_tells_all_reasons_the_gravest_first(self) -> None:
        found, why = level(emergency_mode=True, l1_assets=share("7"), event_lag_seconds=31)

        assert found is CRITICAL
        assert why[0] == "The vault is in emergency mode."
        assert why[-1].startswith("An event takes up to 31 s")
        assert len(why) == len(set(why))

    def test_says_each_thing_once(self) -> None:
        found, why = level(l1_assets=share("7"))

        assert (found, len(why)) == (HIGH, 1)
        assert why[0].startswith("L1 is 7.00 % of gross assets.")

    def test_says_its_own_limit_where_the_indicator_is_milder(self) -> None:
        found, why = level(liability_assets=500_000 * USDT * 100 // 120 + 1)

        assert found is HIGH
        assert why[0] == "Coverage of redemptions is below 120 %."
        assert why[1].startswith("L1 and L2 are ")


class TestByFiguresAlone:
    def test_what_the_contracts_hold_is_left_out(self) -> None:
        now = fund(emergency_mode=True, critical_alert_at=NOON, event_lag_seconds=31)

        found, _ = levels.indicator_level(judged(event_lag_seconds=31), now, LIMITS, {})

        assert found is ELEVATED


class TestUnknown:
    @pytest.mark.parametrize(("minutes", "expected"), [(15, NORMAL), (16, ELEVATED)])
    def test_warns_after_more_than_15_minutes(self, minutes: int, expected: Level) -> None:
        found, why = level({I.EVENT_LAG: minutes}, event_lag_seconds=None)

        assert found is expected
        assert bool(why) is (expected is ELEVATED)

    def test_never_makes_it_worse_than_elevated_by_itself(self) -> None:
        everything = fund(
            gross_assets=None, l1_assets=None, l2_assets=None, liability_assets=None, assets=None
        )
        minutes = dict.fromkeys(Indicator, 10_000)

        found, _ = levels.raw_level(judged(gross_assets=None), everything, LIMITS, minutes)

        assert found is ELEVATED


class TestNotBelow:
    def held(
        self, previous: Level | None, last_known: dict[Indicator, Status], **changes: Any
    ) -> Level:
        found, why = levels.not_below(
            previous=previous,
            judged=judged(**changes),
            situation=fund(**changes),
            last_known=last_known,
        )
        assert bool(why) is (found is not NORMAL)
        return found

    def test_holds_nothing_while_all_is_known(self) -> None:
        assert self.held(CRITICAL, {I.EVENT_LAG: Status.CRITICAL}) is NORMAL

    @pytest.mark.parametrize(
        ("stood", "expected"),
        [(Status.NORMAL, NORMAL), (Status.WARNING, ELEVATED), (Status.CRITICAL, HIGH)],
    )
    def test_an_unknown_indicator_stands_as_it_stood(self, stood: Status, expected: Level) -> None:
        assert self.held(NORMAL, {I.EVENT_LAG: stood}, event_lag_seconds=None) is expected

    @pytest.mark.parametrize(
        "missing",
        [
            "gross_assets",
            "l1_assets",
            "l2_assets",
            "liability_assets",
            "emergency_mode",
            "failed_in_a_row",
        ],
    )
    def test_a_level_that_cannot_be_seen_stands(self, missing: str) -> None:
        assert self.held(CRITICAL, {}, **{missing: None}) is CRITICAL

    def test_the_first_run_calls_nothing_normal_that_it_cannot_see(self) -> None:
        assert self.held(None, {}, l1_assets=None) is ELEVATED
        assert self.held(None, {}) is NORMAL


class TestCriticalAlert:
    def counts(self, **changes: Any) -> bool:
        facts = {
            "counts_until": NOON + timedelta(minutes=60),
            "at": NOON + timedelta(minutes=1),
            "threshold_bps": 1_000,
            "available_assets": 99,
            "gross_assets": 1_000,
        }
        return levels.critical_alert_counts(**{**facts, **changes})

    @pytest.mark.parametrize(
        ("minutes", "expected"), [(-1, True), (0, True), (59, True), (60, False)]
    )
    def test_counts_for_an_hour(self, minutes: int, expected: bool) -> None:
        assert self.counts(at=NOON + timedelta(minutes=minutes)) is expected

    @pytest.mark.parametrize(("available", "expected"), [(100, True), (101, False)])
    def test_is_over_when_liquidity_is_above_its_threshold(
        self, available: int, expected: bool
    ) -> None:
        assert self.counts(available_assets=available) is expected

    def test_stands_while_liquidity_is_unknown(self) -> None:
        assert self.counts(available_assets=None)
        assert self.counts(gross_assets=None)
        assert self.counts(gross_assets=0, available_assets=0)


def run(raws: list[Level], runs: int = 3) -> list[Verdict]:
    """One verdict after the other."""
    verdicts: list[Verdict] = []
    for number, raw in enumerate(raws):
        verdicts.append(
            levels.settle(
                verdicts[-1] if verdicts else None,
                raw,
                earlier=raws[:number],
                better_runs=runs,
                score=Decimal(0),
                reasons=("because",),
            )
        )
    return verdicts


def held(raws: list[Level], runs: int = 3) -> list[Level]:
    return [verdict.level for verdict in run(raws, runs)]


class TestSettling:
    def test_begins_with_what_is_found(self) -> None:
        assert held([HIGH]) == [HIGH]

    def test_rises_at_once(self) -> None:
        assert held([NORMAL, CRITICAL]) == [NORMAL, CRITICAL]

    def test_falls_at_the_third_better_run(self) -> None:
        assert held([HIGH, NORMAL, NORMAL, NORMAL]) == [HIGH, HIGH, HIGH, NORMAL]

    def test_as_bad_is_not_better(self) -> None:
        assert held([HIGH, HIGH, NORMAL, NORMAL, NORMAL]) == [HIGH] * 4 + [NORMAL]

    def test_counts_from_the_start_when_it_was_as_bad_again(self) -> None:
        raws = [HIGH, NORMAL, NORMAL, HIGH, NORMAL, NORMAL, NORMAL]

        assert held(raws) == [HIGH] * 6 + [NORMAL]

    def test_falls_to_the_worst_of_the_better_ones(self) -> None:
        raws = [CRITICAL, HIGH, NORMAL, ELEVATED]

        assert held(raws) == [CRITICAL, CRITICAL, CRITICAL, HIGH]

    def test_takes_three_more_to_fall_further(self) -> None:
        raws = [CRITICAL, HIGH, NORMAL, NORMAL, NORMAL, NORMAL, NORMAL]

        assert held(raws) == [CRITICAL] * 3 + [HIGH] * 3 + [NORMAL]

    def test_counts_the_better_runs(self) -> None:
        assert [verdict.better_runs for verdict in run([HIGH, NORMAL, NORMAL, NORMAL])] == [
            0,
            1,
            2,
            0,
        ]

    def test_by_one_run_follows_every_one(self) -> None:
        raws = [HIGH, NORMAL, ELEVATED]

        assert held(raws, runs=1) == raws


RAWS = st.lists(st.sampled_from(list(Level)), min_size=1, max_size=40)
RUNS = st.integers(min_value=1, max_value=6)


@given(raws=RAWS, runs=RUNS)
def test_the_level_is_never_below_what_is_found_now(raws: list[Level], runs: int) -> None:
    for raw, level_held in zip(raws, held(raws, runs), strict=True):
        assert level_held.rank >= raw.rank


@given(raws=RAWS, runs=RUNS)
def test_the_level_rises_at_once_and_only_to_what_is_found(raws: list[Level], runs: int) -> None:
    before = held(raws, runs)
    for number in range(1, len(raws)):
        if before[number].rank > before[number - 1].rank:
            assert before[number] is raws[number]


@given(raws=RAWS, runs=RUNS)
def test_the_level_never_falls_faster(raws: list[Level], runs: int) -> None:
    """Each fall comes after so many better runs in a row, and no sooner after the one before."""
    found = held(raws, runs)
    fell = [number for number in range(1, len(raws)) if found[number].rank < found[number - 1].rank]
    for number in fell:
        counted = raws[number - runs + 1 : number + 1]
        assert len(counted) == runs
        assert all(raw.rank < found[number - 1].rank for raw in counted)
        assert found[number] is max(counted, key=lambda raw: raw.rank)
    assert all(later - sooner >= runs for sooner, later in pairwise(fell))


@given(raws=RAWS, runs=RUNS)
def test_a_fund_that_stays_better_is_let_down_in_the_end(raws: list[Level], runs: int) -> None:
    calm = [NORMAL] * (runs * 2)

    assert held([*raws, *calm], runs)[-1] is NORMAL


def test_limits_of_the_installation_are_the_tables() -> None:
    assert PARAMETERS.levels == LevelLimits()
