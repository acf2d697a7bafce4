"""What the clock starts."""

from celery import shared_task

from apps.core import clock

from . import operations


@shared_task(name="approvals.tick")
def tick() -> None:
    """Act on the time limits of open tickets."""
    operations.tick(clock.now())
