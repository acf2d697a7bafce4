"""Our rows against what the contracts say: each difference is named, and what is no difference is
not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from apps.chain.contracts.fund_state import FundState, RedemptionFees
from apps.chain.events import (
    AssetAdded,
    AssetRemoved,
    ContractPaused,
    ContractUnpaused,
    ManagementFeeCollected,
    SharesTransferred,
)
from apps.chain.terms import Tier
from apps.fund import operations, queries
from apps.fund.models import Snapshot
from tests.fund.facts import (
    ALICE,
    CHAIN_ID,
    CONTROLLER,
    MANAGER,
    START,
    TOKEN,
    USDT,
    VAULT,
    ZERO,
    Logs,
)
from tests.fund.states import asset, state

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("chain_file")]

SUPPLY = 1_000_000 * USDT


@pytest.fixture(autouse=True)
def _agreeing(logs: Logs, project: Callable[..., None]) -> None:
    project(
        logs.fact(SharesTransferred, sender=ZERO, recipient=ALICE, shares=SUPPLY),
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
    )


def said(**values: Any) -> FundState:
    """What the contracts say when nothing differs."""
    quiet = {
        "total_locked_shares": 0,
        "redemption_fees": RedemptionFees(0, 0, 0),
        "pending_fees": None,
        "tiers": (),
    }
    return state(**{**quiet, **values})


def subjects(found: FundState) -> set[str]:
    rows = queries.fund_rows(chain_id=CHAIN_ID)
    return {difference.subject for difference in queries.state_differences(rows, found)}


class TestRegister:
    def test_agrees(self) -> None:
        assert subjects(said()) == set()

    def test_an_asset_closed_for_purchases_is_still_listed(self) -> None:
        assert subjects(said(assets=(asset(active=False),))) == set()

    def test_an_asset_that_is_gone_differs(self) -> None:
        assert subjects(said(assets=())) == {f"asset {TOKEN}"}

    def test_a_closed_assets_target_is_compared_too(self) -> None:
        assert subjects(said(assets=(asset(active=False, target_bps=9_999),))) == {f"asset {TOKEN}"}

    def test_a_register_may_keep_what_was_removed_as_closed(
        self, logs: Logs, project: Callable[..., None]
    ) -> None:
        project(logs.fact(AssetRemoved, CONTROLLER, token=TOKEN))

        assert subjects(said(assets=(asset(active=False),))) == set()
        assert subjects(said()) == {f"asset {TOKEN}"}


class TestVault:
    def test_another_vaults_shares_do_not_count(
        self, logs: Logs, project: Callable[..., None]
    ) -> None:
        fact = logs.fact(SharesTransferred, sender=ZERO, recipient=ALICE, shares=5)
        other = replace(fact.source, address="0x" + "ab" * 20)
        project(replace(fact, source=other))

        assert subjects(said()) == set()

    @pytest.mark.parametrize(
        ("contract", "field", "name"),
        [
            (VAULT, "paused", "vault"),
            (MANAGER, "manager_paused", "redemption manager"),
            (CONTROLLER, "controller_paused", "asset controller"),
        ],
    )
    def test_each_contracts_pause_is_its_own(
        self,
        logs: Logs,
        project: Callable[..., None],
        contract: str,
        field: str,
        name: str,
    ) -> None:
        assert subjects(said(**{field: True})) == {f"{name}: paused"}

        project(logs.fact(ContractPaused, contract, account=ALICE))

        assert subjects(said()) == {f"{name}: paused"}
        assert subjects(said(**{field: True})) == set()
        assert subjects(said(**{field: None})) == set()

    def test_the_latest_position_counts(self, logs: Logs, project: Callable[..., None]) -> None:
        project(
            logs.fact(ContractPaused, MANAGER, account=ALICE),
            logs.fact(ContractUnpaused, MANAGER, account=ALICE),
        )

        assert subjects(said()) == set()

    def test_emergency_mode_that_no_event_told_of_differs(self) -> None:
        assert subjects(said(emergency_mode=True)) == {"vault: emergency mode"}

    def test_a_contract_that_is_no_longer_ours_does_not_count(
        self, logs: Logs, project: Callable[..., None]
    ) -> None:
        fact = logs.fact(ContractPaused, VAULT, account=ALICE)
        project(replace(fact, source=replace(fact.source, address="0x" + "ab" * 20)))

        assert subjects(said()) == set()


class TestFees:
    def test_what_is_left_of_them_is_compared(self) -> None:
        assert subjects(said(redemption_fees=RedemptionFees(0, 5, 0))) == {
            "redemption fees withdrawable"
        }

    def test_the_last_collection_is_the_newest_we_know(
        self, logs: Logs, project: Callable[..., None]
    ) -> None:
        fact = logs.fact(
            ManagementFeeCollected, CONTROLLER, fee_assets=1, total_assets=2, period_seconds=3
        )
        project(fact)
        at = fact.source.block_time
        pending = state().pending_fees
        assert pending is not None

        assert subjects(said(pending_fees=replace(pending, last_collection_at=at))) == set()
        later = at + timedelta(seconds=1)
        assert subjects(said(pending_fees=replace(pending, last_collection_at=later))) == {
            "fees collected"
        }


class TestSnapshot:
    def test_a_block_read_again_says_what_it_said(self) -> None:
        found = said()
        operations.take_snapshot(kind="LIVE", chain_id=CHAIN_ID, slot=START, state=found, at=START)
        assert subjects(found) == set()

        Snapshot.objects.update(nav_per_share=1)

        assert subjects(found) == {"snapshot: nav per share"}

    def test_another_block_may_differ(self) -> None:
        operations.take_snapshot(kind="LIVE", chain_id=CHAIN_ID, slot=START, state=said(), at=START)

        assert subjects(said(number=101, share_price=1)) == set()
