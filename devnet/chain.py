"""Driving a chain: transactions, time, blocks, reorgs, snapshots.

`Chain(rpc)` works on a node that mines at once as well as on one that mines by the clock; waiting
for a receipt polls and gives up after `receipt_seconds_max`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eth_utils.address import to_checksum_address

from devnet.abi import Artifact, Event, decode_error, decode_event
from devnet.errors import DevnetError
from devnet.rpc import RpcError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devnet.rpc import Rpc

# Enough for the largest deployment; estimating would starve calls that swallow inner failures.
_GAS = 10_000_000
# A node that mines at once needs a millisecond or two, one that mines by the clock seconds.
_POLL_SECONDS_MIN = 0.001
_POLL_SECONDS_MAX = 0.1


class Reverted(DevnetError):
    """The contract refused; `name` and `args` are its custom error."""

    def __init__(self, name: str, args: tuple[Any, ...]) -> None:
        super().__init__(f"{name}({', '.join(str(arg) for arg in args)})")
        self.name = name
        self.error_args = args


class NotMined(DevnetError):
    """No block took the transaction in the time allowed."""


class ClockAheadOfNow(DevnetError):
    """The jump would carry the chain's clock past the real time."""


@dataclass(frozen=True)
class Receipt:
    """A mined transaction and the events it left, in order."""

    tx_hash: str
    block_number: int
    contract_address: str | None
    events: tuple[Event, ...]

    def event(self, name: str) -> Event:
        """The one event of that name.

        Raises:
            LookupError: There is none, or more than one.
        """
        found = self.events_named(name)
        if len(found) != 1:
            names = ", ".join(event.name for event in self.events) or "nothing"
            raise LookupError(f"{len(found)} events named {name}; emitted: {names}")
        return found[0]

    def events_named(self, name: str) -> list[Event]:
        """All events of that name, in order."""
        return [event for event in self.events if event.name == name]


@dataclass(frozen=True)
class Block:
    """Number, hash and time of a block."""

    number: int
    hash: str
    timestamp: int


@dataclass(frozen=True)
class Reorg:
    """What a reorg did: blocks from `first_number` on were replaced."""

    first_number: int
    old_hashes: tuple[str, ...]
    new_hashes: tuple[str, ...]


