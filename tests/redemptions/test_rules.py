"""Pure rules, by example and by property."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.redemptions.rules import (
    PAYABLE,
    TRANSITIONS,
    Liquidity,
    Status,
    assess,
    explain,
    retry_at,
    short_amount,
    ticket_kind,
    why_not_payable,
)

USDT = 10**18
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
EMERGENCY = [
    {"figure": "amount", "operator": ">", "value": str(30_000 * USDT)},
    {"figure": "share_of_l1_bps", "operator": ">", "value": "1000"},
]
STANDARD = [
    {"figure": "amount", "operator": ">=", "value": str(100_000 * USDT)},
    {"figure": "share_of_l1_l2_bps", "operator": ">=", "value": "500"},
]
amounts = st.integers(0, 2**256 - 1)
maybe_amounts = st.none() | amounts


def liquidity(**changes: Any) -> Liquidity:
    values = {
        "l1_assets": 273_684 * USDT,
        "l2_assets": 326_316 * USDT,
        "total_assets": 2_000_000 * USDT,
        "liability_assets": 31_200 * USDT,
        "emergency_mode": False,
        "as_of": NOON,
    }
    return Liquidity(**values | changes)


class TestExplain:
    def test_says_threshold_against_actual(self) -> None:
        rows = explain(
            EMERGENCY, gross_assets=31_200 * USDT, channel="EMERGENCY", liquidity=liquidity()
        )

        assert [(row["text"], row["met"]) for row in rows[1:]] == [
            ("31,200 USDT > 30,000 for the emergency channel", True),
            ("11.40 % of L1 > 10 %", True),
        ]

    def test_says_what_is_not_met(self) -> None:
        rows = explain(
            STANDARD, gross_assets=31_200 * USDT, channel="STANDARD", liquidity=liquidity()
        )

        assert [(row["text"], row["met"]) for row in rows[1:]] == [
            ("31,200 USDT < 100,000 for the standard channel", False),
            ("5.20 % of L1 + L2 ≥ 5 %", True),
        ]

    def test_says_unknown_without_a_reading(self) -> None:
        rows = explain(EMERGENCY, gross_assets=1, channel="EMERGENCY", liquidity=Liquidity())

        assert rows[2]["met"] is None
        assert "unknown" in rows[2]["text"]

    def test_compares_exactly_at_the_threshold(self) -> None:
        exactly = explain(
            EMERGENCY,
            gross_assets=30_000 * USDT,
            channel="EMERGENCY",
            liquidity=liquidity(l1_assets=300_000 * USDT),
        )
        above = explain(
            EMERGENCY,
            gross_assets=30_000 * USDT + 1,
            channel="EMERGENCY",
            liquidity=liquidity(l1_assets=300_000 * USDT),
        )

        assert [row["met"] for row in exactly[1:]] == [False, False]
        assert [row["met"] for row in above[1:]] == [True, True]

    @given(amounts, maybe_amounts, maybe_amounts)
    def test_answers_for_any_figures(self, gross: int, l1: int | None, l2: int | None) -> None:
        rows = explain(
            EMERGENCY + STANDARD,
            gross_assets=gross,
            channel="STANDARD",
            liquidity=Liquidity(l1_assets=l1, l2_assets=l2),
        )

        assert len(rows) == 5
        assert rows[1]["met"] == (gross > 30_000 * USDT)
        assert (rows[2]["met"] is None) == (l1 is None)
        if l1 is not None:
            assert rows[2]["met"] == (gross * 10 > l1)


class TestAssess:
    def arguments(self, **changes: Any) -> dict[str, Any]:
        values = {
            "gross_assets": 31_200 * USDT,
            "channel": "EMERGENCY",
            "requested_24h_assets": 31_200 * USDT,
            "decide_within": timedelta(hours=4),
            "liquidity": liquidity(),
        }
        return values | changes

    def test_names_its_factors(self) -> None:
        result = assess(**self.arguments())

        assert result == {
            "level": "LOW",
            "score": 20,
            "factors": [
                "5.20 % of L1 + L2",
                "After payout 568,800 USDT of L1 + L2 is left and nothing else is owed",
                "1.56 % of assets requested in 24 h",
                "Emergency channel; emergency mode is off",
                "To be decided within 4 h",
            ],
            "asOf": NOON.isoformat(),
        }

    def test_a_payout_that_nothing_covers_is_critical(self) -> None:
        result = assess(
            **self.arguments(
                gross_assets=700_000 * USDT,
                requested_24h_assets=700_000 * USDT,
                liquidity=liquidity(liability_assets=900_000 * USDT, emergency_mode=True),
            )
        )

        assert (result["level"], result["score"]) == ("CRITICAL", 100)
        assert "100,000 USDT short" in result["factors"][1]

    def test_what_is_unknown_is_never_low(self) -> None:
        result = assess(**self.arguments(liquidity=Liquidity(), decide_within=timedelta(days=1)))

        assert result["level"] != "LOW"
        assert sum("unknown" in factor for factor in result["factors"]) == 4

    @given(amounts, amounts, maybe_amounts, maybe_amounts, maybe_amounts, maybe_amounts)
    def test_gives_a_score_for_any_figures(
        self,
        gross: int,
        requested: int,
        l1: int | None,
        l2: int | None,
        total: int | None,
        liability: int | None,
    ) -> None:
        result = assess(
            **self.arguments(
                gross_assets=gross,
                requested_24h_assets=requested,
                liquidity=Liquidity(
                    l1_assets=l1, l2_assets=l2, total_assets=total, liability_assets=liability
                ),
            )
        )

        assert 0 <= result["score"] <= 100
        assert result["level"] in {"LOW", "MEDIUM", "HIGH", "CRITICAL"}
        assert len(result["factors"]) == 5

    @given(st.integers(1, 10**9), st.integers(1, 10**9))
    def test_a_larger_request_is_never_less_risky(self, one: int, more: int) -> None:
        fixed = liquidity(liability_assets=0)
        small = assess(**self.arguments(gross_assets=one * USDT, liquidity=fixed))
        large = assess(**self.arguments(gross_assets=(one + more) * USDT, liquidity=fixed))

        assert large["score"] >= small["score"]


class TestWhyNotPayable:
    @pytest.mark.parametrize("status", [item for item in Status if item not in PAYABLE])
    def test_refuses_by_state(self, status: Status) -> None:
        assert why_not_payable(status, NOON, NOON)

    @pytest.mark.parametrize("status", PAYABLE)
    def test_is_due_at_the_second_and_not_before(self, status: Status) -> None:
        assert why_not_payable(status, NOON, NOON) == ""
        assert "Not due" in why_not_payable(status, NOON, NOON - timedelta(seconds=1))

    def test_refuses_what_nobody_knows(self) -> None:
        assert why_not_payable(Status.PENDING, None, NOON)
        assert why_not_payable(Status.PENDING, NOON, None)


class TestRetryAt:
    @given(st.integers(1, 10_000))
    def test_waits_longer_but_never_over_an_hour(self, attempts: int) -> None:
        wait = retry_at(attempts, NOON) - NOON

        assert timedelta(minutes=1) <= wait <= timedelta(hours=1)
        assert retry_at(attempts + 1, NOON) - NOON >= wait


class TestTransitions:
    def test_every_state_is_in_the_table(self) -> None:
        assert set(TRANSITIONS) == set(Status)

    def test_only_a_waiting_request_can_be_decided_or_cancelled(self) -> None:
        for end in (Status.APPROVED, Status.REJECTED, Status.CANCELLED):
            starts = {state for state, onward in TRANSITIONS.items() if end in onward}
            assert starts == {Status.PENDING_APPROVAL}


class TestTicketKind:
    def test_scheduled_uses_the_standard_rule(self) -> None:
        assert ticket_kind("SCHEDULED") == ticket_kind("STANDARD") == "STANDARD_REDEMPTION"
        assert ticket_kind("EMERGENCY") == "EMERGENCY_REDEMPTION"


class TestShortAmount:
    def test_leaves_needless_decimals_out(self) -> None:
        assert short_amount(31_200 * USDT) == "31,200"
        assert short_amount(31_200 * USDT + USDT // 2) == "31,200.50"
