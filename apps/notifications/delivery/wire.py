"""One POST within one deadline, whatever the other side does: no redirects, no more than 64 KB.

What goes wrong is told in our own words: a library's would hold the URL, and the URL may hold a
token.
"""

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from urllib.parse import urlsplit

from apps.core import http_line
from apps.notifications.rules import FailureType

from .secrets import blotted

SECONDS_MAX = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: any status, and the body as text without secrets of ours."""

    status: int
    headers: Mapping[str, str]
    body: str


class NoAnswer(Exception):
    """Nothing usable came back; the other side may have taken the message or not."""

    def __init__(self, failure_type: FailureType, sentence: str) -> None:
        super().__init__(sentence)
        self.type = failure_type
        self.sentence = sentence


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send the body and return the answer.

    Raises:
        NoAnswer: none came, none in ten seconds, or one that is too large.
    """
    ends_at = time.monotonic() + SECONDS_MAX
    try:
        return _exchanged(url, body, headers, ends_at)
    except (HTTPException, OSError, ValueError) as error:
        late = http_line.is_late(error, ends_at)
        # Without its cause, whose words may hold the URL.
        raise NoAnswer(
            FailureType.TIMEOUT if late else FailureType.SERVER_ERROR,
            http_line.in_words(error, ends_at),
        ) from None


def _exchanged(url: str, body: bytes, headers: Mapping[str, str], ends_at: float) -> Answer:
    parts = urlsplit(url)
    addresses = http_line.addresses_of(parts)
    with closing(http_line.Line(parts, addresses, ends_at=ends_at)) as line:
        target = http_line.target_of(parts)
        line.request("POST", target, body=body, headers={**http_line.HEADERS, **headers})
        answer = line.getresponse()
        return Answer(answer.status, dict(answer.headers.items()), _body(answer))


def _body(answer: HTTPResponse) -> str:
    content = answer.read(http_line.ANSWER_BYTES_MAX + 1)
    if len(content) > http_line.ANSWER_BYTES_MAX:
        raise NoAnswer(
            FailureType.SERVER_ERROR,
            f"Its answer is larger than {http_line.ANSWER_BYTES_MAX >> 10} KB.",
        )
    if answer.length:
        raise ConnectionError
    return blotted(content.decode("utf-8", "replace"))
