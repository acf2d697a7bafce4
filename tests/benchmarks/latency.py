"""How long from a block being served to its logs being rows, and from final to applied."""

from __future__ import annotations

import tempfile
from pathlib import Path

from devstack.observer import Observer
from tests.benchmarks.database import fresh_database
from tests.benchmarks.live import BLOCK_SECONDS, FINAL_BEHIND, Metronome, live_chain
from tests.benchmarks.report import Report
from tests.benchmarks.watching import Listening, TooSlow, Watch

BLOCKS = 200
STORED_SECONDS_MAX = 2.0
APPLIED_SECONDS_MAX = 1.0


def run(report: Report) -> None:
    """Let the real process read a live chain, and an independent observer watch both."""
    with (
        tempfile.TemporaryDirectory() as name,
        live_chain(Path(name)) as live,
        fresh_database() as database_url,
        Listening(live, database_url, Path(name) / "listen.log") as listener,
        Watch(database_url) as watch,
    ):
        head = live.head()
        watch.wait_until_at(head)
        watch.wait_for("applying the past", lambda: watch.to_apply() == 0)
        observer = Observer(
            rpc_url=live.node.url,
            database_url=database_url,
            addresses=live.addresses,
            confirmations=FINAL_BEHIND,
        )
        observer.start()
        with Metronome(live) as metronome:
            _wait_for_blocks(watch, metronome, listener)
        watch.wait_for("the last block", lambda: _saw_everything(observer))
        observer.stop()
    case = f"a block every {BLOCK_SECONDS} s"
    rows, applied = observer.block_to_row().seconds, observer.final_to_applied().seconds
    report.spread("served to row", case, rows, p99_seconds_max=STORED_SECONDS_MAX)
    report.spread("final to applied", case, applied, p99_seconds_max=APPLIED_SECONDS_MAX)


def _wait_for_blocks(watch: Watch, metronome: Metronome, listener: Listening) -> None:
    for wanted in range(BLOCKS):
        watch.wait_for("a block", lambda wanted=wanted: metronome.blocks > wanted)
        if not listener.running:
            raise TooSlow("the listener ended")


def _saw_everything(observer: Observer) -> bool:
    return all(b.stored_at and (b.applied_at or not b.final_at) for b in observer._all())
