"""The clock's work: read the fund, keep what it said. Nodes are asked before any transaction."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from celery import shared_task

from apps.chain import queries as chain
from apps.core import clock
from apps.core.locks import exclusive
from apps.fund import operations, queries
from apps.fund.models import Snapshot, SnapshotKind, SnapshotStatus
from apps.fund.rules.slots import DAY, HOUR, missing_slots

log = logging.getLogger(__name__)

SLOTS_PER_RUN_MAX = 20
"""A long history is filled over several runs, newest slots first."""
GAPS_PER_RUN_MAX = 5
GAP_LOOKED_AT_AGAIN = timedelta(minutes=50)
"""A gap may be filled when a node with old state appears; it is asked for it now and then."""
LOOK_BACK = {SnapshotKind.DAILY: timedelta(days=366), SnapshotKind.HOURLY: timedelta(days=90)}


@shared_task(name="fund.take_overview")
def take_overview() -> None:
    """Read the fund at the newest final block; nothing when there is none or no node answers."""
    chain_id = chain.fund_chain().chain_id
    block = chain.final_block(chain_id)
    if block is None:
        return
    try:
        state = chain.read_fund_state(block)
    except chain.ChainUnavailable as error:
        log.warning("no overview: %s", error)
        return
    operations.take_snapshot(
        kind=SnapshotKind.LIVE,
        chain_id=chain_id,
        slot=block.time,
        state=state,
        at=clock.now(),
    )


@shared_task(name="fund.refresh_overview")
def refresh_overview() -> None:
    """Read the fund again as soon as facts were applied that the overview does not know."""
    if queries.needs_refresh(chain_id=chain.fund_chain().chain_id):
        take_overview()


@shared_task(name="fund.take_daily")
def take_daily() -> None:
    """The snapshots of every 00:00 UTC that is not there yet."""
    fill_slots(SnapshotKind.DAILY, DAY)


@shared_task(name="fund.take_hourly")
def take_hourly() -> None:
    """The snapshots of every full hour that is not there yet."""
    fill_slots(SnapshotKind.HOURLY, HOUR)


@shared_task(name="fund.prune_live_snapshots")
def prune_live_snapshots() -> None:
    """Forget live snapshots of the day before yesterday."""
    operations.prune_live(at=clock.now())


def fill_slots(
    kind: SnapshotKind,
    step: timedelta,
    *,
    now: Callable[[], datetime] = clock.now,
    slots_max: int = SLOTS_PER_RUN_MAX,
) -> int:
    """Take or mark the missing slots of a kind, then look at some gaps again; returns how many were
    done. One run at a time.

    A slot is due once a final block is as late as it. One that the node cannot answer for, while it
    answers for now, is a gap; when the node does not answer at all, the slot waits.
    """
    chain_id = chain.fund_chain().chain_id
    final = chain.final_block(chain_id)
    inception = queries.inception(chain_id=chain_id)
    if final is None or inception is None:
        return 0
    with exclusive(f"fund:fill:{kind}") as ours:
        if not ours:
            return 0
        first = max(inception, final.time - LOOK_BACK[kind])
        missing = missing_slots(
            first=first,
            last=final.time,
            step=step,
            present=queries.slots_present(chain_id=chain_id, kind=kind, start=first),
            count_max=slots_max,
        )
        gaps = queries.gaps_to_look_at(
            chain_id=chain_id,
            kind=kind,
            start=first,
            looked_before=now() - GAP_LOOKED_AT_AGAIN,
            count_max=GAPS_PER_RUN_MAX,
        )
        done = 0
        for slot in (*missing, *gaps):
            row = _fill(kind, chain_id, slot, now())
            if row is None:
                break
            done += slot in missing or row.status == SnapshotStatus.OK
        return done


def _fill(kind: SnapshotKind, chain_id: int, slot: datetime, at: datetime) -> Snapshot | None:
    """Take a slot's snapshot or mark it as a gap; None when no node answers now."""
    try:
        block = chain.block_at_or_before(slot)
        if block is None:
            raise chain.ChainUnavailable("The chain began later.")
        state = chain.read_fund_state(block)
    except chain.ChainUnavailable as error:
        if not _node_answers():
            log.warning("%s snapshot of %s waits: %s", kind, slot, error)
            return None
        return operations.mark_gap(
            kind=kind, chain_id=chain_id, slot=slot, reason=error.message, at=at
        )
    return operations.take_snapshot(kind=kind, chain_id=chain_id, slot=slot, state=state, at=at)


def _node_answers() -> bool:
    try:
        chain.read_fund_state()
    except chain.ChainUnavailable:
        return False
    return True
