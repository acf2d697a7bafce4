"""Contracts of the second generation: their events, their vouchers, their liabilities by day."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_utils.crypto import keccak

from devnet.__main__ import main
from devnet.accounts import INVESTORS, OPERATOR
from devnet.deploy import CHAIN_FILE, PASSWORD_ENV, deploy
from devnet.every_event_v2 import approve_late, ask, emit_every_v2_event
from devnet.fund import CANCELLED, SETTLED, usdt
from devnet.node import Anvil
from devnet.scenario import DAY_SECONDS, Scenario
from tests.devnet.conftest import PASSWORD, Refusal

OWNER, BUYER = INVESTORS[1], INVESTORS[2]
LARGE = usdt(60_000)
EVENTS = {
    "vault": (
        "Deposit(address,address,uint256,uint256)",
        "EmergencyQuotaRefreshed(uint256)",
        "EmergencyQuotaRestored(uint256)",
        "LockedMintAssetsReset(uint256)",
        "StandardQuotaRatioUpdated(uint256,uint256)",
        "PendingApprovalSharesAdded(address,uint256)",
        "PendingApprovalSharesRemoved(address,uint256)",
        "PendingApprovalSharesConverted(address,uint256)",
        "RedemptionManagerUpdated(address,address)",
    ),
    "redemption_manager": (
        "VoucherMinted(uint256,uint256,address)",
        "DailyLiabilityAdded(uint256,uint256)",
        "LiabilityRemoved(uint256,uint256,bool)",
        "SettlementWaterfallTriggered(uint256,uint256,uint256)",
        "SettlementLiquidityInsufficient(uint256,uint256,uint256)",
        "BaseRedemptionFeeUpdated(uint256,uint256)",
        "EmergencyPenaltyFeeUpdated(uint256,uint256)",
        "VoucherThresholdUpdated(uint256,uint256)",
        "StandardApprovalAmountUpdated(uint256,uint256)",
        "StandardApprovalQuotaRatioUpdated(uint256,uint256)",
        "EmergencyApprovalAmountUpdated(uint256,uint256)",
        "EmergencyApprovalQuotaRatioUpdated(uint256,uint256)",
    ),
    "voucher": ("Transfer(address,address,uint256)",),
}
INDEXED = {
    "Deposit": 2,
    "PendingApprovalSharesAdded": 1,
    "PendingApprovalSharesRemoved": 1,
    "PendingApprovalSharesConverted": 1,
    "RedemptionManagerUpdated": 2,
    "VoucherMinted": 3,
    "DailyLiabilityAdded": 1,
    "LiabilityRemoved": 1,
    "SettlementWaterfallTriggered": 1,
    "SettlementLiquidityInsufficient": 1,
    "Transfer": 3,
}


@pytest.fixture(scope="module")
def chain_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A fund of the second generation, nobody in it."""
    folder = tmp_path_factory.mktemp("second-generation")
    with Anvil.start(genesis_days_ago=120) as node:
        deploy(node.url, folder, password=PASSWORD, generation="v2")
        yield folder / CHAIN_FILE


@pytest.fixture
def fund(chain_file: Path) -> Iterator[Scenario]:
    """The fund with eleven millions in it; put back afterwards."""
    scenario = Scenario.connect(chain_file)
    before = scenario.snapshot()
    scenario.subscribe(INVESTORS[0], usdt(10_000_000))
    scenario.subscribe(OWNER, usdt(1_000_000))
    scenario.restore_liquidity()
    yield scenario
    scenario.revert(before)


def test_every_event_happens_with_its_topic(fund: Scenario) -> None:
    emit_every_v2_event(fund)

    for kind, signatures in EVENTS.items():
        found = _topics(fund, fund.entry.address(kind))
        for signature in signatures:
            topic = "0x" + keccak(text=signature).hex()
            indexed = INDEXED.get(signature.partition("(")[0], 0)
            assert found.get(topic) == {1 + indexed}, signature


def test_a_subscription_is_told_once(fund: Scenario) -> None:
    told = [event.name for event in fund.subscribe(INVESTORS[3], usdt(1_000)).events]

    assert told.count("Deposit") == 1
    assert "DepositProcessed" not in told


