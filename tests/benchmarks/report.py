"""What was measured, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from devstack.console import Console
from devstack.observer import Latency
from tests.benchmarks.work import Work

HEADINGS = ("what", "case", "figure", "aim", "held")
PERCENTILES = (50, 95, 99)
_REASON_CHARACTERS_MAX = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One figure; `held` is None where there is no aim."""

    what: str
    case: str
    figure: str
    aim: str = ""
    held: bool | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        """The line's columns as text."""
        verdict = {True: "yes", False: "NO", None: ""}[self.held]
        return self.what, self.case, self.figure, self.aim, verdict


@dataclass(slots=True)
class Report:
    """Collects figures, and tells each as soon as it is known."""

    console: Console
    lines: list[Line] = field(default_factory=list)
    failed: bool = False

    def add(
        self, what: str, case: str, figure: str, *, aim: str = "", held: bool | None = None
    ) -> None:
        """Note a figure."""
        self.lines.append(Line(what, case, figure, aim, held))
        self.console.say(f"        {what}, {case}: {figure}")

    def work(
        self, what: str, case: str, done: Work, *, aim_per_second: float | None = None
    ) -> None:
        """Note events a second, with the least that is aimed at."""
        figure = f"{done.rate:,.0f} events/s ({done.cpu_rate:,.0f} per CPU second)"
        aim = "" if aim_per_second is None else f"≥ {aim_per_second:,.0f} events/s"
        held = None if aim_per_second is None else done.rate >= aim_per_second
        self.add(what, case, figure, aim=aim, held=held)

    def spread(
        self, what: str, case: str, seconds: Sequence[float], *, p99_seconds_max: float
    ) -> None:
        """Note how durations spread, with the most that the 99th percentile may be."""
        figure = spread(seconds)
        held = bool(seconds) and Latency(list(seconds)).percentile(99) < p99_seconds_max
        self.add(what, case, figure, aim=f"p99 < {_in_words(p99_seconds_max)}", held=held)

    def fail(self, what: str, why: str) -> None:
        """Note that something of ours could not be measured."""
        self.failed = True
        self.skip(what, why)

    def skip(self, what: str, why: str) -> None:
        """Note that something is missing from the table, and why."""
        self.add(what, "", f"not measured: {' '.join(why.split())[:_REASON_CHARACTERS_MAX]}")

    def table(self) -> str:
        """All figures, in columns."""
        rows = [HEADINGS, *(line.cells for line in self.lines)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def spread(seconds: Sequence[float]) -> str:
    """Median, 95th and 99th percentile, and the worst, of so many."""
    if not seconds:
        return "nothing was seen"
    measured = Latency(list(seconds))
    percentiles = (
        f"p{percent} {_in_words(measured.percentile(percent))}" for percent in (50, 95, 99)
    )
    return f"{', '.join(percentiles)}, worst {_in_words(max(seconds))} of {len(seconds)}"


def _in_words(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"
