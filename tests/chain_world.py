"""A real node with the fund's contracts on it, and our own listener and sender to read it with."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connection

from apps.chain import config as chain_config
from apps.chain.client import Client
from apps.chain.config import ChainConfig
from apps.chain.leading import ListenerLead
from apps.chain.listener import Outcome
from apps.chain.models import UNFINISHED, Transaction
from apps.chain.sender import Sender
from apps.core import clock
from devnet.deploy import CHAIN_FILE, deploy
from devnet.node import Anvil
from devnet.scenario import Scenario

CONFIRMATIONS = 15


@dataclass
class World:
    """A chain as people and investors use it, and the processes of ours that watch it."""

    node: Anvil
    scenario: Scenario
    config: ChainConfig
    lead: ListenerLead

    def read(self) -> list[Outcome]:
        """Let the listener take turns until nothing is left to read or apply."""
        outcomes = []
        for _ in range(500):
            tick = self.lead.turn()
            outcomes.append(tick.outcome)
            if tick.outcome is Outcome.HALTED or (
                tick.behind == 0 and tick.outcome is not Outcome.SUSPECTED
            ):
                return outcomes
        raise AssertionError("the listener never came to rest")

    def finalise(self) -> None:
        """Bury everything under enough blocks and read it all."""
        self.scenario.mine(CONFIRMATIONS + 1)
        self.read()

    def send_all(self, turns: int = 30) -> None:
        """Carry the queue until everything sent is final."""
        sender = Sender(self.config, Client(self.config), clock=clock.now)
        for _ in range(turns):
            sender.step()
            self.finalise()
            if not Transaction.objects.filter(status__in=list(UNFINISHED)).exists():
                return
        raise AssertionError("a transaction never came to its end")


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Anvil, Path]]:
    """One node for a module, with the contracts deployed and nothing else done."""
    folder = tmp_path_factory.mktemp("fund-chain")
    with Anvil.start(genesis_days_ago=120) as node:
        deploy(
            node.url,
            folder,
            password=os.environ["PAIMON_SIGNER_PASSWORD"],
            confirmations=CONFIRMATIONS,
        )
        yield node, folder / CHAIN_FILE


@pytest.fixture
def world(deployed: tuple[Anvil, Path], settings: LazySettings, db: None) -> Iterator[World]:
    """The chain as deployed, read by nobody yet; put back afterwards."""
    node, chain_file = deployed
    yield from _world(node, chain_file, settings)


@pytest.fixture
def committed_world(
    deployed: tuple[Anvil, Path], settings: LazySettings, transactional_db: None
) -> Iterator[World]:
    """The same over a database whose transactions really commit, for races and other processes."""
    node, chain_file = deployed
    yield from _world(node, chain_file, settings)


def _world(node: Anvil, chain_file: Path, settings: LazySettings) -> Iterator[World]:
    scenario = Scenario.connect(chain_file)
    before = scenario.snapshot()
    settings.CHAIN_FILE = str(chain_file)
    chain_config.reload()
    config = chain_config.fund_chain()
    lead = ListenerLead(config, clock.now)
    assert lead.take()
    yield World(node, scenario, config, lead)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock_all()")  # of other leaders that a test made, too
    _put_back(scenario, before)


def _put_back(scenario: Scenario, before: str) -> None:
    """The chain as it was, mining at once, with nothing in the pool.

    A node that mines what is left in its pool while it goes back is of no use to anybody after it:
    its newest block is one that it does not have.
    """
    rpc = scenario.chain.rpc
    rpc.call("evm_setAutomine", False)
    rpc.call("anvil_dropAllTransactions")
    scenario.mine(1)  # waits for a block that is being made
    scenario.revert(before)
    scenario.chain.automine()
