"""A chain file's TOML, checked whole; every mistake is one sentence."""

import json
import tomllib
from pathlib import Path
from typing import Any

from apps.chain.config.kinds import (
    CONTRACT_KINDS,
    GENERATIONS,
    BadChainFile,
    ChainConfig,
    ContractConfig,
)
from apps.chain.config.signers import parse_signers
from apps.chain.config.tables import address, flag, number, positive, refuse_unknown, tables, urls

_CHAIN_SETTINGS = frozenset(
    {
        *("name", "chain_id", "rpc_urls", "ws_urls", "confirmations", "finality"),
        *("stalled_confirmations", "block_time_seconds", "explorer_url", "contracts", "signers"),
        *("private_relays", "private_above", "public_fallback", "fee_cap_gwei"),
    }
)
_CONTRACT_SETTINGS = frozenset({"kind", "address", "start_block", "generation", "abi"})


def parse(file: str) -> tuple[ChainConfig, ...]:
    """The chains that a file names.

    Raises:
        BadChainFile: it cannot be read, or something in it cannot be meant.
    """
    path = Path(file)
    try:
        document = tomllib.loads(path.read_text())
    except OSError as error:
        raise BadChainFile(f"Cannot read the chain file {path}: {error.strerror}.") from error
    except ValueError as error:  # not TOML, or not even text
        raise BadChainFile(f"The chain file {path} is not valid TOML: {error}.") from error
    refuse_unknown(document, {"chains"}, str(path))
    configs = tuple(_chain(table, path) for table in tables(document, "chains", str(path)))
    ids = [config.chain_id for config in configs]
    if len(set(ids)) != len(ids):
        raise BadChainFile(f"{path} names the same chain_id twice.")
    return configs


def _chain(table: dict[str, Any], path: Path) -> ChainConfig:
    name = str(table.get("name") or "unnamed")
    where = f"{path}, chain {name}"
    contracts = tuple(_contract(item, where, path) for item in tables(table, "contracts", where))
    addresses = [contract.address for contract in contracts]
    if len(set(addresses)) != len(addresses):
        raise BadChainFile(f"{where}: two contracts have the same address.")
    relays = urls(table, "private_relays", ("http", "https"), where)
    if len(relays) == 1:
        raise BadChainFile(
            f"{where}: give at least two private_relays, or none: one that swallows a transaction "
            f"would stop it for good."
        )
    config = ChainConfig(
        name=name,
        chain_id=number(table, "chain_id", where),
        rpc_urls=urls(table, "rpc_urls", ("http", "https"), where, required=True),
        ws_urls=urls(table, "ws_urls", ("ws", "wss"), where),
        confirmations=_confirmations(table, where),
        stalled_confirmations=number(table, "stalled_confirmations", where, 250),
        block_time_seconds=positive(table, "block_time_seconds", where, 1.0),
        explorer_url=str(table.get("explorer_url", "")).rstrip("/"),
        contracts=contracts,
        signers=parse_signers(table, where, path),
        private_relays=relays,
        private_above_units=(
            number(table, "private_above", where) if "private_above" in table else None
        ),
        public_fallback=flag(table, "public_fallback", where),
        fee_cap_gwei=number(table, "fee_cap_gwei", where, 100),
    )
    refuse_unknown(table, _CHAIN_SETTINGS, where)
    return config


def _confirmations(table: dict[str, Any], where: str) -> int | None:
    if table.get("finality") == "finalized":
        if "confirmations" in table:
            raise BadChainFile(f'{where}: give confirmations or finality = "finalized", not both.')
        return None
    if "finality" in table:
        raise BadChainFile(f'{where}: finality can only be "finalized"; else give confirmations.')
    confirmations = number(table, "confirmations", where)
    if confirmations < 1:
        raise BadChainFile(f"{where}: confirmations must be at least 1.")
    return confirmations


def _contract(table: dict[str, Any], where: str, path: Path) -> ContractConfig:
    kind = table.get("kind")
    if not isinstance(kind, str) or kind not in CONTRACT_KINDS:
        raise BadChainFile(
            f"{where}: contract kind {kind!r} is none of {', '.join(CONTRACT_KINDS)}."
        )
    where = f"{where}, contract {kind}"
    generation = table.get("generation", "v1")
    if generation not in GENERATIONS:
        raise BadChainFile(
            f"{where}: generation {generation!r} is none of {', '.join(GENERATIONS)}."
        )
    refuse_unknown(table, _CONTRACT_SETTINGS, where)
    return ContractConfig(
        kind=kind,
        address=address(table, where),
        start_block=number(table, "start_block", where),
        generation=generation,
        extra_abi=_abi(table.get("abi"), where, path),
    )


def _abi(name: Any, where: str, path: Path) -> tuple[dict[str, Any], ...]:
    if name is None:
        return ()
    if not isinstance(name, str) or not name:
        raise BadChainFile(f"{where}: abi must name a file.")
    file = path.parent / name
    try:
        document = json.loads(file.read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise BadChainFile(f"{where}: cannot read the ABI {file}: {error}.") from error
    entries = document.get("abi") if isinstance(document, dict) else document
    if not isinstance(entries, list):
        raise BadChainFile(f"{where}: {file} holds no ABI list.")
    for place, entry in enumerate(entries):
        if not _is_abi_entry(entry):
            raise BadChainFile(f"{where}: entry {place} of {file} is no ABI entry.")
    return tuple(entries)


def _is_abi_entry(entry: Any) -> bool:
    """Whether it has what is read of it when a log or a revert comes, long after the start."""
    if not isinstance(entry, dict) or not isinstance(entry.get("type"), str):
        return False
    if entry["type"] not in {"event", "error"}:
        return True  # of the others nothing is read
    inputs = entry.get("inputs")
    return (
        isinstance(entry.get("name"), str)
        and isinstance(inputs, list)
        and all(_is_abi_input(item, is_event=entry["type"] == "event") for item in inputs)
    )


def _is_abi_input(item: Any, *, is_event: bool) -> bool:
    return (
        isinstance(item, dict)
        and isinstance(item.get("name"), str)
        and isinstance(item.get("type"), str)
        and (not is_event or isinstance(item.get("indexed"), bool))
    )
