"""What the person in front of the terminal sees."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle

COLOURS = ("36", "33", "32", "35", "34", "96", "93", "92", "95", "94")
RED, DIM, BOLD = "31", "2", "1"


class Console:
    """Writes whole lines, from any thread, in colour when a terminal reads them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._colourful = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self._next_colour = cycle(COLOURS)
        self._colours: dict[str, str] = {}

    def say(self, text: str = "") -> None:
        """Write one line."""
        with self._lock:
            print(text, flush=True)

    def say_from(self, name: str, text: str) -> None:
        """Write one line that came from a program, behind its name in its colour."""
        colour = self._colours.setdefault(name, next(self._next_colour))
        self.say(f"{self._paint(f'{name:>15} |', colour)} {text}")

    def fail(self, text: str) -> None:
        """Write one line about something that went wrong."""
        self.say(self._paint(text, RED))

    def title(self, text: str) -> None:
        """Write one line that stands out."""
        self.say(self._paint(text, BOLD))

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Announce a step and say afterwards how long it took."""
        started = time.monotonic()
        yield
        seconds = self._paint(f"{time.monotonic() - started:5.1f} s", DIM)
        self.say(f"{seconds}  {name}")

    def _paint(self, text: str, code: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._colourful else text
