"""Putting messages into the outbox, in the transaction of what they tell of."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from apps.notifications import rules
from apps.notifications.models import Notification
from apps.notifications.rules import Channel, FailureType, HeldFor, Severity, Shared, Status

from .addressing import Copy, copies
from .bell import ring_for_delivery
from .bursts import is_burst
from .order import is_over_before_told
from .wording import word


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
    shared: Collection[Shared] = (),
    topic: str = "",
    resolves: bool = False,
    at: datetime,
) -> list[int]:
    """Put one message per recipient into the outbox, in the caller's transaction.

    Persons hear by email and in the back-office, as they chose; of what is critical by both.
    ``shared`` names places of all staff; one that is not configured is left out. The same
    ``dedupe_key`` reaches the same address once, however often it is asked for. With
    ``happened_at`` the message is an alert: when that is more than an hour ago it is recorded and
    not sent. Nobody to tell is a failed message that staff see, not silence.

    Args:
        topic: what several messages are about; the pager keeps one alarm for it.
        resolves: that is over: the pager's alarm ends, elsewhere it is a message as any other.

    Returns:
        The ids of the messages that are new.
    """
    if resolves and not topic:
        raise ValueError("What is over needs a topic.")
    told = set(Notification.objects.filter(dedupe_key=dedupe_key).values_list("channel", "address"))
    new = [
        copy
        for copy in copies(
            kind=kind,
            severity=severity,
            roles=roles,
            user_ids=user_ids,
            addresses=addresses,
            except_user_ids=except_user_ids,
            shared=shared,
        )
        if (copy.channel.value, copy.address) not in told
        and not (resolves and is_over_before_told(copy.channel, copy.address, topic))
    ]
    if not new:
        return []
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
    for copy in new:
        may_wait = not attachments and not (resolves and copy.channel is Channel.PAGERDUTY)
        held_for = _held_for(copy, kind=kind, severity=severity, may_wait=may_wait, at=at)
        row, is_new = Notification.objects.get_or_create(
            dedupe_key=dedupe_key,
            channel=copy.channel.value,
            address=copy.address,
            defaults={
                **_begin(copy, stale=stale, held_for=held_for, at=at),
                **wording.fields(copy.channel),
                "kind": kind,
                "recipient_id": copy.user_id,
                "severity": severity.value,
                "priority": rules.PRIORITY[severity],
                "link": link,
                "attachments": list(attachments) if copy.channel is Channel.EMAIL else [],
                "topic": topic,
                "resolves": resolves,
                "created_at": at,
            },
        )
        if is_new:
            created.append(row.pk)
    if created:
        ring_for_delivery()
    return created


def _held_for(
    copy: Copy, *, kind: str, severity: Severity, may_wait: bool, at: datetime
) -> HeldFor | None:
    """What the copy waits for, if anything. Files, and the end of a pager's alarm, are never held
    back by a burst."""
    if copy.why_not or copy.held_for is not None:
        return copy.held_for
    if may_wait and is_burst(
        kind=kind, severity=severity, channel=copy.channel, address=copy.address, at=at
    ):
        return HeldFor.BURST
    return None


def _begin(copy: Copy, *, stale: bool, held_for: HeldFor | None, at: datetime) -> dict[str, Any]:
    """How the row starts its life."""
    if stale:
        return {"status": Status.RECORDED.value}
    if copy.why_not:
        return {
            "status": Status.FAILED.value,
            "failure_type": FailureType.INVALID_RECIPIENT.value,
            "error": copy.why_not,
        }
    if copy.channel is Channel.IN_APP:
        return {"status": Status.SENT.value, "sent_at": at}
    if held_for is not None:
        return {"status": Status.HELD.value, "held_for": held_for.value}
    return {"status": Status.PENDING.value, "next_attempt_at": at}
