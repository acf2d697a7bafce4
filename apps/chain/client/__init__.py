"""A chain's nodes: asked over JSON-RPC, compared, and left when they fail or lie."""

from apps.chain.client.market import read_market
from apps.chain.client.node import Node
from apps.chain.client.pool import Client
from apps.chain.client.rpc import (
    Answer,
    ChainUnavailable,
    NodeTrouble,
    Reader,
    Request,
    RpcRefused,
    Transport,
)

__all__ = [
    "Answer",
    "ChainUnavailable",
    "Client",
    "Node",
    "NodeTrouble",
    "Reader",
    "Request",
    "RpcRefused",
    "Transport",
    "read_market",
]
