"""Everything a tick of the listener writes, each in one transaction with the cursor's move."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import InterfaceError, OperationalError, transaction

from apps.chain import contracts
from apps.chain.client.blocks import Header, RawLog
from apps.chain.config import ChainConfig
from apps.chain.contracts import abi
from apps.chain.events import ChainHalted
from apps.chain.models import (
    Block,
    Cursor,
    Log,
    LogStatus,
    ReorgEvent,
    Transaction,
    TransactionStatus,
)
from apps.chain.queries import source_of
from apps.core import bus

log = logging.getLogger(__name__)

_KEEP_BLOCKS = 4096


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
    return cursor


def take_over(chain_id: int) -> int:
    """Become the one that may write: the new epoch refuses a former leader's writes."""
    with transaction.atomic():
        cursor = Cursor.objects.select_for_update().get(chain_id=chain_id)
        cursor.epoch += 1
        cursor.save(update_fields=["epoch"])
        return cursor.epoch


def advance(
    config: ChainConfig,
    place: Place,
    *,
    headers: Sequence[Header],
    logs: Sequence[RawLog],
    final_number: int | None,
    head: Head,
    at: datetime,
) -> None:
    """Store blocks with their logs, move the cursor past the last one, and mark what became final.

    ``headers`` are in order and end with the new tip; a range of final blocks may leave out those
    without logs. ``final_number`` is the newest final height known, None when unknown.

    Raises:
        Overtaken: the cursor is no longer where the tick began.
    """
    with transaction.atomic():
        cursor = _locked(place)
        _note(cursor, head, at)  # first: who hears of a log measures its age against the head
        if headers:
            _store(config, headers, logs, at)
            _move_to(cursor, headers[-1], at)
        _finalise(cursor, final_number, at)
        cursor.save()


def note_poll(place: Place, *, head: Head, at: datetime, suspect_hash: str = "") -> None:
    """Remember that the node was asked, and a branch seen once that a second look must confirm.

    Raises:
        Overtaken: the cursor is no longer where the tick began.
    """
    with transaction.atomic():
        _note(_locked(place), head, at, suspect_hash)


def switch(
    config: ChainConfig,
    place: Place,
    *,
    ancestor: Header,
    headers: Sequence[Header],
    logs: Sequence[RawLog],
    final_number: int | None,
    head: Head,
    at: datetime,
) -> ReorgEvent:
    """Leave the branch above ``ancestor`` and take ``headers`` instead, all at once.

    Old logs become ORPHANED (kept), known blocks of the new branch are taken back, transactions of
    ours that lost their block go back to BROADCAST.

    Raises:
        Overtaken: the cursor is no longer where the tick began.
    """
    with transaction.atomic():
        cursor = _locked(place)
        _note(cursor, head, at)
        chain_id, above = config.chain_id, ancestor.number
        Block.objects.filter(chain_id=chain_id, number__gt=above, canonical=True).update(
            canonical=False
        )
        orphaned = (
            Log.objects.filter(chain_id=chain_id, block_number__gt=above)
            .exclude(status=LogStatus.ORPHANED)
            .update(status=LogStatus.ORPHANED)
        )
        adopted = _store(config, headers, logs, at)
        for lost in Transaction.objects.select_for_update().filter(
            chain_id=chain_id, status=TransactionStatus.MINED, mined_block__gt=above
        ):
            lost.unmined()
            lost.save()
        tip = headers[-1] if headers else ancestor
        event = ReorgEvent.objects.create(
            chain_id=chain_id,
            ancestor_number=above,
            depth=place.next_block - 1 - above,
            old_tip=place.tip_hash,
            new_tip=tip.hash,
            orphaned_logs=orphaned,
            adopted_logs=adopted,
            at=at,
        )
        _move_to(cursor, tip, at)
        _finalise(cursor, final_number, at)
        cursor.save()
        return event


def halt(place: Place, *, reason: str, at: datetime) -> None:
    """Stop reading this chain until a person lifts it, and tell people.

    Raises:
        Overtaken: the cursor is no longer where the tick began.
    """
    with transaction.atomic():
        cursor = _locked(place)
        cursor.halted_reason, cursor.halted_at = reason, at
        cursor.save(update_fields=["halted_reason", "halted_at"])
        bus.publish(ChainHalted(chain_id=place.chain_id, reason=reason, at=at))


def _locked(place: Place) -> Cursor:
    cursor = Cursor.objects.select_for_update().get(chain_id=place.chain_id)
    if (cursor.epoch, cursor.next_block, cursor.tip_hash) != (
        place.epoch,
        place.next_block,
        place.tip_hash,
    ):
        raise Overtaken(f"the cursor of chain {place.chain_id} moved meanwhile")
    return cursor


def _move_to(cursor: Cursor, tip: Header, at: datetime) -> None:
    cursor.next_block, cursor.tip_hash = tip.number + 1, tip.hash
    cursor.tip_at, cursor.tip_seen_at = tip.at, at


