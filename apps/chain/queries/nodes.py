"""Nodes as pages and tasks ask them: soon or not at all."""

from functools import cache

from apps.chain import config as chain_config
from apps.chain.client import Client
from apps.chain.config import ChainConfig

WEB_TIMEOUT_SECONDS = 2.0
"""A page must not hang on a node."""


def web_client(config: ChainConfig) -> Client:
    """This process's client of a chain, with a page's patience."""
    return _client_of((config.chain_id, config.rpc_urls))


@cache
def _client_of(config_key: tuple[int, tuple[str, ...]]) -> Client:
    return Client(chain_config.chain(config_key[0]), timeout_seconds=WEB_TIMEOUT_SECONDS)
