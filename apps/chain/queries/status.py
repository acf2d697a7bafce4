"""How far each chain is read, from stored rows only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q

from apps.chain import config as chain_config
from apps.chain.contracts.fund_state import BlockRef
from apps.chain.events import ChainFact, Source
from apps.chain.models import Cursor, Log, LogStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainStatus:
    """How far a chain is read. Counts are blocks; ``lag_seconds`` is since the node was asked."""

    chain_id: int
    name: str
    head_number: int | None
    head_seen_at: datetime | None
    processed_number: int | None
    final_number: int | None
    final_hash: str
    final_time: datetime | None
    lag_blocks: int | None
    polled_at: datetime | None
    lag_seconds: float | None
    halted_reason: str
    providers: tuple[str, ...]
    logs_by_status: Mapping[str, int]


def chain_ids() -> tuple[int, ...]:
    """Every configured chain's id."""
    return tuple(config.chain_id for config in chain_config.chains())


def status(chain_id: int, *, at: datetime) -> ChainStatus:
    """How far the chain is read, from stored rows only."""
    config = chain_config.chain(chain_id)
    cursor = Cursor.objects.filter(chain_id=chain_id).first()
    counts = dict(
        Log.objects.filter(chain_id=chain_id)
        .values_list("status")
        .annotate(count=Count("id"))
        .order_by()
    )
    processed = cursor.next_block - 1 if cursor and cursor.tip_hash else None
    head = cursor.head_number if cursor else None
    lag_blocks = max(head - processed, 0) if head is not None and processed is not None else None
    polled_at = cursor.polled_at if cursor else None
    return ChainStatus(
        chain_id=chain_id,
        name=config.name,
        head_number=head,
        head_seen_at=cursor.head_seen_at if cursor else None,
        processed_number=processed,
        final_number=cursor.final_number if cursor else None,
        final_hash=cursor.final_hash if cursor else "",
        final_time=cursor.final_at if cursor else None,
        lag_blocks=lag_blocks,
        polled_at=polled_at,
        lag_seconds=(at - polled_at).total_seconds() if polled_at else None,
        halted_reason=cursor.halted_reason if cursor else "",
        providers=(cursor.provider,) if cursor and cursor.provider else (),
        logs_by_status=counts,
    )


def final_block(chain_id: int) -> BlockRef | None:
    """The newest block that is final for us, None before the first."""
    cursor = Cursor.objects.filter(chain_id=chain_id, final_number__isnull=False).first()
    if cursor is None or cursor.final_number is None or cursor.final_at is None:
        return None
    return BlockRef(cursor.final_number, cursor.final_hash, cursor.final_at)


def happened_at(source: Source, *, at: datetime) -> datetime:
    """When a log was made, by our clock: as long before ``at`` as its block is behind the head.

    A chain's own clock may be off (a development chain's is, on purpose); its blocks' times are
    compared with each other only.
    """
    cursor = Cursor.objects.filter(chain_id=source.chain_id, head_at__isnull=False).first()
    if cursor is None or cursor.head_at is None:
        return source.block_time
    return at - max(cursor.head_at - source.block_time, timedelta(0))


def is_news(fact: ChainFact, *, within_blocks: int) -> bool:
    """Whether a final fact is the last word on its aggregate and near the head that we know of.

    False while history is being caught up with: what the fact asks for may be long decided, in a
    log that is not applied, or not even read, yet.
    """
    source = fact.source
    cursor = Cursor.objects.filter(chain_id=source.chain_id).first()
    if cursor is None or cursor.final_number is None:
        return False
    head = max(cursor.head_number or 0, cursor.final_number)
    if head - source.block_number > within_blocks:
        return False
    later = Q(block_number__gt=source.block_number) | Q(
        block_number=source.block_number, log_index__gt=source.log_index
    )
    return (
        not Log.objects.filter(later, chain_id=source.chain_id, key=fact.key)
        .exclude(status=LogStatus.ORPHANED)
        .exists()
    )


def is_caught_up(chain_id: int) -> bool:
    """Whether all final logs are applied up to the head the listener last saw."""
    cursor = Cursor.objects.filter(chain_id=chain_id).first()
    if cursor is None or cursor.head_number is None or cursor.final_number is None:
        return False
    depth = chain_config.chain(chain_id).confirmations or 250
    near = cursor.head_number - cursor.final_number <= depth + 1
    return near and is_applied(chain_id)


def is_applied(chain_id: int) -> bool:
    """Whether every final log is applied, save those that are parked or wait behind one."""
    parked = Log.objects.filter(chain_id=chain_id, status=LogStatus.FAILED).values("key")
    return (
        not Log.objects.filter(chain_id=chain_id, status=LogStatus.FINAL)
        .exclude(key__in=parked)
        .exists()
    )
