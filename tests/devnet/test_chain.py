"""Driving the chain: transactions, time, reorgs, snapshots."""

import time

import pytest

from devnet.accounts import INVESTORS, STRANGER
from devnet.chain import Chain, ClockAheadOfNow, NotMined
from devnet.fund import usdt
from devnet.node import Anvil
from devnet.rpc import NodeUnreachable, Rpc, RpcError
from devnet.scenario import DAY_SECONDS, Scenario
from tests.devnet.conftest import Refusal

OWNER = INVESTORS[0]


class TestTime:
    def test_jumps_and_then_goes_on(self, fund: Scenario) -> None:
        before = fund.now()

        fund.advance_time(30 * DAY_SECONDS)
        jumped = fund.now()
        fund.subscribe(OWNER, usdt(1_000))

        assert jumped == before + 30 * DAY_SECONDS
        assert jumped <= fund.now() <= jumped + 5

    def test_never_passes_the_real_now(self, fund: Scenario) -> None:
        head = fund.chain.block()

        with pytest.raises(ClockAheadOfNow):
            fund.chain.advance_to(int(time.time()) + 60)

        assert fund.chain.block() == head

    def test_catches_up_with_now(self, fund: Scenario) -> None:
        fund.chain.catch_up()

        assert 0 < time.time() - fund.now() < 10
        assert fund.chain.catch_up().timestamp <= time.time()

    def test_comes_back_with_a_snapshot(self, fund: Scenario) -> None:
        head, snapshot = fund.chain.block(), fund.snapshot()
        fund.advance_time(DAY_SECONDS)

        fund.revert(snapshot)

        assert fund.chain.block() == head
        assert fund.mine().timestamp - head.timestamp < 60


class TestReorg:
    def test_replaces_the_last_blocks_and_loses_their_transactions(self, fund: Scenario) -> None:
        fund.mine(2)
        kept = fund.request_standard(OWNER, usdt(1_000))
        lost = fund.request_standard(OWNER, usdt(2_000))
        fund.mine()
        head = fund.chain.block()

        reorg = fund.reorg(2)

        assert reorg.first_number == head.number - 1 == lost.receipt.block_number
        assert len(reorg.new_hashes) == len(reorg.old_hashes) == 2
        assert not set(reorg.new_hashes) & set(reorg.old_hashes)
        assert fund.chain.block(head.number).hash == reorg.new_hashes[-1]
        assert fund.manager.read("getRequestCount") == kept.id
        lookup = fund.chain.rpc.call("eth_getTransactionByHash", lost.receipt.tx_hash)
        assert lookup is None
        assert fund.request_standard(OWNER, usdt(3_000)).id == lost.id

    def test_can_put_other_transactions_in(self, fund: Scenario) -> None:
        fund.mine(3)
        other = fund.manager.transaction(OWNER, "requestRedemption", usdt(5), OWNER.address)

        reorg = fund.reorg(3, [(other, 1)])

        block = fund.chain.rpc.call("eth_getBlockByNumber", hex(reorg.first_number + 1), False)
        assert len(block["transactions"]) == 1
        assert fund.manager.read("getRequestCount") == 1

    def test_does_not_undo_a_time_jump(self, fund: Scenario) -> None:
        fund.mine()
        fund.advance_time(7 * DAY_SECONDS)
        head = fund.mine()

        fund.reorg(3)

        assert fund.now() >= head.timestamp
        assert fund.mine().timestamp >= head.timestamp


class TestTransactions:
    def test_a_refused_one_is_not_sent(self, fund: Scenario, refused: Refusal) -> None:
        head = fund.chain.block()

        with refused("RequestNotFound", 77):
            fund.approve(77)

        assert fund.chain.block() == head

    def test_unknown_errors_show_their_selector(self, fund: Scenario, refused: Refusal) -> None:
        # Init code that reverts with the bytes 0xdeadbeef.
        code = "0x63deadbeef60e01b60005260046000fd"

        with refused("0xdeadbeef"):
            fund.chain._transact({"from": STRANGER.address, "data": code})

    def test_are_waited_for_when_blocks_come_by_the_clock(self, fund: Scenario) -> None:
        fund.chain.mine_every(1)
        head = fund.chain.block().number

        receipt = fund.vault.send(OWNER, "transfer", STRANGER.address, 5)

        assert receipt.block_number > head
        assert receipt.event("Transfer").args["value"] == 5

    def test_are_not_waited_for_for_ever(self, fund: Scenario) -> None:
        patient = Scenario(Chain(fund.chain.rpc, receipt_seconds_max=0.2), fund.entry)
        fund.chain.rpc.call("evm_setAutomine", False)

        with pytest.raises(NotMined):
            patient.vault.send(OWNER, "transfer", STRANGER.address, 5)

    def test_a_receipt_is_found_again_by_its_hash(self, fund: Scenario) -> None:
        receipt = fund.subscribe(OWNER, usdt(1_000))

        assert fund.chain.receipt(receipt.tx_hash) == receipt

    def test_a_receipt_answers_for_one_event_only(self, fund: Scenario) -> None:
        receipt = fund.subscribe(OWNER, usdt(1_000))

        assert receipt.event("DepositProcessed").address == fund.vault.address
        for name in ("Transfer", "NavUpdated"):  # two of them, none of them
            with pytest.raises(LookupError):
                receipt.event(name)


class TestRpc:
    def test_a_silent_address_is_named(self) -> None:
        with pytest.raises(NodeUnreachable, match=r"127\.0\.0\.1:9"):
            Rpc("http://127.0.0.1:9", timeout_seconds=1).call("eth_chainId")

    def test_a_refusal_carries_its_code(self, node: Anvil) -> None:
        with pytest.raises(RpcError) as caught:
            Rpc(node.url).call("eth_noSuchMethod")

        assert caught.value.code == -32601
