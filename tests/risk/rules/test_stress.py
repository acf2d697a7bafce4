"""Scenarios applied to a fund, and what they do to each indicator and to the level."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.risk.rules.defaults import PARAMETERS
from apps.risk.rules.figures import Indicator, Level, Status
from apps.risk.rules.stress import BadScenario, Scenario, WhatIf, applied, what_if

from .funds import MILLION, NAV, USDT, asset, fund

FIRST = asset(1, 0).token
SECOND = asset(2, 0).token


def tried(scenario: Scenario, **changes: Any) -> WhatIf:
    return what_if(fund(**changes), PARAMETERS, scenario)


def after(result: WhatIf, indicator: Indicator) -> Any:
    return next(one for one in result.after.judged if one.measured.indicator is indicator)


def changed(result: WhatIf) -> set[Indicator]:
    return {
        before.measured.indicator
        for before, now in result.changes
        if before.measured.value != now.measured.value or before.status is not now.status
    }


class TestRedeeming:
    def test_ten_percent_of_the_supply(self) -> None:
        result = tried(Scenario(redeem_share=Decimal("0.1")))

        assert result.redeemed_assets == MILLION // 10
        situation = result.after.situation
        assert situation.liability_assets == MILLION // 10
        assert situation.requested_24h_assets == 110_000 * USDT
        assert situation.predicted_outflow_7d == 200_000 * USDT
        assert (situation.l1_assets, situation.l2_assets) == (120_000 * USDT, 380_000 * USDT)
        assert after(result, Indicator.REDEMPTION_COVERAGE).measured.value == 5
        assert after(result, Indicator.DAILY_REDEMPTION_RATE).status is Status.CRITICAL
        assert (result.before.level, result.after.level) == (Level.NORMAL, Level.HIGH)

    def test_more_than_l1_and_l2_hold_is_critical_and_says_what_is_missing(self) -> None:
        result = tried(Scenario(redeem_share=Decimal("0.6")))

        assert result.after.level is Level.CRITICAL
        assert result.missing_assets == 100_000 * USDT
        assert any("owed" in reason for reason in result.after.reasons)

    def test_what_is_owed_already_is_not_redeemed_again(self) -> None:
        result = tried(Scenario(redeem_share=Decimal(1)), liability_assets=400_000 * USDT)

        assert result.redeemed_assets == 600_000 * USDT
        assert result.after.situation.liability_assets == MILLION

    def test_what_waits_for_approval_counts_as_such_only_if_said(self) -> None:
        share = Decimal("0.2")

        plain = tried(Scenario(redeem_share=share))
        waits = tried(Scenario(redeem_share=share, needs_approval=True, requests=9))

        assert plain.after.situation.pending_approval_assets == 0
        assert waits.after.situation.pending_approval_assets == 200_000 * USDT
        assert after(waits, Indicator.PENDING_APPROVAL_RATIO).status is Status.CRITICAL
        assert waits.after.situation.requests_7d == 14


class TestLosing:
    def test_an_asset_of_l3(self) -> None:
        result = tried(Scenario(losses={FIRST: Decimal("0.5")}))

        situation = result.after.situation
        assert result.lost_assets == 70_000 * USDT
        assert situation.gross_assets == 930_000 * USDT
        assert situation.l3_assets == 430_000 * USDT
        assert situation.available_assets == 500_000 * USDT
        assert situation.navs_24h == (NAV, NAV, NAV * 93 // 100)
        assert after(result, Indicator.NAV_VOLATILITY_24H).status is Status.CRITICAL
        assert after(result, Indicator.ASSET_PRICE_DEVIATION).measured.value == 0

    def test_an_asset_of_l2_takes_liquidity_with_it(self) -> None:
        assets = (asset(1, 200_000, tier=1), asset(2, 140_000))

        result = tried(Scenario(losses={FIRST: Decimal(1)}), assets=assets)

        situation = result.after.situation
        assert situation.l2_assets == 180_000 * USDT
        assert situation.available_assets == 300_000 * USDT
        assert situation.available_7d == 300_000 * USDT
        assert situation.assets is not None
        assert situation.assets[0].value == 0

    def test_holders_leave_at_the_value_that_is_left(self) -> None:
        scenario = Scenario(redeem_share=Decimal("0.1"), losses={FIRST: Decimal("0.5")})

        result = tried(scenario)

        assert result.redeemed_assets == 93_000 * USDT
        assert result.after.situation.liability_assets == 93_000 * USDT


class TestSilence:
    def test_five_hours_without_prices(self) -> None:
        result = tried(Scenario(stale_hours=5))

        assert after(result, Indicator.ORACLE_STALENESS).status is Status.CRITICAL
        deviation = after(result, Indicator.ASSET_PRICE_DEVIATION)
        assert deviation.status is Status.UNKNOWN
        assert "5 h" in deviation.meaning
        assert result.after.level is Level.HIGH

    def test_an_hour_is_old_and_not_unknown(self) -> None:
        result = tried(Scenario(stale_hours=1))

        assert changed(result) == {Indicator.ORACLE_STALENESS}
        assert after(result, Indicator.ORACLE_STALENESS).status is Status.WARNING
        assert result.after.level is Level.ELEVATED

    def test_prices_that_are_older_already_stay_as_old(self) -> None:
        result = tried(Scenario(stale_hours=1), oldest_price_seconds=9_999)

        assert result.after.situation.oldest_price_seconds == 9_999


class TestUnknown:
    def test_what_is_unknown_stays_unknown(self) -> None:
        result = tried(
            Scenario(redeem_share=Decimal("0.5")), liability_assets=None, gross_assets=None
        )

        assert result.redeemed_assets is None
        assert result.missing_assets is None
        assert result.after.situation.liability_assets is None

    def test_what_is_unknown_for_long_counts_before_as_well(self) -> None:
        result = what_if(
            fund(event_lag_seconds=None),
            PARAMETERS,
            Scenario(stale_hours=1),
            unknown_minutes={Indicator.EVENT_LAG: 16},
        )

        assert result.before.level is Level.ELEVATED


class TestRefusals:
    @pytest.mark.parametrize(
        "scenario",
        [
            Scenario(),
            Scenario(redeem_share=Decimal("1.01")),
            Scenario(redeem_share=Decimal("-0.1")),
            Scenario(losses={FIRST: Decimal(2)}),
            Scenario(losses={"0xnobody": Decimal("0.1")}),
            Scenario(stale_hours=-1),
            Scenario(stale_hours=721),
            Scenario(redeem_share=Decimal("0.1"), requests=0),
        ],
    )
    def test_refuses_what_cannot_be(self, scenario: Scenario) -> None:
        with pytest.raises(BadScenario):
            tried(scenario)


shares = st.decimals(0, 1, places=4)


class TestProperties:
    @given(redeem=shares, first=shares, second=shares, hours=st.integers(0, 720))
    def test_no_scenario_makes_the_fund_stand_better(
        self, redeem: Decimal, first: Decimal, second: Decimal, hours: int
    ) -> None:
        scenario = Scenario(
            redeem_share=redeem, losses={FIRST: first, SECOND: second}, stale_hours=hours
        )
        if scenario.is_empty:
            return

        result = tried(scenario)

        assert result.after.level.rank >= result.before.level.rank

    @given(redeem=shares, loss=shares)
    def test_tiers_still_add_up(self, redeem: Decimal, loss: Decimal) -> None:
        left = applied(fund(), Scenario(redeem_share=redeem, losses={FIRST: loss}))

        assert left.l1_assets is not None
        assert left.l2_assets is not None
        assert left.gross_assets == left.l1_assets + left.l2_assets + (left.l3_assets or 0)

    @given(share=shares)
    def test_the_situation_itself_is_left_alone(self, share: Decimal) -> None:
        before = fund()

        applied(before, Scenario(redeem_share=share, losses={FIRST: share}, stale_hours=3))

        assert before == fund()
