"""Final logs, in order, become facts: each log's effects and its mark are one transaction.

What a fact needs beyond its log is read from the node before the transaction and stored, so that a
replay sees the same. A log whose handler fails is parked, and later logs of the same aggregate wait
behind it; the rest goes on.
"""

import logging
import traceback
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q

from apps.chain import contracts
from apps.chain.client import Client, RpcRefused
from apps.chain.events import LogParked
from apps.chain.models import Log, LogStatus, Reaction, Reading
from apps.chain.queries import source_of
from apps.core import bus

log = logging.getLogger(__name__)


class NotReadable(LookupError):
    """A fact needs more than its log says, nothing can stand for it, and no node knows it now."""


BATCH_MAX = 50
"""Logs of one transaction; each keeps a savepoint of its own."""
_RETRY_SECONDS = (2, 10, 60, 300, 1800)


def dispatch_ready(chain_id: int, client: Client, *, clock: Callable[[], datetime]) -> int:
    """Apply a batch of final logs; returns how many were taken (0 = nothing is ready).

    Raises:
        ChainUnavailable: a reading is needed and no node answers; nothing was applied. (A node that
            answers but has no such state makes a derived reading, marked as such.)
    """
    ready = _ready(chain_id, clock())
    if not ready:
        return 0
    _read_ahead(client, ready)
    with transaction.atomic():
        for candidate in ready:
            _apply(candidate, clock)
    return len(ready)


def _ready(chain_id: int, at: datetime) -> list[Log]:
    """The next logs in chain order, without those that wait behind a parked log of their key."""
    parked = Log.objects.filter(chain_id=chain_id, status=LogStatus.FAILED)
    waiting = set(
        parked.filter(Q(retry_at__isnull=True) | Q(retry_at__gt=at)).values_list("key", flat=True)
    )
    return list(
        Log.objects.filter(chain_id=chain_id, status__in=[LogStatus.FINAL, LogStatus.FAILED])
        .exclude(key__in=waiting)
        .order_by("block_number", "log_index")[:BATCH_MAX]
    )


def _apply(candidate: Log, clock: Callable[[], datetime]) -> None:
    row = Log.objects.select_for_update().get(pk=candidate.pk)
    if row.status not in {LogStatus.FINAL, LogStatus.FAILED}:
        return  # another process applied it meanwhile
    if _is_behind_a_parked_log(row):
        return
    try:
        with transaction.atomic():
            _run_handlers(row, clock())
    except (OperationalError, InterfaceError):
        raise  # the database is in trouble, not this log: the batch is tried again as it was
    except Exception as error:  # noqa: BLE001 - whatever a handler raises parks this log only
        _park(row, error, clock())


def _is_behind_a_parked_log(row: Log) -> bool:
    """Whether an earlier log of the same aggregate failed, perhaps a moment ago in this batch."""
    earlier = Q(block_number__lt=row.block_number) | Q(
        block_number=row.block_number, log_index__lt=row.log_index
    )
    return (
        bool(row.key)
        and Log.objects.filter(
            earlier, chain_id=row.chain_id, key=row.key, status=LogStatus.FAILED
        ).exists()
    )


def _run_handlers(row: Log, at: datetime) -> None:
    if contracts.is_ignored(row.contract_kind, row.event):
        row.status = LogStatus.IGNORED
    else:
        fact = contracts.fact_of(row.event, source_of(row), row.args or {}, _values_for(row))
        bus.project(fact)
        _, first_time = Reaction.objects.get_or_create(
            chain_id=row.chain_id, tx_hash=row.tx_hash, position=row.position, defaults={"at": at}
        )
        if first_time:
            bus.react(fact)
        row.status = LogStatus.APPLIED
    row.applied_at, row.error, row.retry_at = at, "", None
    row.save(update_fields=["status", "applied_at", "error", "retry_at"])


def _park(row: Log, error: Exception, at: datetime) -> None:
    where = (row.chain_id, row.event, row.block_number)
    log.error("chain %s: %s of block %s could not be applied", *where, exc_info=error)
    row.status = LogStatus.FAILED
    row.error = "".join(traceback.format_exception(error))[-8000:].replace("\x00", "\ufffd")
    delay = _RETRY_SECONDS[row.attempts] if row.attempts < len(_RETRY_SECONDS) else None
    row.retry_at = at + timedelta(seconds=delay) if delay is not None else None
    row.attempts += 1
    row.save(update_fields=["status", "error", "retry_at", "attempts"])
    if row.attempts == 1:
        _tell_parked(row, f"{type(error).__name__}: {error}".replace("\x00", "\ufffd")[:500], at)


def _tell_parked(row: Log, error: str, at: datetime) -> None:
    """Page people; a message that fails must not undo the parking, nor the rest of the batch."""
    fact = LogParked(log_id=row.pk, chain_id=row.chain_id, event=row.event, error=error, at=at)
    try:
        with transaction.atomic():
            bus.publish(fact)
    except (OperationalError, InterfaceError):
        raise  # the database is in trouble, not the message
    except Exception:
        log.exception("nobody was told that event %s is parked", row.pk)


def _values_for(row: Log) -> dict[str, object]:
    if not contracts.needs_reading(row.event):
        return {}
    reading = Reading.objects.filter(
        chain_id=row.chain_id, tx_hash=row.tx_hash, position=row.position
    ).first()
    if reading is None:
        raise NotReadable(f"No node says what {row.event} needs beyond its log.")
    return {**reading.values, "derived": reading.derived}


def _read_ahead(client: Client, ready: Sequence[Log]) -> None:
    """Read and store what the facts of these logs need, for those not read before."""
    wanted = [row for row in ready if contracts.needs_reading(row.event)]
    known = set(
        Reading.objects.filter(tx_hash__in={row.tx_hash for row in wanted}).values_list(
            "chain_id", "tx_hash", "position"
        )
    )
    missing = [row for row in wanted if (row.chain_id, row.tx_hash, row.position) not in known]
    if not missing:
        return
    at_their_blocks = _ask(client, missing, at_newest=False)
    steady = [
        row
        for row in missing
        if None in at_their_blocks[row.pk] and contracts.holds_at_any_block(row.event)
    ]
    answers = at_their_blocks | _ask(client, steady, at_newest=True)
    readings = []
    for row in missing:
        values = contracts.reading_values(row.event, row.args or {}, answers[row.pk])
        if values is None:
            continue  # the log is parked for want of it, and asked for again
        derived = bool(values.pop("derived"))
        readings.append(
            Reading(
                chain_id=row.chain_id,
                tx_hash=row.tx_hash,
                position=row.position,
                values=values,
                derived=derived,
            )
        )
    Reading.objects.bulk_create(readings, ignore_conflicts=True)


def _ask(client: Client, rows: Sequence[Log], *, at_newest: bool) -> dict[int, list[str | None]]:
    """What the calls of each log's reading return, by the log's id."""
    if not rows:
        return {}
    calls = {
        row.pk: contracts.reading_calls(row.event, row.address, row.args or {}) for row in rows
    }
    requests = [
        (
            "eth_call",
            [{"to": to, "data": data}, "latest" if at_newest else {"blockHash": row.block_hash}],
        )
        for row in rows
        for to, data in calls[row.pk]
    ]
    answers = iter(client.batch(requests))
    return {row.pk: [_returned(next(answers)) for _ in calls[row.pk]] for row in rows}


def _returned(answer: object) -> str | None:
    return None if isinstance(answer, RpcRefused) or answer in (None, "0x") else str(answer)
