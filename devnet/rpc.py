"""JSON-RPC over HTTP, just enough to drive a node.

`Rpc(url).call("eth_blockNumber")` answers the result or raises `RpcError`; a node that cannot be
reached raises `NodeUnreachable`.
"""

from __future__ import annotations

from itertools import count
from typing import Any

import requests

from devnet.errors import DevnetError


class NodeUnreachable(DevnetError):
    """No JSON-RPC answer came from the address."""


class RpcError(DevnetError):
    """The node answered with an error; `data` holds revert data as hex, when there is any."""

    def __init__(self, method: str, code: int, message: str, data: str | None) -> None:
        super().__init__(f"{method}: {message} (code {code})")
        self.code = code
        self.message = message
        self.data = data


class Rpc:
    """One node at one address, over a kept-alive connection.

    Args:
        url: HTTP address of the node.
        timeout_seconds: Longest wait for one answer.
    """

    def __init__(self, url: str, *, timeout_seconds: float = 30.0) -> None:
        self.url = url
        self._timeout_seconds = timeout_seconds
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy in the environment is not for a local node
        self._ids = count(1)

    def call(self, method: str, *params: Any) -> Any:
        """Calls one method.

        Raises:
            RpcError: The node refused.
            NodeUnreachable: It did not answer in time, or not with JSON-RPC.
        """
        request = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        try:
            response = self._session.post(self.url, json=request, timeout=self._timeout_seconds)
            answer = response.json()
        except (requests.RequestException, ValueError) as error:
            kind = type(error).__name__
            raise NodeUnreachable(f"no JSON-RPC answer from {self.url} ({kind})") from error
        if "error" in answer:
            fault = answer["error"]
            data = fault.get("data")
            raise RpcError(
                method, fault["code"], fault["message"], data if isinstance(data, str) else None
            )
        return answer["result"]

    def close(self) -> None:
        """Lets go of the connection."""
        self._session.close()
