"""Optional views of the fund's contracts, asked together at one block."""

from typing import Any

from apps.chain.client import Client
from apps.chain.config import ChainConfig
from apps.chain.contracts import abi
from apps.chain.contracts.returned import decoded, returned_at


class Asker:
    """Views without arguments, asked together and remembered by contract and name."""

    def __init__(self, client: Client, config: ChainConfig, block_hash: str) -> None:
        self._client, self._config, self._block_hash = client, config, block_hash
        self._answers: dict[tuple[str, str], tuple[Any, ...] | None] = {}

    def many(self, *views: tuple[str, str]) -> None:
        """Ask (contract kind, view) pairs."""
        addresses = {contract.kind: contract.address for contract in self._config.contracts}
        self._answers |= dict.fromkeys(views)
        asked = [(kind, name) for kind, name in views if kind in addresses]
        calls = [(addresses[kind], abi.function(kind, name).encode()) for kind, name in asked]
        answers = returned_at(self._client, self._block_hash, calls)
        for (kind, name), data in zip(asked, answers, strict=True):
            self._answers[kind, name] = decoded(abi.function(kind, name), data)

    def got(self, kind: str, name: str) -> tuple[Any, ...] | None:
        """What a view said."""
        return self._answers[kind, name]

    def first(self, kind: str, name: str) -> Any:
        """The first value of what a view said."""
        answer = self._answers[kind, name]
        return answer[0] if answer else None
