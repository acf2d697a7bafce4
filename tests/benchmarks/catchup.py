"""Six hours of empty blocks at 0.45 s, after an outage."""

from __future__ import annotations

import tempfile
from pathlib import Path

from apps.chain.models import Log, LogStatus
from devnet.node import Anvil
from tests.benchmarks import ours
from tests.benchmarks.history import STATES_KEPT, trade
from tests.benchmarks.live import TRANSFERS_PER_BLOCK, Live, live_chain
from tests.benchmarks.report import Report
from tests.benchmarks.stretching import stretch

BLOCKS = 48_000
SECONDS_MAX = 600.0


class Incomplete(Exception):
    """What happened after the empty blocks did not arrive."""


def run(report: Report) -> None:
    """Read to the head, look away for six hours, and catch up to what happened at their end."""
    with tempfile.TemporaryDirectory() as name:
        state_file = Path(name) / "state.json"
        with (
            live_chain(Path(name), state_path=state_file) as live,
            ours.reader(live.chain_file) as lead,
        ):
            live.fund.chain.mine()
            ours.read_all(lead)
            known = Log.objects.count()
            with _six_hours_later(live, state_file):
                seconds = ours.read_all(lead)
            arrived = Log.objects.count() - known
            waiting = Log.objects.filter(status__in=[LogStatus.SEEN, LogStatus.FINAL]).count()
    if arrived != TRANSFERS_PER_BLOCK or waiting:
        raise Incomplete(f"{arrived} logs arrived after the empty blocks, {waiting} wait")
    report.add(
        "six-hour catch-up",
        f"{BLOCKS:,} empty blocks",
        f"{seconds:.1f} s, {BLOCKS / seconds:,.0f} blocks/s",
        aim=f"< {SECONDS_MAX / 60:.0f} min",
        held=seconds < SECONDS_MAX,
    )


def _six_hours_later(live: Live, state_file: Path) -> Anvil:
    """The same chain with the empty blocks, one full one, and enough on top to make it final."""
    live.node.stop()
    stretch(state_file, BLOCKS)
    node = Anvil.start(
        live.node.port, state_path=state_file, history_blocks=STATES_KEPT, slots_in_an_epoch=1
    )
    trade(live.crowd, seed=0, transfers=TRANSFERS_PER_BLOCK)
    live.fund.chain.mine(10)
    return node
