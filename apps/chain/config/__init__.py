"""Which chains and contracts there are: one TOML file, named by PAIMON_CHAIN_FILE.

The file is read once per process and checked whole before anything runs; every mistake is one
sentence. See docs/chains.md for the format.
"""

from functools import cache

from django.conf import settings

from apps.chain.config.kinds import (
    CONTRACT_KINDS,
    GENERATIONS,
    WATCHED_KINDS,
    BadChainFile,
    ChainConfig,
    ContractConfig,
    KeystoreKey,
    KmsKey,
    KmsPlace,
    Pkcs11Key,
    SafeWallet,
    SignerConfig,
    SignerTier,
    UnknownChain,
)
from apps.chain.config.parsing import parse

__all__ = [
    "CONTRACT_KINDS",
    "GENERATIONS",
    "WATCHED_KINDS",
    "BadChainFile",
    "ChainConfig",
    "ContractConfig",
    "KeystoreKey",
    "KmsKey",
    "KmsPlace",
    "Pkcs11Key",
    "SafeWallet",
    "SignerConfig",
    "SignerTier",
    "UnknownChain",
    "chain",
    "chains",
    "fund_chain",
    "reload",
]


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
    return parse(file)
