"""Blocks and logs of a node as rows of ours, inserted or taken back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Max

from apps.chain.client.blocks import Header, RawLog
from apps.chain.config import ChainConfig
from apps.chain.models import Block, Log, LogStatus
from apps.chain.operations.decoding import decode
from apps.core.bulk import copy_in

_BLOCK_FIELDS = ("chain_id", "number", "hash", "parent_hash", "at", "seen_at", "canonical")
_LOG_FIELDS = (
    *("chain_id", "block_number", "block_hash", "block_at", "tx_hash", "tx_index", "log_index"),
    *("position", "address", "contract_kind", "topics", "data", "event", "args", "status", "key"),
    *("seen_at", "final_at", "attempts", "error"),
)


@dataclass(frozen=True, slots=True)
class Stored:
    """What came of storing: rows that are new, and orphans that were taken back."""

    new: Sequence[Log]
    taken_back: Sequence[Log]


def store(
    config: ChainConfig,
    headers: Sequence[Header],
    logs: Sequence[RawLog],
    *,
    final_number: int,
    at: datetime,
) -> Stored:
    """Insert blocks and their logs, or take them back when their branch was canonical before.

    Logs of blocks up to ``final_number`` are final at once.
    """
    hashes = [header.hash for header in headers]
    known_blocks = Block.objects.filter(chain_id=config.chain_id, hash__in=hashes)
    held = dict(known_blocks.values_list("hash", "canonical"))
    if not all(held.values()):
        known_blocks.filter(canonical=False).update(canonical=True)
    new_blocks = {
        header.hash: Block(
            chain_id=config.chain_id,
            number=header.number,
            hash=header.hash,
            parent_hash=header.parent_hash,
            at=header.at,
            seen_at=at,
        )
        for header in headers
        if header.hash not in held
    }
    copy_in(list(new_blocks.values()), fields=_BLOCK_FIELDS)

    times = {header.hash: header.at for header in headers}
    rows = [_row(config, raw, times[raw.block_hash], final_number, at) for raw in logs]
    known = _known(config.chain_id, list(held))
    new = [row for row in rows if (row.block_hash, row.log_index) not in known]
    copy_in(new, fields=_LOG_FIELDS)
    return Stored(new, _take_back(rows, known, at))


def number_behind_known(rows: Sequence[RawLog], chain_id: int) -> list[RawLog]:
    """The logs with places in their transactions behind those that are stored already.

    For logs that come late: of a contract that was not watched then, or left out by a node.
    """
    hashes = {raw.tx_hash for raw in rows}
    taken = dict(
        Log.objects.filter(chain_id=chain_id, tx_hash__in=hashes)
        .values_list("tx_hash")
        .annotate(last=Max("position"))
    )
    numbered = []
    for raw in rows:
        position = taken.get(raw.tx_hash, -1) + 1
        taken[raw.tx_hash] = position
        numbered.append(replace(raw, position=position))
    return numbered


def _known(chain_id: int, block_hashes: Sequence[str]) -> dict[tuple[str, int], Log]:
    if not block_hashes:
        return {}
    rows = Log.objects.filter(chain_id=chain_id, block_hash__in=block_hashes)
    return {(row.block_hash, row.log_index): row for row in rows.defer("topics", "data", "args")}


def _take_back(
    rows: Sequence[Log], known: dict[tuple[str, int], Log], at: datetime
) -> Sequence[Log]:
    """Give orphans that are canonical again the status they would have now."""
    back: dict[str, list[Log]] = {}
    for row in rows:
        old = known.get((row.block_hash, row.log_index))
        if old is not None and old.status == LogStatus.ORPHANED:
            back.setdefault(row.status, []).append(old)
    for status, orphans in back.items():
        final_at = at if status == LogStatus.FINAL else None
        Log.objects.filter(pk__in=[old.pk for old in orphans]).update(
            status=status, final_at=final_at, applied_at=None
        )
    return [old for orphans in back.values() for old in orphans]


def _row(
    config: ChainConfig, raw: RawLog, block_at: datetime, final_number: int, at: datetime
) -> Log:
    contract = config.contract_at(raw.address)
    assert contract is not None  # noqa: S101 - blocks.py refuses logs of other addresses
    is_final = raw.block_number <= final_number
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
        seen_at=at,
        final_at=at if is_final else None,
    )
    if decode(row) and is_final:
        row.status = LogStatus.FINAL
    return row
