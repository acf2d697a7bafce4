"""Parameters survive being stored, and only sound ones are taken."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.risk.rules.bounds import BadParameters, refuse_unless_sound
from apps.risk.rules.defaults import PARAMETERS, THRESHOLDS
from apps.risk.rules.figures import Indicator, Parameters
from apps.risk.rules.policy_json import NotParameters, as_json, from_json

L1 = Indicator.L1_RATIO
LAG = Indicator.EVENT_LAG
DEVIATION = Indicator.ASSET_PRICE_DEVIATION
GAP = Indicator.LIQUIDITY_GAP_7D


def threshold(indicator: Indicator, **changes: Any) -> Parameters:
    changed = replace(THRESHOLDS[indicator], **changes)
    return replace(PARAMETERS, thresholds={**THRESHOLDS, indicator: changed})


def levels(**changes: Any) -> Parameters:
    return replace(PARAMETERS, levels=replace(PARAMETERS.levels, **changes))


def response(**changes: Any) -> Parameters:
    return replace(PARAMETERS, response=replace(PARAMETERS.response, **changes))


class TestStored:
    def test_comes_back_as_it_was(self) -> None:
        assert from_json(as_json(PARAMETERS)) == PARAMETERS

    @given(
        warning=st.decimals(min_value=-1, max_value=100, places=10),
        weight=st.integers(min_value=0, max_value=100),
    )
    def test_comes_back_whatever_it_was(self, warning: Decimal, weight: int) -> None:
        changed = threshold(L1, warning=warning, weight=weight)

        assert from_json(as_json(changed)) == changed

    def test_writes_decimals_as_people_do(self) -> None:
        written = as_json(threshold(LAG, warning=Decimal("3E+1"), critical=Decimal("300.500")))

        assert written["thresholds"]["event_lag"] == {
            "warning": "30",
            "critical": "300.5",
            "weight": "3",
        }

    def test_what_did_not_exist_then_has_its_default(self) -> None:
        assert from_json({}) == PARAMETERS
        assert from_json({"thresholds": {"l1_ratio": {"weight": "1"}}}) == threshold(L1, weight=1)

    @pytest.mark.parametrize(
        "stored",
        [
            {"else": {}},
            {"thresholds": []},
            {"thresholds": {"else": {}}},
            {"thresholds": {"l1_ratio": 1}},
            {"thresholds": {"l1_ratio": {"else": "1"}}},
            {"thresholds": {"l1_ratio": {"warning": 0.1}}},
            {"thresholds": {"l1_ratio": {"warning": "NaN"}}},
            {"thresholds": {"l1_ratio": {"warning": "Infinity"}}},
            {"thresholds": {"l1_ratio": {"warning": "ten"}}},
            {"thresholds": {"l1_ratio": {"weight": "1.5"}}},
            {"thresholds": {"l1_ratio": {"weight": 1}}},
            {"levels": {"better_runs": "1.5"}},
            {"response": None},
        ],
    )
    def test_refuses_what_is_none(self, stored: dict[str, Any]) -> None:
        with pytest.raises(NotParameters):
            from_json(stored)


class TestSound:
    @pytest.mark.parametrize(
        "parameters",
        [
            PARAMETERS,
            threshold(L1, warning=Decimal("0.1"), critical=Decimal("0.1")),
            threshold(L1, warning=Decimal(100), critical=Decimal("0.01")),
            threshold(DEVIATION, critical=Decimal(1)),
            threshold(GAP, warning=Decimal(-1), critical=Decimal(1)),
            threshold(LAG, weight=0),
            levels(better_runs=1, unknown_warns_after_minutes=0),
            response(calm_minutes=10, alert_minutes=10),
            response(escalate_again_minutes=30, escalate_critical_minutes=31),
        ],
    )
    def test_is_taken(self, parameters: Parameters) -> None:
        refuse_unless_sound(parameters)

    @pytest.mark.parametrize(
        "parameters",
        [
            threshold(L1, critical=Decimal("0.1000000001")),
            threshold(LAG, critical=Decimal(29)),
            threshold(L1, warning=Decimal("-0.0000000001")),
            threshold(L1, warning=Decimal("100.1")),
            threshold(L1, warning=Decimal("0.10000000001")),
            threshold(L1, warning=Decimal("NaN")),
            threshold(L1, critical=Decimal("-Infinity")),
            threshold(GAP, warning=Decimal("-1.1")),
            threshold(LAG, warning=Decimal(0)),
            threshold(LAG, critical=Decimal(10**9)),
            threshold(L1, critical=Decimal(0)),
            threshold(DEVIATION, critical=Decimal("1.01")),
            threshold(LAG, critical=Decimal(8 * 24 * 3_600)),
            threshold(L1, weight=-1),
            threshold(L1, weight=101),
            replace(
                PARAMETERS,
                thresholds={key: replace(one, weight=0) for key, one in THRESHOLDS.items()},
            ),
            replace(
                PARAMETERS, thresholds={key: one for key, one in THRESHOLDS.items() if key != L1}
            ),
            levels(elevated_l1=Decimal("0.07")),
            levels(elevated_daily_redemptions=Decimal("0.06")),
            levels(high_l1=Decimal("-0.1")),
            levels(critical_l1_l2=Decimal("1.1")),
            levels(critical_failures_in_a_row=0),
            levels(critical_l1_l2=Decimal(0)),
            levels(high_coverage=Decimal(0)),
            levels(critical_failures_in_a_row=21),
            levels(unknown_warns_after_minutes=121),
            levels(better_runs=0),
            levels(better_runs=61),
            levels(unknown_warns_after_minutes=-1),
            levels(elevated_nav_volatility=Decimal("NaN")),
            response(calm_minutes=0),
            response(calm_minutes=11),
            response(alert_minutes=6),
            response(alert_minutes=0),
            response(escalate_again_minutes=120),
            response(flapping_minutes=-1),
            response(recovery_minutes=0),
        ],
    )
    def test_is_refused(self, parameters: Parameters) -> None:
        with pytest.raises(BadParameters):
            refuse_unless_sound(parameters)

    def test_tells_all_that_is_wrong(self) -> None:
        both = replace(threshold(L1, weight=101), response=response(calm_minutes=0).response)

        with pytest.raises(BadParameters) as refused:
            refuse_unless_sound(both)

        assert "L1 ratio: its weight" in refused.value.message
        assert "calm_minutes" in refused.value.message
