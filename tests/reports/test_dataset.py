"""The dataset: totals are the sums of their items, unknown is null, gaps are named."""

import json
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reports.samples import DAY, dataset, empty_dataset, fund_point, inputs


def total(items: list[dict[str, Any]], name: str) -> str:
    return str(sum(int(item[name]) for item in items))


class TestSums:
    @given(seed=st.integers(0, 10**6), rows=st.integers(0, 12))
    @settings(max_examples=40, deadline=None)
    def test_every_total_is_the_sum_of_its_items_and_of_its_parts(
        self, seed: int, rows: int
    ) -> None:
        data = dataset(seed, rows)

        came, asked = data["subscriptions"], data["redemptions"]["requested"]
        paid, fees = data["redemptions"]["settled"], data["fees"]
        for name in ("assets", "shares"):
            assert came[name] == total(came["items"], name)
        for name in ("shares", "gross_assets", "estimated_fee_assets"):
            for part in ("items", "by_channel", "by_status"):
                assert asked[name] == total(asked[part], name)
        for name in ("gross_assets", "fee_assets", "net_assets"):
            for part in ("items", "by_channel"):
                assert paid[name] == total(paid[part], name)
        assert int(paid["gross_assets"]) == int(paid["fee_assets"]) + int(paid["net_assets"])
        assert fees["accrued_assets"] == total(fees["by_kind"], "accrued_assets")
        assert int(data["flows"]["net_flow_assets"]) == int(came["assets"]) - int(
            paid["net_assets"]
        )
        tiers = data["tiers"]
        assert data["fund"]["aum_assets"]["closing"] == total(tiers, "closing_assets")
        assert data["fund"]["aum_assets"]["opening"] == total(tiers, "opening_assets")

    def test_is_plain_json_without_floats(self) -> None:
        data = dataset()

        assert json.loads(json.dumps(data)) == data
        assert not [value for value in _leaves(data) if isinstance(value, float)]


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in _leaves(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in _leaves(item)]
    return [value]


class TestChange:
    def test_a_fall_is_rounded_towards_zero(self) -> None:
        data = dataset(
            opening=fund_point(DAY.start, 30_000, 3 * 10**18),
            closing=fund_point(DAY.end, 29_998, 2 * 10**18),
        )

        assert data["fund"]["aum_assets"]["change"] == "-2"
        assert data["fund"]["aum_assets"]["change_bps"] == 0
        assert data["fund"]["nav_per_share"]["change_bps"] == -3333


class TestApprovals:
    def test_counts_what_was_decided_in_time(self) -> None:
        part = dataset()["approvals"]

        assert (part["opened"], part["decided"], part["within_sla"]) == (6, 4, 2)
        assert part["within_sla_bps"] == 5000
        assert sum(row["decided"] for row in part["by_kind"]) == part["decided"]

    def test_no_decision_is_no_share_rather_than_zero(self) -> None:
        part = dataset(tickets=[])["approvals"]

        assert part["within_sla_bps"] is None
        assert part["median_decide_seconds"] is None


class TestMissing:
    def test_nothing_is_missing_of_a_whole_day(self) -> None:
        assert dataset()["missing"] == []

    def test_everything_is_named_when_nothing_is_known(self) -> None:
        data = empty_dataset()

        assert len(data["missing"]) == 5
        assert data["fund"]["nav_per_share"] == {
            "opening": None,
            "closing": None,
            "change": None,
            "change_bps": None,
        }
        assert data["as_of"] == {"opening": None, "closing": None, "final": None}

    def test_a_chain_that_lags_is_named_with_its_block(self) -> None:
        late = DAY.end - timedelta(hours=2)
        [sentence] = dataset(final_block_time=late)["missing"]

        assert "68,200,000" in sentence
        assert "22:00 UTC" in sentence

    def test_an_old_reading_is_named(self) -> None:
        old = fund_point(DAY.end - timedelta(hours=3), 10**20, 10**18)

        [sentence] = dataset(closing=old)["missing"]
        assert "closing" in sentence


class TestFrozen:
    def test_the_same_inputs_make_the_same_data(self) -> None:
        assert json.dumps(dataset(5)) == json.dumps(dataset(5))
        assert inputs(5) == inputs(5)
