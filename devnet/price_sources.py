"""Where prices come from: a TOML file beside the chain file, for the back-office to load once.

[[sources]]
token = "0x…"
kind = "AGGREGATOR"          # or HTTP
name = "Chain feed"
address = "0x…"              # HTTP: url, price_path, time_path
stale_after_seconds = 3600
"""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PRICE_SOURCES_FILE = "price_sources.toml"
STALE_AFTER_SECONDS = 3_600
# Feeds have 8 decimals where the fund's adapter has 18.
_FEED_UNIT = 10**10


def feed_answer(price: int) -> int:
    """What a feed says of a price with 18 decimals, rounded down."""
    return price // _FEED_UNIT


def write_price_sources(path: Path, feeds: Mapping[str, str], *, price_server_url: str) -> None:
    """Writes a feed for each asset and, when there is a price server, what that says of it.

    Args:
        path: Replaced in one step.
        feeds: The feeds' addresses by token.
        price_server_url: Empty for none.
    """
    sources: list[dict[str, Any]] = [
        {"token": token, "kind": "AGGREGATOR", "name": "Chain feed", "address": feed}
        for token, feed in feeds.items()
    ]
    if price_server_url:
        sources += [
            {
                "token": token,
                "kind": "HTTP",
                "name": "Vendor",
                "url": f"{price_server_url}/prices/{token.lower()}.json",
                "price_path": "price",
                "time_path": "as_of",
            }
            for token in feeds
        ]
    lines = [line for source in sources for line in _lines(source)]
    draft = path.with_suffix(".draft")
    draft.write_text("\n".join(lines))
    draft.replace(path)


def read_feeds(path: Path) -> dict[str, str]:
    """The feeds' addresses by token; empty for a chain deployed without them."""
    if not path.exists():
        return {}
    sources = tomllib.loads(path.read_text())["sources"]
    return {s["token"]: s["address"] for s in sources if s["kind"] == "AGGREGATOR"}


def _lines(source: Mapping[str, Any]) -> list[str]:
    values = {**source, "stale_after_seconds": STALE_AFTER_SECONDS}
    # JSON's strings and numbers are TOML's as well.
    return ["[[sources]]", *(f"{key} = {json.dumps(value)}" for key, value in values.items()), ""]
