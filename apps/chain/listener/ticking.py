"""IN: blocks become Log rows. One tick reads what is new and writes it in one transaction.

The node is asked first and the database written last, so a tick that fails anywhere changes
nothing. Logs of final blocks are asked by range; logs of the tip by block hash, each block linked
to its parent. A node that lags is ignored; a different branch is followed only when a second look
sees it too; a branch that leaves below a final block halts the chain for a person to look at.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from apps.chain.client import ChainUnavailable, Client, RpcRefused, blocks
from apps.chain.client.blocks import Header, NodeLied
from apps.chain.config import BadChainFile, ChainConfig
from apps.chain.listener import ingest
from apps.chain.listener.ingest import Head, Overtaken, Place
from apps.chain.models import Block, Cursor

log = logging.getLogger(__name__)

TAIL_BLOCKS_MAX = 100
"""Blocks of the unfinalised tail read in one tick."""
RANGE_BLOCKS_MAX = 2000
REORG_DEPTH_MAX = 1024
"""How far back a fork is looked for before a person is asked."""


class Outcome(Enum):
    """What a tick came to."""

    IDLE = "idle"
    ADVANCED = "advanced"
    SWITCHED = "switched"
    SUSPECTED = "suspected"
    HALTED = "halted"


@dataclass(frozen=True, slots=True)
class Tick:
    """What a tick did; ``behind`` blocks are still to be read."""

    outcome: Outcome
    behind: int = 0
    logs: int = 0


class Listener:
    """Reads one chain. Between ticks everything it must remember is in the database, save the size
    of range that the nodes accept."""

    def __init__(
        self, config: ChainConfig, client: Client, *, epoch: int, clock: Callable[[], datetime]
    ) -> None:
        self.config, self.client, self.epoch, self._clock = config, client, epoch, clock
        self._addresses = [contract.address for contract in config.watched]
        self._range_blocks = RANGE_BLOCKS_MAX

    def tick(self) -> Tick:
        """Read what is new.

        Raises:
            ChainUnavailable: no node answers; nothing changed.
            Overtaken: another listener leads; nothing changed.
        """
        cursor = Cursor.objects.get(chain_id=self.config.chain_id)
        if cursor.halted_reason:
            return Tick(Outcome.HALTED)
        if cursor.epoch != self.epoch:
            raise Overtaken(f"another listener leads chain {self.config.chain_id}")
        place = Place(
            chain_id=cursor.chain_id,
            epoch=cursor.epoch,
            next_block=cursor.next_block,
            tip_hash=cursor.tip_hash,
        )
        try:
            return self._read(cursor, place)
        except NodeLied as lie:
            # Nothing was stored. The next tick asks the next node; one node gets another chance.
            self.client.reject_node(str(lie))
            return Tick(Outcome.IDLE)

    def _read(self, cursor: Cursor, place: Place) -> Tick:
        latest, final_number = self._heads()
        head = Head(
            number=latest.number,
            at=latest.at,
            seen_at=self._clock(),
            provider=self.client.provider,
        )
        tip_number = place.next_block - 1
        if latest.number < place.next_block:
            return self._at_or_below_tip(cursor, place, latest, final_number, head)
        if final_number is not None and final_number - place.next_block >= TAIL_BLOCKS_MAX:
            return self._read_range(cursor, place, latest, final_number, head)
        last = min(latest.number, tip_number + TAIL_BLOCKS_MAX)
        chain = blocks.headers(self.client, range(place.next_block, last + 1))
        blocks.check_linked("", chain)
        if place.tip_hash and chain[0].parent_hash != place.tip_hash:
            return self._fork(cursor, place, latest, final_number, head)
        logs = blocks.logs_of_blocks(self.client, chain, self._addresses)
        ingest.advance(
            self.config,
            place,
            headers=chain,
            logs=logs,
            final_number=final_number,
            head=head,
            at=self._clock(),
        )
        return Tick(Outcome.ADVANCED, behind=latest.number - last, logs=len(logs))

    def _heads(self) -> tuple[Header, int | None]:
        """The node's newest block, and the newest final height by the chain's rule."""
        if self.config.confirmations is not None:
            latest = blocks.header_of(self.client.call("eth_getBlockByNumber", "latest", False))
            return latest, max(latest.number - self.config.confirmations, -1)
        answers = self.client.batch(
            [
                ("eth_getBlockByNumber", ["latest", False]),
                ("eth_getBlockByNumber", ["finalized", False]),
            ]
        )
        latest = blocks.header_of(answers[0])
        if isinstance(answers[1], RpcRefused) or answers[1] is None:
            return latest, None
        final = blocks.header_of(answers[1])
        ours = Block.objects.filter(
            chain_id=self.config.chain_id, number=final.number, canonical=True
        ).first()
        if ours is not None and ours.hash != final.hash:
            return latest, None  # we are on another branch there: the fork is found first
        return latest, final.number

    def _at_or_below_tip(
        self,
        cursor: Cursor,
        place: Place,
        latest: Header,
        final_number: int | None,
        head: Head,
    ) -> Tick:
        """No new height: the same head, a lagging node, or another branch as long as ours.

        A shorter branch is not followed: it is a node that lags, or becomes longer before it wins.
        """
        same = latest.hash == place.tip_hash
        if same or latest.number < place.next_block - 1 or not place.tip_hash:
            if cursor.final_number is None or (final_number or -1) > cursor.final_number:
                ingest.advance(
                    self.config,
                    place,
                    headers=[],
                    logs=[],
                    final_number=final_number,
                    head=head,
                    at=self._clock(),
                )
            else:
                ingest.note_poll(place, head=head, at=self._clock())
            return Tick(Outcome.IDLE)
        return self._fork(cursor, place, latest, final_number, head)

    def _read_range(
        self, cursor: Cursor, place: Place, latest: Header, final_number: int, head: Head
    ) -> Tick:
        """Catch up over final blocks: logs by range, headers only of blocks that have any."""
        first = place.next_block
        last = min(final_number, first + self._range_blocks - 1)
        try:
            logs = blocks.logs_of_range(self.client, first, last, self._addresses)
        except ChainUnavailable:  # perhaps only too much to answer in time
            self._range_blocks = max(1, self._range_blocks // 2)
            raise
        if isinstance(logs, RpcRefused):
            if self._range_blocks == 1:
                raise NodeLied(f"it refused the logs of one block ({logs.message})")
            self._range_blocks = max(1, self._range_blocks // 2)
            return Tick(Outcome.IDLE, behind=head.number - first + 1)
        numbers = sorted({first, last, *(entry.block_number for entry in logs)})
        chain = blocks.headers(self.client, numbers)
        hashes = {header.number: header.hash for header in chain}
        if any(hashes[entry.block_number] != entry.block_hash for entry in logs):
            raise NodeLied("its logs and its blocks are of different branches")
        if place.tip_hash and chain[0].parent_hash != place.tip_hash:
            return self._fork(cursor, place, latest, final_number, head)
        ingest.advance(
            self.config,
            place,
            headers=chain,
            logs=logs,
            final_number=final_number,
            head=head,
            at=self._clock(),
        )
        self._range_blocks = min(RANGE_BLOCKS_MAX, self._range_blocks * 2)
        return Tick(Outcome.ADVANCED, behind=head.number - last, logs=len(logs))

    def _fork(
        self,
        cursor: Cursor,
        place: Place,
        latest: Header,
        final_number: int | None,
        head: Head,
    ) -> Tick:
        """The node is on another branch. Follow it at the second look; halt below finality."""
        if not cursor.suspect_hash:
            ingest.note_poll(place, head=head, at=self._clock(), suspect_hash=latest.hash)
            return Tick(Outcome.SUSPECTED, behind=1)
        ancestor = self._common_ancestor(place, latest)
        final_known = cursor.final_number if cursor.final_number is not None else -1
        if ancestor is None or ancestor.number < final_known:
            where = "an unknown block" if ancestor is None else f"block {ancestor.number}"
            reason = (
                f"Chain {self.config.name} ({self.config.chain_id}) left our branch at {where}, "
                f"below block {final_known} that was final. Nothing was changed. Compare with "
                f"another node before anything else."
            )
            ingest.halt(place, reason=reason, at=self._clock())
            log.critical(reason)
            return Tick(Outcome.HALTED)
        last = min(latest.number, ancestor.number + REORG_DEPTH_MAX)
        branch = blocks.headers(self.client, range(ancestor.number + 1, last + 1))
        blocks.check_linked(ancestor.hash, branch)
        logs = blocks.logs_of_blocks(self.client, branch, self._addresses)
        ingest.switch(
            self.config,
            place,
            ancestor=ancestor,
            headers=branch,
            logs=logs,
            final_number=final_number,
            head=head,
            at=self._clock(),
        )
        return Tick(Outcome.SWITCHED, behind=latest.number - last, logs=len(logs))

    def _common_ancestor(self, place: Place, latest: Header) -> Header | None:
        """The newest block that both branches hold, None when none is found in bounds."""
        ours = {
            row.number: row
            for row in Block.objects.filter(chain_id=place.chain_id, canonical=True).order_by(
                "-number"
            )[:REORG_DEPTH_MAX]
        }
        heights = [n for n in sorted(ours, reverse=True) if n <= latest.number]
        for start in range(0, len(heights), 32):
            theirs = blocks.headers(self.client, heights[start : start + 32])
            for header in theirs:
                if ours[header.number].hash == header.hash:
                    return header
        return None


def check_chain(config: ChainConfig, client: Client) -> None:
    """Make sure that the nodes are of this chain and that every contract is there.

    Raises:
        BadChainFile: an address holds no contract.
        ChainUnavailable: no node answers, or none of this chain.
    """
    latest = blocks.header_of(client.call("eth_getBlockByNumber", "latest", False))
    due = [contract for contract in config.contracts if contract.start_block <= latest.number]
    codes = client.batch([("eth_getCode", [contract.address, "latest"]) for contract in due])
    for contract, code in zip(due, codes, strict=True):
        if code in (None, "0x", "0x0"):
            raise BadChainFile(
                f"Chain {config.name} ({config.chain_id}): there is no contract at "
                f"{contract.address}, which the chain file calls the {contract.kind}."
            )
