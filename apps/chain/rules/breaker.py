"""When an endpoint that fails is left alone, and when it is tried again. Plain Python.

Failures weigh 1 unless said otherwise, and fade; together they open the breaker. After a pause that
doubles with every opening, one trial is let through: it closes the breaker or opens it again.
"""

from enum import Enum

from apps.chain.rules.decay import DecayingSum

OPENS_AT = 2.5
"""The weight that opens it: three failures within a few seconds."""
HALF_LIFE_SECONDS = 30.0
PAUSE_SECONDS = (5.0, 60.0)
"""The first pause and the longest."""
ASKED_SECONDS_MAX = 600.0
"""The longest pause that an endpoint may ask for."""
REPENTED_SECONDS = 120.0
"""After so long without an opening the pauses begin at the shortest again."""
UNSTEADY_FROM = 0.2
"""A failure is held against a node, where another one is as good, until it has faded to this."""


class BreakerState(Enum):
    """CLOSED: use it. HALF_OPEN: one trial. OPEN: leave it alone."""

    CLOSED = "closed"
    HALF_OPEN = "half-open"
    OPEN = "open"


class Breaker:
    """One endpoint's. Times are seconds of any clock that never goes back."""

    def __init__(self) -> None:
        self._failures = DecayingSum(HALF_LIFE_SECONDS)
        self._openings = 0
        self._opened_at = 0.0
        self._try_at: float | None = None  # None while closed
        self._on_trial = False

    def state(self, now: float) -> BreakerState:
        """Whether it may be used."""
        if self._try_at is None:
            return BreakerState.CLOSED
        return BreakerState.HALF_OPEN if now >= self._try_at else BreakerState.OPEN

    def pause_seconds(self, now: float) -> float:
        """How long it is still left alone; 0 when it may be tried."""
        return 0.0 if self._try_at is None else max(self._try_at - now, 0.0)

    def is_unsteady(self, now: float) -> bool:
        """Whether it failed so lately that an equal is better asked first."""
        return self._failures.value(now) >= UNSTEADY_FROM

    def asked(self, now: float, *, seconds: float) -> None:
        """A request begins; when half-open it is the trial, and nobody else tries meanwhile."""
        if self.state(now) is BreakerState.HALF_OPEN:
            self._try_at, self._on_trial = now + seconds, True

    def succeeded(self) -> bool:
        """It answered; returns whether that closed it."""
        was_open = self._try_at is not None
        if was_open:
            self._failures.clear()
        self._try_at, self._on_trial = None, False
        return was_open

    def failed(self, now: float, *, weight: float = 1.0) -> bool:
        """It did not answer as it should; returns whether that opened it."""
        self._failures.add(weight, now)
        closed = self._try_at is None
        if (closed and self._failures.value(now) < OPENS_AT) or not (closed or self._on_trial):
            return False  # or a request that was under way when it opened
        self.open(now)
        return True

    def open(self, now: float, *, at_least_seconds: float = 0.0) -> None:
        """Leave it alone for the next pause, or for as long as it asks if that is longer."""
        if now - self._opened_at > REPENTED_SECONDS:
            self._openings = 0
        first, longest = PAUSE_SECONDS
        pause = min(first * 2**self._openings, longest)
        self._try_at = now + max(pause, min(at_least_seconds, ASKED_SECONDS_MAX))
        self._openings, self._opened_at, self._on_trial = self._openings + 1, now, False
