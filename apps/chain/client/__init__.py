"""A chain's nodes: asked over JSON-RPC, compared, and left when they fail or lie."""

from apps.chain.client.pool import ChainUnavailable, Client, NodeTrouble, Request, RpcRefused

__all__ = ["ChainUnavailable", "Client", "NodeTrouble", "Request", "RpcRefused"]
