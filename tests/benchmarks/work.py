"""How much was done, and in what time."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Work:
    """So many events, by the wall's clock and by the processor time of this process."""

    events: int
    seconds: float
    cpu_seconds: float

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds

    @property
    def cpu_rate(self) -> float:
        """Events for a second of our own processor time: what a busy machine distorts least."""
        return self.events / self.cpu_seconds


class Stopwatch:
    """Runs from when it is made."""

    def __init__(self) -> None:
        self._started, self._cpu_started = time.monotonic(), time.process_time()

    @property
    def seconds(self) -> float:
        """By the wall's clock, so far."""
        return time.monotonic() - self._started

    def work(self, events: int) -> Work:
        """What was done until now."""
        return Work(events, self.seconds, time.process_time() - self._cpu_started)
