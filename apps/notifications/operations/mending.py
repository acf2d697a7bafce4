"""What becomes of a message after its delivery: people send it again or let it be; it bounces."""

from datetime import datetime

from django.db import transaction

from apps.audit.operations import record
from apps.core.actor import Actor
from apps.core.errors import NotFound, Refused
from apps.core.text import visible_line
from apps.notifications.models import Notification
from apps.notifications.rules import Channel, FailureType, Status

from .bell import ring_for_delivery
from .order import is_over


class NoSuchNotification(NotFound):
    """There is no such message."""


class CannotResend(Refused):
    """Only a message that failed can be sent again."""


class CannotDismiss(Refused):
    """Only a message that failed can be dismissed."""


@transaction.atomic
def resend(*, notification_id: int, actor: Actor, at: datetime) -> Notification:
    """Send a failed message once more, from the first attempt.

    Raises:
        NoSuchNotification, CannotResend.
    """
    row = _locked(notification_id)
    if row.status not in {Status.FAILED, Status.DISMISSED}:
        raise CannotResend(f"Message {row.pk} is {row.status.lower()}, so it is not sent again.")
    if not row.address:
        raise CannotResend(f"Message {row.pk} has no address to be sent to.")
    if is_over(row):
        raise CannotResend(f"What message {row.pk} raises an alarm for is over.")
    before = row.status
    row.resend(at=at)
    row.save()
    _audit("notification.resent", row, before, actor, at)
    ring_for_delivery()
    return row


@transaction.atomic
def dismiss(*, notification_id: int, actor: Actor, at: datetime) -> Notification:
    """Take a failed message off the list of what needs attention.

    Raises:
        NoSuchNotification, CannotDismiss.
    """
    row = _locked(notification_id)
    if row.status != Status.FAILED:
        raise CannotDismiss(f"Message {row.pk} is {row.status.lower()}, so it is not dismissed.")
    before = row.status
    row.dismiss()
    row.save()
    _audit("notification.dismissed", row, before, actor, at)
    return row


@transaction.atomic
def record_bounce(
    *, provider_id: str, failure_type: FailureType, detail: str, at: datetime
) -> Notification:
    """A mail that the server had taken did not arrive; told twice it is written down once.

    Args:
        provider_id: the mail's Message-ID, with or without its angle brackets.
        detail: what the provider says, in its words.

    Raises:
        NoSuchNotification: no mail that left is called so (or not yet: its sending is being
            written down this moment).
    """
    name = provider_id.strip().strip("<>")
    row = (
        Notification.objects.select_for_update()
        .filter(channel=Channel.EMAIL.value, provider_id=f"<{name}>")
        .first()
        if name
        else None
    )
    if row is None:
        raise NoSuchNotification("No mail that was sent has this Message-ID.")
    if row.status == Status.SENT:
        row.bounce(failure_type=failure_type.value, error=visible_line(detail)[:500], at=at)
        row.save()
    return row


def _locked(notification_id: int) -> Notification:
    row = Notification.objects.select_for_update().filter(pk=notification_id).first()
    if row is None:
        raise NoSuchNotification(f"There is no message {notification_id}.")
    return row


def _audit(action: str, row: Notification, before: str, actor: Actor, at: datetime) -> None:
    record(
        actor=actor,
        action=action,
        object_type="notification",
        object_id=str(row.pk),
        before={"status": before},
        after={"status": row.status, "address": row.address, "subject": row.subject},
        at=at,
    )
