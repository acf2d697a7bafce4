"""One GET: to a public host over TLS, within one deadline, no more than 64 KB, no redirects.

The name is looked up once, every address it has must be public, and the connection goes to exactly
those addresses, so a name that answers differently the next time leads nowhere. No proxy is used:
behind one nobody could say where the connection goes. The deadline is for the whole exchange.
"""

from contextlib import closing
from http.client import HTTPException, HTTPResponse
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from apps.core import http_line
from apps.core.http_line import ANSWER_BYTES_MAX
from apps.oracle.client.trouble import NoFigure
from apps.oracle.rules.hosts import is_public

_HEADERS = {**http_line.HEADERS, "User-Agent": "paimon"}


def get(url: str, *, ends_at: float, allow_private: bool) -> bytes:
    """The body of a 200 answer; ``ends_at`` is an instant of the monotonic clock.

    Raises:
        NoFigure: there is none, and why.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" and not (allow_private and parts.scheme == "http"):
        raise NoFigure("Only https is asked.")
    try:
        return _got(parts, ends_at=ends_at, allow_private=allow_private)
    except (HTTPException, OSError, ValueError) as error:
        raise NoFigure(http_line.in_words(error, ends_at)) from error


def _got(parts: SplitResult, *, ends_at: float, allow_private: bool) -> bytes:
    addresses = _addresses(parts, allow_private=allow_private)
    with closing(http_line.Line(parts, addresses, ends_at=ends_at)) as line:
        line.request("GET", http_line.target_of(parts), headers=_HEADERS)
        return _body(line.getresponse())


def _addresses(parts: SplitResult, *, allow_private: bool) -> list[str]:
    """The host's addresses in the order to be tried; all of them are public, or none is used."""
    addresses = http_line.addresses_of(parts)
    if not allow_private and not all(is_public(ip_address(one)) for one in addresses):
        raise NoFigure("Its host is not on the public internet, so it is not asked.")
    return addresses


def _body(answer: HTTPResponse) -> bytes:
    if 300 <= answer.status < 400:
        raise NoFigure(f"It leads elsewhere (HTTP {answer.status}), where nobody follows.")
    if answer.status != 200:
        raise NoFigure(f"It answered HTTP {answer.status}.")
    if answer.getheader("Content-Encoding", "identity") != "identity":
        raise NoFigure("Its answer is compressed, which nobody asked for.")
    body = answer.read(ANSWER_BYTES_MAX + 1)
    if len(body) > ANSWER_BYTES_MAX:
        raise NoFigure(f"Its answer is larger than {ANSWER_BYTES_MAX >> 10} KB.")
    if answer.length:
        raise NoFigure("Its answer broke off.")
    return body
