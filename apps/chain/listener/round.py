"""What one tick of the listener knows: the node it asks, what that said, and where we stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from apps.chain.client import Node, Request, RpcRefused
from apps.chain.client.blocks import Header
from apps.chain.listener.ingest import Head, Place
from apps.chain.models import Cursor

SECOND_OPINION_SECONDS = 1.0


class Briefly:
    """A node as it is asked for a second opinion: not waited for as long as for the first."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def batch(self, requests_: Sequence[Request]) -> list[Any]:
        """Results in order, or ``NodeTrouble`` raised."""
        return self._node.batch(requests_, seconds=SECOND_OPINION_SECONDS)

    def call(self, method: str, *params: Any) -> Any:
        """One request's result, or ``RpcRefused`` raised."""
        [result] = self.batch([(method, list(params))])
        if isinstance(result, RpcRefused):
            raise result
        return result


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One tick's view. ``following`` are headers above our tip, as many as came with the heads;
    ``final_number`` is the newest final height known, None when unknown."""

    node: Node
    cursor: Cursor
    place: Place
    head: Head
    latest: Header
    following: tuple[Header, ...]
    final_number: int | None

    @property
    def tip_number(self) -> int:
        """The height of our newest block."""
        return self.place.next_block - 1

    @property
    def final_known(self) -> int:
        """The height below which nothing of ours may change, -1 before the first."""
        return -1 if self.cursor.final_number is None else self.cursor.final_number
