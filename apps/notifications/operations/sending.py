"""The steps of a delivery that touch the database; the sending itself lies between them.

A claim counts an attempt and holds a lease. Its number fences it: a worker that was thought dead
and comes back after its lease cannot overwrite what another did since.
"""

import secrets
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from apps.notifications import rules
from apps.notifications.models import Notification
from apps.notifications.rules import Channel, Failure, FailureType, Severity, Status

from .order import must_wait


def channels_due(at: datetime) -> list[Channel]:
    """By which channels something can go out now."""
    names = _claimable(at).order_by().values_list("channel", flat=True).distinct()
    return sorted(Channel(name) for name in names)


def _claimable(at: datetime) -> QuerySet[Notification]:
    due = Q(status__in=[Status.PENDING.value, Status.RETRY.value], next_attempt_at__lte=at)
    abandoned = Q(status=Status.SENDING.value, lease_until__lte=at)
    return Notification.objects.filter(due | abandoned).exclude(must_wait(at))


@transaction.atomic
def claim_next(at: datetime, *, channel: Channel) -> Notification | None:
    """Take the most urgent message of a channel that is due, or whose worker died; None when there
    is none.

    A message whose workers died at every attempt is marked failed instead of taking down another.
    """
    candidates = (
        _claimable(at)
        .filter(channel=channel.value)
        .select_for_update(skip_locked=True)
        .order_by("priority", "next_attempt_at", "id")
    )
    while row := candidates.first():
        if row.attempts < rules.ATTEMPTS_MAX:
            row.claim(lease_until=at + rules.LEASE)
            row.save()
            return row
        row.fail(
            failure_type=FailureType.SERVER_ERROR.value,
            error="The worker died while sending, at each attempt. It may have arrived.",
        )
        row.save()
    return None


@transaction.atomic
def record_sent(*, notification_id: int, attempt: int, provider_id: str, at: datetime) -> bool:
    """The server took it, and calls it so; False when somebody else has taken it over since."""
    row = _still_mine(notification_id, attempt)
    if row is None:
        return False
    row.sent(provider_id=provider_id, at=at)
    row.save()
    return True


@transaction.atomic
def record_failure(*, notification_id: int, attempt: int, failure: Failure, at: datetime) -> bool:
    """The attempt failed: plan the next one, or give up; False as for :func:`record_sent`."""
    row = _still_mine(notification_id, attempt)
    if row is None:
        return False
    if failure.permanent or row.attempts >= rules.ATTEMPTS_MAX:
        row.fail(failure_type=failure.type.value, error=failure.error)
    else:
        asked = failure.retry_after
        if asked is not None and row.severity == Severity.CRITICAL:
            asked = min(asked, rules.CRITICAL_RETRY_AFTER_MAX)
        wait = rules.wait_after(row.attempts, asked, secrets.randbelow(101))
        row.retry(failure_type=failure.type.value, error=failure.error, next_attempt_at=at + wait)
    row.save()
    return True


def _still_mine(notification_id: int, attempt: int) -> Notification | None:
    row = Notification.objects.select_for_update().get(pk=notification_id)
    return row if row.status == Status.SENDING and row.attempts == attempt else None
