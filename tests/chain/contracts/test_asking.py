"""Calls become calldata, calldata is read back, and each call says what proves it."""

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from eth_utils.crypto import keccak

from apps.chain import calls, config, contracts
from apps.chain.calls import Call
from apps.chain.contracts import ExpectedEvent, abi
from apps.chain.terms import Tier

CHAIN = 56
TOKEN = "0x" + "70" * 20
USDT = 10**18
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
EXAMPLES: dict[str, Any] = {
    "request_id": 7,
    "settles_at": NOON,
    "reason": "No papers",
    "requests_max": 5,
    "tier": Tier.L3,
    "tier_max": Tier.L2,
    "assets": 9 * USDT,
    "tokens": 4 * USDT,
    "token": TOKEN,
    "symbol": "MTMM",
    "tokens_min": 3,
    "assets_min": 2,
    "expected_assets": 8 * USDT,
    "allocation_bps": 2_500,
    "enabled": True,
}
SIGNATURES = {
    "APPROVE_REDEMPTION": "approveRedemption(uint256)",
    "APPROVE_REDEMPTION_WITH_DATE": "approveRedemptionWithDate(uint256,uint256)",
    "REJECT_REDEMPTION": "rejectRedemption(uint256,string)",
    "SETTLE_REDEMPTION": "settleRedemption(uint256)",
    "SETTLE_SCHEDULED_REDEMPTION": "settleScheduledRedemption(uint256)",
    "BATCH_SETTLE_REDEMPTIONS": "batchSettleRedemptions(uint256)",
    "ALLOCATE_TO_LAYER": "allocateToLayer(uint8,uint256)",
    "PURCHASE_ASSET": "purchaseAsset(address,uint256)",
    "REDEEM_ASSET": "redeemAsset(address,uint256)",
    "EXECUTE_WATERFALL_LIQUIDATION": "executeWaterfallLiquidation(uint256,uint8)",
    "REBALANCE_BUFFER": "rebalanceBuffer()",
    "ADD_ASSET": "addAsset(address,uint8,uint256)",
    "REMOVE_ASSET": "removeAsset(address)",
    "UPDATE_ASSET_ALLOCATION": "updateAssetAllocation(address,uint256)",
    "COLLECT_FEES": "collectFees()",
    "WITHDRAW_REDEMPTION_FEES": "withdrawRedemptionFees(uint256)",
    "SET_EMERGENCY_MODE": "setEmergencyMode(bool)",
    "PAUSE_VAULT": "pause()",
    "UNPAUSE_VAULT": "unpause()",
    "PAUSE_REDEMPTIONS": "pause()",
    "UNPAUSE_REDEMPTIONS": "unpause()",
    "PAUSE_TRADING": "pause()",
    "UNPAUSE_TRADING": "unpause()",
}
MOVED = {
    "ALLOCATE_TO_LAYER": 9 * USDT,
    "PURCHASE_ASSET": 9 * USDT,
    "REDEEM_ASSET": 8 * USDT,
    "EXECUTE_WATERFALL_LIQUIDATION": 9 * USDT,
    "REBALANCE_BUFFER": 8 * USDT,
    "COLLECT_FEES": 8 * USDT,
    "WITHDRAW_REDEMPTION_FEES": 9 * USDT,
}
TRADES = {
    "ALLOCATE_TO_LAYER",
    "PURCHASE_ASSET",
    "REDEEM_ASSET",
    "EXECUTE_WATERFALL_LIQUIDATION",
    "REBALANCE_BUFFER",
}


@pytest.fixture(autouse=True, params=["v1", "v2"])
def generation(
    request: pytest.FixtureRequest, tmp_path: Path, settings: LazySettings
) -> Iterator[str]:
    """A chain whose contracts are of a generation; no node stands behind it."""
    tables = "".join(
        f'[[chains.contracts]]\nkind = "{kind}"\naddress = "0x{digit * 40}"\nstart_block = 0\n'
        f'generation = "{request.param}"\n'
        for kind, digit in (("vault", "1"), ("redemption_manager", "2"), ("asset_controller", "3"))
    )
    path = tmp_path / "chains.toml"
    path.write_text(
        f'[[chains]]\nname = "bsc"\nchain_id = {CHAIN}\nrpc_urls = ["http://127.0.0.1:1"]\n'
        f"confirmations = 15\n{tables}"
    )
    settings.CHAIN_FILE = str(path)
    config.reload()
    yield request.param
    config.reload()


