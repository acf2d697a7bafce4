"""IN: blocks become Log rows. One tick reads what is new and writes it in one transaction.

The nodes are asked first and the database written last, so a tick that fails anywhere changes
nothing. Each tick asks one node. Logs of final blocks are asked by range; logs of the tail by block
hash, and only of blocks whose bloom can hold any (``proofs``). A node that lags is ignored; another
branch is followed only when it is confirmed, and never below a final block (``forks``).
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from apps.chain.client import ChainUnavailable, Client, Node, NodeTrouble, blocks
from apps.chain.client.blocks import Header, NodeLied, NoSuchBlock
from apps.chain.config import ChainConfig
from apps.chain.listener import ingest
from apps.chain.listener.catching_up import RangeIncomplete, RangeRefused, read_range
from apps.chain.listener.finality import Finality
from apps.chain.listener.forks import Forks
from apps.chain.listener.ingest import Head, Overtaken, Place
from apps.chain.listener.proofs import Proofs
from apps.chain.listener.round import Outcome, Round, Tick
from apps.chain.models import Cursor

log = logging.getLogger(__name__)

TAIL_BLOCKS_MAX = 100
"""Blocks of the tail read in one tick."""
_LOOK_AHEAD = 4
"""Headers asked for together with the heads: at the tip, all there are."""
_LAG_MAX = timedelta(seconds=10)
"""How long a node may stay below our newest block before it is benched."""
_MISSES_MAX = 3
"""Times in a row that a node may have named a block without having it."""


class Listener:
    """Reads one chain. Whatever must outlive the process is in the database."""

    def __init__(
        self, config: ChainConfig, client: Client, *, epoch: int, clock: Callable[[], datetime]
    ) -> None:
        self.config, self.client, self.epoch, self._clock = config, client, epoch, clock
        self._proofs = Proofs(config, client, clock)
        self._forks = Forks(config, client, self._proofs, clock)
        self._finality = Finality(config, client, clock)
        self._lagging_since: dict[str, datetime] = {}
        self._misses: dict[str, int] = {}

    def tick(self) -> Tick:
        """Read what is new, from the first node that can be believed.

        Raises:
            ChainUnavailable: no node is of use; nothing changed.
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
        failures: list[str] = []
        tried: set[str] = set()
        node = self.client.pin()
        for _ in self.client.nodes:
            try:
                tick = self._read(node, cursor, place)
            except NodeTrouble as trouble:
                failures.append(f"{node.label}: {trouble}")
            except NoSuchBlock as miss:
                failures.append(f"{node.label}: {miss}")
                self._note_miss(node, str(miss))
            except NodeLied as lie:
                self.client.bench(node, str(lie))
                failures.append(f"{node.label}: {lie}")
            else:
                self._misses.pop(node.key, None)
                return tick
            tried.add(node.key)
            node = self._next(node, tried)
        raise ChainUnavailable(
            f"No node of chain {self.config.name} ({self.config.chain_id}) is of use: "
            + "; ".join(failures)
            + "."
        )

    def _read(self, node: Node, cursor: Cursor, place: Place) -> Tick:
        heads = blocks.heads(
            node,
            first=place.next_block,
            count=_LOOK_AHEAD,
            with_final=self._finality.uses_tag,
        )
        node.note_head(heads.latest.number)
        final_number = self._finality.number(node, cursor, heads)
        stall = self._finality.stall_to_tell(heads)
        if stall is not None:
            ingest.tell_stalled(place, stall)
        now = Round(
            node=node,
            cursor=cursor,
            place=place,
            head=Head(
                number=heads.latest.number,
                at=heads.latest.at,
                seen_at=self._clock(),
                provider=node.label,
            ),
            latest=heads.latest,
            following=heads.following,
            final_number=final_number,
        )
        self._watch_lag(now)
        if now.latest.number <= now.tip_number:
            return self._at_or_below_tip(now)
        if final_number is not None and final_number - place.next_block >= TAIL_BLOCKS_MAX:
            try:
                return self._read_range(now, final_number)
            except RangeRefused:
                return Tick(Outcome.IDLE, behind=now.latest.number - now.tip_number)
            except RangeIncomplete as lie:
                self.client.bench(node, str(lie))  # block by block its word can be proven
        return self._read_tail(now)

    def _at_or_below_tip(self, now: Round) -> Tick:
        """No new height: the same head, a lagging node, or another branch as long as ours.

        A shorter branch is not followed: it is a node that lags, or becomes longer before it wins.
        """
        same = now.latest.hash == now.place.tip_hash
        if not same and now.latest.number == now.tip_number and now.place.tip_hash:
            return self._forks.follow(now)
        if now.final_number is not None and now.final_number > now.final_known:
            self._advance(now, [], [])
        else:
            ingest.note_poll(now.place, head=now.head, at=self._clock())
        return Tick(Outcome.IDLE)

    def _read_tail(self, now: Round) -> Tick:
        """The blocks above our tip, each linked to the one before, with their logs by hash."""
        chain = list(now.following)
        if not chain:  # the node that named the head is not the one that was asked for the block
            ingest.note_poll(now.place, head=now.head, at=self._clock())
            return Tick(Outcome.IDLE)
        last = min(now.latest.number, now.tip_number + TAIL_BLOCKS_MAX)
        if len(chain) == _LOOK_AHEAD:
            chain += blocks.headers(now.node, range(chain[-1].number + 1, last + 1))
        blocks.check_linked("", chain)
        if now.place.tip_hash and chain[0].parent_hash != now.place.tip_hash:
            return self._forks.follow(now)
        logs = self._proofs.logs_of(now.node, chain)
        self._advance(now, chain, logs)
        behind = max(now.latest.number - chain[-1].number, 0)
        return Tick(Outcome.ADVANCED, behind=behind, logs=len(logs))

    def _read_range(self, now: Round, final_number: int) -> Tick:
        """Catch up over final blocks."""
        first = now.place.next_block
        read = read_range(now.node, self._proofs, first, final_number)
        if now.place.tip_hash and read.headers[0].parent_hash != now.place.tip_hash:
            return self._forks.follow(now)
        self._advance(now, read.headers, read.logs)
        return Tick(Outcome.ADVANCED, behind=now.latest.number - read.last, logs=len(read.logs))

    def _advance(
        self, now: Round, headers: list[Header] | tuple[Header, ...], logs: list[blocks.RawLog]
    ) -> None:
        ingest.advance(
            self.config,
            now.place,
            headers=headers,
            logs=logs,
            final_number=now.final_number,
            head=now.head,
            at=self._clock(),
        )

    def _next(self, failed: Node, tried: set[str]) -> Node:
        """Whom to ask after a node that failed: a healthy one, else any that was not asked yet."""
        healthy = self.client.other(failed)
        if healthy is not None and healthy.key not in tried:
            return healthy
        return next((node for node in self.client.nodes if node.key not in tried), failed)

    def _note_miss(self, node: Node, why: str) -> None:
        """Bench a node that goes on naming blocks which it does not have when asked for them.

        Now and then it is only that several nodes stand behind one address.
        """
        self._misses[node.key] = self._misses.get(node.key, 0) + 1
        if self._misses[node.key] >= _MISSES_MAX:
            del self._misses[node.key]
            self.client.bench(node, why)

    def _watch_lag(self, now: Round) -> None:
        """Bench a node that stays below what we hold while another might not."""
        if now.latest.number >= now.tip_number or not now.place.tip_hash:
            self._lagging_since.pop(now.node.key, None)
            return
        since = self._lagging_since.setdefault(now.node.key, self._clock())
        if self._clock() - since > _LAG_MAX:
            del self._lagging_since[now.node.key]
            self.client.bench(
                now.node, f"its head is {now.latest.number}, we hold {now.tip_number}"
            )
