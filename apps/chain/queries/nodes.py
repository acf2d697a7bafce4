"""Nodes as pages and tasks ask them: soon or not at all."""

from apps.chain import config as chain_config
from apps.chain.client import Client, read_market
from apps.chain.config import ChainConfig

WEB_TIMEOUT_SECONDS = 2.0
"""A page must not hang on a node."""
WEB_ANSWER_BYTES_MAX = 8 * 2**20
"""Nor may an answer fill the memory: JSON takes some twenty times its length."""

_clients: dict[tuple[int, tuple[str, ...]], Client] = {}


def web_client(config: ChainConfig) -> Client:
    """This process's client of a chain, with a page's patience; its threads share it."""
    key = (config.chain_id, config.rpc_urls)
    if key not in _clients:
        client = Client(
            config,
            timeout_seconds=WEB_TIMEOUT_SECONDS,
            answer_bytes_max=WEB_ANSWER_BYTES_MAX,
        )
        _clients.setdefault(key, client)
    return _clients[key]


def gas_price(chain_id: int) -> int:
    """What a unit of gas costs in the newest block, in wei.

    Raises:
        ChainUnavailable: no node answers.
    """
    return read_market(web_client(chain_config.chain(chain_id))).price