def example(call_class: type[Call]) -> Call:
    given = {f.name: EXAMPLES[f.name] for f in fields(call_class) if f.name != "chain_id"}
    return call_class(chain_id=CHAIN, **given)


def spoken(generation: str) -> list[type[Call]]:
    later = {calls.ApproveRedemptionWithDate} if generation == "v1" else set()
    return [call for call in contracts.CALLS.values() if call not in later]


class TestCalls:
    def test_every_call_there_is_has_a_kind_of_its_own(self) -> None:
        defined = {
            value
            for value in vars(calls).values()
            if isinstance(value, type) and issubclass(value, Call) and hasattr(value, "kind")
        }

        assert set(contracts.CALLS.values()) == defined
        assert set(contracts.CALLS) == set(SIGNATURES)

    def test_each_goes_out_under_its_selector_and_reads_back(self, generation: str) -> None:
        for call_class in spoken(generation):
            call = example(call_class)
            selector = "0x" + keccak(text=SIGNATURES[call.kind])[:4].hex()

            data = contracts.calldata_of(call)

            assert data[:10] == contracts.selector_of(call_class, generation) == selector
            decoded = contracts.decode_call(contracts.contract_of(call), data)
            assert decoded is not None
            assert decoded[0] == call.function
            assert list(decoded[1].values()) == [abi.to_json(value) for value in call.args]

    def test_what_each_moves_counts_against_limits(self, generation: str) -> None:
        for call_class in spoken(generation):
            call = example(call_class)
            assert call.moved_assets == MOVED.get(call.kind, 0), call.kind
            assert call.trades == (call.kind in TRADES), call.kind

    def test_each_says_what_it_does_and_about_what(self, generation: str) -> None:
        sentences = {example(call_class).sentence for call_class in spoken(generation)}

        assert len(sentences) == len(spoken(generation))
        assert all(example(call_class).subject_id for call_class in spoken(generation))

    def test_an_asset_is_told_by_its_symbol_where_that_is_known(self) -> None:
        bought: Any = example(calls.PurchaseAsset)
        added = example(calls.AddAsset)

        assert bought.sentence == "Buy MTMM for 9.00 USDT"
        assert replace(bought, symbol="").sentence == f"Buy {TOKEN} for 9.00 USDT"
        # Two tokens may have one symbol: what enters the register is told by its address, too.
        assert added.sentence == f"Add asset MTMM ({TOKEN}) to L3 at 25.00 %"

    def test_a_symbol_is_for_people_only(self) -> None:
        bought: Any = example(calls.PurchaseAsset)
        other = replace(bought, symbol="OTHER")

        assert other == bought
        assert contracts.calls_hash([other]) == contracts.calls_hash([bought])

    def test_a_date_is_told_in_utc(self) -> None:
        call = example(calls.ApproveRedemptionWithDate)

        assert call.sentence == "Approve redemption 7, to settle on 2026-03-02 12:00 UTC"
        assert call.args == (7, int(NOON.timestamp()))

    def test_one_that_the_contract_does_not_know_is_refused(self, generation: str) -> None:
        call = example(calls.ApproveRedemptionWithDate)

        if generation == "v2":
            assert contracts.calldata_of(call)
        else:
            with pytest.raises(contracts.WrongGeneration, match="approveRedemptionWithDate"):
                contracts.calls_hash([call])


class TestSpeaker:
    def test_is_the_configured_contract(self, generation: str) -> None:
        speaker = contracts.speaker(CHAIN, "0x" + "1" * 40, "vault")

        assert (speaker.kind, speaker.generation) == ("vault", generation)

    @pytest.mark.parametrize(("chain_id", "digit"), [(CHAIN, "9"), (1, "1")])
    def test_that_is_no_longer_configured_is_of_the_first_generation(
        self, chain_id: int, digit: str
    ) -> None:
        speaker = contracts.speaker(chain_id, "0x" + digit * 40, "vault")

        assert (speaker.kind, speaker.generation) == ("vault", "v1")


