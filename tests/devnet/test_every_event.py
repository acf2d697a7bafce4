"""Every event of the contracts can happen, with its topic and from its contract."""

from eth_utils.crypto import keccak

from devnet.every_event import emit_every_v1_event
from devnet.scenario import Scenario

COMMON = (
    "RoleGranted(bytes32,address,address)",
    "RoleRevoked(bytes32,address,address)",
    "Paused(address)",
    "Unpaused(address)",
)
EVENTS = {
    "vault": (
        "Transfer(address,address,uint256)",
        "Deposit(address,address,uint256,uint256)",
        "DepositProcessed(address,address,uint256,uint256)",
        "SharesLocked(address,uint256)",
        "SharesUnlocked(address,uint256)",
        "SharesBurned(address,uint256)",
        "RedemptionFeeAdded(uint256)",
        "RedemptionFeeReduced(uint256)",
        "NavUpdated(uint256,uint256,uint256)",
        "EmergencyModeChanged(bool)",
        "AssetControllerUpdated(address,address)",
        *COMMON,
    ),
    "redemption_manager": (
        "RedemptionRequested(uint256,address,address,uint256,uint256,uint256,uint8,bool,uint256,uint256)",
        "RedemptionApproved(uint256,address,uint256)",
        "RedemptionRejected(uint256,address,string)",
        "RedemptionCancelled(uint256,address)",
        "RedemptionSettled(uint256,address,address,uint256,uint256,uint256,uint8)",
        "LowLiquidityAlert(uint256,uint256,uint256,uint256)",
        "CriticalLiquidityAlert(uint256,uint256,uint256)",
        "AssetSchedulerUpdated(address,address)",
        "AssetControllerUpdated(address,address)",
        *COMMON,
    ),
    "asset_controller": (
        "AssetAdded(address,uint8,uint256)",
        "AssetRemoved(address)",
        "AssetAllocationUpdated(address,uint256,uint256)",
        "AssetPurchased(address,uint8,uint256,uint256)",
        "AssetRedeemed(address,uint8,uint256,uint256)",
        "PurchaseRouted(address,uint8,uint8,uint256,uint256)",
        "WaterfallLiquidation(uint8,address,uint256,uint256)",
        "BufferPoolRebalanced(uint256,uint256,uint256)",
        "LayerConfigUpdated(uint8,uint256,uint256,uint256)",
        "ManagementFeeCollected(uint256,uint256,uint256)",
        "PerformanceFeeCollected(uint256,uint256,uint256)",
        "RedemptionFeesWithdrawn(address,uint256)",
        "FeeRecipientUpdated(address,address)",
        "AssetAdapterUpdated(address,address,address)",
        "OracleAdapterUpdated(address,address)",
        "SwapHelperUpdated(address,address)",
        "OTCManagerUpdated(address,address)",
        "YieldCompounded(address,uint256,uint256)",
        *COMMON,
    ),
}
INDEXED = {
    "Transfer": 2,
    "Deposit": 2,
    "DepositProcessed": 2,
    "SharesLocked": 1,
    "SharesUnlocked": 1,
    "SharesBurned": 1,
    "AssetControllerUpdated": 2,
    "RedemptionRequested": 2,
    "RedemptionApproved": 2,
    "RedemptionRejected": 2,
    "RedemptionCancelled": 2,
    "RedemptionSettled": 2,
    "AssetSchedulerUpdated": 2,
    "AssetAdded": 1,
    "AssetRemoved": 1,
    "AssetAllocationUpdated": 1,
    "AssetPurchased": 1,
    "AssetRedeemed": 1,
    "PurchaseRouted": 2,
    "WaterfallLiquidation": 1,
    "LayerConfigUpdated": 1,
    "RedemptionFeesWithdrawn": 1,
    "FeeRecipientUpdated": 2,
    "AssetAdapterUpdated": 3,
    "OracleAdapterUpdated": 2,
    "SwapHelperUpdated": 2,
    "OTCManagerUpdated": 2,
    "YieldCompounded": 1,
    "RoleGranted": 3,
    "RoleRevoked": 3,
}


def test_every_event_happens(fund: Scenario) -> None:
    since = fund.chain.block().number + 1
    emit_every_v1_event(fund)

    for kind, signatures in EVENTS.items():
        topics_count = _topics_count(fund, kind, since)
        for signature in signatures:
            topic = "0x" + keccak(text=signature).hex()
            assert topic in topics_count, f"{kind} never emitted {signature}"
            indexed = INDEXED.get(signature.partition("(")[0], 0)
            assert topics_count[topic] == {1 + indexed}, signature


def test_nothing_else_is_emitted(fund: Scenario) -> None:
    since = fund.chain.block().number + 1
    emit_every_v1_event(fund)

    for kind, signatures in EVENTS.items():
        known = {"0x" + keccak(text=signature).hex() for signature in signatures}
        assert set(_topics_count(fund, kind, since)) <= known


def test_the_fund_goes_on_as_usual_afterwards(fund: Scenario) -> None:
    emit_every_v1_event(fund)

    assert fund.state().liquidity_bps > 4_000
    assert not fund.state().emergency_mode
    assert not any(fund.contract(kind).read("paused") for kind in EVENTS)
    emit_every_v1_event(fund)


def _topics_count(fund: Scenario, kind: str, since: int) -> dict[str, set[int]]:
    """How many topics came with each first topic, from that contract."""
    query = {"fromBlock": hex(since), "address": fund.contract(kind).address}
    found: dict[str, set[int]] = {}
    for log in fund.chain.rpc.call("eth_getLogs", query):
        found.setdefault(log["topics"][0], set()).add(len(log["topics"]))
    return found
