"""The nodes of one chain as one: the best of them is asked, and the next when it fails.

Nodes are used in the order of the chain file as long as they are well: right chain, head within two
blocks of the best known, no failures lately, not slow. One that fails is passed over at once and,
after a few failures, left alone for a while; one that lied is benched. Whatever is thought of them,
every one is tried before a call is given up, within one limit of time: the last node is never
switched off. All are looked at every few seconds, so that their heads and their recovery are known
before they are needed.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings

from apps.chain.client import stored
from apps.chain.client.health import Grade
from apps.chain.client.node import Node, exchanges
from apps.chain.client.rpc import ChainUnavailable, NodeTrouble, Request, RpcRefused, Transport
from apps.chain.client.wire import ANSWER_BYTES_MAX, Http
from apps.chain.config import ChainConfig

log = logging.getLogger(__name__)

LOOK_SECONDS = 3.0
"""How often a node is looked at whose work does not tell its head."""
SAVE_SECONDS = 2.0
_LOOK_TIMEOUT_SECONDS = 2.0
_HEAD_COUNTS_SECONDS = 10 * LOOK_SECONDS
"""How long a head that a node named is a measure for the others."""
_BUDGET_FACTOR = 2
"""All nodes together may take so many times what one may."""
_TOO_LATE_SECONDS = 0.05


class Client:
    """The nodes of one chain. Threads may share it.

    ``transport`` carries requests in place of HTTP, for chains that live in this process; with it
    everything happens in the caller's thread, in order. ``clock`` is any that never goes back.
    """

    def __init__(
        self,
        config: ChainConfig,
        *,
        timeout_seconds: float | None = None,
        answer_bytes_max: int = ANSWER_BYTES_MAX,
        transport: Transport | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.config = config
        self._seconds = settings.RPC_TIMEOUT_SECONDS if timeout_seconds is None else timeout_seconds
        self._clock = clock
        self._aside: Callable[[Callable[[], None]], None] = _now if transport else _in_a_thread
        exchange = (
            _without_time_limit(transport) if transport else Http(answer_bytes_max=answer_bytes_max)
        )
        self.nodes = [
            Node(
                url,
                place=place,
                chain_id=config.chain_id,
                exchange=exchange,
                seconds=self._seconds,
                clock=clock,
                best_head=self._best_head,
            )
            for place, url in enumerate(config.rpc_urls)
        ]
        self._in_use = self.nodes[0]
        self._look_lock = threading.Lock()
        self._look_at = clock() + LOOK_SECONDS
        self._saved_at: float | None = None

    @property
    def provider(self) -> str:
        """The node in use, as shown to people."""
        return self._in_use.label

    # -- any node ------------------------------------------------------------------------------

    def call(self, method: str, *params: Any) -> Any:
        """One request's result.

        Raises:
            RpcRefused: the node said no.
            ChainUnavailable: no node answers.
        """
        result = self.batch([(method, list(params))])[0]
        if isinstance(result, RpcRefused):
            raise result
        return result

    def batch(self, requests_: Sequence[Request]) -> list[Any]:
        """Results in order, all from one node; a refused request's place holds its ``RpcRefused``.

        Raises:
            ChainUnavailable: no node answers all of it in time.
        """
        if not requests_:
            return []
        self._look_around()
        parts = len(exchanges(requests_))
        factor = _BUDGET_FACTOR if len(self.nodes) > 1 else 1
        give_up_at = self._clock() + self._seconds * factor * parts
        troubles = []
        ranked = self._ranked()
        for asked, node in enumerate(ranked):
            left = give_up_at - self._clock()
            if left < _TOO_LATE_SECONDS:
                troubles.append(f"{node.label}: {node.health.last_error or 'not asked in time'}")
                continue
            # The first may take its time; those after it share what is left.
            share = left if asked == 0 else left / (len(ranked) - asked)
            try:
                results = node.batch(requests_, seconds=min(self._seconds, share / parts))
            except NodeTrouble as trouble:
                troubles.append(f"{node.label}: {trouble}")
                continue
            self._in_use = node
            return results
        raise self._unavailable(troubles)

    # -- one node, chosen ----------------------------------------------------------------------

    def pin(self) -> Node:
        """The best node, to be asked by itself for as long as what it says must fit together.

        Raises:
            ChainUnavailable: every node is of another chain.
        """
        self._look_around()
        node = self._ranked()[0]
        if node.health.grade(self._clock()) is Grade.WRONG_CHAIN:
            raise self._unavailable([f"{n.label}: {n.health.last_error}" for n in self.nodes])
        self._in_use = node
        return node

    def other(self, than: Node) -> Node | None:
        """A healthy node that is not that one, None when there is none."""
        now = self._clock()
        fit = [
            node
            for node in self._ranked()
            if node is not than and node.health.grade(now) <= Grade.ON_TRIAL
        ]
        return fit[0] if fit else None

    def others(self, than: Node) -> list[Node]:
        """Every node but that one that can be asked for its view of the chain, however far behind:
        all but those benched, of another chain, or left alone for their failures."""
        now = self._clock()
        return [
            node
            for node in self._ranked()
            if node is not than and node.health.grade(now) <= Grade.LAGGING
        ]

    def benched(self) -> list[Node]:
        """The nodes left out because they lied or lagged."""
        now = self._clock()
        return [node for node in self.nodes if node.health.grade(now) is Grade.BENCHED]

    def steady_other(self, than: Node) -> Node | None:
        """The same, None also when it failed a moment ago: for what is not worth waiting for."""
        node = self.other(than)
        if node is None or node.health.breaker.is_unsteady(self._clock()):
            return None
        return node

    def bench(self, node: Node, why: str) -> None:
        """Leave a node out that lied or lags; the last that can be used stays in use."""
        self._measure_without(node)
        stays = self.other(node) is None
        node.health.note_lie(why, self._clock(), bench=not stays)
        log.error(
            "chain %s: %s %s: %s",
            self.config.chain_id,
            "staying with" if stays else "benching",
            node.label,
            why,
        )

    # -- what outlives the process -------------------------------------------------------------

    def load_health(self, at: datetime) -> None:
        """Remember what an earlier process wrote down about these nodes."""
        stored.load(self.config.chain_id, self.nodes, self._clock(), at)

    def save_health(self, at: datetime) -> None:
        """Write the nodes' records down, at most every two seconds; only whoever leads does."""
        now = self._clock()
        if self._saved_at is None or now - self._saved_at >= SAVE_SECONDS:
            stored.save(self.config.chain_id, self.nodes, now, at)
            self._saved_at = now

    # -- judging -------------------------------------------------------------------------------

    def _ranked(self) -> list[Node]:
        """Every node, the best first."""
        now = self._clock()
        return sorted(self.nodes, key=lambda node: (node.health.grade(now), node.place))

    def _best_head(self, *, without: Node | None = None) -> int | None:
        """The highest head that a node not known to lie has named of late."""
        now = self._clock()
        heads = [
            node.health.head_number
            for node in self.nodes
            if node is not without
            and node.health.head_number is not None
            and node.health.head_age_seconds(now) < _HEAD_COUNTS_SECONDS
            and node.health.grade(now) < Grade.BENCHED
        ]
        return max(heads, default=None)

    def _measure_without(self, liar: Node) -> None:
        """Take back what others lag behind a head that was perhaps made up."""
        best = self._best_head(without=liar)
        for node in self.nodes:
            if node is not liar:
                node.health.lag_at_most_behind(best)

    def _unavailable(self, troubles: Sequence[str]) -> ChainUnavailable:
        return ChainUnavailable(
            f"No node of chain {self.config.name} ({self.config.chain_id}) answers: "
            + "; ".join(troubles)
            + "."
        )

    # -- looking around ------------------------------------------------------------------------

    def _look_around(self) -> None:
        """Look at the nodes' heads, now and then, beside the work."""
        if len(self.nodes) == 1 or self._clock() < self._look_at:
            return
        if not self._look_lock.acquire(blocking=False):
            return  # somebody is looking
        self._look_at = self._clock() + LOOK_SECONDS
        try:
            self._aside(self._look)
        except RuntimeError:  # no thread to be had; the work at hand does without
            self._look_lock.release()

    def _look(self) -> None:
        try:
            for node in self.nodes:
                now = self._clock()
                grade = node.health.grade(now)
                # The one in use too, unless its work told its head: it may have come to a stand.
                fresh = node.health.head_age_seconds(now) < LOOK_SECONDS / 2
                if fresh or grade in {Grade.RESTING, Grade.BENCHED}:
                    continue
                try:
                    node.batch(
                        [("eth_blockNumber", [])], seconds=min(self._seconds, _LOOK_TIMEOUT_SECONDS)
                    )
                except NodeTrouble:
                    continue  # its record has it
        except Exception:
            log.exception("chain %s: looking at the nodes failed", self.config.chain_id)
        finally:
            self._look_lock.release()


def _in_a_thread(job: Callable[[], None]) -> None:
    threading.Thread(target=job, name="chain-nodes", daemon=True).start()


def _now(job: Callable[[], None]) -> None:
    job()


def _without_time_limit(
    transport: Transport,
) -> Callable[[str, Sequence[Request], float], Sequence[Any]]:
    return lambda url, requests_, _seconds: transport(url, list(requests_))
