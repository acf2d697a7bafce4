"""How high the chain is final: by the nodes' own tag, or by depth."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from apps.chain.client import Client, Node, NodeTrouble, RpcRefused, blocks
from apps.chain.client.blocks import Header, Heads, NodeLied, NoSuchBlock
from apps.chain.config import ChainConfig
from apps.chain.events import FinalityStalled
from apps.chain.listener.round import Briefly
from apps.chain.models import Block, Cursor

log = logging.getLogger(__name__)

STALLED_AFTER = timedelta(seconds=60)


class Finality:
    """The rule of one chain. Remembers when the tag last rose, to see it stand still."""

    def __init__(self, config: ChainConfig, client: Client, clock: Callable[[], datetime]) -> None:
        self._config, self._client, self._clock = config, client, clock
        self._tag_number: int | None = None
        self._tag_rose_at: datetime | None = None
        self._head_when_it_rose = 0
        self._told = False

    @property
    def uses_tag(self) -> bool:
        """Whether nodes are asked for their ``finalized`` block."""
        return self._config.confirmations is None

    def number(self, node: Node, cursor: Cursor, heads: Heads) -> int | None:
        """The newest final height, None when it cannot be said now."""
        if self._config.confirmations is not None:
            return max(heads.latest.number - self._config.confirmations, -1)
        tagged = self._tagged(node, cursor, heads.final)
        self._watch(heads)
        if self._is_stalled(heads.latest.number):
            by_depth = max(heads.latest.number - self._config.stalled_confirmations, -1)
            return by_depth if tagged is None else max(tagged, by_depth)
        return tagged

    def stall_to_tell(self, heads: Heads) -> FinalityStalled | None:
        """The fact that people must hear, once for each stall."""
        if not self.uses_tag or self._told or not self._is_stalled(heads.latest.number):
            return None
        self._told = True
        assert self._tag_rose_at is not None  # noqa: S101 - set by the first number()
        fact = FinalityStalled(
            chain_id=self._config.chain_id,
            final_number=self._tag_number,
            head_number=heads.latest.number,
            since=self._tag_rose_at,
            at=self._clock(),
        )
        log.critical(
            "chain %s: nothing became final since %s (block %s, head %s); %s blocks of depth "
            "decide meanwhile",
            fact.chain_id,
            fact.since,
            fact.final_number,
            fact.head_number,
            self._config.stalled_confirmations,
        )
        return fact

    def _tagged(self, node: Node, cursor: Cursor, own: Header | None) -> int | None:
        """The lower of two nodes' final heights, if it lies on our branch and on both of theirs.

        Where the others lag, one of them is asked all the same: its final block is no limit then,
        but must be on the node's branch, which else could be anything.
        """
        if own is None:
            return None
        finals = {node: own}
        healthy = self._client.other(node)
        if cursor.final_number is None or own.number > cursor.final_number:
            other = healthy or next(iter(self._client.others(node)), None)
            if other is not None:
                try:
                    answer = Briefly(other).call("eth_getBlockByNumber", "finalized", False)
                    finals[other] = blocks.header_of(answer)
                except (NodeTrouble, NoSuchBlock, RpcRefused):
                    return None  # asked again at the next tick, unless it is out of use by then
                except NodeLied as lie:
                    self._client.bench(other, str(lie))
        ours = dict(
            Block.objects.filter(
                chain_id=self._config.chain_id,
                number__in=[final.number for final in finals.values()],
                canonical=True,
            ).values_list("number", "hash")
        )
        if any(ours.get(final.number, final.hash) != final.hash for final in finals.values()):
            return None  # one of us is on another branch there: the fork is found first
        lowest = min(finals.values(), key=lambda final: final.number)
        if lowest.number not in ours and not _all_hold(lowest, finals):
            return None  # above our tip: nobody knows yet whose branch it is
        return own.number if healthy is None else lowest.number

    def _watch(self, heads: Heads) -> None:
        tag = heads.final.number if heads.final is not None else None
        if self._tag_rose_at is None or (tag or -1) > (self._tag_number or -1):
            self._tag_number, self._tag_rose_at = tag, self._clock()
            self._head_when_it_rose = heads.latest.number
            self._told = False

    def _is_stalled(self, head_number: int) -> bool:
        return (
            self._tag_rose_at is not None
            and head_number > self._head_when_it_rose
            and self._clock() - self._tag_rose_at > STALLED_AFTER
        )


def _all_hold(lowest: Header, finals: Mapping[Node, Header]) -> bool:
    """Whether every node whose own final block is higher has this one below it."""
    for node, final in finals.items():
        if final.number == lowest.number:
            if final.hash != lowest.hash:
                return False
            continue
        try:
            held = blocks.headers(Briefly(node), [lowest.number])[0]
        except (NodeTrouble, NodeLied):
            return False
        if held.hash != lowest.hash:
            return False
    return True
