"""Nodes of the simulated chain: each sees it late, answers badly for a while, or dies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from random import Random
from typing import Any

from eth_account import Account
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes

from apps.chain.client import NodeTrouble
from tests.simulation import blocks, ledger
from tests.simulation.blocks import Block
from tests.simulation.chain import Chain
from tests.simulation.ledger import Reverted, State, Tx

CHAIN_ID = 31337
FINALISED_DEPTH = 6
"""How far a node's ``finalized`` tag is behind its head; forks are less deep."""


class Mood(Enum):
    """How a node behaves for a while."""

    WELL = "well"
    DOWN = "down"
    FLAKY = "flaky"
    STUCK = "stuck"
    """It stays on the block, and the branch, that it has."""
    ASTRAY = "astray"
    """It is on a branch of its own, ahead of everybody."""
    FORGETFUL = "forgetful"
    """It leaves out logs under the right block hash."""
    DOUBLING = "doubling"
    """It gives logs twice, in any order."""
    FOREIGN = "foreign"
    """It belongs to another chain all of a sudden."""
    BUSY = "busy"
    """It is over its quota."""
    SWALLOWING = "swallowing"
    """It takes transactions and forgets them."""
    NARROW = "narrow"
    """It refuses ranges of more than four blocks."""


class Node:
    """One endpoint, with a view of the chain of its own."""

    def __init__(self, chain: Chain, rng: Random, *, simulates: bool) -> None:
        self.chain, self._rng = chain, rng
        self.mood = Mood.WELL
        self.tip = chain.tip
        self._simulates = simulates

    def follow(self) -> None:
        """Take over the chain's tip, a little late at times; not while stuck."""
        if self.mood in (Mood.STUCK, Mood.ASTRAY):
            return
        lag = self._rng.choice((0, 0, 0, 1))
        line = self.chain.line(self.chain.tip.hash)
        self.tip = line[max(len(line) - 1 - lag, 0)]

    def answer(self, requests: Sequence[tuple[str, list[Any]]]) -> list[dict[str, Any]]:
        """What the node says to a batch.

        Raises:
            NodeTrouble: nothing that can be understood.
        """
        if self.mood is Mood.DOWN or (self.mood is Mood.FLAKY and self._rng.random() < 0.3):
            raise NodeTrouble("the simulation says so")
        return [self._one(method, params) for method, params in requests]

    def _one(self, method: str, params: list[Any]) -> dict[str, Any]:
        if self.mood is Mood.BUSY and self._rng.random() < 0.3:
            return _error(-32005, "limit exceeded")
        handler = _METHODS.get(method)
        if handler is None or (method == "eth_simulateV1" and not self._simulates):
            return _error(-32601, f"the method {method} does not exist/is not available")
        try:
            return {"result": handler(self, *params)}
        except Refusal as refusal:
            return refusal.told
        except Reverted as reverted:
            return _error(3, f"execution reverted: {reverted}", reverted.data)

    # -- reading -------------------------------------------------------------------------------

    @property
    def line(self) -> tuple[Block, ...]:
        return self.chain.line(self.tip.hash)

    def chain_id(self) -> str:
        return hex(CHAIN_ID + (self.mood is Mood.FOREIGN))

    def block_number(self) -> str:
        return hex(self.tip.number)

    def block_by_number(self, tag: str, _full: bool) -> dict[str, str] | None:
        if tag == "finalized":
            return self.line[max(self.tip.number - FINALISED_DEPTH, 0)].header
        number = self._number(tag)
        return self.line[number].header if number < len(self.line) else None

    def block_by_hash(self, block_hash: str, _full: bool) -> dict[str, str] | None:
        found = self._block(block_hash)
        return found.header if found else None

    def logs(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        addresses = query.get("address")
        if "blockHash" in query:
            block = self._block(query["blockHash"])
            if block is None:
                return []  # as nodes behind a balancer do
            found = blocks.logs_of(block, addresses)
        else:
            first, last = self._number(query["fromBlock"]), self._number(query["toBlock"])
            if self.mood is Mood.NARROW and last - first >= 4:
                raise Refusal(-32602, "block range is too large")
            found = [
                log
                for block in self.line[first : last + 1]
                for log in blocks.logs_of(block, addresses)
            ]
        if self.mood is Mood.FORGETFUL and found:
            found = found[: self._rng.randrange(len(found))]
        if self.mood is Mood.DOUBLING and found:
            found = [*found, self._rng.choice(found)]
            self._rng.shuffle(found)
        return found

    def block_receipts(self, where: Any) -> list[dict[str, Any]] | None:
        block = self._block(where) if len(where) == 66 else self.line[self._number(where)]
        if block is None:
            return None
        return [blocks.receipt_of(block, index) for index in range(len(block.receipts))]

    def receipt(self, tx_hash: str) -> dict[str, Any] | None:
        for block in reversed(self.line):
            for index, receipt in enumerate(block.receipts):
                if receipt.tx.hash == tx_hash:
                    return blocks.receipt_of(block, index)
        return None

    def transaction(self, tx_hash: str) -> dict[str, Any] | None:
        if tx_hash in self.chain.pool:
            return {"hash": tx_hash, "blockHash": None}
        mined = self.receipt(tx_hash)
        return {"hash": tx_hash, "blockHash": mined["blockHash"]} if mined else None

    def count(self, address: str, tag: str) -> str:
        block = self._state_block(tag)
        count = block.state.nonces.get(address.lower(), 0)
        if tag == "pending":
            waiting = {t.nonce for t in self.chain.pool.values() if t.sender == address.lower()}
            while count in waiting:
                count += 1
        return hex(count)

    def code(self, _address: str, _tag: str) -> str:
        return "0x6000"

    def priority_fee(self) -> str:
        return hex(10**9)

    def balance(self, _address: str, _tag: str) -> str:
        return hex(10**20)

    # -- calls ---------------------------------------------------------------------------------

    def call(self, request: dict[str, Any], tag: Any = "latest") -> str:
        if isinstance(tag, dict):
            block = self._block(tag["blockHash"])
            if block is None:
                raise Refusal(-32000, "header not found")
        else:
            block = self._state_block(tag)
        if request["to"].lower() != ledger.MANAGER:
            return "0x"
        data = request["data"]
        viewed = ledger.view(block.state, data)
        if viewed != "0x":
            return viewed
        sender = request.get("from", ledger.NOBODY).lower()
        ledger.call(data, sender)(block.state.clone(), max(block.time, self.tip.time))
        return "0x"

    def estimate(self, request: dict[str, Any], _tag: str = "latest") -> str:
        self.call(request)
        return hex(blocks.GAS_OF_A_TRANSACTION)

    def simulate(self, wanted: dict[str, Any], _tag: str) -> list[dict[str, Any]]:
        state = self.tip.state.clone()
        number = hex(self.tip.number + 1)
        return [
            {
                **self.tip.header,
                "number": number,
                "calls": [self._simulated(state, request) for request in group["calls"]],
            }
            for group in wanted["blockStateCalls"]
        ]

    def _simulated(self, state: State, request: dict[str, Any]) -> dict[str, Any]:
        sender = request.get("from", ledger.NOBODY).lower()
        ours = request["to"].lower() == ledger.MANAGER
        effect = ledger.call(request["data"], sender) if ours else _nothing
        try:
            drafts = effect(state, self.tip.time)
        except Reverted as reverted:
            error = {"code": 3, "message": "execution reverted", "data": reverted.data}
            return {
                "status": "0x0",
                "returnData": reverted.data,
                "logs": [],
                "gasUsed": "0x5208",
                "error": error,
            }
        return {
            "status": "0x1",
            "returnData": "0x",
            "logs": [
                {"address": draft.address, "topics": list(draft.topics), "data": draft.data}
                for draft in drafts
            ],
            "gasUsed": hex(blocks.GAS_OF_A_TRANSACTION),
        }

    # -- sending -------------------------------------------------------------------------------

    def send(self, raw: str) -> str:
        sender = str(Account.recover_transaction(raw)).lower()
        fields = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
        tx_hash = "0x" + ledger.keccak(bytes.fromhex(raw[2:])).hex()
        nonce, fee = int(fields["nonce"]), int(fields["maxFeePerGas"])
        if self.mood is Mood.SWALLOWING:
            return tx_hash
        if nonce < self.tip.state.nonces.get(sender, 0):
            raise Refusal(-32000, self._rng.choice(("nonce too low", "NONCE_EXPIRED: old nonce")))
        if tx_hash in self.chain.pool:
            raise Refusal(
                -32000, self._rng.choice(("already known", "ALREADY_EXISTS: already imported"))
            )
        for rival in list(self.chain.pool.values()):
            if rival.sender == sender and rival.nonce == nonce:
                if fee * 10 < self.chain.fees.get(rival.hash, 0) * 11:
                    raise Refusal(-32000, "replacement transaction underpriced")
                del self.chain.pool[rival.hash]
        to = "0x" + bytes(fields["to"]).hex()
        data = "0x" + bytes(HexBytes(fields["data"])).hex()
        effect = ledger.call(data, sender) if to == ledger.MANAGER else _nothing
        self.chain.pool[tx_hash] = Tx(tx_hash, sender, nonce, effect)
        self.chain.fees[tx_hash] = fee
        if self._rng.random() < 0.1:
            raise NodeTrouble("the answer was lost, though the transaction was taken")
        return tx_hash

    # -- where ---------------------------------------------------------------------------------

    def _number(self, tag: str) -> int:
        if tag in ("latest", "pending"):
            return self.tip.number
        if tag == "earliest":
            return 0
        return int(tag, 16)

    def _state_block(self, tag: str) -> Block:
        number = self._number(tag)
        if number >= len(self.line):
            raise Refusal(-32000, "header not found")
        return self.line[number]

    def _block(self, block_hash: str) -> Block | None:
        """A block this node may know: of any branch, but not above its own head."""
        found = self.chain.known.get(block_hash.lower())
        return found if found is not None and found.number <= self.tip.number else None


class Refusal(Exception):
    """The node understands and says no."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.told = _error(code, message)


def _error(code: int, message: str, data: str | None = None) -> dict[str, Any]:
    error: dict[str, Any] = {"code": code, "message": message}
    if data is not None:
        error["data"] = data
    return {"error": error}


def _nothing(_state: ledger.State, _now: int) -> list[ledger.LogDraft]:
    return []


_METHODS: dict[str, Callable[..., Any]] = {
    "eth_chainId": Node.chain_id,
    "eth_blockNumber": Node.block_number,
    "eth_getBlockByNumber": Node.block_by_number,
    "eth_getBlockByHash": Node.block_by_hash,
    "eth_getLogs": Node.logs,
    "eth_getBlockReceipts": Node.block_receipts,
    "eth_getTransactionReceipt": Node.receipt,
    "eth_getTransactionByHash": Node.transaction,
    "eth_getTransactionCount": Node.count,
    "eth_getCode": Node.code,
    "eth_getBalance": Node.balance,
    "eth_maxPriorityFeePerGas": Node.priority_fee,
    "eth_call": Node.call,
    "eth_estimateGas": Node.estimate,
    "eth_simulateV1": Node.simulate,
    "eth_sendRawTransaction": Node.send,
}
