"""Balances against events: silent while events explain them, a finding when they do not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.chain.contracts.fund_state import FundState, LiquidityBreakdown
from apps.chain.events import (
    AssetAdded,
    AssetPurchased,
    AssetRedeemed,
    ManagementFeeCollected,
    SubscriptionProcessed,
)
from apps.chain.models import Cursor
from apps.chain.queries import Difference
from apps.chain.terms import Tier
from apps.fund import operations, queries
from apps.fund.queries.balances import Balances, unexplained
from apps.fund.queries.movements import Moved, fees_paid
from tests.fund.facts import ALICE, CHAIN_ID, CONTROLLER, START, TOKEN, USDT, Logs
from tests.fund.states import asset, block, state

DAY = timedelta(days=1)
TOKENS = 10**6


def final_at(number: int, at: datetime) -> None:
    """Let the final head stand there, with everything before it applied."""
    Cursor.objects.update_or_create(
        chain_id=CHAIN_ID,
        defaults={
            "next_block": number + 16,
            "tip_hash": "0x" + "77" * 32,
            "head_number": number + 15,
            "final_number": number,
            "final_hash": f"0x{number:064x}",
            "final_at": at,
        },
    )


def said(number: int, at: datetime, *, cash: int, tokens: int) -> FundState:
    """The vault's cash (USDT) and tokens at a block."""
    found = state(
        number,
        at,
        breakdown=LiquidityBreakdown(cash * USDT, 0, 0, 0),
        assets=(asset(balance=tokens * TOKENS),),
    )
    return replace(found, block=block(number, at))


