"""The heartbeat: proof that beat rings, Redis carries and a worker answers."""

from celery import shared_task

from apps.system.rules import HEARTBEAT


@shared_task(name=HEARTBEAT)
def heartbeat() -> None:
    """Does nothing; that it ran is the message (noted like every run)."""
