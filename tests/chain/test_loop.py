"""The long-running commands' loop: it rests between turns, and not longer than it must."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from apps.chain import loop

LONG_SECONDS = 60.0


@pytest.fixture
def stop() -> Iterator[loop.Stop]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield loop.Stop()
    for number, handler in before.items():
        signal.signal(number, handler)


def run(stop: loop.Stop, turn: Callable[[], bool], alarm: threading.Event) -> float:
    """Run until stopped; returns how many seconds that took."""
    begun = time.monotonic()
    loop.run(
        name="test",
        take=lambda: True,
        turn=turn,
        give_back=lambda: None,
        poll_seconds=LONG_SECONDS,
        stop=stop,
        alarm=alarm,
    )
    return time.monotonic() - begun


class TestAlarm:
    def test_ends_a_rest_early_each_time(self, stop: loop.Stop) -> None:
        alarm = stop.alarm()
        turns = []

        def turn() -> bool:
            turns.append(1)
            if len(turns) == 4:
                stop.ask()
            else:
                threading.Timer(0.01, alarm.set).start()
            return False

        seconds = run(stop, turn, alarm)

        assert len(turns) == 4
        assert seconds < LONG_SECONDS / 2

    def test_that_goes_off_during_a_turn_is_not_lost(self, stop: loop.Stop) -> None:
        alarm = stop.alarm()
        turns = []

        def turn() -> bool:
            turns.append(1)
            alarm.set() if len(turns) == 1 else stop.ask()
            return False

        seconds = run(stop, turn, alarm)

        assert len(turns) == 2
        assert seconds < LONG_SECONDS / 2

    def test_goes_off_when_asked_to_stop(self, stop: loop.Stop) -> None:
        alarm = stop.alarm()

        def turn() -> bool:
            threading.Timer(0.01, os.kill, (os.getpid(), signal.SIGTERM)).start()
            return False

        seconds = run(stop, turn, alarm)

        assert seconds < LONG_SECONDS / 2

    def test_rings_once(self, stop: loop.Stop) -> None:
        alarm = stop.alarm()
        alarm.set()
        stop.rest(LONG_SECONDS, alarm)
        begun = time.monotonic()

        stop.rest(0.05, alarm)

        assert time.monotonic() - begun >= 0.05
