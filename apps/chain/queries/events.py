"""Stored logs as people see them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.chain.events import Source
from apps.chain.models import Log, LogStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """One stored log as people see it; ``args`` by name, integers as decimal strings."""

    id: int
    chain_id: int
    block_number: int
    at: datetime
    contract_kind: str
    name: str
    args: Mapping[str, Any]
    tx_hash: str
    status: str


def latest_events(limit: int, *, tx_hash: str = "") -> list[EventView]:
    """The newest events with an effect, newest first; all those of one transaction if given."""
    rows = Log.objects.exclude(status=LogStatus.ORPHANED)
    if not tx_hash:
        # An event with an effect belongs to an aggregate; one that is ignored has no key.
        ignored = [LogStatus.SEEN, LogStatus.FINAL, LogStatus.IGNORED]
        rows = rows.exclude(key="", status__in=ignored)
    if tx_hash:
        rows = rows.filter(tx_hash=tx_hash.lower())
    return [
        EventView(
            id=row.pk,
            chain_id=row.chain_id,
            block_number=row.block_number,
            at=row.block_at,
            contract_kind=row.contract_kind,
            name=row.event,
            args=row.args or {},
            tx_hash=row.tx_hash,
            status=row.status,
        )
        for row in rows.order_by("-block_number", "-log_index")[:limit]
    ]


def source_of(row: Log) -> Source:
    """The identity of a stored log, as facts carry it."""
    return Source(
        log_id=row.pk or 0,
        chain_id=row.chain_id,
        address=row.address,
        contract_kind=row.contract_kind,
        block_number=row.block_number,
        block_hash=row.block_hash,
        block_time=row.block_at,
        tx_hash=row.tx_hash,
        position=row.position,
        log_index=row.log_index,
    )
