"""What facts need beyond their logs: read at the log's block, before the transaction, and kept.

A value stands in for what cannot be read only where a node says for certain that there is nothing
to read: the contract refuses, or the node no longer keeps the state of that block. Trouble of any
other kind (a node that lags, is busy, or says something we do not know) leaves the log unread: it
is parked, which tries again. A value that stands in is asked for again by a replay.
"""

import logging
import re
from collections.abc import Sequence
from enum import Enum
from typing import Any

from apps.chain import config as chain_config
from apps.chain import contracts
from apps.chain.client import Client, NodeTrouble, Reader, RpcRefused
from apps.chain.models import Log, LogStatus, Reading
from apps.chain.queries import identity_of, readings_of

log = logging.getLogger(__name__)

_NOT_KEPT = (
    *("missing trie node", "historical state", "state not available", "state is not available"),
    *("no state available", "pruned", "archive", "state already discarded"),
    *("old data not available", "distance to target block exceeds", "fully indexed"),
)
"""How nodes say that they no longer have, or never kept, the state of a block that they know."""
_BELOW_HEAD = re.compile(r"block height is (\d+) but requested was (\d+)")
"""One client's words for both: the state of an old block is gone, or it has no such block yet."""

_BATCH_LOGS = 200


class _Missing(Enum):
    NOTHING = "there is nothing to read"
    NOT_KEPT = "the node keeps no such state"
    UNCLEAR = "the node cannot say now"


_Answer = str | _Missing


def read_ahead(client: Client, ready: Sequence[Log]) -> None:
    """Read and store what the facts of these logs need, for those not read before.

    Raises:
        ChainUnavailable: no node answers; nothing was stored.
    """
    wanted = [row for row in ready if contracts.needs_reading(row.event)]
    known = readings_of(wanted)
    missing = [row for row in wanted if identity_of(row) not in known]
    Reading.objects.bulk_create(_readings(client, missing), ignore_conflicts=True)


def read_again(*, chain_id: int) -> int:
    """Put what a node can say now in the place of what stands in for it; returns how many changed.

    Raises:
        ChainUnavailable: no node answers; what was not read by then stays as it is.
    """
    client = Client(chain_config.chain(chain_id))
    derived = {
        identity_of(row): row for row in Reading.objects.filter(chain_id=chain_id, derived=True)
    }
    rows = [
        row
        for row in Log.objects.filter(
            chain_id=chain_id, tx_hash__in={tx_hash for _, tx_hash, _ in derived}
        ).exclude(status=LogStatus.ORPHANED)
        if identity_of(row) in derived
    ]
    changed = 0
    for start in range(0, len(rows), _BATCH_LOGS):
        for new in _readings(client, rows[start : start + _BATCH_LOGS]):
            old = derived[identity_of(new)]
            if not new.derived:
                old.values, old.derived = new.values, False
                old.save(update_fields=["values", "derived"])
                changed += 1
    return changed


def _readings(client: Client, rows: Sequence[Log]) -> list[Reading]:
    """The readings of the logs; of none whose answer is unclear."""
    if not rows:
        return []
    answers = _ask(client, rows, at_newest=False)
    steady = [
        row
        for row in rows
        if _Missing.NOT_KEPT in answers[row.pk] and contracts.holds_at_any_block(row.event)
    ]
    answers |= _ask(client, steady, at_newest=True)
    _ask_the_others(client, rows, answers)
    readings = []
    for row in rows:
        if _Missing.UNCLEAR in answers[row.pk]:
            continue
        values = contracts.reading_values(
            row.event,
            row.args or {},
            [answer if isinstance(answer, str) else None for answer in answers[row.pk]],
        )
        if values is None:
            continue  # nothing can stand for it
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
    return readings


def _ask_the_others(client: Client, rows: Sequence[Log], answers: dict[int, list[_Answer]]) -> None:
    """Another node may keep the states that the one asked first does not."""
    for node in client.nodes:
        left = [row for row in rows if _Missing.NOT_KEPT in answers[row.pk]]
        if not left:
            return
        try:
            given = _ask(node, left, at_newest=False)
        except NodeTrouble:
            continue
        whole = (pk for pk, said in given.items() if all(isinstance(one, str) for one in said))
        answers |= {pk: given[pk] for pk in whole}


def _ask(client: Reader, rows: Sequence[Log], *, at_newest: bool) -> dict[int, list[_Answer]]:
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
    return {row.pk: [_meaning(row, next(answers)) for _ in calls[row.pk]] for row in rows}


def _meaning(row: Log, answer: Any) -> _Answer:
    if isinstance(answer, str):
        return _Missing.NOTHING if answer == "0x" else answer
    if isinstance(answer, RpcRefused):
        if answer.is_revert:
            return _Missing.NOTHING
        if _is_not_kept(answer.message):
            return _Missing.NOT_KEPT
    log.warning(
        "chain %s: %s of block %s waits for its reading: %s",
        row.chain_id,
        row.event,
        row.block_number,
        answer or "no answer",
    )
    return _Missing.UNCLEAR


def _is_not_kept(message: str) -> bool:
    heights = _BELOW_HEAD.search(message)
    if heights is not None:
        return int(heights[2]) <= int(heights[1])
    return any(words in message.lower() for words in _NOT_KEPT)
