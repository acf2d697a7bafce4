"""OUT: claim a row, send it, write down what happened. Nothing is asked inside a transaction.

Each channel has a thread of its own and, in all processes together, one sender at a time: one that
hangs takes neither the others nor the workers with it. After a failure that the next message would
share the channel rests until it is called again.
"""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from django.db import connection

from apps.core.locks import exclusive
from apps.notifications.models import Notification
from apps.notifications.operations import (
    channels_due,
    claim_next,
    record_failure,
    record_sent,
)
from apps.notifications.rules import Channel, Failure

from . import email, pagerduty, slack, telegram

RUN_SECONDS_MAX = 60.0
SEND: dict[Channel, Callable[[Notification, datetime], str | Failure]] = {
    Channel.EMAIL: email.send,
    Channel.SLACK: slack.send,
    Channel.TELEGRAM: telegram.send,
    Channel.PAGERDUTY: pagerduty.send,
}
"""How each channel tries once: the provider's name for the message, or why it did not go."""

_Clock = Callable[[], datetime]


def deliver_due(now: _Clock, *, run_seconds_max: float = RUN_SECONDS_MAX) -> dict[str, int]:
    """Send what is due, most urgent first, until nothing is or the time is up.

    Returns:
        How many were sent, and how many failed or will be tried again.
    """
    ends_at = time.monotonic() + run_seconds_max
    channels = channels_due(now())
    with ThreadPoolExecutor(max_workers=len(SEND)) as pool:
        others = [pool.submit(_in_thread, channel, now, ends_at) for channel in channels[1:]]
        counts = Counter(sent=0, failed=0)
        for channel in channels[:1]:
            counts.update(_deliver(channel, now, ends_at))
    for other in others:
        counts.update(other.result())
    return dict(counts)


def _in_thread(channel: Channel, now: _Clock, ends_at: float) -> Counter[str]:
    try:
        return _deliver(channel, now, ends_at)
    finally:
        connection.close()


def _deliver(channel: Channel, now: _Clock, ends_at: float) -> Counter[str]:
    """One channel, while there is something due that no other process is sending.

    Whoever finds the channel taken relies on its holder looking once more after letting it go.
    """
    counts: Counter[str] = Counter()
    goes_on = True
    while goes_on and time.monotonic() < ends_at and channel in channels_due(now()):
        with exclusive(f"notifications:{channel}") as is_ours:
            goes_on = is_ours and _send_all(channel, now, ends_at, counts)
    return counts


def _send_all(channel: Channel, now: _Clock, ends_at: float, counts: Counter[str]) -> bool:
    """False when the channel should rest: its time is up, or its other side is in trouble."""
    while time.monotonic() < ends_at:
        row = claim_next(now(), channel=channel)
        if row is None:
            return True
        outcome = SEND[channel](row, now())
        about = {"notification_id": row.pk, "attempt": row.attempts}
        if isinstance(outcome, str):
            record_sent(**about, provider_id=outcome, at=now())
            counts["sent"] += 1
            continue
        record_failure(**about, failure=outcome, at=now())
        counts["failed"] += 1
        if outcome.unreachable:
            return False
    return False
