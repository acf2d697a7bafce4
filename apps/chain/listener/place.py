"""Where a tick stands: the cursor's place and the node's head; former leaders are fenced off."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from apps.chain.config import ChainConfig
from apps.chain.listener import coverage
from apps.chain.models import Cursor


class Overtaken(Exception):
    """Another listener took over or moved the cursor meanwhile; nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the cursor stood when the tick began: what must still hold when it writes."""

    chain_id: int
    epoch: int
    next_block: int
    tip_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What the node said about its head when the tick began."""

    number: int
    at: datetime
    seen_at: datetime
    provider: str


def cursor_for(config: ChainConfig) -> Cursor:
    """The chain's cursor, made at the first start block when there is none."""
    cursor, _ = Cursor.objects.get_or_create(
        chain_id=config.chain_id, defaults={"next_block": config.start_block}
    )
    coverage.ensure_rows(config)
    return cursor


def take_over(chain_id: int) -> int:
    """Become the one that may write: the new epoch refuses a former leader's writes."""
    with transaction.atomic():
        cursor = Cursor.objects.select_for_update().get(chain_id=chain_id)
        cursor.epoch += 1
        cursor.save(update_fields=["epoch"])
        return cursor.epoch


def locked(place: Place) -> Cursor:
    """The cursor, locked for the current transaction.

    Raises:
        Overtaken: it is no longer where the tick began.
    """
    cursor = Cursor.objects.select_for_update().get(chain_id=place.chain_id)
    if (cursor.epoch, cursor.next_block, cursor.tip_hash) != (
        place.epoch,
        place.next_block,
        place.tip_hash,
    ):
        raise Overtaken(f"the cursor of chain {place.chain_id} moved meanwhile")
    return cursor


def note_head(cursor: Cursor, head: Head, at: datetime, suspect_hash: str = "") -> None:
    """Write the cursor down with what the node said about its head."""
    cursor.head_number, cursor.head_at, cursor.head_seen_at = head.number, head.at, head.seen_at
    cursor.provider, cursor.polled_at, cursor.suspect_hash = head.provider, at, suspect_hash
    cursor.save()