class TestDecodeCall:
    @pytest.mark.parametrize(
        "change",
        [
            lambda data: data + "00",  # more than the arguments
            lambda data: data[:-2],
            lambda data: "0xdeadbeef" + data[10:],
            lambda data: data[:6],
            lambda _data: "0x",
            lambda _data: "not hex",
            lambda data: "zz" + data[2:],
            lambda data: data[:12] + " " + data[12:],
        ],
    )
    def test_anything_else_is_no_call(self, change: Any) -> None:
        call = example(calls.PurchaseAsset)

        data = change(contracts.calldata_of(call))

        assert contracts.decode_call(contracts.contract_of(call), data) is None

    def test_dirty_bits_beside_an_address_are_no_call(self) -> None:
        call = example(calls.RemoveAsset)
        data = contracts.calldata_of(call)

        dirty = data[:10] + "01" + data[12:]

        assert contracts.decode_call(contracts.contract_of(call), dirty) is None

    def test_a_call_of_another_contract_is_none_of_this_one(self) -> None:
        purchase = contracts.calldata_of(example(calls.PurchaseAsset))
        vault = contracts.contract_of(example(calls.PauseVault))

        assert contracts.decode_call(vault, purchase) is None


class TestExpectedEvent:
    def test_every_call_has_one_that_its_contract_can_emit(self, generation: str) -> None:
        for call_class in spoken(generation):
            call = example(call_class)
            expected = contracts.expected_event(call)
            known = abi._events(expected.contract_kind, generation, "[]").values()
            [event] = [event for event in known if event.name == expected.name]
            names = {name for name, _, _ in event.inputs}

            assert expected.contract_kind == call.contract_kind
            assert expected.args.keys() | expected.at_least.keys() <= names, call.kind

    def test_survives_being_kept(self) -> None:
        for call_class in contracts.CALLS.values():
            expected = contracts.expected_event(example(call_class))

            assert ExpectedEvent.from_json(expected.as_json()) == expected

    def test_a_purchase_is_judged_by_token_amount_and_what_came_of_it(self) -> None:
        expected = contracts.expected_event(example(calls.PurchaseAsset))
        came = {"token": TOKEN, "tier": "2", "usdtAmount": str(9 * USDT), "tokensReceived": "3"}

        assert expected.is_met_by("AssetPurchased", came)
        assert not expected.is_met_by("PurchaseRouted", came)
        assert not expected.is_met_by("AssetPurchased", came | {"tokensReceived": "2"})
        assert not expected.is_met_by("AssetPurchased", came | {"usdtAmount": "0"})
        assert not expected.is_met_by("AssetPurchased", came | {"token": "0x" + "71" * 20})
        assert not expected.is_met_by("AssetPurchased", {})

    def test_a_switch_is_judged_by_its_position(self) -> None:
        expected = contracts.expected_event(example(calls.SetEmergencyMode))

        assert expected.is_met_by("EmergencyModeChanged", {"enabled": True})
        assert not expected.is_met_by("EmergencyModeChanged", {"enabled": False})

    def test_a_trade_that_brought_nothing_proves_nothing_whatever_was_asked_for(self) -> None:
        buying: Any = example(calls.PurchaseAsset)
        selling: Any = example(calls.RedeemAsset)
        bought = contracts.expected_event(replace(buying, tokens_min=0))
        sold = contracts.expected_event(replace(selling, assets_min=0))
        purchase = {"token": TOKEN, "usdtAmount": str(9 * USDT), "tokensReceived": "0"}
        sale = {"token": TOKEN, "tokenAmount": str(4 * USDT), "usdtReceived": "0"}

        assert not bought.is_met_by("AssetPurchased", purchase)
        assert bought.is_met_by("AssetPurchased", purchase | {"tokensReceived": "1"})
        assert not sold.is_met_by("AssetRedeemed", sale)
        assert sold.is_met_by("AssetRedeemed", sale | {"usdtReceived": "1"})

    def test_a_rebalance_that_moved_nothing_proves_nothing(self) -> None:
        kept = contracts.expected_event(example(calls.RebalanceBuffer)).as_json()
        expected = ExpectedEvent.from_json(kept)
        still = {"oldBuffer": "5", "newBuffer": "5", "targetBuffer": "9"}

        assert not expected.is_met_by("BufferPoolRebalanced", still)
        assert not expected.is_met_by("BufferPoolRebalanced", {})
        assert expected.is_met_by("BufferPoolRebalanced", still | {"newBuffer": "9"})
        assert str(expected) == "BufferPoolRebalanced(oldBuffer \u2260 newBuffer)"

    def test_says_itself(self) -> None:
        expected = contracts.expected_event(example(calls.RedeemAsset))

        assert str(expected) == (
            f"AssetRedeemed(token = {TOKEN}, tokenAmount = {4 * USDT}, usdtReceived ≥ 2)"
        )

    def test_reads_what_the_first_release_kept(self) -> None:
        kept = {"event": "RedemptionSettled", "args": {"requestId": "5"}}

        assert ExpectedEvent.from_json(kept).is_met_by("RedemptionSettled", {"requestId": "5"})
