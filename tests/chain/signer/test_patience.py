"""Waiting ends in time, also when what is waited for does not."""

import threading
from collections.abc import Iterator

import pytest

from apps.chain.signer.patience import Line, TookTooLong


@pytest.fixture
def over() -> Iterator[threading.Event]:
    """Lets go whoever still hangs when the test is over."""
    over = threading.Event()
    yield over
    over.set()


class TestLine:
    def test_returns_what_the_work_returns_and_raises_what_it_raises(self) -> None:
        line = Line("the HSM")

        assert line.call(lambda: 7, seconds=5) == 7
        with pytest.raises(ZeroDivisionError):
            line.call(lambda: 1 // 0, seconds=5)
        assert line.call(lambda: 8, seconds=5) == 8

    def test_stops_waiting_for_work_that_hangs(self, over: threading.Event) -> None:
        line = Line("the HSM")

        with pytest.raises(TookTooLong, match="the HSM did not answer within"):
            line.call(over.wait, seconds=0.05)

    def test_refuses_others_meanwhile_and_serves_them_when_it_is_free(
        self, over: threading.Event
    ) -> None:
        line = Line("the HSM")
        with pytest.raises(TookTooLong):
            line.call(over.wait, seconds=0.05)

        with pytest.raises(TookTooLong, match="still busy"):
            line.call(lambda: 1, seconds=0.05)
        over.set()
        assert line.call(lambda: 2, seconds=5) == 2

    def test_one_at_a_time(self) -> None:
        line = Line("the HSM")
        inside, most = [], []

        def work() -> None:
            inside.append(1)
            most.append(len(inside))
            inside.pop()

        threads = [threading.Thread(target=lambda: line.call(work, seconds=20)) for _ in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert most == [1] * 30

    def test_is_free_again_when_there_was_no_thread_to_be_had(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        line = Line("the HSM")
        with monkeypatch.context() as short:
            short.setattr(threading.Thread, "start", no_thread)
            with pytest.raises(TookTooLong, match="cannot be called now"):
                line.call(lambda: 7, seconds=0.05)

        assert line.call(lambda: 8, seconds=0.5) == 8


def no_thread(_thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")