def test_the_command_line_deploys_it(
    fund: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD_ENV, PASSWORD)
    url = fund.entry.rpc_urls[0]

    assert main(["--folder", str(tmp_path), "deploy", "--url", url, "--generation", "v2"]) == 0

    deployed = Scenario.connect(tmp_path / CHAIN_FILE)
    assert {contract.generation for contract in deployed.entry.contracts} == {"v2"}
    assert deployed.voucher.read("count") == 0


class TestWaitingForApproval:
    def test_the_vault_holds_the_shares_and_owes_nothing(self, fund: Scenario) -> None:
        before = fund.shares_of(OWNER)
        asked = ask(fund, LARGE)

        assert asked.requires_approval
        shares = fund.request(asked.id)["shares"]
        assert fund.vault.read("pendingApprovalShares", OWNER.address) == shares
        assert fund.shares_of(OWNER) == before - shares
        assert fund.state().liability == 0

    def test_a_rejection_gives_them_back(self, fund: Scenario) -> None:
        before = fund.shares_of(OWNER)
        asked = ask(fund, LARGE)

        fund.reject(asked.id, "No")

        assert fund.shares_of(OWNER) == before
        assert fund.vault.read("pendingApprovalShares", OWNER.address) == 0
        assert fund.request(asked.id)["status"] == CANCELLED

    def test_nobody_can_take_it_back(self, fund: Scenario, refused: Refusal) -> None:
        asked = ask(fund, LARGE)

        with refused("CancellationDisabled"):
            fund.cancel(OWNER, asked.id)


class TestVoucher:
    def test_a_late_date_mints_one_and_falls_due_on_its_day(self, fund: Scenario) -> None:
        asked = ask(fund, LARGE)

        approve_late(fund, asked, days=8)

        assert fund.voucher.read("ownerOf", 1) == OWNER.address
        day = fund.request(asked.id)["settlementTime"] // DAY_SECONDS
        assert fund.manager.read("getDailyLiability", day) == asked.gross
        assert fund.state().liability == asked.gross

    def test_the_usual_date_mints_none(self, fund: Scenario) -> None:
        asked = ask(fund, LARGE)

        approved = fund.approve(asked.id)

        assert not approved.events_named("VoucherMinted")

    def test_an_earlier_date_than_usual_is_refused(self, fund: Scenario, refused: Refusal) -> None:
        asked = ask(fund, LARGE)

        with refused("InvalidSettlementTime"):
            approve_late(fund, asked, days=6)

    def test_its_owner_settles_and_is_paid(self, fund: Scenario, refused: Refusal) -> None:
        asked = ask(fund, LARGE)
        approve_late(fund, asked, days=8)
        fund.voucher.send(OWNER, "transferFrom", OWNER.address, BUYER.address, 1)
        fund.advance_time(8 * DAY_SECONDS)

        with refused("NotVoucherOwner", OPERATOR.address.lower(), BUYER.address.lower()):
            fund.settle(asked.id)
        paid = fund.settle(asked.id, by=BUYER)

        settled = paid.event("RedemptionSettled").args
        assert settled["receiver"] == BUYER.address
        assert fund.usdt.read("balanceOf", BUYER.address) == settled["netAmount"]
        assert fund.request(asked.id)["status"] == SETTLED
        assert fund.state().liability == 0
        with refused("ERC721NonexistentToken", 1):
            fund.voucher.read("ownerOf", 1)


class TestQuota:
    def test_an_emergency_request_uses_it_up_and_a_rejection_restores_it(
        self, fund: Scenario
    ) -> None:
        fund.set_emergency_mode(True)
        before = fund.vault.read("emergencyQuota")
        asked = ask(fund, LARGE, channel=1)
        assert fund.vault.read("emergencyQuota") == before - asked.gross

        fund.reject(asked.id, "No")

        assert fund.vault.read("emergencyQuota") == before

    def test_more_than_is_left_is_refused(self, fund: Scenario, refused: Refusal) -> None:
        fund.set_emergency_mode(True)

        with refused("EmergencyQuotaExceeded"):
            ask(fund, usdt(600_000), channel=1)


def _topics(fund: Scenario, address: str) -> dict[str, set[int]]:
    """How many topics came with each first topic, from that contract."""
    found: dict[str, set[int]] = {}
    for log in fund.chain.rpc.call("eth_getLogs", {"fromBlock": "0x0", "address": address}):
        found.setdefault(log["topics"][0], set()).add(len(log["topics"]))
    return found
