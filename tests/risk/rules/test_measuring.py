"""What each indicator is computed from, and what it says when that cannot be had."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.risk.rules.figures import Indicator
from apps.risk.rules.measuring import measure
from apps.risk.rules.ratios import RATIO_MAX

from .funds import MILLION, NAV, NOON, USDT, asset, fund, measured

I = Indicator  # noqa: E741 - short, for tables


class TestEvery:
    def test_is_there_once_in_the_boards_order(self) -> None:
        assert [one.indicator for one in measure(fund())] == list(Indicator)

    def test_of_a_fund_in_order_has_a_value(self) -> None:
        without = {one.indicator for one in measure(fund()) if one.value is None}

        assert without == {I.REDEMPTION_COVERAGE}  # nothing is owed

    @pytest.mark.parametrize(
        ("indicator", "field"),
        [
            (I.L1_RATIO, "l1_assets"),
            (I.L1_RATIO, "gross_assets"),
            (I.L1_L2_RATIO, "l1_assets"),
            (I.L1_L2_RATIO, "l2_assets"),
            (I.L1_L2_RATIO, "gross_assets"),
            (I.REDEMPTION_COVERAGE, "liability_assets"),
            (I.REDEMPTION_COVERAGE, "l1_assets"),
            (I.REDEMPTION_COVERAGE, "l2_assets"),
            (I.LIQUIDITY_GAP_7D, "predicted_outflow_7d"),
            (I.LIQUIDITY_GAP_7D, "available_7d"),
            (I.LIQUIDITY_GAP_7D, "gross_assets"),
            (I.NAV_VOLATILITY_24H, "navs_24h"),
            (I.ASSET_PRICE_DEVIATION, "assets"),
            (I.ORACLE_STALENESS, "oldest_price_seconds"),
            (I.SINGLE_ASSET_CONCENTRATION, "assets"),
            (I.SINGLE_ASSET_CONCENTRATION, "gross_assets"),
            (I.TOP3_CONCENTRATION, "assets"),
            (I.COUNTERPARTY_CONCENTRATION, "assets"),
            (I.DAILY_REDEMPTION_RATE, "requested_24h_assets"),
            (I.DAILY_REDEMPTION_RATE, "gross_assets"),
            (I.PENDING_APPROVAL_RATIO, "pending_approval_assets"),
            (I.PENDING_APPROVAL_RATIO, "l1_assets"),
            (I.PENDING_APPROVAL_RATIO, "l2_assets"),
            (I.REDEMPTION_VELOCITY, "requests_7d"),
            (I.REDEMPTION_VELOCITY, "requests_7d_before"),
            (I.TX_FAILURE_RATE, "sent_24h"),
            (I.TX_FAILURE_RATE, "failed_24h"),
            (I.TX_FAILURE_RATE, "failed_in_a_row"),
            (I.EVENT_LAG, "event_lag_seconds"),
            (I.REBALANCE_DELAY, "approved_plan_seconds"),
        ],
    )
    def test_is_unknown_with_the_reason_when_a_figure_is_missing(
        self, indicator: Indicator, field: str
    ) -> None:
        found = measured(
            indicator, **{field: None}, missing={field: "No node answers.", "other": "x"}
        )

        assert (found.value, found.unknown) == (None, "No node answers.")

    def test_says_so_even_where_no_reason_was_given(self) -> None:
        assert measured(I.L1_RATIO, l1_assets=None).unknown == "L1 assets is not known."

    def test_says_a_common_reason_once(self) -> None:
        missing = dict.fromkeys(("l1_assets", "gross_assets"), "No node answers.")

        found = measured(I.L1_RATIO, l1_assets=None, gross_assets=None, missing=missing)

        assert found.unknown == "No node answers."


class TestRatios:
    @pytest.mark.parametrize(
        ("indicator", "changes", "expected"),
        [
            (I.L1_RATIO, {"l1_assets": 80_000 * USDT}, "0.08"),
            (I.L1_L2_RATIO, {"l1_assets": 100_000 * USDT, "l2_assets": 250_000 * USDT}, "0.35"),
            (I.REDEMPTION_COVERAGE, {"liability_assets": 400_000 * USDT}, "1.25"),
            (I.LIQUIDITY_GAP_7D, {"predicted_outflow_7d": 600_000 * USDT}, "0.1"),
            (I.LIQUIDITY_GAP_7D, {"predicted_outflow_7d": -100_000 * USDT}, "-0.6"),
            (I.DAILY_REDEMPTION_RATE, {"requested_24h_assets": 30_000 * USDT}, "0.03"),
            (I.PENDING_APPROVAL_RATIO, {"pending_approval_assets": 100_000 * USDT}, "0.2"),
            (I.REDEMPTION_VELOCITY, {"requests_7d": 12, "requests_7d_before": 8}, "1.5"),
            (I.TX_FAILURE_RATE, {"sent_24h": 20, "failed_24h": 1}, "0.05"),
            (I.ORACLE_STALENESS, {"oldest_price_seconds": 3_600}, "3600"),
            (I.EVENT_LAG, {"event_lag_seconds": 31}, "31"),
            (I.REBALANCE_DELAY, {"approved_plan_seconds": 301}, "301"),
        ],
    )
    def test_follow_their_formula(
        self, indicator: Indicator, changes: dict[str, Any], expected: str
    ) -> None:
        assert measured(indicator, **changes).value == Decimal(expected)

    def test_tell_one_base_unit_apart(self) -> None:
        whole = MILLION * 10**6  # a fund of a trillion USDT

        found = measured(I.L1_RATIO, l1_assets=whole // 10 - 1, gross_assets=whole)

        assert found.value is not None
        assert found.value < Decimal("0.1")

    @pytest.mark.parametrize(
        "indicator",
        [
            I.L1_RATIO,
            I.L1_L2_RATIO,
            I.LIQUIDITY_GAP_7D,
            I.SINGLE_ASSET_CONCENTRATION,
            I.TOP3_CONCENTRATION,
            I.COUNTERPARTY_CONCENTRATION,
            I.DAILY_REDEMPTION_RATE,
        ],
    )
    class TestOfNothing:
        def test_is_normal_before_the_first_subscription(self, indicator: Indicator) -> None:
            found = measured(indicator, gross_assets=0, total_supply=0)

            assert (found.too_few, found.value, found.critical_by) == (True, None, "")

        @pytest.mark.parametrize(
            "changes", [{"total_supply": 1}, {"total_supply": 0, "liability_assets": 1}]
        )
        def test_is_critical_where_somebody_has_a_claim(
            self, indicator: Indicator, changes: dict[str, int]
        ) -> None:
            found = measured(indicator, gross_assets=0, **changes)

            assert found.critical_by

        def test_is_unknown_where_nobody_knows_the_shares(self, indicator: Indicator) -> None:
            assert measured(indicator, gross_assets=0, total_supply=None).unknown


class TestCoverage:
    def test_is_infinite_when_nothing_is_owed(self) -> None:
        found = measured(I.REDEMPTION_COVERAGE, liability_assets=0)

        assert (found.infinite, found.value, found.unknown) == (True, None, "")

    def test_of_dust_is_bounded(self) -> None:
        assert measured(I.REDEMPTION_COVERAGE, liability_assets=1).value == RATIO_MAX

    def test_by_nothing_is_zero(self) -> None:
        found = measured(I.REDEMPTION_COVERAGE, l1_assets=0, l2_assets=0, liability_assets=1)

        assert found.value == 0


class TestNavVolatility:
    def test_is_the_range_over_the_mean(self) -> None:
        navs = (100 * USDT, 103 * USDT, 97 * USDT, 100 * USDT)

        assert measured(I.NAV_VOLATILITY_24H, navs_24h=navs).value == Decimal("0.06")

    def test_sees_a_spike_between_equal_ends(self) -> None:
        found = measured(I.NAV_VOLATILITY_24H, navs_24h=(NAV, NAV * 2, NAV))

        assert found.value == Decimal("0.75")

    @pytest.mark.parametrize("navs", [(), (NAV,), (NAV, 0)])
    def test_is_unknown_by_fewer_than_two(self, navs: tuple[int, ...]) -> None:
        assert measured(I.NAV_VOLATILITY_24H, navs_24h=navs).unknown

    def test_is_normal_before_the_first_share(self) -> None:
        assert measured(I.NAV_VOLATILITY_24H, navs_24h=(), total_supply=0).too_few


class TestPriceDeviation:
    def test_is_the_largest_of_all_on_either_side(self) -> None:
        assets = (
            asset(1, 1, traded_price=101 * USDT, median=100 * USDT),
            asset(2, 1, traded_price=97 * USDT, median=100 * USDT),
        )

        found = measured(I.ASSET_PRICE_DEVIATION, assets=assets)

        assert found.value == Decimal("0.03")
        assert found.details["Asset"] == "A2"

    def test_is_unknown_where_no_price_is_known(self) -> None:
        assets = (asset(1, 1, median=None, price_unknown="Two sources disagree."),)

        found = measured(I.ASSET_PRICE_DEVIATION, assets=assets)

        assert (found.value, found.unknown) == (None, "A1: Two sources disagree.")

    def test_keeps_what_is_certain_where_one_price_is_unknown(self) -> None:
        assets = (asset(1, 1, traded_price=104, median=100), asset(2, 1, traded_price=None))

        found = measured(I.ASSET_PRICE_DEVIATION, assets=assets)

        assert found.value == Decimal("0.04")
        assert found.incomplete == "A2: what the contracts trade it at is unknown"

    def test_is_none_without_assets(self) -> None:
        assert measured(I.ASSET_PRICE_DEVIATION, assets=()).value == 0


class TestConcentration:
    def test_takes_the_largest_and_the_three_largest(self) -> None:
        assets = tuple(asset(n, units * 1_000) for n, units in enumerate((50, 210, 90, 120), 1))

        assert measured(I.SINGLE_ASSET_CONCENTRATION, assets=assets).value == Decimal("0.21")
        assert measured(I.TOP3_CONCENTRATION, assets=assets).value == Decimal("0.42")

    def test_is_zero_for_a_fund_that_is_all_cash(self) -> None:
        for indicator in (
            I.SINGLE_ASSET_CONCENTRATION,
            I.TOP3_CONCENTRATION,
            I.COUNTERPARTY_CONCENTRATION,
        ):
            assert measured(indicator, assets=(), l1_assets=MILLION).value == 0

    def test_of_a_counterparty_adds_up_its_assets(self) -> None:
        assets = (
            asset(1, 100_000, issuer="Acme"),
            asset(2, 250_000, issuer="acme  "),
            asset(3, 300_000, issuer="Other"),
        )

        found = measured(I.COUNTERPARTY_CONCENTRATION, assets=assets)

        assert found.value == Decimal("0.35")
        assert found.details["Issuer"] == "Acme"
        assert found.details["Assets"] == "A1, A2"

    def test_counts_each_asset_without_an_issuer_by_itself_and_says_so(self) -> None:
        assets = (asset(1, 200_000, issuer=""), asset(2, 250_000, issuer=" "))

        found = measured(I.COUNTERPARTY_CONCENTRATION, assets=assets)

        assert found.value == Decimal("0.25")
        assert found.details["Issuer"] == "A2"
        assert found.details["Without an issuer"].startswith("A1, A2: each counts")

    @pytest.mark.parametrize(
        "indicator",
        [I.SINGLE_ASSET_CONCENTRATION, I.TOP3_CONCENTRATION, I.COUNTERPARTY_CONCENTRATION],
    )
    def test_says_what_has_no_value(self, indicator: Indicator) -> None:
        assets = (asset(1, 100_000), asset(2, 0, value_unknown=True))

        found = measured(indicator, assets=assets)

        assert found.value == Decimal("0.1")
        assert found.incomplete == "A2: the contracts give no price"


class TestPendingApproval:
    def test_is_zero_when_nothing_waits_whatever_there_is(self) -> None:
        found = measured(
            I.PENDING_APPROVAL_RATIO, pending_approval_assets=0, l1_assets=0, l2_assets=0
        )

        assert found.value == 0

    def test_is_critical_when_something_waits_and_nothing_is_liquid(self) -> None:
        found = measured(
            I.PENDING_APPROVAL_RATIO, pending_approval_assets=1, l1_assets=0, l2_assets=0
        )

        assert found.critical_by


class TestVelocity:
    @pytest.mark.parametrize(("before", "too_few"), [(0, True), (4, True), (5, False)])
    def test_needs_five_requests_before(self, before: int, too_few: bool) -> None:
        found = measured(I.REDEMPTION_VELOCITY, requests_7d=100, requests_7d_before=before)

        assert found.too_few is too_few
        assert (found.value is None) is too_few


class TestTxFailureRate:
    @pytest.mark.parametrize(("sent", "too_few"), [(0, True), (4, True), (5, False)])
    def test_needs_five_that_were_sent(self, sent: int, too_few: bool) -> None:
        found = measured(I.TX_FAILURE_RATE, sent_24h=sent, failed_24h=min(sent, 1))

        assert found.too_few is too_few

    @pytest.mark.parametrize(("in_a_row", "critical"), [(2, False), (3, True), (4, True)])
    def test_is_critical_by_three_in_a_row_however_few(self, in_a_row: int, critical: bool) -> None:
        found = measured(
            I.TX_FAILURE_RATE, sent_24h=4, failed_24h=in_a_row, failed_in_a_row=in_a_row
        )

        assert bool(found.critical_by) is critical

    def test_takes_that_number_from_the_parameters(self) -> None:
        found = next(
            one
            for one in measure(fund(failed_in_a_row=3), failures_in_a_row=4)
            if one.indicator is I.TX_FAILURE_RATE
        )

        assert not found.critical_by


amounts = st.none() | st.integers(min_value=0, max_value=2**256 - 1)
counts = st.none() | st.integers(min_value=0, max_value=10_000)


@given(
    gross=amounts,
    l1=amounts,
    l2=amounts,
    liability=amounts,
    supply=amounts,
    pending=amounts,
    requested=amounts,
    outflow=st.none() | st.integers(min_value=-(2**256), max_value=2**256),
    navs=st.none() | st.lists(st.integers(min_value=0, max_value=2**256 - 1), max_size=4),
    recent=counts,
    before=counts,
)
def test_anything_that_contracts_may_say_is_measured(
    gross: int | None,
    l1: int | None,
    l2: int | None,
    liability: int | None,
    supply: int | None,
    pending: int | None,
    requested: int | None,
    outflow: int | None,
    navs: list[int] | None,
    recent: int | None,
    before: int | None,
) -> None:
    found = measure(
        fund(
            at=NOON,
            gross_assets=gross,
            l1_assets=l1,
            l2_assets=l2,
            liability_assets=liability,
            total_supply=supply,
            pending_approval_assets=pending,
            requested_24h_assets=requested,
            predicted_outflow_7d=outflow,
            navs_24h=None if navs is None else tuple(navs),
            requests_7d=recent,
            requests_7d_before=before,
        )
    )

    for one in found:
        ways = [
            one.value is not None or bool(one.critical_by),
            bool(one.unknown),
            one.infinite,
            one.too_few,
        ]
        assert sum(ways) == 1, one
        if one.value is not None:
            assert one.value.is_finite()
