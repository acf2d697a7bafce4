"""Nodes' records as rows: a restart knows what was learnt, and pages can show it.

Records count seconds of a clock of their own, rows are in wall time; ``at`` is both sides' now.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from apps.chain.client.health import LAG_BLOCKS_MAX, Bench, Health
from apps.chain.client.node import Node
from apps.chain.models import Provider

_UPDATED = (
    *("label", "place", "checked_at", "head_number", "head_seen_at", "latency_ms", "error_rate"),
    *("calls", "failures", "range_blocks", "last_error", "last_error_at"),
    *("benched_until", "benched_reason"),
)


def load(chain_id: int, nodes: Sequence[Node], now: float, at: datetime) -> None:
    """Give the nodes their records back, and forget nodes that are no longer configured."""
    rows = {row.key: row for row in Provider.objects.filter(chain_id=chain_id)}
    for node in nodes:
        row = rows.pop(node.key, None)
        if row is not None:
            node.remember_range(row.range_blocks)
            _remember(node.health, row, now, at)
    Provider.objects.filter(chain_id=chain_id, key__in=list(rows)).delete()


def save(chain_id: int, nodes: Sequence[Node], now: float, at: datetime) -> None:
    """Write the nodes' records down."""
    Provider.objects.bulk_create(
        [_row(chain_id, node, now, at) for node in nodes],
        update_conflicts=True,
        unique_fields=["chain_id", "key"],
        update_fields=_UPDATED,
    )


def _remember(health: Health, row: Provider, now: float, at: datetime) -> None:
    latency = row.latency_ms / 1000 if row.latency_ms is not None else None
    health.start_from(
        calls=row.calls,
        failures=row.failures,
        latency_seconds=latency,
        error_rate=row.error_rate,
        last_error=row.last_error,
    )
    if row.last_error_at is not None:
        health.last_error_at = now - (at - row.last_error_at).total_seconds()
    if row.benched_until is not None and row.benched_until > at:
        health.bench = Bench(row.benched_reason, now + (row.benched_until - at).total_seconds())


def _row(chain_id: int, node: Node, now: float, at: datetime) -> Provider:
    def wall(instant: float | None) -> datetime | None:
        return None if instant is None else at + timedelta(seconds=instant - now)

    health = node.health
    latency_seconds = health.latency_seconds.value(now)
    bench = health.bench if health.bench is not None and health.bench.until > now else None
    reason = bench.reason if bench else ""
    if bench is None and health.lag_blocks > LAG_BLOCKS_MAX:
        reason = f"its head is {health.lag_blocks} blocks behind"
    return Provider(
        chain_id=chain_id,
        key=node.key,
        label=node.label[:200],
        place=node.place,
        checked_at=wall(health.asked_at),
        head_number=health.head_number,
        head_seen_at=wall(health.head_seen_at),
        latency_ms=None if latency_seconds is None else latency_seconds * 1000,
        error_rate=health.error_rate.value(now) or 0.0,
        calls=health.calls,
        failures=health.failures,
        range_blocks=node.range_blocks,
        last_error=health.last_error,
        last_error_at=wall(health.last_error_at),
        benched_until=wall(bench.until) if bench else None,
        benched_reason=reason,
    )
