"""A little happens on the chain all the while, so that there is something to measure."""

import random
import threading
from contextlib import suppress

from devnet.errors import DevnetError
from devnet.live import live_step
from devnet.scenario import Scenario

PAUSE_SECONDS = 0.7


class Life(threading.Thread):
    """Investors and markets act until stopped."""

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(name="life", daemon=True)
        self._scenario = scenario
        self._rng = random.Random(1)  # noqa: S311 - play money
        self._over = threading.Event()

    def run(self) -> None:
        """One act after another."""
        while not self._over.wait(PAUSE_SECONDS):
            with suppress(DevnetError):
                live_step(self._scenario, self._rng)

    def stop(self) -> None:
        """End it; twice does no harm."""
        self._over.set()
        self.join()
