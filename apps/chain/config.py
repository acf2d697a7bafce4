"""Which chains and contracts there are: one TOML file, named by PAIMON_CHAIN_FILE.

The file is read once per process and checked whole before anything runs; every mistake is one
sentence. See docs/chains.md for the format.
"""

import json
import math
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

CONTRACT_KINDS = ("vault", "redemption_manager", "asset_controller", "oracle", "stablecoin")
GENERATIONS = ("v1",)
WATCHED_KINDS = frozenset({"vault", "redemption_manager", "asset_controller"})
"""Kinds whose every log is stored. The stablecoin and the oracle are only read: the one has the
whole chain's payments in its logs, the other is not the fund's."""
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


class BadChainFile(ImproperlyConfigured):
    """The chain file cannot be used; the message says which line of thought went wrong."""


class UnknownChain(ImproperlyConfigured):
    """No chain of that id is configured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractConfig:
    """One contract we watch or call."""

    kind: str
    address: str
    start_block: int
    generation: str
    extra_abi: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerConfig:
    """One key that signs for us: an encrypted keystore file and the variable with its password."""

    name: str
    address: str
    keystore: Path
    password_env: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainConfig:
    """One chain. ``confirmations`` is None where the node's finalized tag decides."""

    name: str
    chain_id: int
    rpc_urls: tuple[str, ...]
    confirmations: int | None
    block_time_seconds: float
    explorer_url: str
    contracts: tuple[ContractConfig, ...]
    signers: tuple[SignerConfig, ...]

    @property
    def watched(self) -> tuple[ContractConfig, ...]:
        """The contracts whose logs are stored."""
        return tuple(c for c in self.contracts if c.kind in WATCHED_KINDS)

    @property
    def start_block(self) -> int:
        """The first block that can hold a log of ours."""
        return min((contract.start_block for contract in self.watched), default=0)

    def contract(self, kind: str) -> ContractConfig:
        """The contract of a kind.

        Raises:
            BadChainFile: there is none.
        """
        for contract in self.contracts:
            if contract.kind == kind:
                return contract
        raise BadChainFile(f"Chain {self.name} ({self.chain_id}) has no {kind} contract.")

    def contract_at(self, address: str) -> ContractConfig | None:
        """The contract at a lower-case address, None when it is not ours."""
        return next((c for c in self.contracts if c.address == address), None)


def chains() -> tuple[ChainConfig, ...]:
    """All configured chains, in the file's order."""
    return _load(settings.CHAIN_FILE)


def chain(chain_id: int) -> ChainConfig:
    """The chain of that id.

    Raises:
        UnknownChain: the file has none.
    """
    for config in chains():
        if config.chain_id == chain_id:
            return config
    known = ", ".join(str(config.chain_id) for config in chains()) or "none"
    raise UnknownChain(f"Chain {chain_id} is not in {settings.CHAIN_FILE}; it names {known}.")


def fund_chain() -> ChainConfig:
    """The chain that the fund's vault lives on.

    Raises:
        BadChainFile: no chain has a vault.
    """
    for config in chains():
        if any(contract.kind == "vault" for contract in config.contracts):
            return config
    raise BadChainFile(f"{settings.CHAIN_FILE} names no chain with a vault contract.")


def reload() -> None:
    """Forget what was read; for tests that deploy a chain of their own."""
    _load.cache_clear()


@cache
def _load(file: str) -> tuple[ChainConfig, ...]:
    path = Path(file)
    try:
        document = tomllib.loads(path.read_text())
    except OSError as error:
        raise BadChainFile(f"Cannot read the chain file {path}: {error.strerror}.") from error
    except ValueError as error:  # not TOML, or not even text
        raise BadChainFile(f"The chain file {path} is not valid TOML: {error}.") from error
    configs = tuple(_chain(table, path) for table in _tables(document, "chains", str(path)))
    ids = [config.chain_id for config in configs]
    if len(set(ids)) != len(ids):
        raise BadChainFile(f"{path} names the same chain_id twice.")
    return configs


