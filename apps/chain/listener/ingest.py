"""Everything a tick of the listener writes, each in one transaction with the cursor's move."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from apps.chain import contracts
from apps.chain.client.blocks import Header, RawLog
from apps.chain.config import ChainConfig
from apps.chain.events import ChainHalted, FinalityStalled
from apps.chain.listener import coverage, sightings
from apps.chain.listener.coverage import Hole
from apps.chain.listener.place import (
    Head,
    Overtaken,
    Place,
    cursor_for,
    locked,
    note_head,
    take_over,
)
from apps.chain.listener.rows import Stored, number_behind_known, store
from apps.chain.models import (
    Block,
    Cursor,
    Log,
    LogStatus,
    ReorgEvent,
    Transaction,
    TransactionStatus,
)
from apps.core import bus
from apps.core.errors import Refused

__all__ = [
    "Head",
    "NotFinal",
    "OtherBranch",
    "Overtaken",
    "Place",
    "add_past",
    "advance",
    "cursor_for",
    "halt",
    "note_poll",
    "switch",
    "take_over",
    "tell_stalled",
]

_KEEP_BLOCKS = 4096
_ANCHOR_EVERY = 1000
"""Of old blocks without logs one in so many is kept."""


class NotFinal(Refused):
    """Blocks that are not final for us are the listener's to read, at its cursor."""