class Chain:
    """A chain under our control, through its node."""

    def __init__(self, rpc: Rpc, *, receipt_seconds_max: float = 30.0) -> None:
        self.rpc = rpc
        self._receipt_seconds_max = receipt_seconds_max

    # ------------------------------------------------------------ transactions

    def send(self, sender: str, to: str, data: str = "0x", *, value_wei: int = 0) -> Receipt:
        """Sends from an unlocked account and waits for the receipt.

        Raises:
            Reverted: The contract refuses; nothing is sent then.
            NotMined: No receipt in time.
        """
        return self._transact({"from": sender, "to": to, "data": data, "value": hex(value_wei)})

    def create(self, sender: str, artifact: Artifact, *args: Any) -> Receipt:
        """Deploys a contract; its address is in the receipt."""
        return self._transact({"from": sender, "data": artifact.encode_deployment(*args)})

    def read(self, to: str, data: str, *, block: int | str = "latest") -> str:
        """Hex answer of a call at a block.

        Raises:
            Reverted: The contract refuses.
        """
        return self._simulate({"to": to, "data": data}, block)

    def receipt(self, tx_hash: str) -> Receipt:
        """What came of anybody's transaction.

        Raises:
            NotMined: It is in no block, for as long as one waits for a receipt.
        """
        return _receipt(self._wait_for_receipt(tx_hash))

    def _transact(self, transaction: dict[str, str]) -> Receipt:
        transaction = {**transaction, "gas": hex(_GAS)}
        self._simulate(transaction, "latest")
        tx_hash = self.rpc.call("eth_sendTransaction", transaction)
        raw = self._wait_for_receipt(tx_hash)
        if int(raw["status"], 16) == 0:  # the state moved between simulation and mining
            self._simulate(transaction, int(raw["blockNumber"], 16) - 1)
            raise Reverted("unknown", ())
        return _receipt(raw)

    def _simulate(self, transaction: dict[str, str], block: int | str) -> str:
        tag = hex(block) if isinstance(block, int) else block
        try:
            answer: str = self.rpc.call("eth_call", transaction, tag)
        except RpcError as error:
            if error.data is None:
                raise
            raise Reverted(*decode_error(error.data)) from error
        return answer

    def _wait_for_receipt(self, tx_hash: str) -> dict[str, Any]:
        deadline = time.monotonic() + self._receipt_seconds_max
        pause = _POLL_SECONDS_MIN
        while True:
            raw: dict[str, Any] | None = self.rpc.call("eth_getTransactionReceipt", tx_hash)
            if raw is not None:
                return raw
            if time.monotonic() > deadline:
                raise NotMined(f"{tx_hash} not mined within {self._receipt_seconds_max:g} s")
            time.sleep(pause)
            pause = min(2 * pause, _POLL_SECONDS_MAX)

    # ------------------------------------------------------------ blocks and time

    def block(self, number: int | str = "latest") -> Block:
        """A block by number or tag."""
        tag = hex(number) if isinstance(number, int) else number
        raw = self.rpc.call("eth_getBlockByNumber", tag, False)
        return Block(int(raw["number"], 16), raw["hash"], int(raw["timestamp"], 16))

    def mine(self, count: int = 1) -> Block:
        """Mines empty blocks at once and answers the head."""
        self.rpc.call("anvil_mine", hex(count))
        return self.block()

    def automine(self) -> None:
        """From now on every transaction gets its own block at once."""
        self.rpc.call("evm_setIntervalMining", 0)
        self.rpc.call("evm_setAutomine", True)

    def mine_every(self, seconds: int) -> None:
        """From now on a block comes every so many seconds, with or without transactions."""
        self.rpc.call("evm_setAutomine", False)
        self.rpc.call("evm_setIntervalMining", seconds)

    def advance_time(self, seconds: int) -> Block:
        """Lets the chain's clock jump ahead and mines a block at the new time.

        Raises:
            ClockAheadOfNow: That would be later than the real now.
        """
        return self.advance_to(self.block().timestamp + seconds)

    def advance_to(self, timestamp: int) -> Block:
        """Like `advance_time`, to a Unix time."""
        if timestamp > time.time():
            late = timestamp - time.time()
            raise ClockAheadOfNow(f"the chain's clock would be {late:.0f} s ahead of the real time")
        self.rpc.call("evm_setNextBlockTimestamp", timestamp)
        return self.mine()

    def catch_up(self, *, behind_seconds: int = 2) -> Block:
        """Jumps to just behind the real time; stays put if it is already there."""
        target = int(time.time()) - behind_seconds
        return self.advance_to(target) if target > self.block().timestamp else self.block()

    # ------------------------------------------------------------ history rewritten

    def reorg(self, depth: int, transactions: Sequence[tuple[dict[str, str], int]] = ()) -> Reorg:
        """Replaces the last `depth` blocks by as many new ones.

        Transactions of the old blocks are gone for good. Time jumps made in them are made up for
        by one more block, so that the clock does not fall back.

        Args:
            depth: How many blocks to replace.
            transactions: New ones, each with its block's offset from the first new block. A
                transaction is a JSON-RPC object with from, to, data (see `Fund.transaction`).
        """
        head = self.block()
        first = head.number - depth + 1
        old = self._hashes(first, head.number)
        self.rpc.call("anvil_reorg", depth, [list(pair) for pair in transactions])
        new = self._hashes(first, head.number)
        if self.block().timestamp < head.timestamp - depth:
            self.advance_to(head.timestamp)
        return Reorg(first, old, new)

    def snapshot(self) -> str:
        """Remembers everything, the clock included; give the id to `revert`, which uses it up.

        A reorg that replaces the block it was taken at loses it.
        """
        snapshot: str = self.rpc.call("evm_snapshot")
        return snapshot

    def revert(self, snapshot: str) -> None:
        """Goes back to a snapshot.

        Raises:
            DevnetError: The node does not know it.
        """
        if not self.rpc.call("evm_revert", snapshot):
            raise DevnetError(f"the node has no snapshot {snapshot}")

    def _hashes(self, first: int, last: int) -> tuple[str, ...]:
        return tuple(self.block(number).hash for number in range(first, last + 1))


def _receipt(raw: dict[str, Any]) -> Receipt:
    created = raw.get("contractAddress")
    events = (decode_event(log) for log in raw["logs"])
    return Receipt(
        tx_hash=raw["transactionHash"],
        block_number=int(raw["blockNumber"], 16),
        contract_address=to_checksum_address(created) if created else None,
        events=tuple(event for event in events if event is not None),
    )
