"""What the bell and the clock start."""

from celery import shared_task

from apps.core import clock
from apps.core.actor import Actor

from . import operations


@shared_task(name="reports.request_daily", queue="default")
def request_daily() -> list[int]:
    """Ask for yesterday's report, and for those of days that were missed."""
    return operations.request_missing_daily(actor=Actor.system("beat"), at=clock.now())


@shared_task(name="reports.request_liquidity", queue="default")
def request_liquidity() -> int | None:
    """Ask for the liquidity report of this slot, if the level of risk wants one."""
    run = operations.request_due_liquidity(actor=Actor.system("beat"), at=clock.now())
    return run.pk if run else None


@shared_task(name="reports.generate_due", queue="default")
def generate_due() -> int:
    """Make what waits. Rung after commit, and by the clock for bells that were lost."""
    return operations.generate_due(clock.now)
