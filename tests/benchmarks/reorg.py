"""How long it takes to leave ten blocks for ten others: to fetch these, check them and switch."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from apps.chain.leading import ListenerLead
from apps.chain.listener import Outcome
from apps.chain.models import ReorgEvent
from devnet.abi import artifact
from devnet.accounts import ADMIN
from tests.benchmarks import ours
from tests.benchmarks.history import CONFIRMATIONS, trade
from tests.benchmarks.live import TRANSFERS_PER_BLOCK, Live, live_chain
from tests.benchmarks.report import Report

DEPTH = 10
ROUNDS = 30
SECONDS_MAX = 0.2
_LOOKS_MAX = 20


class NotSwitched(Exception):
    """The reader did not follow the other branch, or not over the whole depth."""


def run(report: Report) -> None:
    """Replace the last ten blocks, full of transfers, again and again."""
    with (
        tempfile.TemporaryDirectory() as name,
        live_chain(Path(name), confirmations=CONFIRMATIONS) as live,
        ours.reader(live.chain_file) as lead,
    ):
        seconds = [_round(live, lead, seed) for seed in range(ROUNDS)]
        depths = set(ReorgEvent.objects.values_list("depth", flat=True))
    if depths != {DEPTH}:
        raise NotSwitched(f"reorgs of depth {depths} were noted")
    case = f"depth {DEPTH}, {TRANSFERS_PER_BLOCK} logs a block"
    report.spread("reorg switch", case, seconds, p99_seconds_max=SECONDS_MAX)


def _round(live: Live, lead: ListenerLead, seed: int) -> float:
    for block in range(DEPTH):
        trade(live.crowd, seed=1_000 * seed + block, transfers=TRANSFERS_PER_BLOCK)
        live.fund.chain.mine()
    ours.read_all(lead)
    live.fund.chain.reorg(DEPTH, [(_trade(live, seed, block), block) for block in range(DEPTH)])
    live.fund.chain.mine()  # the other branch wins by being longer
    for _ in range(_LOOKS_MAX):
        started = time.monotonic()
        if ours.look(lead).outcome is Outcome.SWITCHED:
            return time.monotonic() - started
    raise NotSwitched(f"no switch after {_LOOKS_MAX} looks")


def _trade(live: Live, seed: int, block: int) -> dict[str, str]:
    arguments = (2_000_000 + 1_000 * seed + block, TRANSFERS_PER_BLOCK, 10**15)
    data = artifact("Crowd").encode_call("trade", *arguments)
    return {"from": ADMIN.address, "to": live.crowd.address, "data": data}
