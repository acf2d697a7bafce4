"""What a node's words mean: a result, a refusal of the request, or trouble of the node's own."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from apps.chain.client.rpc import Answer, NodeTrouble, OverQuota, Request, RpcRefused

_QUOTA_CODES = frozenset({429, -32005, -32007, -32029, -32097})
_ABOUT_QUOTA = re.compile(
    r"too many requests|rate.?limit|request (rate|count)|quota|per second|throttl|compute unit"
    r"|capacity|credits",
    re.IGNORECASE,
)
_ABOUT_SIZE = re.compile(
    r"results|block range|range (is )?too|too (large|many|wide)|response size|exceed.*(size|range)",
    re.IGNORECASE,
)
_MESSAGE_MAX = 500
_QUANTITY = re.compile(r"0x[0-9a-fA-F]+")
_HEIGHT_MAX = 2**63 - 1
"""What our columns hold of heights and chain ids; no chain comes near."""


def result_of(request: Request, answer: Any, *, secrets: Collection[str] = ()) -> Any:
    """The result, or the ``RpcRefused`` that stands in its place, without the secrets in its words.

    Raises:
        OverQuota: the node has had enough of us.
        NodeTrouble: it is no answer at all.
    """
    if not isinstance(answer, Mapping) or not ("result" in answer or "error" in answer):
        raise NodeTrouble("its answer is not JSON-RPC")
    if answer.get("error") is None:
        return answer.get("result")
    refused = _refused(answer, secrets)
    if _is_quota(request, refused):
        raise OverQuota(f"it is over its quota ({refused.message[:200]})")
    return refused


def quantity(text: str, *, most: int = _HEIGHT_MAX) -> int:
    """A number as JSON-RPC writes it.

    Raises:
        ValueError, TypeError: it is none, or above ``most``.
    """
    if not _QUANTITY.fullmatch(text) or (number := int(text, 16)) > most:
        raise ValueError(f"{text[:80]!r} is no number that belongs there")
    return number


def _refused(answer: Answer, secrets: Collection[str]) -> RpcRefused:
    error = answer["error"]
    if not isinstance(error, Mapping):
        return RpcRefused(0, _words(error, secrets), None)
    code = error.get("code")
    data = error.get("data")
    if isinstance(data, Mapping):  # some clients wrap revert bytes
        data = data.get("data") or data.get("result")
    return RpcRefused(
        code if isinstance(code, int) else 0,
        _words(error.get("message", ""), secrets),
        data if isinstance(data, str) and data.startswith("0x") else None,
    )


def _words(said: Any, secrets: Collection[str]) -> str:
    """What a node said, as a line that can be stored (no NUL, no lone surrogate) and shown."""
    words = str(said)[: 2 * _MESSAGE_MAX]
    for secret in secrets:
        words = words.replace(secret, "\u2026")
    return "".join(c if c.isprintable() else "\ufffd" for c in words[:_MESSAGE_MAX])


def _is_quota(request: Request, refused: RpcRefused) -> bool:
    """Whether a refusal is about how often we ask, not about what."""
    if refused.is_revert:
        return False
    if _ABOUT_QUOTA.search(refused.message):
        return True
    if refused.code not in _QUOTA_CODES or _ABOUT_SIZE.search(refused.message):
        return False
    # BSC's public nodes say "limit exceeded" to a range of logs that they find too long.
    method, params = request
    is_range = method == "eth_getLogs" and isinstance(params[0], dict) and "fromBlock" in params[0]
    return not is_range
