"""What the clock starts."""

from celery import shared_task
from django.conf import settings

from apps.core import clock

from . import operations


@shared_task(name="redemptions.open_missing_tickets")
def open_missing_tickets() -> None:
    """Ask about waiting requests that history left without a ticket."""
    operations.open_missing_tickets(clock.now())


@shared_task(name="redemptions.settle_due")
def settle_due() -> None:
    """Pay what is due, where the setting lets the clock do it."""
    if settings.SETTLE_DUE_AUTOMATICALLY:
        operations.settle_due(clock.now())