@pytest.mark.django_db
@pytest.mark.usefixtures("chain_file")
class TestAgainstEvents:
    @pytest.fixture(autouse=True)
    def _lived(self, logs: Logs, project: Callable[..., None]) -> None:
        """1,000 USDT came in, 300 bought 250 tokens, 100 came back for 50, and 7 of fees."""
        project(
            logs.fact(
                AssetAdded,
                CONTROLLER,
                token=TOKEN,
                tier=Tier.L2,
                allocation_bps=10_000,
                name="MMF",
                symbol="MMF",
                decimals=6,
            ),
            logs.fact(
                SubscriptionProcessed, sender=ALICE, receiver=ALICE, assets=1_000 * USDT, shares=1
            ),
            logs.fact(
                AssetPurchased,
                CONTROLLER,
                token=TOKEN,
                tier=Tier.L2,
                assets_spent=300 * USDT,
                tokens_received=250 * TOKENS,
            ),
            logs.fact(
                AssetRedeemed,
                CONTROLLER,
                token=TOKEN,
                tier=Tier.L2,
                tokens_spent=50 * TOKENS,
                assets_received=100 * USDT,
            ),
            logs.fact(
                ManagementFeeCollected,
                CONTROLLER,
                fee_assets=7 * USDT,
                total_assets=800 * USDT,
                period_seconds=DAY.days,
            ),
        )
        final_at(200, START + DAY / 2)

    def found(self, *, cash: int, tokens: int) -> dict[str, str]:
        rows = queries.fund_rows(chain_id=CHAIN_ID)
        differences = unexplained(
            rows.balances, said(200, START + DAY / 2, cash=cash, tokens=tokens)
        )
        return {difference.subject: difference.detail for difference in differences}

    @pytest.mark.parametrize("cash", [793, 797, 800])
    def test_fees_paid_or_not_are_no_difference(self, cash: int) -> None:
        assert self.found(cash=cash, tokens=200) == {}

    def test_a_donation_is_said(self) -> None:
        assert self.found(cash=850, tokens=200) == {
            "cash of the vault": "50.000000000000000000 USDT came in since the beginning that no "
            "event of the fund tells of."
        }

    def test_an_emergency_withdrawal_is_said(self) -> None:
        found = self.found(cash=700, tokens=199)

        assert "93.000000000000000000 USDT left" in found["cash of the vault"]
        assert "1.000000 MMF left" in found[f"balance of {TOKEN}"]

    def test_is_said_for_a_day_and_then_counted_from(self) -> None:
        later = START + 2 * DAY
        operations.take_snapshot(
            kind="HOURLY",
            chain_id=CHAIN_ID,
            slot=START + DAY / 2,
            state=said(200, START + DAY / 2, cash=850, tokens=210),
            at=START + DAY / 2,
        )
        final_at(300, later)
        rows = queries.fund_rows(chain_id=CHAIN_ID)

        assert list(unexplained(rows.balances, said(300, later, cash=850, tokens=210))) == []
        assert list(unexplained(rows.balances, said(300, later, cash=851, tokens=210))) != []

    def test_another_block_is_not_compared(self) -> None:
        rows = queries.fund_rows(chain_id=CHAIN_ID)

        assert list(unexplained(rows.balances, said(201, START + DAY, cash=1, tokens=1))) == []

    @pytest.mark.parametrize(
        ("cash", "paid"), [(800, 0), (797, 3 * USDT), (793, 7 * USDT), (792, None), (801, None)]
    )
    def test_paid_fees_are_what_left_and_nothing_else_explains(
        self, cash: int, paid: int | None
    ) -> None:
        found = fees_paid(
            chain_id=CHAIN_ID, block_number=200, cash_assets=cash * USDT, unpaid_assets=None
        )

        assert found == paid

    @pytest.mark.parametrize(
        ("unpaid", "paid"), [(0, 7 * USDT), (3 * USDT, 4 * USDT), (7 * USDT, 0), (8 * USDT, None)]
    )
    def test_the_contract_knows_what_it_has_not_paid_better_than_cash(
        self, unpaid: int, paid: int | None
    ) -> None:
        found = fees_paid(
            chain_id=CHAIN_ID, block_number=200, cash_assets=797 * USDT, unpaid_assets=unpaid
        )

        assert found == paid

    def test_without_cash_or_the_contracts_word_nobody_can_say(self) -> None:
        found = fees_paid(chain_id=CHAIN_ID, block_number=200, cash_assets=None, unpaid_assets=None)

        assert found is None

    @pytest.mark.parametrize(("cash", "differs"), [(796, True), (797, False), (798, True)])
    def test_cash_is_explained_to_the_unit_where_the_contract_tells_what_it_owes(
        self, cash: int, differs: bool
    ) -> None:
        """Seven were taken and four are owed, so three have left."""
        rows = queries.fund_rows(chain_id=CHAIN_ID)
        now = said(200, START + DAY / 2, cash=cash, tokens=200)

        found = list(unexplained(rows.balances, replace(now, unpaid_fees=4 * USDT)))

        assert bool(found) == differs

    def test_a_day_later_what_was_owed_is_told_by_the_snapshot(self) -> None:
        later = START + 2 * DAY
        then = said(200, START + DAY / 2, cash=797, tokens=200)
        operations.take_snapshot(
            kind="HOURLY",
            chain_id=CHAIN_ID,
            slot=START + DAY / 2,
            state=replace(then, unpaid_fees=4 * USDT),
            at=START + DAY / 2,
        )
        final_at(300, later)
        rows = queries.fund_rows(chain_id=CHAIN_ID).balances

        def differs(cash: int, unpaid: int | None) -> bool:
            now = said(300, later, cash=cash, tokens=200)
            return bool(list(unexplained(rows, replace(now, unpaid_fees=unpaid))))

        assert (rows.unpaid_assets, rows.unpaid_is_told) == (4 * USDT, True)
        assert [differs(cash, 1 * USDT) for cash in (793, 794, 795)] == [True, False, True]
        assert [differs(cash, None) for cash in (792, 793, 797, 798)] == [True, False, False, True]

    def test_what_was_owed_a_day_ago_may_not_have_been_told(self) -> None:
        later = START + 2 * DAY
        operations.take_snapshot(
            kind="HOURLY",
            chain_id=CHAIN_ID,
            slot=START + DAY / 2,
            state=said(200, START + DAY / 2, cash=797, tokens=200),
            at=START + DAY / 2,
        )
        final_at(300, later)
        rows = queries.fund_rows(chain_id=CHAIN_ID).balances

        def differs(cash: int) -> bool:
            now = said(300, later, cash=cash, tokens=200)
            return bool(list(unexplained(rows, replace(now, unpaid_fees=1 * USDT))))

        assert (rows.unpaid_assets, rows.unpaid_is_told) == (4 * USDT, False)
        assert [differs(cash) for cash in (793, 794, 797, 798)] == [True, False, False, True]

    def test_the_ledger_says_by_whom_a_figure_is_known(self) -> None:
        for number, unpaid in enumerate((None, 6 * USDT, 8 * USDT)):
            found = said(200 + number, START + DAY / 2, cash=797, tokens=200)
            operations.take_snapshot(
                kind="LIVE",
                chain_id=CHAIN_ID,
                slot=START + DAY / 2,
                state=replace(found, unpaid_fees=unpaid),
                at=START + DAY / 2,
            )
            management, _, redemption = queries.fees()
            assert redemption.withdrawn_by == "EVENTS"
            assert (management.withdrawn_by, management.withdrawn_assets) == [
                ("CASH", 3 * USDT),
                ("CONTRACT", 1 * USDT),
                (None, None),
            ][number]

    def test_the_ledger_calls_no_more_withdrawn_than_left(self) -> None:
        operations.take_snapshot(
            kind="LIVE",
            chain_id=CHAIN_ID,
            slot=START + DAY / 2,
            state=said(200, START + DAY / 2, cash=797, tokens=200),
            at=START + DAY / 2,
        )

        management = queries.fees()[0]

        assert management.accrued_assets == 7 * USDT
        assert management.withdrawn_assets == 3 * USDT
        assert queries.fees(start=START + DAY)[0].withdrawn_assets == 0