def _note(cursor: Cursor, head: Head, at: datetime, suspect_hash: str = "") -> None:
    """Write the cursor down with what the node said about its head."""
    cursor.head_number, cursor.head_at, cursor.head_seen_at = head.number, head.at, head.seen_at
    cursor.provider, cursor.polled_at, cursor.suspect_hash = head.provider, at, suspect_hash
    cursor.save()


def _store(
    config: ChainConfig, headers: Sequence[Header], logs: Sequence[RawLog], at: datetime
) -> int:
    """Insert blocks and logs, or take them back when their branch was canonical before."""
    hashes = [header.hash for header in headers]
    Block.objects.filter(chain_id=config.chain_id, hash__in=hashes).update(canonical=True)
    Block.objects.bulk_create(
        [
            Block(
                chain_id=config.chain_id,
                number=header.number,
                hash=header.hash,
                parent_hash=header.parent_hash,
                at=header.at,
                seen_at=at,
            )
            for header in headers
        ],
        ignore_conflicts=True,
    )
    times = {header.hash: header.at for header in headers}
    rows = [_row(config, raw, times[raw.block_hash], at) for raw in logs]
    known = {
        (row.block_hash, row.log_index): row
        for row in Log.objects.filter(chain_id=config.chain_id, block_hash__in=hashes)
    }
    new = [row for row in rows if (row.block_hash, row.log_index) not in known]
    Log.objects.bulk_create(new, batch_size=1000)
    for row in rows:
        old = known.get((row.block_hash, row.log_index))
        if old is not None and old.status == LogStatus.ORPHANED:
            old.status = row.status
            old.save(update_fields=["status"])
    for row in new:
        if row.status == LogStatus.SEEN and row.event in contracts.CRITICAL_EVENTS:
            _tell_early(row)
    return len(rows)


def _tell_early(row: Log) -> None:
    """Let people hear of a log before it is final; a failing alert must not stop the reading."""
    try:
        with transaction.atomic():
            bus.see(contracts.fact_of(row.event, source_of(row), row.args or {}, {}))
    except (OperationalError, InterfaceError):
        raise  # the database is in trouble, not the alert
    except Exception:
        log.exception("nobody was told early of %s in block %s", row.event, row.block_number)


def _row(config: ChainConfig, raw: RawLog, block_at: datetime, at: datetime) -> Log:
    contract = config.contract_at(raw.address)
    assert contract is not None  # noqa: S101 - blocks.py refuses logs of other addresses
    row = Log(
        chain_id=config.chain_id,
        block_number=raw.block_number,
        block_hash=raw.block_hash,
        block_at=block_at,
        tx_hash=raw.tx_hash,
        tx_index=raw.tx_index,
        log_index=raw.log_index,
        position=raw.position,
        address=raw.address,
        contract_kind=contract.kind,
        topics=list(raw.topics),
        data=raw.data,
        status=LogStatus.SEEN,
        seen_at=at,
    )
    event = abi.event_for(contract, raw.topics[0]) if raw.topics else None
    if event is None:
        row.status = LogStatus.UNKNOWN
        return row
    row.event = event.name
    try:
        row.args = event.decode(raw.topics, raw.data)
        row.key = contracts.key_of(contract.kind, event.name, source_of(row), row.args)[:160]
    except (abi.Undecodable, ValueError, LookupError) as error:
        row.status, row.error = LogStatus.UNDECODABLE, str(error)[:2000]
    return row


def _finalise(cursor: Cursor, final_number: int | None, at: datetime) -> None:
    """Move finality up (never down, never past what we have read) and release the logs below it."""
    if final_number is None:
        return
    final = (
        Block.objects.filter(
            chain_id=cursor.chain_id,
            canonical=True,
            number__lte=min(final_number, cursor.next_block - 1),
        )
        .order_by("-number")
        .first()
    )
    before = cursor.final_number if cursor.final_number is not None else -1
    if final is None or final.number <= before:
        return
    cursor.final_number, cursor.final_hash, cursor.final_at = final.number, final.hash, final.at
    Log.objects.filter(
        chain_id=cursor.chain_id, status=LogStatus.SEEN, block_number__lte=final.number
    ).update(status=LogStatus.FINAL, final_at=at)
    if before // _KEEP_BLOCKS != final.number // _KEEP_BLOCKS:
        _forget_empty_blocks(cursor.chain_id, below=final.number - _KEEP_BLOCKS)


def _forget_empty_blocks(chain_id: int, *, below: int) -> None:
    """Old final blocks without logs say nothing any more; those with logs are kept for good."""
    with_logs = Log.objects.filter(chain_id=chain_id).values("block_hash")
    Block.objects.filter(chain_id=chain_id, number__lt=below).exclude(hash__in=with_logs).delete()
