"""Final logs, in order, become facts: each log's effects and its mark are one transaction.

What a fact needs beyond its log is read from the node before the transaction and stored, so that a
replay sees the same. A log whose handler fails is parked, and later logs of the same aggregate wait
behind it; the rest goes on.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from django.db.models import Q, QuerySet

from apps.chain.client import Client
from apps.chain.dispatcher.applying import Batch
from apps.chain.models import Log, LogStatus
from apps.chain.operations import read_ahead

__all__ = ["BATCH_MAX", "TOGETHER_MAX", "dispatch_ready"]

BATCH_MAX = 1000
"""Logs taken in one call, as far as they can be in under a second."""
TOGETHER_MAX = 250
"""Logs of one transaction: some tenths of a second of work, however slow their handlers are."""

Place = tuple[int, int]
"""Block and log index: chain order."""


def dispatch_ready(chain_id: int, client: Client, *, clock: Callable[[], datetime]) -> int:
    """Apply a batch of final logs; returns how many were taken (0 = nothing is ready).

    Raises:
        ChainUnavailable: a reading is needed and no node answers; nothing was applied.
    """
    ready = _ready(chain_id, clock())
    if not ready:
        return 0
    read_ahead(client, ready)
    batch = Batch(clock)
    for start in range(0, len(ready), TOGETHER_MAX):
        batch.take(ready[start : start + TOGETHER_MAX])
    return batch.taken


def _ready(chain_id: int, at: datetime) -> list[Log]:
    """The next logs in chain order, without those that wait behind a parked log of their key."""
    resting = Q(status=LogStatus.FAILED) & (Q(retry_at__isnull=True) | Q(retry_at__gt=at))
    parked = _first_of_each_key(Log.objects.filter(resting, chain_id=chain_id).exclude(key=""))
    to_do = Log.objects.filter(
        chain_id=chain_id, status__in=[LogStatus.FINAL, LogStatus.FAILED]
    ).exclude(resting)
    free = ~Q(key__in=parked) | Q(pk__in=_ahead_of(parked, to_do)) if parked else Q()
    return list(
        to_do.filter(free)
        .defer("topics", "data", "error")  # what they say is decoded already
        .order_by("block_number", "log_index")[:BATCH_MAX]
    )


def _first_of_each_key(rows: "QuerySet[Log]") -> dict[str, Place]:
    places: dict[str, Place] = {}
    for key, number, index in rows.values_list("key", "block_number", "log_index"):
        places[key] = min(places.get(key, (number, index)), (number, index))
    return places


def _ahead_of(parked: Mapping[str, Place], to_do: "QuerySet[Log]") -> list[int]:
    """Logs of parked keys that came late, from before the parked one: it may want for them."""
    last_block = max(number for number, _ in parked.values())
    rows = to_do.filter(key__in=parked, block_number__lte=last_block)
    found = rows.values_list("pk", "key", "block_number", "log_index")
    return [pk for pk, key, number, index in found if (number, index) < parked[key]]
