"""Another branch than ours: whether to believe it, where it left, and the switch to it.

A lagging node is no fork. A different block counts only when the other nodes bear it out, or, where
there is nobody to ask, when its node still says so at the next tick (``witnesses``). The new branch
is read down to the common ancestor first and taken in one transaction; below a final block a person
is asked instead.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from apps.chain.client import Client, blocks
from apps.chain.client.blocks import Header
from apps.chain.config import ChainConfig
from apps.chain.listener import ingest
from apps.chain.listener.proofs import Proofs
from apps.chain.listener.round import Outcome, Round, Tick
from apps.chain.listener.witnesses import Verdict, Witnesses
from apps.chain.models import Block

log = logging.getLogger(__name__)

REORG_DEPTH_MAX = 1024
"""How far back a fork is looked for before a person is asked."""
_STEP = 32
_ALONE_MAX = 3
"""Ticks in a row in which a node may contradict another one before it is benched."""


class Forks:
    """Follows the chain from branch to branch."""

    def __init__(
        self,
        config: ChainConfig,
        client: Client,
        proofs: Proofs,
        clock: Callable[[], datetime],
    ) -> None:
        self._config, self._client, self._proofs, self._clock = config, client, proofs, clock
        self._witnesses = Witnesses(client)
        self._times_alone = 0

    def follow(self, now: Round) -> Tick:
        """Switch to the node's branch if it is to be believed; halt if it leaves below finality."""
        theirs = self._at_our_tip(now)
        if theirs.hash == now.place.tip_hash:
            # It has our block now, though the one after it followed on another: several nodes
            # behind one address, or one that changes branch while it answers.
            ingest.note_poll(now.place, head=now.head, at=self._clock())
            return Tick(Outcome.IDLE)
        ancestor = self._common_ancestor(now)
        if not self._is_believed(now, theirs, -1 if ancestor is None else ancestor.number):
            ingest.note_poll(now.place, head=now.head, at=self._clock(), suspect_hash=theirs.hash)
            return Tick(Outcome.SUSPECTED)
        if ancestor is None or ancestor.number < now.final_known:
            return self._halt(now, ancestor)
        last = min(now.latest.number, ancestor.number + REORG_DEPTH_MAX)
        branch = blocks.headers(now.node, range(ancestor.number + 1, last + 1))
        blocks.check_linked(ancestor.hash, branch)
        if theirs.number <= last and theirs.hash not in {header.hash for header in branch}:
            return Tick(Outcome.SUSPECTED)  # it moved on meanwhile, to a branch not confirmed yet
        logs = self._proofs.logs_of(now.node, branch)
        ingest.switch(
            self._config,
            now.place,
            ancestor=ancestor,
            headers=branch,
            logs=logs,
            final_number=now.final_number,
            head=now.head,
            at=self._clock(),
        )
        return Tick(Outcome.SWITCHED, behind=now.latest.number - last, logs=len(logs))

    def _at_our_tip(self, now: Round) -> Header:
        """The node's block at the height of our newest one."""
        if now.latest.number == now.tip_number:
            return now.latest
        return blocks.headers(now.node, [now.tip_number])[0]

    def _is_believed(self, now: Round, theirs: Header, ancestor_number: int) -> bool:
        verdict = self._witnesses.verdict(now, theirs, ancestor_number)
        self._times_alone = self._times_alone + 1 if verdict is Verdict.DENIED else 0
        if self._times_alone >= _ALONE_MAX:
            self._times_alone = 0
            self._client.bench(now.node, f"it is alone on its branch at block {theirs.number}")
        return verdict is Verdict.BELIEVED

    def _common_ancestor(self, now: Round) -> Header | None:
        """The newest block that both branches hold, None when none is found in bounds."""
        ours = dict(
            Block.objects.filter(chain_id=now.place.chain_id, canonical=True)
            .order_by("-number")
            .values_list("number", "hash")[:REORG_DEPTH_MAX]
        )
        heights = [n for n in sorted(ours, reverse=True) if n <= now.latest.number]
        for start in range(0, len(heights), _STEP):
            for header in blocks.headers(now.node, heights[start : start + _STEP]):
                if ours[header.number] == header.hash:
                    return header
        return None

    def _halt(self, now: Round, ancestor: Header | None) -> Tick:
        where = "an unknown block" if ancestor is None else f"block {ancestor.number}"
        reason = (
            f"Chain {self._config.name} ({self._config.chain_id}) left our branch at {where}, "
            f"below block {now.final_known} that was final. Nothing was changed. Compare with "
            f"another node before anything else."
        )
        ingest.halt(now.place, reason=reason, at=self._clock())
        log.critical(reason)
        return Tick(Outcome.HALTED)
