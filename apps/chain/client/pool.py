"""JSON-RPC to a chain's nodes: batches, time limits, and the next node when one fails.

Two kinds of trouble are kept apart: ``NodeTrouble`` (time-out, 5xx, nonsense: the node's fault, try
the next one) and ``RpcRefused`` (the node understood and said no: a revert, a range too large).
"""

import logging
from collections.abc import Sequence
from typing import Any

import requests
from django.conf import settings
from web3 import HTTPProvider
from web3.types import RPCEndpoint

from apps.chain.config import ChainConfig
from apps.core.errors import Unavailable

log = logging.getLogger(__name__)

_BATCH_MAX = 100
_REVERTED = 3  # the code nodes agree on for a revert
_OVER_QUOTA = frozenset({429, -32005, -32007})

Request = tuple[str, list[Any]]


class RpcRefused(Exception):
    """The node answered a request with an error; ``data`` holds revert bytes when there are any."""

    def __init__(self, code: int, message: str, data: str | None) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data

    @property
    def is_revert(self) -> bool:
        """Whether the contract refused, and not the node (busy, lagging, out of quota)."""
        return self.code == _REVERTED or self.data is not None or "revert" in self.message.lower()


class NodeTrouble(Exception):
    """This node cannot be used right now; the message says why, without secrets of its URL."""


class ChainUnavailable(Unavailable):
    """No node of the chain answers; nothing was changed."""


class Client:
    """The nodes of one chain, in order of preference.

    A node is used until it fails; then the next one is, and the first is tried again when the
    others fail. A node of another chain is never used.
    """

    def __init__(self, config: ChainConfig, *, timeout_seconds: float | None = None) -> None:
        self.config = config
        seconds = settings.RPC_TIMEOUT_SECONDS if timeout_seconds is None else timeout_seconds
        self._nodes = [_Node(url, config.chain_id, seconds) for url in config.rpc_urls]
        self._preferred = 0

    @property
    def provider(self) -> str:
        """The node in use, as shown to people: scheme and host, no path that may hold a key."""
        return self._nodes[self._preferred].label

    def call(self, method: str, *params: Any) -> Any:
        """One request's result.

        Raises:
            RpcRefused: the node said no.
            ChainUnavailable: no node answers.
        """
        result = self.batch([(method, list(params))])[0]
        if isinstance(result, RpcRefused):
            raise result
        return result

    def batch(self, requests_: Sequence[Request]) -> list[Any]:
        """Results in order, all from one node; a refused request's place holds its ``RpcRefused``.

        Raises:
            ChainUnavailable: no node answers all of it.
        """
        troubles = []
        for offset in range(len(self._nodes)):
            index = (self._preferred + offset) % len(self._nodes)
            node = self._nodes[index]
            try:
                results = node.batch(requests_)
            except NodeTrouble as trouble:
                log.warning("chain %s: %s: %s", self.config.chain_id, node.label, trouble)
                troubles.append(f"{node.label}: {trouble}")
                continue
            self._preferred = index
            return results
        raise ChainUnavailable(
            f"No node of chain {self.config.name} ({self.config.chain_id}) answers: "
            + "; ".join(troubles)
            + "."
        )

    def reject_node(self, why: str) -> None:
        """Move on from the node in use: what it said cannot be true."""
        log.error("chain %s: leaving %s: %s", self.config.chain_id, self.provider, why)
        self._preferred = (self._preferred + 1) % len(self._nodes)


class _Node:
    """One endpoint; its chain id is checked before its first answer is believed."""

    def __init__(self, url: str, chain_id: int, timeout_seconds: float) -> None:
        self._provider = HTTPProvider(
            url,
            request_kwargs={"timeout": timeout_seconds},
            exception_retry_configuration=None,
        )
        self._chain_id = chain_id
        self._checked = False
        scheme, _, rest = url.partition("://")
        host = rest.split("/", 1)[0].rsplit("@", 1)[-1]
        self.label = f"{scheme}://{host}"

    def batch(self, requests_: Sequence[Request]) -> list[Any]:
        if not self._checked:
            self._check_chain()
        results: list[Any] = []
        for start in range(0, len(requests_), _BATCH_MAX):
            results.extend(self._send(requests_[start : start + _BATCH_MAX]))
        return results

    def _check_chain(self) -> None:
        answer = self._send([("eth_chainId", [])])[0]
        if isinstance(answer, RpcRefused) or not isinstance(answer, str):
            raise NodeTrouble("it does not say which chain it is")
        actual = int(answer, 16)
        if actual != self._chain_id:
            raise NodeTrouble(f"it is chain {actual}, not {self._chain_id}")
        self._checked = True

    def _send(self, requests_: Sequence[Request]) -> list[Any]:
        try:
            answers: Any = self._provider.make_batch_request(
                [(RPCEndpoint(method), params) for method, params in requests_]
            )
        except requests.RequestException as error:
            self._checked = False
            raise NodeTrouble(_in_words(error)) from error
        except (ValueError, KeyError, TypeError) as error:
            raise NodeTrouble(f"its answer is not JSON-RPC ({type(error).__name__})") from error
        if not isinstance(answers, list):
            raise NodeTrouble("it refused the batch")
        if len(answers) != len(requests_):
            raise NodeTrouble(f"it answered {len(answers)} of {len(requests_)} requests")
        return [_result(answer) for answer in answers]


def _result(answer: Any) -> Any:
    if not isinstance(answer, dict):
        raise NodeTrouble("its answer is not JSON-RPC")
    error = answer.get("error")
    if error is None:
        return answer.get("result")
    if not isinstance(error, dict):
        return RpcRefused(0, str(error), None)
    code, message = int(error.get("code", 0)), str(error.get("message", ""))
    if code in _OVER_QUOTA and "results" not in message:  # too many results is about the request
        raise NodeTrouble(f"it is over its quota ({message[:200]})")
    data = error.get("data")
    if isinstance(data, dict):  # some clients wrap revert bytes
        data = data.get("data") or data.get("result")
    return RpcRefused(
        code,
        message,
        data if isinstance(data, str) and data.startswith("0x") else None,
    )


def _in_words(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.ConnectionError):
        return "cannot connect"
    response = getattr(error, "response", None)
    if response is not None:
        return f"HTTP {response.status_code}"
    return type(error).__name__
