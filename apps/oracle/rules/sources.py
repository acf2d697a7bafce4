"""What a price source must say about itself before people are asked to trust it."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from apps.oracle.rules.hosts import is_public

ADAPTER, AGGREGATOR, HTTP = "ADAPTER", "AGGREGATOR", "HTTP"
ADAPTER_NAME = "Oracle adapter"
NAME_MAX = 32
URL_MAX, PATH_MAX = 500, 200
STALE_AFTER_SECONDS = 3_600
STALE_AFTER_SECONDS_MAX = 30 * 24 * 3_600

_ADDRESS = re.compile(r"0x[0-9a-f]{40}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._()/-]*")
_PATH = re.compile(r"[^.\s]+(\.[^.\s]+)*")
_SUBJECT = "oracle:source:"
_SUBJECT_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTerms:
    """Where a source's figures come from and how long they count; as :class:`Source` has them."""

    kind: str
    address: str = ""
    url: str = ""
    price_path: str = ""
    time_path: str = ""
    stale_after_seconds: int = STALE_AFTER_SECONDS
    active: bool = True


def subject_of(chain_id: int, token: str, name: str) -> str:
    """The subject of tickets about a source."""
    return f"{_SUBJECT}{chain_id}:{token}:{name}"


def is_subject(subject_id: str) -> bool:
    """Whether a ticket's subject is a source."""
    return subject_id.startswith(_SUBJECT)


def source_of(subject_id: str) -> tuple[int, str, str]:
    """Chain, token and name that a subject names; the other way round of :func:`subject_of`."""
    chain_id, token, name = subject_id.removeprefix(_SUBJECT).split(":", 2)
    return int(chain_id), token, name


def mistakes(
    *, chain_id: int, token: str, name: str, terms: SourceTerms, allow_http: bool
) -> list[str]:
    """What is wrong with a source, a sentence each; empty when nothing is.

    ``allow_http`` lets plain HTTP and addresses of private networks through: development only.
    """
    found = [
        sentence
        for wrong, sentence in (
            (not _ADDRESS.fullmatch(token), "The token is an address: 0x and 40 digits."),
            (
                not _NAME.fullmatch(name) or len(name) > NAME_MAX,
                f"The name is up to {NAME_MAX} letters, digits, spaces and . _ ( ) / - in ASCII.",
            ),
            (
                (name.casefold() == ADAPTER_NAME.casefold()) is not (terms.kind == ADAPTER),
                f"“{ADAPTER_NAME}” is the name of the fund's own adapter, and of nothing else.",
            ),
            (
                len(subject_of(chain_id, token, name)) > _SUBJECT_MAX,
                "The name is too long for this chain's number.",
            ),
            (
                not 1 <= terms.stale_after_seconds <= STALE_AFTER_SECONDS_MAX,
                f"A figure counts for 1 to {STALE_AFTER_SECONDS_MAX} seconds.",
            ),
        )
        if wrong
    ]
    return found + _of_kind(terms, allow_http=allow_http)


def _of_kind(terms: SourceTerms, *, allow_http: bool) -> list[str]:
    http_fields = (terms.url, terms.price_path, terms.time_path)
    if terms.kind == ADAPTER:
        if any((terms.address, *http_fields)):
            return ["The fund's adapter needs no address, URL or paths."]
        return []
    if terms.kind == AGGREGATOR:
        found = []
        if not _ADDRESS.fullmatch(terms.address) or terms.address == "0x" + "0" * 40:
            found.append("A feed needs its contract's address: 0x and 40 digits.")
        if any(http_fields):
            found.append("A feed on chain has no URL and no paths.")
        return found
    if terms.kind == HTTP:
        found = _of_url(terms.url, allow_http=allow_http)
        if terms.address:
            found.append("An HTTP source has no contract address.")
        if not _PATH.fullmatch(terms.price_path) or len(terms.price_path) > PATH_MAX:
            found.append("The price path names the way to the price, such as data.price or 0.last.")
        if terms.time_path and (
            not _PATH.fullmatch(terms.time_path) or len(terms.time_path) > PATH_MAX
        ):
            found.append("The time path names the way to the time, or is empty.")
        return found
    return [f"The kind of a source is {AGGREGATOR} or {HTTP}."]


def _of_url(url: str, *, allow_http: bool) -> list[str]:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return ["The URL cannot be read."]
    schemes = ("https", "http") if allow_http else ("https",)
    return [
        sentence
        for wrong, sentence in (
            (len(url) > URL_MAX, f"The URL is longer than {URL_MAX} characters."),
            (
                not url.isascii() or not url.isprintable() or " " in url,
                "The URL has characters that a URL cannot have.",
            ),
            (parts.scheme not in schemes, f"The URL begins with {' or '.join(schemes)}://."),
            (not host, "The URL names no host."),
            (
                parts.username is not None or parts.password is not None,
                "The URL holds a name or a password, which whoever sees sources would see.",
            ),
            (bool(parts.fragment), "The URL has no part after #."),
            (
                not allow_http and _is_private(host),
                "The URL's host is not a public address.",
            ),
        )
        if wrong
    ]


def _is_private(host: str) -> bool:
    """Whether the host is written as an address that is not public; names are looked up later."""
    try:
        return not is_public(ip_address(host))
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))
