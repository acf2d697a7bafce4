"""What the clock starts."""

import logging

from celery import shared_task

from apps.core import clock
from apps.core.errors import Unavailable

from . import operations

log = logging.getLogger(__name__)


@shared_task(name="risk.assess", queue="high")
def assess() -> None:
    """Judge risk, if the last time is long enough ago."""
    operations.assess_if_due(at=clock.now())


@shared_task(name="risk.assess_now", queue="high")
def assess_now() -> None:
    """Judge risk at once. Rung when the contracts raise an alarm."""
    operations.assess(at=clock.now())


@shared_task(name="risk.prune", queue="low")
def prune() -> None:
    """Forget runs that are not kept any longer."""
    operations.prune(at=clock.now())


@shared_task(name="risk.escalate", queue="high")
def escalate() -> None:
    """Tell again of risk events that nobody has answered in time."""
    operations.escalate_due(at=clock.now())


@shared_task(name="risk.forecast")
def forecast() -> None:
    """Forecasts of the hour, or after new requests; while the fund is not read, they wait."""
    try:
        operations.make_forecasts(at=clock.now())
    except Unavailable as trouble:
        log.warning("no forecast can be made now: %s", trouble.message)


@shared_task(name="risk.score_forecasts", queue="low")
def score_forecasts() -> None:
    """What came of forecasts that have ended."""
    operations.score_forecasts(at=clock.now())


@shared_task(name="risk.advance", queue="high")
def advance() -> None:
    """The emergency protocol a step further. Rung by what changes it, and by the clock."""
    operations.advance_incidents(at=clock.now())
