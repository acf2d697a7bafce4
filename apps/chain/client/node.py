"""One endpoint: asked in batches that name its chain each time, and judged by how it answers."""

import hashlib
import logging
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from apps.chain.client.answers import quantity, result_of
from apps.chain.client.health import Health
from apps.chain.client.rpc import NodeTrouble, Request, RpcRefused, WrongChain
from apps.chain.rules.range_size import RangeSize

log = logging.getLogger(__name__)

BATCH_MAX = 100
"""Requests of one exchange, the question for the chain id among them."""

_SECRET_LENGTH_MIN = 6

Exchange = Callable[[str, Sequence[Request], float], Sequence[Any]]
"""Carries a batch to a URL within so many seconds; answers in the order of the requests."""

_WHICH_CHAIN: Request = ("eth_chainId", [])


class Node:
    """One endpoint of a chain. ``label`` and ``key`` stand for its URL, which may hold a secret.

    Whatever it is asked, it is asked for its chain id in the same breath: a gateway may be pointed
    elsewhere at any time.
    """

    def __init__(
        self,
        url: str,
        *,
        place: int,
        chain_id: int,
        exchange: Exchange,
        seconds: float,
        clock: Callable[[], float],
        best_head: Callable[[], int | None],
    ) -> None:
        self.place = place
        self.label, self.key = label_of(url), key_of(url)
        self.health = Health()
        self._url, self._chain_id = url, chain_id
        self._secrets = secrets_of(url)
        self._exchange, self._seconds = exchange, seconds
        self._clock, self._best_head = clock, best_head
        self._range = RangeSize()

    def call(self, method: str, *params: Any) -> Any:
        """One request's result.

        Raises:
            RpcRefused: the node said no.
            NodeTrouble: it cannot be used; its record says so.
        """
        result = self.batch([(method, list(params))])[0]
        if isinstance(result, RpcRefused):
            raise result
        return result

    def batch(self, requests_: Sequence[Request], *, seconds: float | None = None) -> list[Any]:
        """Results in order; a refused request's place holds its ``RpcRefused``.

        ``seconds`` are for each exchange of up to 99 requests.

        Raises:
            NodeTrouble: it cannot be used; its record says so.
        """
        results: list[Any] = []
        for part in exchanges(requests_):
            results.extend(self._ask(part, seconds or self._seconds))
        return results

    # -- how many blocks of logs at once -------------------------------------------------------

    @property
    def range_blocks(self) -> int:
        """How many blocks of logs to ask for now, 1…2,000."""
        return self._range.blocks

    def range_served(self, blocks: int, logs: int) -> None:
        """It gave the logs of so many blocks."""
        self._range.served(blocks, logs, self._clock())

    def range_refused(self, blocks: int) -> None:
        """So many blocks were too much: it said so, or took too long, or gave too much at once."""
        self._range.refused(blocks, self._clock())

    def remember_range(self, blocks: int) -> None:
        """Begin with what it gave in an earlier life."""
        self._range = RangeSize(blocks)

    def note_head(self, number: int) -> None:
        """Its newest block, where ``batch``, which notes what it is told, could not see it."""
        if number != self.health.head_number:
            self.health.note_head(number, self._clock(), best=self._best_head())

    def __repr__(self) -> str:
        return f"<Node {self.label}>"

    # -- one exchange --------------------------------------------------------------------------

    def _ask(self, part: Sequence[Request], seconds: float) -> list[Any]:
        begun, best = self._clock(), self._best_head()
        self.health.asked(begun, seconds=seconds)
        asked = [_WHICH_CHAIN, *part]
        try:
            answers = self._exchange(self._url, asked, seconds)
            if len(answers) != len(asked):
                raise NodeTrouble(f"it answered {len(answers)} of {len(asked)} requests")
            results = [
                result_of(request, answer, secrets=self._secrets)
                for request, answer in zip(asked, answers, strict=True)
            ]
            self._check_chain(results[0])
        except NodeTrouble as trouble:
            self._tell(trouble)
            raise
        now = self._clock()
        recovered = self.health.succeeded(now, seconds=now - begun)
        if recovered:
            log.warning("chain %s: %s is back (%s)", self._chain_id, self.label, recovered)
        for head in _heads(part, results[1:]):
            self.health.note_head(head, now, best=best)
        return results[1:]

    def _check_chain(self, answer: Any) -> None:
        if not isinstance(answer, str):
            why = f" ({answer.message[:200]})" if isinstance(answer, RpcRefused) else ""
            raise NodeTrouble(f"it does not say which chain it is{why}")
        try:
            actual = quantity(answer)
        except ValueError:
            raise NodeTrouble("it does not say which chain it is") from None
        if actual != self._chain_id:
            raise WrongChain(f"it is chain {actual}, not {self._chain_id}")

    def _tell(self, trouble: NodeTrouble) -> None:
        steady = not self.health.breaker.is_unsteady(self._clock())
        if self.health.failed(trouble, self._clock()):
            log.error("chain %s: leaving %s: %s", self._chain_id, self.label, trouble)
        elif steady:  # the first of a row
            log.warning("chain %s: %s: %s", self._chain_id, self.label, trouble)


def exchanges(requests_: Sequence[Request]) -> list[Sequence[Request]]:
    """The requests in parts that fit an exchange each."""
    step = BATCH_MAX - 1
    return [requests_[start : start + step] for start in range(0, len(requests_), step)]


def label_of(url: str) -> str:
    """An endpoint as shown to people: scheme, host and port, nothing that may hold a key."""
    scheme, _, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    return f"{scheme}://{authority.rpartition('@')[2]}"


def secrets_of(url: str) -> tuple[str, ...]:
    """The parts of a URL that may be a key, which a node may repeat when it refuses it."""
    shown = label_of(url)
    parts = re.split(r"[/?#&=:@]", url)
    return tuple(p for p in parts if len(p) >= _SECRET_LENGTH_MIN and p not in shown)


def key_of(url: str) -> str:
    """What stands for the whole URL where two of a host must be told apart."""
    return hashlib.sha256(url.encode()).hexdigest()[:16]


def _heads(part: Sequence[Request], results: Sequence[Any]) -> Iterator[int]:
    """Heads among the results: what it said to ``eth_blockNumber`` and of its latest block."""
    for (method, params), result in zip(part, results, strict=True):
        said = None
        if method == "eth_blockNumber":
            said = result
        elif method == "eth_getBlockByNumber" and params[0] == "latest":
            said = result.get("number") if isinstance(result, dict) else None
        if isinstance(said, str):
            try:
                yield quantity(said)
            except ValueError:
                continue
