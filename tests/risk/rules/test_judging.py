"""Every threshold of the table: just below, exactly on, just above; the score, and the words."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.risk.rules.defaults import THRESHOLDS
from apps.risk.rules.figures import Indicator, Measured, Status, Threshold
from apps.risk.rules.judging import SPECS, headroom, judge, score, status_of

from .funds import asset, judged, one, status

I = Indicator  # noqa: E741 - short, for tables
N, W, C = Status.NORMAL, Status.WARNING, Status.CRITICAL
EPSILON = Decimal(1).scaleb(-20)

# indicator, warning: (threshold, just better, on, just worse), critical: likewise
TABLE = [
    (I.L1_RATIO, ("0.10", N, N, W), ("0.08", W, W, C)),
    (I.L1_L2_RATIO, ("0.40", N, N, W), ("0.35", W, W, C)),
    (I.REDEMPTION_COVERAGE, ("1.50", N, N, W), ("1.00", W, W, C)),
    (I.LIQUIDITY_GAP_7D, ("0", N, N, W), ("0.10", W, W, C)),
    (I.NAV_VOLATILITY_24H, ("0.03", N, W, W), ("0.05", W, W, C)),
    (I.ASSET_PRICE_DEVIATION, ("0.02", N, W, W), ("0.03", W, W, C)),
    (I.ORACLE_STALENESS, ("3600", N, W, W), ("14400", W, W, C)),
    (I.SINGLE_ASSET_CONCENTRATION, ("0.20", N, W, W), ("0.25", W, W, C)),
    (I.TOP3_CONCENTRATION, ("0.50", N, W, W), ("0.60", W, W, C)),
    (I.COUNTERPARTY_CONCENTRATION, ("0.30", N, W, W), ("0.40", W, W, C)),
    (I.DAILY_REDEMPTION_RATE, ("0.03", N, W, W), ("0.05", W, W, C)),
    (I.PENDING_APPROVAL_RATIO, ("0.20", N, W, W), ("0.30", W, W, C)),
    (I.REDEMPTION_VELOCITY, ("1.5", N, W, W), ("2", W, W, C)),
    (I.TX_FAILURE_RATE, ("0.05", N, W, W), ("0.20", W, W, C)),
    (I.EVENT_LAG, ("30", N, N, W), ("300", W, W, C)),
    (I.REBALANCE_DELAY, ("300", N, N, W), ("3600", W, W, C)),
]
BELOW = {I.L1_RATIO, I.L1_L2_RATIO, I.REDEMPTION_COVERAGE}


def stands(indicator: Indicator, value: Decimal) -> Status:
    found, _ = status_of(Measured(indicator=indicator, value=value), THRESHOLDS[indicator])
    return found


class TestThresholds:
    def test_of_every_indicator_are_in_the_table(self) -> None:
        assert [row[0] for row in TABLE] == list(Indicator)

    @pytest.mark.parametrize(
        ("indicator", "limit", "better", "on", "worse"),
        [
            (indicator, Decimal(limit[0]), *limit[1:])
            for indicator, *limits in TABLE
            for limit in limits
        ],
        ids=[f"{row[0]}-{which}" for row in TABLE for which in ("warning", "critical")],
    )
    def test_hold_to_the_last_digit(
        self, indicator: Indicator, limit: Decimal, better: Status, on: Status, worse: Status
    ) -> None:
        step = EPSILON if indicator in BELOW else -EPSILON

        assert stands(indicator, limit + step) is better
        assert stands(indicator, limit) is on
        assert stands(indicator, limit - step) is worse

    @pytest.mark.parametrize("indicator", list(Indicator))
    def test_are_the_ones_that_are_installed(self, indicator: Indicator) -> None:
        limits = next(row for row in TABLE if row[0] is indicator)[1:]

        found = THRESHOLDS[indicator]

        assert [found.warning, found.critical] == [Decimal(limit[0]) for limit in limits]

    def test_of_whole_base_units_hold_end_to_end(self) -> None:
        exactly = 100_000 * 10**18

        assert status(I.L1_RATIO, l1_assets=exactly) is N
        assert status(I.L1_RATIO, l1_assets=exactly - 1) is W
        assert status(I.DAILY_REDEMPTION_RATE, requested_24h_assets=30_000 * 10**18 - 1) is N
        assert status(I.DAILY_REDEMPTION_RATE, requested_24h_assets=30_000 * 10**18) is W
        assert status(I.DAILY_REDEMPTION_RATE, requested_24h_assets=50_000 * 10**18) is W
        assert status(I.DAILY_REDEMPTION_RATE, requested_24h_assets=50_000 * 10**18 + 1) is C

    def test_that_are_equal_leave_no_warning_between(self) -> None:
        same = Threshold(warning=Decimal("0.1"), critical=Decimal("0.1"), weight=1)
        low = Measured(indicator=I.L1_RATIO, value=Decimal("0.0999"))

        assert status_of(low, same)[0] is C


class TestWithoutValue:
    def test_unknown_is_a_status_of_its_own(self) -> None:
        found = one(I.L1_RATIO, l1_assets=None, missing={"l1_assets": "No node answers."})

        assert found.status is Status.UNKNOWN
        assert found.measured.unknown == "No node answers."
        assert found.meaning == "Unknown: No node answers."

    def test_unknown_without_a_word_says_that(self) -> None:
        found, known = status_of(Measured(indicator=I.L1_RATIO, value=None), THRESHOLDS[I.L1_RATIO])

        assert (found, known.unknown) == (Status.UNKNOWN, "It is not known.")

    def test_infinite_coverage_is_normal(self) -> None:
        found = one(I.REDEMPTION_COVERAGE, liability_assets=0)

        assert found.status is N
        assert found.meaning.startswith("Nothing is owed")

    def test_too_few_is_normal_and_says_of_what(self) -> None:
        found = one(I.REDEMPTION_VELOCITY, requests_7d_before=4)

        assert found.status is N
        assert "Fewer than 5 requests" in found.meaning

    def test_a_reason_makes_critical_whatever_the_value(self) -> None:
        found = one(I.TX_FAILURE_RATE, sent_24h=100, failed_24h=3, failed_in_a_row=3)

        assert found.measured.value == Decimal("0.03")
        assert found.status is C
        assert found.meaning == "The last 3 transactions failed, one after the other."

    @pytest.mark.parametrize(
        ("traded", "expected"), [(100, Status.UNKNOWN), (102, W), (103, W), (104, C)]
    )
    def test_what_is_certain_may_warn_and_never_calms(self, traded: int, expected: Status) -> None:
        assets = (asset(1, 1, traded_price=traded, median=100), asset(2, 1, median=None))

        found = one(I.ASSET_PRICE_DEVIATION, assets=assets)

        assert found.status is expected
        assert (found.measured.value is None) is (expected is Status.UNKNOWN)
        assert "A2" in found.meaning


class TestMeaning:
    def test_tells_the_value_and_the_threshold_it_is_beyond(self) -> None:
        assert one(I.L1_RATIO, l1_assets=79_300 * 10**18).meaning == (
            "L1 is 7.93 % of gross assets. It is critical below 8 %."
        )
        assert one(I.NAV_VOLATILITY_24H, navs_24h=(97, 100)).meaning.endswith(
            "It warns at or above 3 %, and is critical above 5 %."
        )

    def test_tells_a_value_beside_a_threshold_apart_from_it(self) -> None:
        found = one(I.L1_RATIO, l1_assets=99_999 * 10**18)

        assert found.meaning.startswith("L1 is 9.9999 % of gross assets.")

    def test_of_a_surplus_speaks_of_a_surplus(self) -> None:
        assert "exceeds the expected outflow by 40.00 %" in one(I.LIQUIDITY_GAP_7D).meaning

    @pytest.mark.parametrize("indicator", list(Indicator))
    def test_is_a_sentence_without_loose_ends(self, indicator: Indicator) -> None:
        said = one(indicator).meaning

        assert said.endswith(".")
        assert "{" not in said
        assert len(said) <= 400


class TestHeadroom:
    def test_is_the_way_to_the_next_threshold(self) -> None:
        limits = THRESHOLDS[I.L1_RATIO]

        def left(value: str, stands: Status) -> Decimal | None:
            return headroom(Decimal(value), indicator=I.L1_RATIO, threshold=limits, status=stands)

        assert left("0.12", N) == Decimal("0.02")
        assert left("0.09", W) == Decimal("0.01")
        assert left("0.07", C) == 0
        assert headroom(None, indicator=I.L1_RATIO, threshold=limits, status=N) is None

    def test_runs_the_other_way_where_more_is_worse(self) -> None:
        limits = THRESHOLDS[I.EVENT_LAG]

        assert headroom(Decimal(12), indicator=I.EVENT_LAG, threshold=limits, status=N) == Decimal(
            18
        )


class TestScore:
    def test_is_zero_when_nothing_is_wrong(self) -> None:
        assert score(judged()) == 0

    def test_adds_half_the_weight_of_a_warning_and_all_of_a_critical(self) -> None:
        found = judged(l1_assets=90_000 * 10**18, event_lag_seconds=301)
        shares = {row.measured.indicator: row.share for row in found}

        assert shares[I.L1_RATIO] == Decimal("6.000")
        assert shares[I.EVENT_LAG] == Decimal("3.000")
        assert score(found) == Decimal("9.000")

    def test_counts_unknown_like_a_warning(self) -> None:
        assert score(judged(event_lag_seconds=None)) == score(judged(event_lag_seconds=31))

    def test_of_everything_critical_is_a_hundred_whatever_the_weights(self) -> None:
        worst = [
            Measured(indicator=indicator, value=None, critical_by="!") for indicator in Indicator
        ]
        uneven = {
            indicator: replace(THRESHOLDS[indicator], weight=number % 7)
            for number, indicator in enumerate(Indicator)
        }

        assert score(judge(worst, uneven)) == 100

    def test_without_weights_is_zero(self) -> None:
        none = {key: replace(limits, weight=0) for key, limits in THRESHOLDS.items()}
        worst = [Measured(indicator=I.L1_RATIO, value=None, critical_by="!")]

        assert score(judge(worst, none)) == 0


STATUSES = st.sampled_from([N, Status.UNKNOWN, W, C])
ALL = st.lists(STATUSES, min_size=len(Indicator), max_size=len(Indicator))
WEIGHTS = st.lists(
    st.integers(min_value=0, max_value=100), min_size=len(Indicator), max_size=len(Indicator)
).filter(any)
GRAVITY = {N: 0, Status.UNKNOWN: 1, W: 1, C: 2}


def scored(statuses: list[Status], weights: list[int]) -> Decimal:
    rows = [made(indicator, stands) for indicator, stands in zip(Indicator, statuses, strict=True)]
    limits = {
        indicator: replace(THRESHOLDS[indicator], weight=weight)
        for indicator, weight in zip(Indicator, weights, strict=True)
    }
    found = judge(rows, limits)
    assert [row.status for row in found] == statuses
    assert all(row.share >= 0 for row in found)
    assert all(row.share.as_tuple().exponent == -3 for row in found)
    return score(found)


def made(indicator: Indicator, stands: Status) -> Measured:
    if stands is Status.UNKNOWN:
        return Measured(indicator=indicator, value=None, unknown="?")
    limits, way = THRESHOLDS[indicator], -1 if SPECS[indicator].worse == "below" else 1
    value = {
        N: limits.warning - way * EPSILON,
        W: limits.warning + way * EPSILON,
        C: limits.critical + way * EPSILON,
    }[stands]
    return Measured(indicator=indicator, value=value)


@given(statuses=ALL, weights=WEIGHTS)
def test_the_score_lies_between_zero_and_a_hundred(
    statuses: list[Status], weights: list[int]
) -> None:
    assert 0 <= scored(statuses, weights) <= 100


@given(
    statuses=ALL,
    weights=WEIGHTS,
    which=st.integers(min_value=0, max_value=len(Indicator) - 1),
    worse=STATUSES,
)
def test_nothing_that_gets_worse_lowers_the_score(
    statuses: list[Status], weights: list[int], which: int, worse: Status
) -> None:
    after = [*statuses[:which], worse, *statuses[which + 1 :]]
    if GRAVITY[worse] < GRAVITY[statuses[which]]:
        statuses, after = after, statuses

    assert scored(after, weights) >= scored(statuses, weights)
