"""What the clock asks of the log."""

from celery import shared_task

from apps.audit import operations
from apps.core import clock


@shared_task(name="audit.seal_log")
def seal_log() -> int:
    """Seal what was written since the last run; return how many rows."""
    return operations.seal(clock.now())
