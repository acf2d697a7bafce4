"""What the chain says, asked plainly, against what we hold."""

from collections import Counter
from dataclasses import replace
from typing import Any

from django.db.models import Count

from apps.chain.client import Client
from apps.chain.leading import ListenerLead
from apps.chain.listener import Outcome
from apps.chain.models import Cursor, Log, LogStatus
from apps.core import clock
from apps.core.errors import Unavailable
from tests.chain_world import World


class Minutes:
    """A clock for breakers and benches that goes on only when told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds


def lead_over(
    world: World,
    *urls: str,
    monotonic: Minutes | None = None,
    timeout_seconds: float = 2.0,
    **changes: Any,
) -> ListenerLead:
    """The world's leader again, over other nodes or with other words in its chain file."""
    config = replace(world.config, **({"rpc_urls": urls} if urls else {}), **changes)
    client = Client(
        config, timeout_seconds=timeout_seconds, **({"clock": monotonic} if monotonic else {})
    )
    lead = ListenerLead(config, clock.now, client=client)
    assert lead.take()
    return lead


def read_all(
    world: World, lead: ListenerLead, monotonic: Minutes | None = None, *, turns: int = 300
) -> Counter[Outcome]:
    """Take turns until the leader holds the chain's head and has nothing to do; trouble passes."""
    outcomes: Counter[Outcome] = Counter()
    for _ in range(turns):
        if monotonic is not None:
            monotonic.pass_by(1.0)
        try:
            tick = lead.turn()
        except Unavailable:
            continue
        outcomes[tick.outcome] += 1
        held = Cursor.objects.get(chain_id=lead.config.chain_id)
        if tick.outcome is Outcome.HALTED:
            break
        if tick.behind == 0 and held.tip_hash == world.scenario.chain.block().hash:
            break
    return outcomes


def logs_on_chain(world: World) -> set[tuple[Any, ...]]:
    """Every log of our contracts as the node itself has it."""
    answer = world.scenario.chain.rpc.call(
        "eth_getLogs",
        {
            "fromBlock": "0x0",
            "toBlock": "latest",
            "address": [contract.address for contract in world.config.watched],
        },
    )
    return {
        (
            entry["blockHash"],
            int(entry["logIndex"], 16),
            entry["transactionHash"],
            entry["address"].lower(),
            tuple(entry["topics"]),
            entry["data"],
        )
        for entry in answer
    }


def logs_stored() -> set[tuple[Any, ...]]:
    """Every canonical log as we hold it."""
    rows = Log.objects.exclude(status=LogStatus.ORPHANED).values_list(
        "block_hash", "log_index", "tx_hash", "address", "topics", "data"
    )
    return {(*row[:4], tuple(row[4]), row[5]) for row in rows}


def assert_equal_to_the_chain(world: World) -> None:
    """Our canonical logs are the chain's, each once, at a place of its own in its transaction."""
    canonical = Log.objects.exclude(status=LogStatus.ORPHANED)
    places = canonical.values("tx_hash", "position").annotate(times=Count("pk"))
    assert logs_stored() == logs_on_chain(world)
    assert canonical.count() == len(logs_stored())
    assert not places.filter(times__gt=1).exists()