class TestArithmetic:
    @given(
        before=st.integers(0, 10**24),
        flow=st.integers(-(10**24), 10**24),
        accrued=st.integers(0, 10**22),
        unpaid=st.integers(0, 10**22),
        cash=st.integers(0, 10**25),
    )
    def test_cash_is_explained_exactly_within_the_fees_owed(
        self, before: int, flow: int, accrued: int, unpaid: int, cash: int
    ) -> None:
        rows = Balances(
            since=START,
            cash_assets=before,
            tokens={},
            unpaid_assets=unpaid,
            unpaid_is_told=False,
            block_number=100,
            moved=Moved(cash_assets=flow, accrued_assets=accrued, tokens={}),
        )
        now = state(assets=(), breakdown=LiquidityBreakdown(cash, 0, 0, 0))

        found: list[Difference] = list(unexplained(rows, now))

        assert (found == []) == (0 <= before + flow - cash <= accrued + unpaid)

    @pytest.mark.parametrize(
        "silent", [{"breakdown": None}, {"assets": (asset(balance=None),)}, {"assets": ()}]
    )
    def test_what_a_contract_does_not_say_is_no_difference(self, silent: dict[str, Any]) -> None:
        rows = Balances(
            since=START,
            cash_assets=60_000 * USDT,
            tokens={TOKEN: 250_000 * TOKENS},
            unpaid_assets=0,
            unpaid_is_told=False,
            block_number=100,
            moved=Moved(cash_assets=0, accrued_assets=0, tokens={}),
        )

        assert list(unexplained(rows, state(**silent))) == []

    def test_what_was_not_listed_a_day_ago_is_not_judged(self) -> None:
        rows = Balances(
            since=START,
            cash_assets=60_000 * USDT,
            tokens={},
            unpaid_assets=0,
            unpaid_is_told=False,
            block_number=100,
            moved=Moved(cash_assets=0, accrued_assets=0, tokens={}),
        )

        assert list(unexplained(rows, state())) == []
