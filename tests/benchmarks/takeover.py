"""How long until a standby reads on when the leading process is killed.

The end is the row of the next block, so up to one block's time of it is waiting.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks.database import fresh_database
from tests.benchmarks.live import Live, Metronome, live_chain
from tests.benchmarks.report import Report
from tests.benchmarks.watching import Listening, Watch

ROUNDS = 10
SECONDS_MAX = 5.0


def run(report: Report) -> None:
    """Kill the leader again and again; each time the standby leads and gets a standby itself."""
    with (
        tempfile.TemporaryDirectory() as name,
        live_chain(Path(name)) as live,
        fresh_database() as database_url,
        Watch(database_url) as watch,
        Metronome(live),
    ):
        seconds = _rounds(live, database_url, watch, Path(name) / "listen.log")
    report.spread("take-over", "kill -9 to a block stored", seconds, p99_seconds_max=SECONDS_MAX)


def _rounds(live: Live, database_url: str, watch: Watch, log_file: Path) -> list[float]:
    seconds = []
    with ExitStack() as processes:
        leader = processes.enter_context(Listening(live, database_url, log_file))
        for _ in range(ROUNDS):
            watch.wait_until_at(live.head())
            alone = watch.connections()
            standby = processes.enter_context(Listening(live, database_url, log_file))
            watch.wait_for("a standby", lambda alone=alone: watch.connections() > alone)
            watch.wait_until_at(live.head() + 1)
            killed = time.monotonic()
            leader.kill()
            watch.wait_until_at(watch.next_block())
            seconds.append(time.monotonic() - killed)
            leader = standby
    return seconds
