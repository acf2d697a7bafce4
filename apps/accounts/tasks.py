"""What the clock asks."""

from celery import shared_task

from apps.accounts import operations
from apps.core import clock


@shared_task(name="accounts.forget_expired")
def forget_expired() -> int:
    """Hourly: delete nonces and sessions that can have no effect any more."""
    return operations.forget_expired(clock.now())
