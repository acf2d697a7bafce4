"""Putting messages into the outbox, and what people do with those that failed."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from apps.accounts.queries import users_with_role
from apps.audit.operations import record
from apps.core.actor import Actor
from apps.core.errors import NotFound, Refused
from apps.notifications import rules
from apps.notifications.models import Notification
from apps.notifications.rules import FailureType, Severity, Status

from .bell import ring_for_delivery
from .wording import word


class NoSuchNotification(NotFound):
    """There is no message of this number."""


class CannotResend(Refused):
    """Only a message that failed can be sent again."""


class CannotDismiss(Refused):
    """Only a message that failed can be dismissed."""


def notify(
    *,
    kind: str,
    dedupe_key: str,
    roles: Iterable[str] = (),
    user_ids: Iterable[int] = (),
    addresses: Iterable[str] = (),
    except_user_ids: Iterable[int] = (),
    subject: str,
    body: str,
    details: Sequence[tuple[str, str]] = (),
    link: str = "",
    link_text: str = "Open in Paimon",
    severity: Severity = Severity.INFO,
    attachments: Sequence[dict[str, Any]] = (),
    happened_at: datetime | None = None,
    at: datetime,
) -> list[int]:
    """Put one message per recipient into the outbox, in the caller's transaction.

    The same ``dedupe_key`` reaches the same address once, however often it is asked for. With
    ``happened_at`` the message is an alert: when that is more than an hour ago it is recorded and
    not sent. Nobody to tell is a failed message that staff see, not silence.

    Returns:
        The ids of the messages that are new.
    """
    wording = word(
        severity=severity,
        subject=subject,
        body=body,
        details=details,
        link=link,
        link_text=link_text,
    )
    stale = happened_at is not None and rules.is_stale_alert(happened_at, at)
    created: list[int] = []
    for user_id, address, why_not in _recipients(roles, user_ids, addresses, except_user_ids):
        status = Status.RECORDED if stale else Status.FAILED if why_not else Status.PENDING
        row, is_new = Notification.objects.get_or_create(
            dedupe_key=dedupe_key,
            channel=Notification.Channel.EMAIL,
            address=address,
            defaults={
                "kind": kind,
                "recipient_id": user_id,
                "severity": severity.value,
                "priority": rules.PRIORITY[severity],
                "subject": wording.subject,
                "text": wording.text,
                "html": wording.html,
                "link": link,
                "attachments": list(attachments),
                "status": status.value,
                "next_attempt_at": at if status is Status.PENDING else None,
                "failure_type": FailureType.INVALID_RECIPIENT.value if why_not else "",
                "error": why_not,
                "created_at": at,
            },
        )
        if is_new:
            created.append(row.pk)
    if created:
        ring_for_delivery()
    return created


def _recipients(
    roles: Iterable[str],
    user_ids: Iterable[int],
    addresses: Iterable[str],
    except_user_ids: Iterable[int],
) -> list[tuple[int | None, str, str]]:
    """(user, address, why it cannot be sent) without doubles; never empty."""
    roles, excluded = tuple(roles), set(except_user_ids)
    users = {user.pk: user for user in users_with_role(*roles)} if roles else {}
    named = get_user_model().objects.filter(pk__in=list(user_ids), is_active=True)
    users |= {user.pk: user for user in named}

    found: dict[str, tuple[int | None, str, str]] = {}
    for user in users.values():
        if user.pk in excluded:
            continue
        why_not = "" if user.email else f"{user.get_username()} has no email address."
        found.setdefault(user.email.lower(), (user.pk, user.email, why_not))
    for address in addresses:
        found.setdefault(address.lower(), (None, address, ""))
    if not found:
        whom = f"Nobody active holds {' or '.join(roles)}." if roles else "Nobody is named."
        return [(None, "", whom)]
    return list(found.values())


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
