"""The datasets about risk: what is owed adds up, levels fill the period, unknown stays unknown."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.reports.datasets.risk import risk
from apps.reports.datasets.risk_inputs import LevelPoint
from tests.reports.risk_samples import (
    BEGAN,
    ENDED,
    PERIOD,
    event,
    incident_dataset,
    incident_inputs,
    levels,
    liquidity_dataset,
    liquidity_inputs,
)
from tests.reports.samples import DAY, UNIT, dataset


class TestLevels:
    def test_fill_the_period_from_the_one_before_it(self) -> None:
        part = risk(levels(), [], PERIOD)

        assert [row["level"] for row in part["levels"]] == ["CRITICAL", "ELEVATED", "NORMAL"]
        assert part["worst_level"] == part["opening_level"] == "CRITICAL"
        assert part["closing_level"] == "NORMAL"
        assert part["worst_score"] == "77.25"
        assert part["seconds_at"] == {
            "NORMAL": 12 * 60,
            "ELEVATED": 60 * 60,
            "HIGH": 0,
            "CRITICAL": 120 * 60,
        }
        assert part["unknown_seconds"] == 0

    def test_time_before_the_first_measurement_is_unknown_not_normal(self) -> None:
        first = LevelPoint(at=DAY.start + timedelta(hours=6), level="HIGH", score=Decimal(40))

        part = risk([first], [], DAY)

        assert part["opening_level"] == "HIGH"
        assert part["unknown_seconds"] == 6 * 3600

    def test_nothing_measured_is_no_level(self) -> None:
        part = risk([], [], DAY)

        assert part["worst_level"] is None
        assert part["unknown_seconds"] == 24 * 3600

    def test_counts_only_what_happened_in_the_period(self) -> None:
        before = event(1, opened_at=BEGAN - timedelta(days=2), resolved_at=None)
        within = event(2)

        part = risk(levels(), [before, within], PERIOD)

        assert (part["events_opened"], part["events_resolved"]) == (1, 1)
        assert part["events_escalated"] == 2

    def test_are_in_the_daily_report(self) -> None:
        part = dataset(levels=levels(), events=[event()])["risk"]

        assert part["worst_level"] == "CRITICAL"
        assert [row["id"] for row in part["events"]] == [1]


class TestLiquidity:
    def test_what_is_due_adds_up_and_is_held_against_what_there_is(self) -> None:
        data = liquidity_dataset()

        days = data["due_days"]
        assert data["due_days_assets"] == str(sum(int(row["due_assets"]) for row in days))
        assert days[-1]["due_so_far_assets"] == data["due_days_assets"]
        for row in days:
            left = int(data["available_assets"]) - int(row["due_so_far_assets"])
            assert row["left_assets"] == str(left)
            assert row["covered"] == (left >= 0)
        assert [row["covered"] for row in days] == [True] * 5 + [False]
        assert data["requests_assets"] == str(
            sum(int(row["gross_assets"]) for row in data["requests"])
        )

    def test_exactly_as_much_as_there_is_is_covered(self) -> None:
        inputs = liquidity_inputs()
        [first, *_] = inputs.due_days

        data = liquidity_dataset(
            due_days=[type(first)(day=first.day, due_assets=4_000_000 * UNIT, overdue=False)]
        )

        assert data["due_days"][0]["covered"] is True
        assert data["due_days"][0]["left_assets"] == "0"

    def test_what_is_unknown_is_named(self) -> None:
        data = liquidity_dataset(verdict=None, fund=None, forecasts=[])

        assert data["available_assets"] is None
        assert {row["covered"] for row in data["due_days"]} == {None}
        assert data["missing"] == [
            "Risk was never measured.",
            "There is no reading of the fund.",
            "There is no forecast for 1 day.",
            "There is no forecast for 7 days.",
            "There is no forecast for 30 days.",
        ]

    def test_what_is_old_is_named(self) -> None:
        later = liquidity_inputs().read_at + timedelta(hours=3)

        sentences = liquidity_dataset(read_at=later)["missing"]

        assert any("Risk was measured last" in sentence for sentence in sentences)
        assert any("fund was read last" in sentence for sentence in sentences)
        assert any("forecast for 7 days is of" in sentence for sentence in sentences)

    def test_an_unknown_indicator_is_named(self) -> None:
        assert liquidity_dataset()["missing"] == [
            "Redemptions of a day is unknown: No node answers."
        ]


class TestIncident:
    def test_costs_and_what_was_raised_are_sums(self) -> None:
        data = incident_dataset()

        assert data["incident"]["raised_assets"] == str(1_195_000 * UNIT + 1)
        assert data["costs"] == {
            "slippage_assets": str(5_000 * UNIT - 1),
            "expected_gas_assets": str(UNIT // 2),
            "gas_used": 51_234 + 81_000,
            "transactions": 2,
            "transactions_failed": 1,
        }

    def test_without_a_trade_slippage_is_unknown_not_zero(self) -> None:
        data = incident_dataset(plans=[])

        assert data["costs"]["slippage_assets"] is None
        assert data["incident"]["raised_assets"] is None

    def test_indicators_have_their_first_worst_and_last_value(self) -> None:
        [falls, *_, lag] = incident_dataset()["history"]

        values = [Decimal(point["value"]) for point in falls["points"] if point["value"]]
        assert Decimal(falls["worst_value"]) == min(values)
        assert falls["first_value"] == falls["points"][0]["value"]
        assert falls["last_value"] == falls["points"][-1]["value"]
        assert falls["unknown_runs"] == 2
        seconds = [Decimal(point["value"]) for point in lag["points"] if point["value"]]
        assert Decimal(lag["worst_value"]) == max(seconds)

    def test_one_that_is_not_over_says_so(self) -> None:
        data = incident_dataset(closed_at=None, closed_by="", phase="PEOPLE")

        assert data["incident"]["closed_at"] is None
        assert "not over" in data["missing"][0]

    def test_its_level_is_that_of_its_time_alone(self) -> None:
        data = incident_dataset()

        assert data["risk"]["opening_level"] == "CRITICAL"
        assert sum(data["risk"]["seconds_at"].values()) == (ENDED - BEGAN).total_seconds()

    def test_nothing_happened_at_all(self) -> None:
        empty = {
            name: []
            for name in (
                "figures", "entries", "checklist", "actions", "tickets", "transactions", "plans",
                "contacts", "levels", "history", "events", "messages", "alerts", "switches",
            )
        }  # fmt: skip
        data = incident_dataset(**empty, gap_assets=None)

        assert data["risk"]["worst_level"] is None
        assert "No measurement of risk" in data["missing"][0]


@pytest.mark.parametrize("made", [liquidity_dataset, incident_dataset])
def test_is_plain_json_without_floats(made: Any) -> None:
    data = made()

    assert json.loads(json.dumps(data)) == data
    assert not [value for value in _leaves(data) if isinstance(value, float)]
    assert made() == data
    assert incident_inputs() == incident_inputs()


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in _leaves(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in _leaves(item)]
    return [value]
