"""Where people can look things of a chain up."""

from apps.chain import config as chain_config


def explorer_tx_url(chain_id: int, tx_hash: str) -> str:
    """Where people can look a transaction up; empty when the chain has no explorer."""
    return _explorer(chain_id, f"/tx/{tx_hash}")


def explorer_address_url(chain_id: int, address: str) -> str:
    """Where people can look an account up; empty when the chain has no explorer."""
    return _explorer(chain_id, f"/address/{address}")


def _explorer(chain_id: int, path: str) -> str:
    try:
        base = chain_config.chain(chain_id).explorer_url
    except chain_config.UnknownChain:
        return ""
    return base + path if base else ""
