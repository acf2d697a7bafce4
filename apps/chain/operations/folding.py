"""A chain's past applied again: every projection of every applied log, and no reaction."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Max, Q

from apps.chain import contracts
from apps.chain.models import Cursor, Log, LogStatus, Reaction
from apps.chain.operations.decoding import decode
from apps.chain.queries import facts_of
from apps.core import bus
from apps.core.errors import Refused

_CHUNK_LOGS = 1000

Progress = Callable[[int, int], None]
"""Called with how many logs are done, and of how many."""
Place = tuple[int, int]
"""Block and log index: chain order."""


class FoldFailed(Refused):
    """A log that was applied once cannot be applied now; nothing was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """``applied`` logs were applied again, among them ``understood``, which were not before;
    ``refused`` are those understood only now whose handlers refuse them: they stay dead letters,
    which the next replay tries again."""

    applied: int
    understood: int
    refused: int


def listener_lock(chain_id: int) -> str:
    """The lock that whoever reads a chain holds, and so whoever rewrites what was read."""
    return f"listener:{chain_id}"


def fold(*, chain_id: int, progress: Progress, at: datetime) -> Folded:
    """Apply every applied log again, in chain order, in the caller's transaction.

    Whose rows the logs make must have cleared them. Logs that were not understood and are today
    join in; people never hear of them, since what came after them was told long ago. One that is
    newer than everything applied, or waits behind a parked log of its key, is left to the
    dispatcher instead.

    Raises:
        FoldFailed: a handler refuses a log that was applied before.
    """
    newest = _newest_applied(chain_id)
    understood = _understand(chain_id, newest, at)
    logs = Log.objects.filter(Q(status=LogStatus.APPLIED) | Q(pk__in=understood), chain_id=chain_id)
    total, done, refused = logs.count(), 0, 0
    for rows in _chunks(logs.order_by("block_number", "log_index").iterator(_CHUNK_LOGS)):
        for piece in _pieces(rows, understood):
            refused += _project(piece, is_new=piece[0].pk in understood, at=at)
        done += len(rows)
        progress(done, total)
    return Folded(applied=done - refused, understood=len(understood), refused=refused)


def note_replayed(chain_id: int) -> None:
    """Lift the halt of a chain that waited for the replay which the caller's transaction keeps."""
    Cursor.objects.filter(chain_id=chain_id, replay_due=True).update(
        replay_due=False, halted_reason="", halted_at=None
    )


def _project(rows: Sequence[Log], *, is_new: bool, at: datetime) -> int:
    """Run the projections; returns how many logs were refused."""
    try:
        with transaction.atomic():
            bus.project(*(fact for fact in facts_of(rows) if fact is not None))
    except Exception as error:
        first, last = rows[0], rows[-1]
        if not is_new:
            raise FoldFailed(
                f"Between block {first.block_number} and {last.block_number}: {error}"
            ) from error
        # Not FAILED: its key went on without it long ago, and must not wait for it now.
        Log.objects.filter(pk=first.pk).update(
            status=LogStatus.UNDECODABLE, error=f"{type(error).__name__}: {error}"[:8000]
        )
        return 1
    if is_new:
        Reaction.objects.bulk_create(
            [
                Reaction(chain_id=row.chain_id, tx_hash=row.tx_hash, position=row.position, at=at)
                for row in rows
            ],
            ignore_conflicts=True,
        )
        Log.objects.filter(pk__in=[row.pk for row in rows]).update(
            status=LogStatus.APPLIED, applied_at=at, error="", retry_at=None
        )
    return 0


def _understand(chain_id: int, newest: Place, at: datetime) -> set[int]:
    """Decode again what was not understood; the ids of those that the fold takes along."""
    cursor = Cursor.objects.filter(chain_id=chain_id).first()
    final_number = cursor.final_number if cursor else None
    if final_number is None:
        return set()
    parked = _parked_keys(chain_id)
    unread = Log.objects.filter(
        chain_id=chain_id,
        status__in=[LogStatus.UNKNOWN, LogStatus.UNDECODABLE, LogStatus.IGNORED],
        block_number__lte=final_number,
    )
    joining = set()
    for row in list(unread.order_by("block_number", "log_index")):
        was_ignored = row.status == LogStatus.IGNORED
        if not decode(row) or (was_ignored and _is_ignored(row)):
            continue
        row.status, row.final_at = LogStatus.FINAL, row.final_at or at
        row.save(update_fields=["event", "args", "key", "status", "error", "final_at"])
        place = (row.block_number, row.log_index)
        if place < newest and not (row.key in parked and parked[row.key] < place):
            joining.add(row.pk)
    return joining


def _parked_keys(chain_id: int) -> dict[str, Place]:
    """The place of the first parked log of each key that has one."""
    failed = Log.objects.filter(chain_id=chain_id, status=LogStatus.FAILED).exclude(key="")
    places = failed.order_by("-block_number", "-log_index")
    return {
        key: (number, index)
        for key, number, index in places.values_list("key", "block_number", "log_index")
    }


def _is_ignored(row: Log) -> bool:
    contract = contracts.speaker(row.chain_id, row.address, row.contract_kind)
    return contracts.is_ignored(contract, row.event)


def _newest_applied(chain_id: int) -> Place:
    applied = Log.objects.filter(chain_id=chain_id, status=LogStatus.APPLIED)
    number = applied.aggregate(newest=Max("block_number"))["newest"]
    if number is None:
        return (-1, -1)
    index = applied.filter(block_number=number).aggregate(newest=Max("log_index"))["newest"]
    return (number, index)


def _chunks(rows: Iterator[Log]) -> Iterator[list[Log]]:
    chunk: list[Log] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == _CHUNK_LOGS:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _pieces(rows: Sequence[Log], alone: set[int]) -> Iterator[list[Log]]:
    """The rows in order: runs of them, and each of those that may be refused by itself."""
    run: list[Log] = []
    for row in rows:
        if row.pk in alone:
            if run:
                yield run
            yield [row]
            run = []
        else:
            run.append(row)
    if run:
        yield run
