"""What a chain might say of prices, and sources to ask."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from apps.chain.queries import AdapterPrice, BlockRef, FeedAnswer, PriceReading
from apps.oracle import operations
from apps.oracle.client import HttpAnswer
from apps.oracle.models import Source

CHAIN_ID = 31337
VAULT, CONTROLLER = "0x" + "a1" * 20, "0x" + "a2" * 20
MMF, GOLD = "0x" + "11" * 20, "0x" + "22" * 20
FEED = "0x" + "f1" * 20
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ONE = 10**18
MINUTE = timedelta(minutes=1)


def block(number: int = 100, at: datetime = NOON) -> BlockRef:
    return BlockRef(number, f"0x{number:064x}", at)


def reading(
    adapter: Mapping[str, int | None] | None = None,
    feeds: Mapping[str, int | None] | None = None,
    *,
    at: datetime = NOON,
    adapter_at: datetime | None = None,
    feeds_at: datetime | None = None,
) -> PriceReading:
    """A block at which the adapter and the feeds say these prices, each of its own time."""
    return PriceReading(
        block=block(at=at),
        adapter={
            token: AdapterPrice(price=price, updated_at=adapter_at)
            for token, price in (adapter or {}).items()
        },
        feeds={
            feed: FeedAnswer(
                price=price,
                updated_at=feeds_at or at,
                error="" if price is not None else "The feed says 0.",
            )
            for feed, price in (feeds or {}).items()
        },
    )


def source(**values: Any) -> Source:
    """A feed of MMF, as of the first load."""
    return Source.objects.create(
        **{
            "chain_id": CHAIN_ID,
            "token": MMF,
            "kind": "AGGREGATOR",
            "name": "Feed",
            "address": FEED,
            "created_at": NOON,
            **values,
        }
    )


def http_source(**values: Any) -> Source:
    """An HTTP source of MMF."""
    return source(
        **{
            "kind": "HTTP",
            "name": "Vendor",
            "address": "",
            "url": "https://prices.example.org/mmf",
            "price_path": "price",
            **values,
        }
    )


def record(
    said: PriceReading, http: Mapping[int, HttpAnswer] | None = None, *, at: datetime = NOON
) -> None:
    operations.record(chain_id=CHAIN_ID, reading=said, http_answers=http or {}, at=at)


def observe(price: int | None, *, at: datetime = NOON, other: int | None = -1) -> None:
    """The adapter says a price of MMF, and the feed the same or another one."""
    feed = price if other == -1 else other
    record(reading({MMF: price}, {FEED: feed}, at=at), at=at)
