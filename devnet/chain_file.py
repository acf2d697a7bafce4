"""The chain file: which chains there are, where their contracts live, who signs.

TOML, written by a deployment, read by the back-office and by `Scenario.connect`. Paths in it are
relative to the file itself.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from devnet.errors import DevnetError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class ChainFileInvalid(DevnetError):
    """The file is missing, is not TOML, or lacks what was asked of it."""


@dataclass(frozen=True)
class ContractEntry:
    """A contract to watch from `start_block` on.

    `kind` is vault, redemption_manager, asset_controller, voucher, oracle or stablecoin; `abi`
    names a JSON file with more ABI entries, such as custom errors.
    """

    kind: str
    address: str
    start_block: int
    generation: str = "v1"
    abi: str | None = None


@dataclass(frozen=True)
class SignerEntry:
    """An account the back-office acts by: an encrypted keystore, its password in the environment,
    or (`type` safe) a Safe, whose transactions the signer named `executor` carries."""

    name: str
    address: str
    keystore: str | None = None
    password_env: str | None = None
    type: str = "keystore"
    executor: str | None = None


@dataclass(frozen=True)
class ChainEntry:
    """One chain. Finality is `finality = "finalized"` when given, else `confirmations` blocks.

    `ws_urls` tell of new blocks.
    """

    name: str
    chain_id: int
    rpc_urls: tuple[str, ...]
    confirmations: int | None
    finality: str | None
    block_time_seconds: float
    explorer_url: str
    contracts: tuple[ContractEntry, ...]
    signers: tuple[SignerEntry, ...]
    ws_urls: tuple[str, ...] = ()

    def address(self, kind: str) -> str:
        """Address of the first contract of that kind.

        Raises:
            ChainFileInvalid: There is none.
        """
        return self._contract(kind).address

    def generation(self, kind: str) -> str:
        """Which signatures the first contract of that kind speaks.

        Raises:
            ChainFileInvalid: There is none.
        """
        return self._contract(kind).generation

    def _contract(self, kind: str) -> ContractEntry:
        for contract in self.contracts:
            if contract.kind == kind:
                return contract
        raise ChainFileInvalid(f"chain {self.name} names no contract of kind {kind}")


def write_chain_file(path: Path, chains: Sequence[ChainEntry]) -> None:
    """Writes the chains, replacing the file in one step."""
    text = "\n".join(line for chain in chains for line in _chain_lines(chain))
    draft = path.with_suffix(".draft")
    draft.write_text(text + "\n")
    draft.replace(path)


def read_chain_file(path: Path) -> list[ChainEntry]:
    """Reads the chains.

    Raises:
        ChainFileInvalid: The file cannot be read as a chain file.
    """
    try:
        return [_chain(table) for table in tomllib.loads(path.read_text())["chains"]]
    except FileNotFoundError:
        raise ChainFileInvalid(f"{path} does not exist; run: python -m devnet deploy") from None
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise ChainFileInvalid(f"{path} is not a chain file: {error}") from error


def _chain(table: dict[str, Any]) -> ChainEntry:
    return ChainEntry(
        name=table["name"],
        chain_id=table["chain_id"],
        rpc_urls=tuple(table["rpc_urls"]),
        confirmations=table.get("confirmations"),
        finality=table.get("finality"),
        block_time_seconds=table["block_time_seconds"],
        explorer_url=table["explorer_url"],
        contracts=tuple(ContractEntry(**contract) for contract in table.get("contracts", [])),
        signers=tuple(SignerEntry(**signer) for signer in table.get("signers", [])),
        ws_urls=tuple(table.get("ws_urls", [])),
    )


def _chain_lines(chain: ChainEntry) -> list[str]:
    plain = [f.name for f in fields(chain) if f.name not in {"contracts", "signers"}]
    lines = ["[[chains]]", *_pairs({name: getattr(chain, name) for name in plain})]
    for contract in chain.contracts:
        lines += ["", "[[chains.contracts]]", *_pairs(asdict(contract))]
    for signer in chain.signers:
        lines += ["", "[[chains.signers]]", *_pairs(asdict(signer))]
    return [*lines, ""]


def _pairs(values: dict[str, Any]) -> list[str]:
    # JSON's strings, numbers and lists are TOML's as well; what is None is left out.
    return [f"{key} = {json.dumps(value)}" for key, value in values.items() if value is not None]
