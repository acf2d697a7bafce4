"""The one true chain of a play: its tip, its forks, and the transactions that wait."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from tests.simulation import blocks
from tests.simulation.blocks import Block
from tests.simulation.ledger import Effect, Tx


class Chain:
    """Blocks by hash, the tip that nodes will agree on, and a pool that all of them share."""

    def __init__(self, rng: Random, *, time: int) -> None:
        self._rng = rng
        self.tip = blocks.make(None, [], time=time, salt=b"genesis")
        self.known = {self.tip.hash: self.tip}
        self._lines = {self.tip.hash: (self.tip,)}
        self.pool: dict[str, Tx] = {}
        self.fees: dict[str, int] = {}
        self.forks = 0
        self._serial = 0

    def line(self, tip_hash: str) -> tuple[Block, ...]:
        """Every block up to a tip; a block's place is its number."""
        return self._lines[tip_hash]

    def ask(self, sender: str, effect: Effect) -> None:
        """Somebody outside sends a transaction."""
        self._serial += 1
        tx_hash = "0x" + self._rng.randbytes(32).hex()
        self.pool[tx_hash] = Tx(tx_hash, sender, None, effect)

    def mine(self, *, time: int, most: int = 6) -> Block:
        """The next block, with some of what waits."""
        return self._append(self._chosen(most), time)

    def fork(self, depth: int, *, time: int) -> None:
        """Leave the last blocks; what they held comes back at other places, later, or never.

        Transactions that count nonces come back or are forgotten by every node: whoever sent them
        must send them again.
        """
        line = self.line(self.tip.hash)
        depth = min(depth, len(line) - 1)
        dropped = [r.tx for block in line[len(line) - depth :] for r in block.receipts]
        self.tip = line[len(line) - depth - 1]
        self._rng.shuffle(dropped)
        for tx in dropped:
            if self._rng.random() < 0.8:
                self.pool[tx.hash] = tx
        self.forks += 1
        for _ in range(depth + 1):
            self._append(self._chosen(8), max(time, self.tip.time + 1))

    def stray(self, depth: int, *, time: int) -> Block:
        """The tip of a branch that will never win, though it is longer than the chain is now."""
        line = self.line(self.tip.hash)
        tip = line[max(len(line) - 1 - depth, 0)]
        for _ in range(depth + 2):
            child = blocks.make(tip, [], time=max(time, tip.time), salt=self._rng.randbytes(8))
            self.known[child.hash] = child
            self._lines[child.hash] = (*self._lines[tip.hash], child)
            tip = child
        return tip

    def _append(self, txs: Sequence[Tx], time: int) -> Block:
        parent = self.tip
        salt = self._rng.randbytes(8)
        self.tip = blocks.make(parent, txs, time=max(time, parent.time), salt=salt)
        self.known[self.tip.hash] = self.tip
        self._lines[self.tip.hash] = (*self._lines[parent.hash], self.tip)
        for tx in txs:
            self.pool.pop(tx.hash, None)
        self._forget_what_can_never_be_mined()
        return self.tip

    def _chosen(self, most: int) -> list[Tx]:
        """Some of the pool, each sender's nonces in order."""
        waiting = sorted(self.pool.values(), key=lambda tx: (tx.nonce or 0, tx.hash))
        nonces = dict(self.tip.state.nonces)
        chosen: list[Tx] = []
        for tx in waiting:
            if len(chosen) == most:
                break
            if tx.nonce is None:
                if self._rng.random() < 0.8:
                    chosen.append(tx)
            elif tx.nonce == nonces.get(tx.sender, 0) and self._rng.random() < 0.8:
                chosen.append(tx)
                nonces[tx.sender] = tx.nonce + 1
        self._rng.shuffle(chosen)
        return sorted(chosen, key=lambda tx: tx.nonce if tx.nonce is not None else -1)

    def _forget_what_can_never_be_mined(self) -> None:
        nonces = self.tip.state.nonces
        for tx in list(self.pool.values()):
            if tx.nonce is not None and tx.nonce < nonces.get(tx.sender, 0):
                del self.pool[tx.hash]
