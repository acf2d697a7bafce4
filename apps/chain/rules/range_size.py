"""How many blocks of logs to ask a node for at once. Plain Python.

Grows while the node serves, and falls back when it does not: to the size that it last served, else
to half. The size that failed is remembered as a ceiling, so that the next attempts close in on it
from below instead of running into it again and again. The ceiling rises by and by, for what was too
much may have been a bad moment; a rise that proves wrong makes the next one wait longer.
"""

RANGE_BLOCKS_MAX = 2000
LOGS_ENOUGH = 10_000
"""With so many logs in an answer a longer range would gain nothing."""
RISE_SECONDS = (20.0, 600.0)
"""How long a ceiling holds: the first time, and at most."""


class RangeSize:
    """One node's. Times are seconds of any clock that never goes back."""

    def __init__(self, blocks: int = RANGE_BLOCKS_MAX) -> None:
        self.blocks = min(max(blocks, 1), RANGE_BLOCKS_MAX)
        self._served = self.blocks if self.blocks < RANGE_BLOCKS_MAX else 0
        self._ceiling = RANGE_BLOCKS_MAX + 1  # the smallest size known to be too much
        self._ceiling_before_rise: int | None = None  # until the rise has proved right or wrong
        self._holds_until = 0.0
        self._hold_seconds = RISE_SECONDS[0]

    def served(self, blocks: int, logs: int, now: float) -> None:
        """A range was answered. A shorter one than offered says nothing about longer ones."""
        if blocks < self.blocks:
            return
        self._served = blocks
        if self._ceiling_before_rise is not None and blocks >= self._ceiling_before_rise:
            self._ceiling_before_rise, self._hold_seconds = None, RISE_SECONDS[0]
        if logs >= LOGS_ENOUGH:
            return
        if now >= self._holds_until and self._ceiling <= RANGE_BLOCKS_MAX:
            self._ceiling_before_rise = self._ceiling
            self._ceiling = min(self._ceiling * 2, RANGE_BLOCKS_MAX + 1)
            self._holds_until = now + self._hold_seconds
        room = self._ceiling - blocks
        if self._ceiling > RANGE_BLOCKS_MAX:
            self.blocks = min(blocks * 2, RANGE_BLOCKS_MAX)
        elif room // 2 > blocks // 16:  # else it is as near to the ceiling as pays
            self.blocks = min(blocks * 2, blocks + room // 2)

    def refused(self, blocks: int, now: float) -> None:
        """A range was too much: too many blocks, too many logs, or too long to wait for."""
        if self._ceiling_before_rise is not None:  # the rise was wrong: it will rise more rarely
            self._ceiling = self._ceiling_before_rise
            self._ceiling_before_rise = None
            self._hold_seconds = min(self._hold_seconds * 2, RISE_SECONDS[1])
        self._ceiling = max(min(blocks, self._ceiling), 2)
        self._holds_until = now + self._hold_seconds
        if self._served >= blocks:
            self._served = 0  # what it served once it no longer does
        self.blocks = self._served or max(blocks // 2, 1)
