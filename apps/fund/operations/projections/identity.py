"""From a fact's source to the columns that every row of a log carries."""

from typing import Any

from apps.chain.events import Source


def identity(source: Source) -> dict[str, Any]:
    """``LogRow``'s columns."""
    return {
        "chain_id": source.chain_id,
        "contract": source.address,
        "tx_hash": source.tx_hash,
        "position": source.position,
        "block_number": source.block_number,
        "log_index": source.log_index,
        "at": source.block_time,
    }


def same_transaction(source: Source) -> dict[str, Any]:
    """The columns that name the transaction of a log."""
    return {"chain_id": source.chain_id, "tx_hash": source.tx_hash}


def clean(text: str, length_max: int) -> str:
    """Text a contract chose, as PostgreSQL can keep it: no NUL, no lone surrogates, bounded."""
    kept = text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    return kept[:length_max]
