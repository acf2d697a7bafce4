"""Waiting for what people would see, with a bound."""

import time
from collections.abc import Callable
from typing import TypeVar

from devstack.errors import DevError

POLL_SECONDS = 0.25
STEP_SECONDS_MAX = 90.0

_T = TypeVar("_T")


def until(
    look: Callable[[], _T | None],
    complaint: str,
    *,
    seconds_max: float = STEP_SECONDS_MAX,
    every_seconds: float = POLL_SECONDS,
) -> _T:
    """Look again and again, and return what is found at last.

    Raises:
        DevError: nothing was in time; ``complaint`` says what.
    """
    deadline = time.monotonic() + seconds_max
    while not (found := look()):
        if time.monotonic() > deadline:
            raise DevError(f"After {seconds_max:.0f} s {complaint}.")
        time.sleep(every_seconds)
    return found
