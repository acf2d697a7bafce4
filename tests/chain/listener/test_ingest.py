"""Who may write: the leader of the newest epoch, from where the cursor stands, and nobody else."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django import db

from apps.chain.events import FinalityStalled
from apps.chain.leading import ListenerLead
from apps.chain.listener import Overtaken, ingest
from apps.chain.listener.ingest import Head, Place
from apps.chain.models import Block, Coverage, Cursor, Log, ReorgEvent
from apps.core import clock
from devnet.accounts import INVESTORS
from devnet.fund import usdt
from tests.chain.listener.checks import assert_equal_to_the_chain
from tests.chain.listener.test_forks import held, invented
from tests.chain_world import World

pytestmark = [pytest.mark.chain]

Write = Callable[[World, Place, Head], Any]


def advance(world: World, place: Place, head: Head) -> None:
    [_, following] = [held(world, count=1)[0], *invented(held(world, count=2), salt="cc")]
    ingest.advance(
        world.config,
        place,
        headers=[replace(following, number=place.next_block)],
        logs=[],
        final_number=None,
        head=head,
        at=clock.now(),
    )


def switch(world: World, place: Place, head: Head) -> None:
    branch = held(world, count=3)
    ingest.switch(
        world.config,
        place,
        ancestor=branch[0],
        headers=invented(branch, salt="dd"),
        logs=[],
        final_number=None,
        head=head,
        at=clock.now(),
    )


def note_poll(world: World, place: Place, head: Head) -> None:
    ingest.note_poll(place, head=head, at=clock.now())


def halt(world: World, place: Place, head: Head) -> None:
    ingest.halt(place, reason="none", at=clock.now())


def tell_stalled(world: World, place: Place, head: Head) -> None:
    fact = FinalityStalled(
        chain_id=place.chain_id, final_number=0, head_number=1, since=head.at, at=head.at
    )
    ingest.tell_stalled(place, fact)


def rows() -> list[Any]:
    return [
        list(model.objects.order_by("pk").values())
        for model in (Cursor, Block, Log, Coverage, ReorgEvent)
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("write", [advance, switch, note_poll, halt, tell_stalled])
@pytest.mark.parametrize("fenced_by", ["epoch", "cursor"])
def test_a_former_leader_can_write_nothing(world: World, write: Write, fenced_by: str) -> None:
    world.scenario.mine(5)
    world.read()
    cursor = Cursor.objects.get()
    place = Place(
        chain_id=cursor.chain_id,
        epoch=cursor.epoch,
        next_block=cursor.next_block,
        tip_hash=cursor.tip_hash,
    )
    head = Head(number=cursor.next_block, at=clock.now(), seen_at=clock.now(), provider="x")
    if fenced_by == "epoch":
        ingest.take_over(cursor.chain_id)
    else:
        world.scenario.mine(1)
        world.read()
    before = rows()

    with pytest.raises(Overtaken):
        write(world, place, head)

    assert rows() == before


@pytest.mark.django_db
@pytest.mark.parametrize("write", [advance, switch, note_poll, halt])
def test_the_leader_itself_can(world: World, write: Write) -> None:
    """Else the refusals above would say nothing."""
    world.scenario.mine(5)
    world.read()
    cursor = Cursor.objects.get()
    place = Place(
        chain_id=cursor.chain_id,
        epoch=cursor.epoch,
        next_block=cursor.next_block,
        tip_hash=cursor.tip_hash,
    )
    head = Head(number=cursor.next_block, at=clock.now(), seen_at=clock.now(), provider="x")
    before = rows()

    write(world, place, head)

    assert rows() != before


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_leaders_that_take_over_from_each_other_store_everything_once(
    committed_world: World,
) -> None:
    """Three processes believe that they lead: the lock is taken from them again and again."""
    world = committed_world
    world.lead.give_back()
    stop = threading.Event()
    overtaken: list[str] = []
    failures: list[BaseException] = []

    def lead_on_and_on() -> None:
        lead = ListenerLead(world.config, clock.now)
        try:
            while not stop.is_set():
                if not lead.take():
                    continue
                lead.give_back()  # and go on all the same: what a lost connection looks like
                listener = new_listener(lead)
                try:
                    for _ in range(5):
                        listener.tick()
                except Overtaken as why:
                    overtaken.append(str(why))
        except BaseException as error:
            failures.append(error)
            raise
        finally:
            db.connection.close()

    threads = [threading.Thread(target=lead_on_and_on) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(8):
        world.scenario.subscribe(INVESTORS[0], usdt(1_000))
        world.scenario.mine(3)
    stop.set()
    for thread in threads:
        thread.join()
    assert world.lead.take()
    world.read()

    assert not failures
    assert overtaken
    assert_equal_to_the_chain(world)
    assert not ReorgEvent.objects.exists()


def new_listener(lead: ListenerLead) -> Any:
    from apps.chain.listener import Listener

    epoch = ingest.take_over(lead.config.chain_id)
    return Listener(lead.config, lead.client, epoch=epoch, clock=clock.now)
