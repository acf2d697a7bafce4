"""How the last run would have been judged by other thresholds."""

from collections.abc import Iterator
from dataclasses import dataclass

from apps.risk.rules.figures import Measured, Parameters, Status, Threshold
from apps.risk.rules.judging import status_of

from .assessments import ReadingView, latest_assessment


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """An indicator that would stand otherwise."""

    title: str
    before: Status
    after: Status


def judged_by(parameters: Parameters) -> list[Moved]:
    """The indicators of the last run that these parameters would judge otherwise."""
    run = latest_assessment()
    return list(_moved(run.readings, parameters)) if run else []


def _moved(readings: tuple[ReadingView, ...], parameters: Parameters) -> Iterator[Moved]:
    for reading in readings:
        measured = Measured(
            indicator=reading.indicator,
            value=reading.value,
            unknown=reading.unknown,
            infinite=reading.infinite,
            too_few=reading.too_few,
        )
        of_then = Threshold(
            warning=reading.warning, critical=reading.critical, weight=reading.weight
        )
        if status_of(measured, of_then)[0] is not reading.status:
            continue  # not its thresholds made it so
        after = status_of(measured, parameters.thresholds[reading.indicator])[0]
        if after is not reading.status:
            yield Moved(title=reading.title, before=reading.status, after=after)
