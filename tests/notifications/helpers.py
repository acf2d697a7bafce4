"""Messages, and a clock that is wound by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from apps.notifications import delivery, operations
from apps.notifications.models import Notification
from apps.notifications.rules import Channel, Severity, Shared

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def tell(**changes: Any) -> list[int]:
    """Put a message to one address into the outbox."""
    arguments: dict[str, Any] = {
        "kind": "TEST",
        "dedupe_key": "test:1",
        "addresses": ["ana@example.org"],
        "subject": "Decision needed: redemption 7",
        "body": "Ana asks for a decision.",
        "details": [("Amount", "31,200.00 USDT")],
        "link": "https://paimon.example/admin/tickets/7",
        "severity": Severity.INFO,
        "at": NOON,
    }
    with transaction.atomic():
        return operations.notify(**arguments | changes)


def announce(*places: Shared, **changes: Any) -> list[int]:
    """Put a message to shared places and to nobody else into the outbox."""
    return tell(shared=places, addresses=[], **changes)


def deliver(at: datetime = NOON) -> dict[str, int]:
    """Send what is due at an instant."""
    return delivery.deliver_due(lambda: at)


def only(channel: Channel = Channel.EMAIL) -> Notification:
    """The one message there is by a channel."""
    return Notification.objects.get(channel=channel.value)


def later(**span: int) -> datetime:
    """Noon and then some."""
    return NOON + timedelta(**span)
