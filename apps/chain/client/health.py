"""How well one node serves us, and whether to use it. Times are seconds of the pool's clock."""

import math
import threading
from dataclasses import dataclass
from enum import IntEnum

from apps.chain.client.rpc import NodeTrouble, OverQuota, WrongChain
from apps.chain.rules.breaker import Breaker, BreakerState
from apps.chain.rules.decay import DecayingMean

LAG_BLOCKS_MAX = 2
"""A node whose head is further behind the best known one is passed over."""
WRONG_CHAIN_SECONDS = 10.0
BENCH_SECONDS = (60.0, 1800.0)
"""How long a node that lied is left out: the first time, and at most."""
FORGIVEN_SECONDS = 3 * 3600.0
_AVERAGE_HALF_LIFE_SECONDS = 60.0
_SLOW_SECONDS = 1.0
_ERROR_WORDS_MAX = 300


class Grade(IntEnum):
    """Which nodes come first; within a grade the chain file's order counts."""

    GOOD = 0
    DOUBTFUL = 1
    """It failed a moment ago, or is slow."""
    ON_TRIAL = 2
    LAGGING = 3
    RESTING = 4
    """Its breaker is open."""
    BENCHED = 5
    WRONG_CHAIN = 6


@dataclass(frozen=True, slots=True)
class Bench:
    """Why a node is left out, and until when."""

    reason: str
    until: float
    wrong_chain: bool = False


class Health:
    """One node's record. Threads share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.breaker = Breaker()
        self.latency_seconds = DecayingMean(_AVERAGE_HALF_LIFE_SECONDS)
        self.error_rate = DecayingMean(_AVERAGE_HALF_LIFE_SECONDS)
        self.calls = self.failures = 0
        self.head_number: int | None = None
        self.head_seen_at: float | None = None
        self.lag_blocks = 0
        self.last_error = ""
        self.last_error_at: float | None = None
        self.asked_at: float | None = None
        self.bench: Bench | None = None
        self._benchings, self._benched_at = 0, 0.0

    def start_from(
        self,
        *,
        calls: int,
        failures: int,
        latency_seconds: float | None,
        error_rate: float,
        last_error: str,
    ) -> None:
        """Begin with what an earlier process learnt."""
        self.calls, self.failures, self.last_error = calls, failures, last_error
        self.latency_seconds = DecayingMean(_AVERAGE_HALF_LIFE_SECONDS, latency_seconds)
        self.error_rate = DecayingMean(_AVERAGE_HALF_LIFE_SECONDS, error_rate)

    def grade(self, now: float) -> Grade:
        """How willingly it is used."""
        bench = self.bench
        if bench is not None and now < bench.until:
            return Grade.WRONG_CHAIN if bench.wrong_chain else Grade.BENCHED
        state = self.breaker.state(now)
        if state is BreakerState.OPEN:
            return Grade.RESTING
        if self.lag_blocks > LAG_BLOCKS_MAX:
            return Grade.LAGGING
        if state is BreakerState.HALF_OPEN:
            return Grade.ON_TRIAL
        slow = (self.latency_seconds.value(now) or 0.0) > _SLOW_SECONDS
        return Grade.DOUBTFUL if slow or self.breaker.is_unsteady(now) else Grade.GOOD

    def asked(self, now: float, *, seconds: float) -> None:
        """An exchange begins that may take so long."""
        with self._lock:
            self.asked_at = now
            self.breaker.asked(now, seconds=seconds)

    def succeeded(self, now: float, *, seconds: float) -> str:
        """It answered after so many seconds; returns what it recovered from, if from anything."""
        with self._lock:
            self.calls += 1
            self.latency_seconds.add(seconds, now)
            self.error_rate.add(0.0, now)
            recovered = self.last_error if self.breaker.succeeded() else ""
            if self.bench is not None and (self.bench.wrong_chain or now >= self.bench.until):
                recovered, self.bench = self.bench.reason, None
            return recovered

    def failed(self, trouble: NodeTrouble, now: float) -> bool:
        """It did not; returns whether it is left alone from now on."""
        with self._lock:
            self.calls += 1
            self.failures += 1
            self.error_rate.add(1.0, now)
            self._note(trouble.message, now)
            if isinstance(trouble, WrongChain):
                news = self.bench is None
                self.bench = Bench(trouble.message, now + WRONG_CHAIN_SECONDS, wrong_chain=True)
                return news
            if isinstance(trouble, OverQuota):
                self.breaker.open(now, at_least_seconds=trouble.retry_after_seconds)
                return True
            return self.breaker.failed(now, weight=trouble.weight)

    def note_lie(self, reason: str, now: float, *, bench: bool) -> None:
        """It lied or lags; leave it out for a while, each time longer."""
        with self._lock:
            self._note(reason, now)
            if bench:
                if now - self._benched_at > FORGIVEN_SECONDS:
                    self._benchings = 0
                first, longest = BENCH_SECONDS
                seconds = min(first * 2**self._benchings, longest)
                self.bench = Bench(reason, now + seconds)
                self._benchings, self._benched_at = self._benchings + 1, now

    def note_head(self, number: int, now: float, *, best: int | None) -> None:
        """Its head, beside the best that was known when it was asked."""
        with self._lock:
            self.head_number, self.head_seen_at = number, now
            self.lag_blocks = max(best - number, 0) if best is not None else 0

    def lag_at_most_behind(self, best: int | None) -> None:
        """It lags no more than behind this head, or not at all where there is none to compare."""
        with self._lock:
            if self.head_number is None or best is None:
                self.lag_blocks = 0
            else:
                self.lag_blocks = min(self.lag_blocks, max(best - self.head_number, 0))

    def head_age_seconds(self, now: float) -> float:
        """How long ago it last named its head."""
        return math.inf if self.head_seen_at is None else now - self.head_seen_at

    def _note(self, error: str, now: float) -> None:
        self.last_error, self.last_error_at = error[:_ERROR_WORDS_MAX], now
