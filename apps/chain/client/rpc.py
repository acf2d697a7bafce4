"""What is asked of a node and what may come of it: requests, refusals, trouble.

Two kinds of failure are kept apart: ``NodeTrouble`` (time-out, 5xx, nonsense: the node's fault, try
the next one) and ``RpcRefused`` (the node understood and said no: a revert, a range too large).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from apps.core.errors import Unavailable

Request = tuple[str, list[Any]]
"""A method and its parameters."""
Answer = Mapping[str, Any]
"""What a node says to one request: an object with a result or an error."""
Transport = Callable[[str, list[Request]], Sequence[Answer]]
"""Carries requests to a URL; answers come in the order of the requests. Raises ``NodeTrouble``."""

_REVERTED = 3  # the code nodes agree on for a revert
_BAD_END = re.compile(
    r"out ?of ?gas|opcode|invalid ?jump|stack ?(under|over)flow|stack limit|write protection"
    r"|data out of bounds|call depth|EVM error|VM (execution )?(error|exception)|halted",
    re.IGNORECASE,
)
"""What nodes say of a contract that came to a bad end otherwise than by a revert."""


class RpcRefused(Exception):
    """The node answered a request with an error; ``data`` holds revert bytes when there are any."""

    def __init__(self, code: int, message: str, data: str | None) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data

    @property
    def is_revert(self) -> bool:
        """Whether the contract refused, and not the node (busy, lagging, out of quota)."""
        return self.code == _REVERTED or self.data is not None or "revert" in self.message.lower()

    @property
    def is_of_contract(self) -> bool:
        """Whether it is the contract that gave no answer, by a revert or a bad end; else the node
        could not ask it, and nothing is known of what it would say."""
        return self.is_revert or _BAD_END.search(self.message) is not None


class NodeTrouble(Unavailable):
    """This node cannot be used right now; the message says why, without secrets of its URL.

    ``weight`` is how much it counts against the node.
    """

    def __init__(self, message: str, *, weight: float = 1.0) -> None:
        super().__init__(message)
        self.weight = weight


class OverQuota(NodeTrouble):
    """The node wants to be left alone; for ``retry_after_seconds`` if it says so, else 0."""

    def __init__(self, message: str, *, retry_after_seconds: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class WrongChain(NodeTrouble):
    """The node is of another chain; nothing it says concerns us."""


class ChainUnavailable(Unavailable):
    """No node of the chain answers; nothing was changed."""


class Reader(Protocol):
    """Whoever answers JSON-RPC for a chain: the pool of its nodes, or one of them."""

    def call(self, method: str, *params: Any) -> Any:
        """One request's result, or ``RpcRefused`` raised."""

    def batch(self, requests_: Sequence[Request]) -> list[Any]:
        """Results in order, all from one node; a refused one's place holds its ``RpcRefused``."""
