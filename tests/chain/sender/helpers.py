"""Intents and senders of one's own, with a clock that moves by hand."""

from datetime import datetime, timedelta
from typing import Any

from apps.chain import operations
from apps.chain.calls import Approval, ApproveRedemption, Call
from apps.chain.client import Client
from apps.chain.config import ChainConfig
from apps.chain.models import Attempt, Transaction
from apps.chain.sender import Sender
from apps.core import clock
from apps.core.actor import Actor
from tests.chain.tickets import approved
from tests.chain_world import World

CHAIN = 31337
SYSTEM = Actor.system("test")
STATUS_APPROVED = 2


class HandClock:
    """Now, until it is moved."""

    def __init__(self) -> None:
        self.now = clock.now()

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def submit(request_id: int, key: str = "k1") -> Transaction:
    """Ask for the approval of a request."""
    return submit_call(ApproveRedemption(chain_id=CHAIN, request_id=request_id), key)


def submit_call(call: Call, key: str = "k1") -> Transaction:
    """Ask for a call, with people behind it unless it needs none."""
    ticket_id = None if call.approval is Approval.NEVER else approved(call)
    pk = operations.submit(call=call, key=key, ticket_id=ticket_id, actor=SYSTEM, at=clock.now())
    return Transaction.objects.get(pk=pk)


def new_sender(world: World, at: Any = clock.now, config: ChainConfig | None = None) -> Sender:
    config = config or world.config
    return Sender(config, Client(config), clock=at)


def again(row: Transaction) -> Transaction:
    return Transaction.objects.get(pk=row.pk)


def last_attempt(row: Transaction) -> Attempt:
    return row.attempts.latest("id")


def mine_by_hand(world: World) -> None:
    """From now on blocks come only when asked for."""
    world.scenario.chain.rpc.call("evm_setAutomine", False)


def price_out(world: World, gwei: int = 50) -> None:
    """The next block's base fee; it falls by an eighth with each empty block after it."""
    world.scenario.chain.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(gwei * 10**9))
