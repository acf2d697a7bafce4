"""Figures that forget: what happened lately counts, what happened long ago fades. Plain Python.

Times are seconds of any clock that never goes back.
"""


class DecayingSum:
    """A sum whose parts lose half of their weight every half-life."""

    def __init__(self, half_life_seconds: float) -> None:
        self._half_life_seconds = half_life_seconds
        self._value = 0.0
        self._at = 0.0

    def value(self, now: float) -> float:
        """What is left of it."""
        return float(self._value * 0.5 ** (max(now - self._at, 0.0) / self._half_life_seconds))

    def add(self, part: float, now: float) -> None:
        """One more part, at its full weight."""
        self._value, self._at = self.value(now) + part, now

    def clear(self) -> None:
        """Forget everything."""
        self._value = 0.0


class DecayingMean:
    """The mean of samples, each weighing half after every half-life."""

    def __init__(self, half_life_seconds: float, start: float | None = None) -> None:
        self._sum, self._weight = DecayingSum(half_life_seconds), DecayingSum(half_life_seconds)
        self._start = start

    def value(self, now: float) -> float | None:
        """The mean; before the first sample what it started with."""
        weight = self._weight.value(now)
        return self._sum.value(now) / weight if weight > 1e-9 else self._start

    def add(self, sample: float, now: float) -> None:
        """One more sample; what it started with counts as one sample of this moment."""
        if self._start is not None:
            self._sum.add(self._start, now)
            self._weight.add(1.0, now)
        self._start = None
        self._sum.add(sample, now)
        self._weight.add(1.0, now)
