"""Private relays: each takes one bare ``eth_sendRawTransaction`` and little else.

They are no nodes: many refuse batches and every other method, so they are not asked for their
chain (what is signed is bound to its own), and what they say of bytes is believed by nobody.
"""

import json
import time
from typing import Any

import requests
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError

from apps.chain.client import NodeTrouble, RpcRefused
from apps.chain.client.answers import result_of
from apps.chain.client.node import secrets_of

_METHOD = "eth_sendRawTransaction"
_ANSWER_BYTES_MAX = 1 << 16
_HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "User-Agent": "paimon",
}


class NoAnswer(Exception):
    """Nothing came in time, or nothing that is an answer: the relay may have the bytes or not."""


def hand_over(url: str, raw: str, *, seconds: float) -> str:
    """What a relay had against the bytes, in its own words without secrets; "" when nothing.

    Raises:
        NoAnswer: none within so many seconds.
    """
    request = {"jsonrpc": "2.0", "id": 1, "method": _METHOD, "params": [raw]}
    try:
        answer = json.loads(_post(url, json.dumps(request).encode(), seconds))
        said = result_of((_METHOD, [raw]), answer, secrets=secrets_of(url))
    except NodeTrouble as trouble:
        raise NoAnswer(trouble.message) from None
    except (requests.RequestException, HTTPError, OSError) as error:
        # Without its cause, whose words hold the URL.
        raise NoAnswer(type(error).__name__) from None
    except (ValueError, RecursionError):
        raise NoAnswer("its answer is not JSON") from None
    if isinstance(said, RpcRefused):
        return said.message or "refused without a word"
    return ""


def _post(url: str, body: bytes, seconds: float) -> bytes:
    """The body of the answer; the time limit is for all of it, not for each byte."""
    ends_at = time.monotonic() + seconds
    content = bytearray()
    with requests.Session() as session:
        session.proxies = dict(get_environ_proxies(url))
        session.trust_env = False  # no foreign credentials from .netrc
        with session.post(
            url,
            data=body,
            headers=_HEADERS,
            timeout=seconds,
            stream=True,
            allow_redirects=False,
        ) as response:
            raw: Any = response.raw
            while chunk := raw.read1(_ANSWER_BYTES_MAX):
                content += chunk
                if len(content) > _ANSWER_BYTES_MAX:
                    raise NoAnswer("its answer is too long")
                if time.monotonic() > ends_at:
                    raise NoAnswer("no answer in time")
    return bytes(content)