def _chain(table: dict[str, Any], path: Path) -> ChainConfig:
    name = str(table.get("name") or "unnamed")
    where = f"{path}, chain {name}"
    chain_id = _number(table, "chain_id", where)
    urls = table.get("rpc_urls")
    if not isinstance(urls, list) or not urls or not all(_is_http(url) for url in urls):
        raise BadChainFile(f"{where}: rpc_urls must be a list of http(s) URLs.")
    contracts = tuple(_contract(item, where, path) for item in _tables(table, "contracts", where))
    addresses = [contract.address for contract in contracts]
    if len(set(addresses)) != len(addresses):
        raise BadChainFile(f"{where}: two contracts have the same address.")
    return ChainConfig(
        name=name,
        chain_id=chain_id,
        rpc_urls=tuple(urls),
        confirmations=_confirmations(table, where),
        block_time_seconds=_block_time(table, where),
        explorer_url=str(table.get("explorer_url", "")).rstrip("/"),
        contracts=contracts,
        signers=tuple(_signer(item, where, path) for item in _tables(table, "signers", where)),
    )


def _confirmations(table: dict[str, Any], where: str) -> int | None:
    if table.get("finality") == "finalized":
        if "confirmations" in table:
            raise BadChainFile(f'{where}: give confirmations or finality = "finalized", not both.')
        return None
    if "finality" in table:
        raise BadChainFile(f'{where}: finality can only be "finalized"; else give confirmations.')
    confirmations = _number(table, "confirmations", where)
    if confirmations < 1:
        raise BadChainFile(f"{where}: confirmations must be at least 1.")
    return confirmations


def _tables(table: dict[str, Any], key: str, where: str) -> list[dict[str, Any]]:
    found = table.get(key, [])
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        heading = key if key == "chains" else f"chains.{key}"
        raise BadChainFile(f"{where}: write each of the {key} as [[{heading}]].")
    return found


def _block_time(table: dict[str, Any], where: str) -> float:
    value = table.get("block_time_seconds", 1.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise BadChainFile(f"{where}: block_time_seconds must be a number above 0, not {value!r}.")
    return float(value)


def _contract(table: dict[str, Any], where: str, path: Path) -> ContractConfig:
    kind = table.get("kind")
    if kind not in CONTRACT_KINDS:
        raise BadChainFile(
            f"{where}: contract kind {kind!r} is none of {', '.join(CONTRACT_KINDS)}."
        )
    where = f"{where}, contract {kind}"
    generation = table.get("generation", "v1")
    if generation not in GENERATIONS:
        raise BadChainFile(
            f"{where}: generation {generation!r} is none of {', '.join(GENERATIONS)}."
        )
    return ContractConfig(
        kind=kind,
        address=_address(table, where),
        start_block=_number(table, "start_block", where),
        generation=generation,
        extra_abi=_abi(table.get("abi"), where, path),
    )


def _signer(table: dict[str, Any], where: str, path: Path) -> SignerConfig:
    where = f"{where}, signer {table.get('name', '')}"
    keystore, password_env = table.get("keystore"), table.get("password_env")
    if not keystore or not password_env:
        raise BadChainFile(f"{where}: keystore and password_env must be given.")
    return SignerConfig(
        name=str(table.get("name", "operations")),
        address=_address(table, where),
        keystore=path.parent / str(keystore),
        password_env=str(password_env),
    )


def _abi(name: str | None, where: str, path: Path) -> tuple[dict[str, Any], ...]:
    if name is None:
        return ()
    file = path.parent / name
    try:
        document = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise BadChainFile(f"{where}: cannot read the ABI {file}: {error}.") from error
    entries = document.get("abi") if isinstance(document, dict) else document
    if not isinstance(entries, list):
        raise BadChainFile(f"{where}: {file} holds no ABI list.")
    return tuple(entries)


def _address(table: dict[str, Any], where: str) -> str:
    address = table.get("address")
    if not isinstance(address, str) or not _ADDRESS.fullmatch(address):
        raise BadChainFile(f"{where}: address {address!r} is not 0x and 40 hexadecimal digits.")
    return address.lower()


def _number(table: dict[str, Any], key: str, where: str) -> int:
    value = table.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadChainFile(f"{where}: {key} must be a whole number, not {value!r}.")
    return value


def _is_http(url: object) -> bool:
    return isinstance(url, str) and url.startswith(("http://", "https://"))
