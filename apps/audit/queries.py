"""Reading the log, and proving that nobody changed it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from apps.audit.models import OperationLog, Seal
from apps.audit.rules import FIRST_PREVIOUS_HASH, chained_hash

UNSEALED_SECONDS_MAX = 60
_COLUMNS = tuple(
    field.attname
    for field in OperationLog._meta.concrete_fields  # noqa: SLF001 - Django's documented API
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """One place where the log does not prove itself."""

    kind: str
    """CHANGED, MISSING, REORDERED or UNSEALED."""
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a verification found."""

    sealed: int
    unsealed: int
    head_sequence: int
    head_hash: str
    breaks: tuple[Break, ...]


def trail(object_type: str, object_id: str) -> QuerySet[OperationLog]:
    """Everything that happened to one object, oldest first."""
    return OperationLog.objects.filter(object_type=object_type, object_id=object_id).order_by("id")


def content_of(row: OperationLog) -> dict[str, Any]:
    """All columns of a row, as they are hashed."""
    return {name: getattr(row, name) for name in _COLUMNS}


def verify(*, at: datetime, anchor: tuple[int, str] | None = None) -> Proof:
    """Recompute the whole chain and compare.

    Args:
        at: now; rows that were written over a minute before and have no seal are a break.
        anchor: a (sequence, hash) noted earlier outside the database. A chain can prove what lies
            inside it; that nothing was cut off its end only a note kept elsewhere can prove.
    """
    breaks: list[Break] = []
    sequence, previous_hash = 0, FIRST_PREVIOUS_HASH
    sealed = 0
    for seal, log in _chain():
        breaks.extend(_breaks_at(seal, log, sequence, previous_hash))
        if anchor and seal.sequence == anchor[0] and seal.hash != anchor[1]:
            breaks.append(
                Break(kind="CHANGED", sentence=f"Seal {seal.sequence} is not the anchored one.")
            )
        sequence, previous_hash = seal.sequence, seal.hash
        sealed += 1
    if anchor and sequence < anchor[0]:
        breaks.append(
            Break(
                kind="MISSING",
                sentence=f"The chain ends at seal {sequence}, before the anchored {anchor[0]}.",
            )
        )

    unsealed = OperationLog.objects.filter(seal__isnull=True)
    late = unsealed.filter(recorded_at__lt=at - timedelta(seconds=UNSEALED_SECONDS_MAX))
    breaks.extend(
        Break(
            kind="UNSEALED",
            sentence=f"Record {pk} ({action}) was written {written:%Y-%m-%d %H:%M:%S} UTC and is "
            f"still not sealed: the sealer is down, or the record was slipped in.",
        )
        for pk, action, written in late.order_by("id").values_list("id", "action", "recorded_at")
    )
    return Proof(
        sealed=sealed,
        unsealed=unsealed.count(),
        head_sequence=sequence,
        head_hash=previous_hash,
        breaks=tuple(breaks),
    )


def _chain() -> Iterator[tuple[Seal, OperationLog | None]]:
    """Seals in order, each with its log row or None where that is gone."""
    batch: list[Seal] = []
    for seal in Seal.objects.order_by("sequence").iterator(chunk_size=1000):
        batch.append(seal)
        if len(batch) == 1000:
            yield from _with_logs(batch)
            batch = []
    yield from _with_logs(batch)


def _with_logs(seals: list[Seal]) -> Iterator[tuple[Seal, OperationLog | None]]:
    logs = OperationLog.objects.in_bulk([seal.log_id for seal in seals])
    for seal in seals:
        yield seal, logs.get(seal.log_id)


def _breaks_at(
    seal: Seal, log: OperationLog | None, last_sequence: int, last_hash: str
) -> Iterator[Break]:
    name = f"Record {seal.log_id} (seal {seal.sequence})"
    if seal.sequence != last_sequence + 1:
        yield Break(
            kind="MISSING",
            sentence=f"Seals {last_sequence + 1} to {seal.sequence - 1} are missing.",
        )
    elif seal.previous_hash != last_hash:
        yield Break(kind="REORDERED", sentence=f"{name} does not follow the record before it.")
    if log is None:
        yield Break(kind="MISSING", sentence=f"{name} is missing.")
        return
    digest = chained_hash(
        sequence=seal.sequence, previous_hash=seal.previous_hash, content=content_of(log)
    )
    if digest != seal.hash:
        yield Break(kind="CHANGED", sentence=f"{name}, {log.action}, was changed after sealing.")
