"""A node's logs of final blocks against ours, as sets of (block hash, log index)."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from apps.chain.client import Node, blocks
from apps.chain.client.blocks import Header, RawLog
from apps.chain.config import ChainConfig
from apps.chain.listener import coverage, ingest
from apps.chain.listener.catching_up import Read
from apps.chain.listener.proofs import Proofs
from apps.chain.models import FindingKind, Log, LogStatus
from apps.chain.operations.findings import note_finding

log = logging.getLogger(__name__)

_IN_TURN = "stored, to be applied in its turn"
_LATE = "stored, to be applied after later events of its record: a replay puts them in order"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs: ``missing`` are the chain's logs that we do not hold, with their blocks, though
    we read those for their contracts (what was never read is the back-fill's); ``extra`` are ours
    that the chain does not have, as (block number, log index)."""

    headers: tuple[Header, ...]
    missing: tuple[RawLog, ...]
    extra: tuple[tuple[int, int], ...]


def compare(config: ChainConfig, node: Node, proofs: Proofs, first: int, read: Read) -> Comparison:
    """Compare a range as a node gave it with what we hold; who is right is proven, not assumed.

    Raises:
        NodeLied, NodeTrouble, ChainUnavailable: the nodes are of no use now.
    """
    ours = {
        (block_hash, index): number
        for block_hash, index, number in Log.objects.filter(
            chain_id=config.chain_id,
            address__in=proofs.addresses,
            block_number__gte=first,
            block_number__lte=read.last,
        )
        .exclude(status=LogStatus.ORPHANED)
        .values_list("block_hash", "log_index", "block_number")
    }
    theirs = {(entry.block_hash, entry.log_index): entry.block_number for entry in read.logs}
    differing = sorted({(ours | theirs)[key] for key in ours.keys() ^ theirs.keys()})
    if not differing:
        return Comparison((), (), ())
    headers = blocks.headers(node, differing)
    hashes = {header.hash for header in headers}
    given = [entry for entry in read.logs if entry.block_hash in hashes]
    truth = proofs.verified(node, headers, given)
    true_keys = {(entry.block_hash, entry.log_index) for entry in truth}
    due = coverage.read_for(config.chain_id)
    missing = tuple(
        entry
        for entry in truth
        if (entry.block_hash, entry.log_index) not in ours
        and due.covers(entry.address, entry.block_number)
    )
    with_missing = {entry.block_hash for entry in missing}
    return Comparison(
        headers=tuple(header for header in headers if header.hash in with_missing),
        missing=missing,
        extra=tuple(
            (number, key[1])
            for key, number in ours.items()
            if number in differing and key not in true_keys
        ),
    )


def heal(
    config: ChainConfig, node: Node, difference: Comparison, *, on: str, at: datetime
) -> Sequence[Log]:
    """Store what is missing and write every difference down; returns the new rows.

    ``on`` is the hash of our final block that the node holds. A log may come after later ones of
    its record were applied, which its finding says: most of them may be applied in any order, and
    where not, the comparison with a fresh fold shows it.

    Raises:
        NotFinal, OtherBranch: nothing was stored.
    """
    new: Sequence[Log] = ()
    if difference.missing:
        new = ingest.add_past(
            config, on=on, headers=difference.headers, logs=difference.missing, at=at
        )
    for row in new:
        log.error(
            "chain %s: log %s of block %s was missing; stored now",
            *(config.chain_id, row.log_index, row.block_number),
        )
        note_finding(
            chain_id=config.chain_id,
            kind=FindingKind.LOGS,
            subject=f"log {row.log_index} of block {row.block_number}",
            detail=f"{node.label} has {row.event or 'an unknown event'} of {row.address} in "
            f"transaction {row.tx_hash}; we did not.",
            block_number=row.block_number,
            at=at,
            outcome=_LATE if _comes_late(row) else _IN_TURN,
        )
    for number, index in difference.extra:
        log.critical(
            "chain %s: we hold log %s of block %s, which the chain does not have",
            *(config.chain_id, index, number),
        )
        note_finding(
            chain_id=config.chain_id,
            kind=FindingKind.LOGS,
            subject=f"log {index} of block {number}",
            detail=f"We hold it; {node.label} does not have it.",
            block_number=number,
            at=at,
        )
    return new


def _comes_late(row: Log) -> bool:
    later = Q(block_number__gt=row.block_number) | Q(
        block_number=row.block_number, log_index__gt=row.log_index
    )
    applied = Log.objects.filter(later, chain_id=row.chain_id, status=LogStatus.APPLIED)
    return bool(row.key) and applied.filter(key=row.key).exists()