class OtherBranch(Refused):
    """A node has another block where ours is final, or ours is final no more; nothing was
    written."""


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

    ``headers`` are in order and end with the new tip; those without logs may be left out where the
    blocks are final. ``final_number`` is the newest final height known, None when unknown.

    Raises:
        Overtaken: the cursor is no longer where the tick began.
    """
    with transaction.atomic():
        cursor = locked(place)
        note_head(cursor, head, at)  # first: who hears of a log measures its age against the head
        if headers:
            sightings.tell_early(_store(config, headers, logs, cursor, final_number, at))
            _cover(config, place.next_block, headers[-1], at)
            _move_to(cursor, headers[-1], at)
        _finalise(cursor, final_number, at)
        cursor.save()


def note_poll(place: Place, *, head: Head, at: datetime, suspect_hash: str = "") -> None:
    """Remember that the node was asked, and a branch seen once that a second look must confirm.

    Raises:
        Overtaken: the cursor is no longer where the tick began.
    """
    with transaction.atomic():
        note_head(locked(place), head, at, suspect_hash)


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
        cursor = locked(place)
        note_head(cursor, head, at)
        chain_id, above = config.chain_id, ancestor.number
        Block.objects.filter(chain_id=chain_id, number__gt=above, canonical=True).update(
            canonical=False
        )
        left = Log.objects.filter(chain_id=chain_id, block_number__gt=above).exclude(
            status=LogStatus.ORPHANED
        )
        told_early = list(left.filter(event__in=contracts.CRITICAL_EVENTS, args__isnull=False))
        orphaned = left.update(status=LogStatus.ORPHANED)
        stored = _store(config, headers, logs, cursor, final_number, at)
        sightings.take_back(told_early, at)
        sightings.tell_early(stored)
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
            adopted_logs=len(logs),
            at=at,
        )
        _cover(config, above + 1, tip, at)
        _move_to(cursor, tip, at)
        _finalise(cursor, final_number, at)
        cursor.save()
        return event


def add_past(
    config: ChainConfig,
    *,
    on: str,
    headers: Sequence[Header],
    logs: Sequence[RawLog],
    at: datetime,
    fills: Hole | None = None,
) -> Sequence[Log]:
    """Store logs of final blocks that were not stored in their time, or were taken for orphans;
    returns those.

    They are final at once and take places in their transactions behind the logs known before.
    ``on`` is the hash of our final block that the node was seen to hold: what it told lies on that
    block's branch. ``fills`` is the hole that has been read with this. Safe beside the listener,
    and beside a rewind.

    Raises:
        NotFinal, OtherBranch.
    """
    with transaction.atomic():
        cursor = Cursor.objects.select_for_update().get(chain_id=config.chain_id)
        final = -1 if cursor.final_number is None else cursor.final_number
        last = max([header.number for header in headers], default=-1)
        if cursor.halted_reason or last > final:
            raise NotFinal(f"Block {last} of chain {config.chain_id} is not final.")
        if not Block.objects.filter(
            chain_id=config.chain_id, hash=on, canonical=True, number__gte=last, number__lte=final
        ).exists():
            raise OtherBranch(f"What chain {config.chain_id} was compared by is final no more.")
        hashes = {header.number: header.hash for header in headers}
        ours = Block.objects.filter(
            chain_id=config.chain_id, number__in=list(hashes), canonical=True
        ).values_list("number", "hash")
        other = next((number for number, held in ours if hashes[number] != held), None)
        if other is not None:
            raise OtherBranch(f"Block {other} of chain {config.chain_id} has another hash.")
        held = set(
            Log.objects.filter(chain_id=config.chain_id, block_hash__in=list(hashes.values()))
            .exclude(status=LogStatus.ORPHANED)
            .values_list("block_hash", "log_index")
        )
        late = [entry for entry in logs if (entry.block_hash, entry.log_index) not in held]
        late = number_behind_known(late, config.chain_id)
        stored = store(config, headers, late, final_number=final, at=at)
        if fills is not None:
            coverage.extend(config.chain_id, fills.addresses, fills.span, at)
        return [*stored.new, *stored.taken_back]


def halt(place: Place, *, reason: str, at: datetime) -> None:
    """Stop reading this chain until a person lifts it, and tell people.

    Raises:
        Overtaken: the cursor is no longer where the tick began.
    """
    with transaction.atomic():
        cursor = locked(place)
        cursor.halted_reason, cursor.halted_at = reason, at
        cursor.save(update_fields=["halted_reason", "halted_at"])
        bus.publish(ChainHalted(chain_id=place.chain_id, reason=reason, at=at))


def tell_stalled(place: Place, fact: FinalityStalled) -> None:
    """Tell people that the chain's finality stands still while blocks are made.

    Raises:
        Overtaken: the cursor is no longer where the tick began.
    """
    with transaction.atomic():
        locked(place)
        bus.publish(fact)


def _move_to(cursor: Cursor, tip: Header, at: datetime) -> None:
    cursor.next_block, cursor.tip_hash = tip.number + 1, tip.hash
    cursor.tip_at, cursor.tip_seen_at = tip.at, at


def _store(
    config: ChainConfig,
    headers: Sequence[Header],
    logs: Sequence[RawLog],
    cursor: Cursor,
    final_number: int | None,
    at: datetime,
) -> Stored:
    known = [number for number in (final_number, cursor.final_number) if number is not None]
    return store(config, headers, logs, final_number=max(known, default=-1), at=at)


def _cover(config: ChainConfig, first: int, tip: Header, at: datetime) -> None:
    addresses = [contract.address for contract in config.watched]
    coverage.extend(config.chain_id, addresses, (first, tip.number + 1), at)


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
    cursor.final_moved_at = at
    Log.objects.filter(
        chain_id=cursor.chain_id, status=LogStatus.SEEN, block_number__lte=final.number
    ).update(status=LogStatus.FINAL, final_at=at)
    if before // _KEEP_BLOCKS != final.number // _KEEP_BLOCKS:
        _forget_empty_blocks(cursor.chain_id, below=final.number - _KEEP_BLOCKS)


def _forget_empty_blocks(chain_id: int, *, below: int) -> None:
    """Old final blocks without logs say little more; those with logs are kept for good."""
    logs = Log.objects.filter(chain_id=chain_id, block_hash=OuterRef("hash"))
    Block.objects.annotate(beyond_anchor=F("number") % _ANCHOR_EVERY).filter(
        ~Exists(logs), chain_id=chain_id, number__lt=below, beyond_anchor__gt=0
    ).delete()
