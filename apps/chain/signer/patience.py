"""A limit on how long we wait for a key's keeper, even for one that never answers.

A library in C that talks to an HSM knows no time-out, and botocore may look for credentials for
minutes. So such calls run in a thread of their own, and we stop waiting for it. At most one is
under way on a line, which is also what PKCS#11 wants; while one hangs, others are refused in time.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


class TookTooLong(Exception):
    """No answer within the limit. The call may still be going on; its answer will be dropped."""


class Line:
    """One caller at a time, none for longer than it may take."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._free = threading.Lock()

    def call(self, work: Callable[[], T], *, seconds: float) -> T:
        """Do the work and return what it returns or raise what it raises.

        Raises:
            TookTooLong: an earlier call did not end, or this one did not, within ``seconds``.
        """
        deadline = time.monotonic() + seconds
        if not self._free.acquire(timeout=seconds):
            raise TookTooLong(f"{self._name} is still busy with an earlier call")
        answer: Future[T] = Future()

        def carry() -> None:
            try:
                result = work()
            except BaseException as error:  # noqa: BLE001 - it is raised where it was asked for
                self._free.release()
                answer.set_exception(error)
            else:
                self._free.release()
                answer.set_result(result)

        try:
            threading.Thread(target=carry, name=self._name, daemon=True).start()
        except RuntimeError as error:  # no thread to be had
            self._free.release()
            raise TookTooLong(f"{self._name} cannot be called now: {error}") from error
        try:
            return answer.result(timeout=max(0.0, deadline - time.monotonic()))
        except TimeoutError:
            raise TookTooLong(f"{self._name} did not answer within {seconds:.1f} s") from None
