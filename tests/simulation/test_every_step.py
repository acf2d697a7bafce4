"""Death before and after every single statement and request of the listener and of the sender."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction

from apps.approvals.models import Ticket
from apps.chain.config import ChainConfig
from apps.chain.models import UNFINISHED, Transaction
from apps.core import clock
from tests.approvals import helpers as people
from tests.simulation import checking, ledger, stage
from tests.simulation.dying import Died
from tests.simulation.play import INVESTORS, Play

pytestmark = pytest.mark.django_db

CONFIRMED = 8
STRIDE = int(os.environ.get("PAIMON_STRIDE", "8"))
"""One death in so many is tried; 1 tries all of them."""
OFFSET = int(os.environ.get("PAIMON_OFFSET", "0"))


@contextmanager
def rolled_back() -> Iterator[None]:
    """What happens inside leaves no trace."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def play(
    configure: Callable[[str], ChainConfig], monkeypatch: pytest.MonkeyPatch
) -> Callable[[], Play]:
    """Makes a play in which nothing goes wrong by itself."""
    people.seed_rules()
    config = configure(stage.BY_DEPTH)

    def make() -> Play:
        made = Play(1, config)
        monkeypatch.setattr(clock, "now", made.now)
        return made

    return make


def asked(play: Play) -> None:
    """A holder asks for a redemption that needs approval, and one that does not; both final."""
    play.chain.ask(INVESTORS[0], ledger.subscribe(INVESTORS[0], 100 * ledger.ONE))
    mine(play, 1)
    play.chain.ask(INVESTORS[0], ledger.request(INVESTORS[0], 10 * ledger.ONE, needs_approval=True))
    play.chain.ask(INVESTORS[0], ledger.request(INVESTORS[0], 5 * ledger.ONE, needs_approval=False))
    mine(play, CONFIRMED)


def approved(play: Play) -> None:
    """The request is read, and an approver says yes: a transaction is queued."""
    asked(play)
    read(play)
    people.cast(play.approvers[0], Ticket.objects.get(), at=play.at)


def mine(play: Play, blocks: int) -> None:
    while play.chain.pool:
        play.chain.mine(time=int(play.at.timestamp()), most=50)
    for _ in range(blocks):
        play.chain.mine(time=int(play.at.timestamp()))
    for node in play.nodes.values():
        node.tip = play.chain.tip


def read(play: Play) -> None:
    while play.reader.turn().behind:
        pass


def go_on(play: Play) -> None:
    """The successors of the dead carry on until nothing is left to do."""
    play.replace_the_reader()
    play.replace_the_carrier()
    for _ in range(6):
        read(play)
        play.carrier.sender.step()
        mine(play, CONFIRMED)
        if not Transaction.objects.filter(status__in=list(UNFINISHED)).exists():
            break
    read(play)


def die_at_every_step(
    make: Callable[[], Play], before: Callable[[Play], None], life: Callable[[Play], None]
) -> int:
    """Play once for each step of ``life``, dying before or after it; returns how many there are.

    One life in ``STRIDE`` is tried, from ``OFFSET`` on.
    """
    with rolled_back():
        play = make()
        before(play)
        with play.death.appointed(None):
            life(play)
        steps = play.death.steps
    lives = [(step, after) for step in range(1, steps + 1) for after in (False, True)]
    for step, after in lives[OFFSET % STRIDE :: STRIDE]:
        with rolled_back():
            play = make()
            before(play)
            with pytest.raises(Died), play.death.appointed(step, after=after):
                life(play)
            go_on(play)
            checking.check(play)
    return steps


def test_the_listener_may_die_at_any_step(play: Callable[[], Play]) -> None:
    steps = die_at_every_step(play, asked, read)

    assert steps > 30, "so few that something was not counted"


def test_the_sender_may_die_at_any_step_until_it_sent(play: Callable[[], Play]) -> None:
    steps = die_at_every_step(play, approved, lambda one: one.carrier.sender.step() and None)

    assert steps > 15, "so few that something was not counted"


def test_the_sender_may_die_at_any_step_after_it_sent(play: Callable[[], Play]) -> None:
    def mined(one: Play) -> None:
        approved(one)
        one.carrier.sender.step()
        mine(one, CONFIRMED)
        read(one)

    steps = die_at_every_step(play, mined, lambda one: one.carrier.sender.step() and None)

    assert steps > 8, "so few that something was not counted"
