"""The heartbeat: proof that beat rings, Redis carries and a worker answers."""

from celery import shared_task

HEARTBEAT = "apps.system.tasks.heartbeat"


@shared_task(name=HEARTBEAT)
def heartbeat() -> None:
    """Does nothing; that it ran is the message (noted like every run)."""
