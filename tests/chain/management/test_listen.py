"""``manage.py listen`` looks as soon as a socket tells of a block, whatever its polls' pause."""

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest
from django import db
from django.conf import LazySettings
from django.core.management import call_command

from apps.chain.models import Cursor
from tests.chain_world import World

pytestmark = pytest.mark.chain

LONG_SECONDS = 60.0


@pytest.fixture(autouse=True)
def signals_as_before() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def is_read(number: int, *, seconds: float) -> bool:
    """Whether the listener reads that block within so long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if Cursor.objects.filter(next_block__gt=number).exists():
            return True
        threading.Event().wait(0.02)
    return False


class TestListen:
    def test_a_new_block_ends_the_rest(
        self, committed_world: World, settings: LazySettings
    ) -> None:
        settings.LISTENER_POLL_SECONDS = LONG_SECONDS
        chain = committed_world.scenario.chain
        read: list[bool] = []

        def next_block_is_read(*, seconds: float) -> bool:
            committed_world.scenario.mine(1)
            return is_read(chain.block().number, seconds=seconds)

        def play() -> None:
            try:
                # A subscription takes a moment to be there.
                any(next_block_is_read(seconds=1.0) for _ in range(30))
                read.extend(next_block_is_read(seconds=LONG_SECONDS / 2) for _ in range(3))
            finally:
                db.connection.close()
                os.kill(os.getpid(), signal.SIGTERM)

        player = threading.Thread(target=play)
        player.start()
        call_command("listen")
        player.join()

        assert read == [True] * 3
