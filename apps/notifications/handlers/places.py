"""Where a fact of the chain happened, in words and as data; whom we know there."""

from collections.abc import Sequence
from datetime import datetime

from apps.chain.events import ChainFact, SightingLost
from apps.chain.queries import explorer_tx_url, fund_chain


def where(fact: ChainFact | SightingLost) -> list[tuple[str, str]]:
    """Block and transaction, as lines of a message."""
    source = fact.source
    transaction = explorer_tx_url(source.chain_id, source.tx_hash) or source.tx_hash
    return [
        ("Block", f"{source.block_number:,} of {instant(source.block_time)}"),
        ("Transaction", transaction),
    ]


def log_key(stage: str, fact: ChainFact | SightingLost) -> str:
    """What a message about a log is told once by; ``stage`` is ``seen``, ``lost`` or ``final``."""
    source = fact.source
    return f"{stage}:{source.chain_id}:{source.tx_hash}:{source.position}"


def known_addresses() -> set[str]:
    """The contracts and signers that the chain file names."""
    config = fund_chain()
    contracts = {contract.address for contract in config.contracts}
    return contracts | {signer.address for signer in config.signers}


def instant(value: datetime) -> str:
    """A time as messages write it, to the second."""
    return f"{value:%Y-%m-%d %H:%M:%S} UTC"


def bullets(lines: Sequence[str]) -> str:
    """Lines of one paragraph, each with its dot."""
    return "\n".join(f"• {line}" for line in lines)
