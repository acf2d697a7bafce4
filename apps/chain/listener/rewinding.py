"""The way out of a halt that a person takes: forget the chain above a block and read it again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, QuerySet

from apps.audit import operations as audit
from apps.chain.config import ChainConfig
from apps.chain.listener import coverage
from apps.chain.models import (
    Block,
    Cursor,
    Log,
    LogStatus,
    Transaction,
    TransactionStatus,
)
from apps.core.actor import Actor
from apps.core.errors import Refused


class CannotRewind(Refused):
    """The block is not below what was read, or nothing was read at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewound:
    """What a rewind comes to: reading goes on at ``next_block``.

    ``applied`` counts the orphaned logs, by event, whose effects are in the fund's rows until a
    replay, and ``replay_due`` is whether the chain stays halted until then; ``resent`` are
    transactions that go out again; ``ended`` are those that had ended in a block that is forgotten:
    a person must look at them.
    """

    next_block: int
    blocks: int
    logs: int
    applied: Mapping[str, int]
    replay_due: bool
    resent: tuple[int, ...]
    ended: tuple[int, ...]


def rewind(
    config: ChainConfig, *, to_block: int, dry_run: bool, actor: Actor, at: datetime
) -> Rewound:
    """Forget everything above a block and lift a halt; nobody may be reading the chain meanwhile.

    Of a halted chain the newest block may be named: nothing is forgotten then, the halt is lifted.

    Logs become ORPHANED and are kept; those that the chain still has are taken back, and applied,
    when they are read again. Finality goes down with the cursor. Where orphaned logs were applied
    the chain stays halted until a replay made the rows without them: else what the chain has no
    more would stay in the rows, and what it has in another order would build on it.

    Raises:
        CannotRewind.
    """
    with transaction.atomic():
        cursor = Cursor.objects.select_for_update().filter(chain_id=config.chain_id).first()
        if cursor is None or not cursor.tip_hash:
            raise CannotRewind(f"Nothing of chain {config.chain_id} was read yet.")
        newest = cursor.next_block - 1
        if to_block > newest or (to_block == newest and not cursor.halted_reason):
            raise CannotRewind(
                f"Chain {config.chain_id} is read up to block {newest}; there is nothing above "
                f"block {to_block}."
            )
        if to_block == newest and cursor.replay_due:
            raise CannotRewind(_replay_first(config))
        result = _foretold(config, to_block, cursor)
        if dry_run:
            return result
        before = {
            "next_block": cursor.next_block,
            "final": cursor.final_number,
            "halted": cursor.halted_reason,
        }
        _blocks_above(config, to_block).update(canonical=False)
        _logs_above(config, to_block).update(status=LogStatus.ORPHANED)
        for row in Transaction.objects.select_for_update().filter(pk__in=result.resent):
            row.unmined()
            row.save()
        coverage.cut_above(config.chain_id, result.next_block - 1, at)
        _move_down(cursor, result.next_block, to_block)
        if result.replay_due:
            cursor.replay_due, cursor.halted_reason = True, _replay_first(config)
            cursor.halted_at = at
        cursor.save()
        audit.record(
            actor=actor,
            action="chain.rewound",
            object_type="chain",
            object_id=str(config.chain_id),
            before=before,
            after={"next_block": result.next_block, "orphaned_logs": result.logs},
            level="HIGH",
            at=at,
        )
    return result


def _replay_first(config: ChainConfig) -> str:
    return (
        f"Chain {config.name} ({config.chain_id}) was rewound below events that had taken effect. "
        f"Run manage.py replay --chain {config.chain_id}: it makes the rows without them and lifts "
        "this halt."
    )


def _foretold(config: ChainConfig, to_block: int, cursor: Cursor) -> Rewound:
    tip = _tip(config.chain_id, to_block)
    logs = _logs_above(config, to_block)
    rows = logs.filter(status=LogStatus.APPLIED).values_list("event")
    applied = dict(rows.annotate(count=Count("pk")).order_by("event"))
    sent = Transaction.objects.filter(chain_id=config.chain_id, mined_block__gt=to_block)
    mined = sent.filter(status=TransactionStatus.MINED).order_by("pk")
    ended = sent.exclude(status=TransactionStatus.MINED).order_by("pk")
    return Rewound(
        next_block=config.start_block if tip is None else tip.number + 1,
        blocks=_blocks_above(config, to_block).count(),
        logs=logs.count(),
        applied=applied,
        replay_due=cursor.replay_due or bool(applied),
        resent=tuple(mined.values_list("pk", flat=True)),
        ended=tuple(ended.values_list("pk", flat=True)),
    )


def _blocks_above(config: ChainConfig, number: int) -> "QuerySet[Block]":
    return Block.objects.filter(chain_id=config.chain_id, number__gt=number, canonical=True)


def _logs_above(config: ChainConfig, number: int) -> "QuerySet[Log]":
    rows = Log.objects.filter(chain_id=config.chain_id, block_number__gt=number)
    return rows.exclude(status=LogStatus.ORPHANED)


def _tip(chain_id: int, number: int) -> Block | None:
    """The newest block that stays; empty ones right below the height may be forgotten already."""
    return (
        Block.objects.filter(chain_id=chain_id, canonical=True, number__lte=number)
        .order_by("-number")
        .first()
    )


def _move_down(cursor: Cursor, next_block: int, to_block: int) -> None:
    tip = _tip(cursor.chain_id, to_block)
    cursor.next_block = next_block
    cursor.tip_hash = tip.hash if tip else ""
    cursor.tip_at = tip.at if tip else None
    if cursor.final_number is not None and cursor.final_number >= next_block:
        cursor.final_number = tip.number if tip else None
        cursor.final_hash = tip.hash if tip else ""
        cursor.final_at = tip.at if tip else None
    cursor.halted_reason, cursor.halted_at, cursor.suspect_hash = "", None, ""
    cursor.epoch += 1
