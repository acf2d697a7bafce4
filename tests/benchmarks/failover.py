"""How long until reading goes on when the endpoint in use fails.

The end is the row of a block made after the fault, so up to one block's time of it is waiting.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from tests.benchmarks.database import fresh_database
from tests.benchmarks.live import Live, Metronome, live_chain
from tests.benchmarks.report import Report
from tests.benchmarks.watching import Listening, Watch
from tests.faults.proxy import Fault, FaultyNode
from tests.faults.troubles import Drop, Hang

ROUNDS = 5
SECONDS_MAX = 5.0
# What it takes until a breaker lets a healed endpoint in again, so that every round begins alike.
HEALTHY_BLOCKS = 20


def run(report: Report) -> None:
    """Let one of two endpoints fail, in turns: by closing its connections, then by silence."""
    faults = {"connections closed": Drop, "no answer": Hang}
    with (
        tempfile.TemporaryDirectory() as name,
        live_chain(Path(name)) as live,
        fresh_database() as database_url,
        FaultyNode(live.node.url) as first,
        FaultyNode(live.node.url) as second,
        Watch(database_url) as watch,
        Metronome(live),
    ):
        live.reach_by([first.url, second.url])
        with Listening(live, database_url, Path(name) / "listen.log"):
            for case, fault in faults.items():
                seconds = [_round(live, watch, (first, second), fault()) for _ in range(ROUNDS)]
                report.spread("failover", case, seconds, p99_seconds_max=SECONDS_MAX)


def _round(live: Live, watch: Watch, endpoints: tuple[FaultyNode, ...], fault: Fault) -> float:
    """Seconds from the fault to a block stored that was made after it."""
    watch.wait_until_at(live.head() + HEALTHY_BLOCKS)
    provider = watch.provider()
    endpoint = next(one for one in endpoints if one.url == provider)
    failed = time.monotonic()
    endpoint.add(fault)
    watch.wait_until_at(live.head() + 1)
    seconds = time.monotonic() - failed
    endpoint.heal()
    return seconds
