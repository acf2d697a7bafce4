"""Facts for tests: each from a log of its own, in chain order."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Model

from apps.chain.events import ChainFact, Source

CHAIN_ID = 31337
VAULT = "0x" + "aa" * 20
MANAGER = "0x" + "bb" * 20
CONTROLLER = "0x" + "cc" * 20
ZERO = "0x" + "00" * 20
ALICE = "0x" + "a1" * 20
BOB = "0x" + "b0" * 20
CAROL = "0x" + "ca" * 20
TOKEN = "0x" + "70" * 20
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
USDT = 10**18


def rows(model: type[Model]) -> list[dict[str, Any]]:
    """Every row but for its id, in a stable order: what a replay must reproduce."""
    found = [
        {name: value for name, value in row.items() if name != "id"}
        for row in model._default_manager.values()
    ]
    return sorted(found, key=str)


Fact = TypeVar("Fact", bound=ChainFact)
_KINDS = {VAULT: "vault", MANAGER: "redemption_manager", CONTROLLER: "asset_controller"}


class Logs:
    """Makes sources: a new transaction in a new block, one minute later, unless told otherwise."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._tx = 0
        self._position = 0

    def source(self, address: str = VAULT, *, same_tx: bool = False) -> Source:
        """Where the next log comes from; with ``same_tx`` the transaction of the one before."""
        number = next(self._numbers)
        if same_tx:
            self._position += 1
        else:
            self._tx, self._position = self._tx + 1, 0
        return Source(
            log_id=number,
            chain_id=CHAIN_ID,
            address=address,
            contract_kind=_KINDS[address],
            block_number=100 + self._tx,
            block_hash=f"0x{self._tx:064x}",
            block_time=START + timedelta(minutes=self._tx),
            tx_hash=f"0x{self._tx + 10**6:064x}",
            position=self._position,
            log_index=self._position,
        )

    def fact(
        self, kind: type[Fact], address: str = VAULT, *, same_tx: bool = False, **values: Any
    ) -> Fact:
        """A fact of the next log."""
        return kind(source=self.source(address, same_tx=same_tx), **values)
