"""OUT: claim a row, send it, write down what happened. No mail server inside a transaction."""

import time
from collections.abc import Callable
from datetime import datetime

from apps.notifications.operations import claim_next, record_failure, record_sent
from apps.notifications.rules import Failure

from .email import send

RUN_SECONDS_MAX = 60.0


def deliver_due(
    now: Callable[[], datetime], *, run_seconds_max: float = RUN_SECONDS_MAX
) -> dict[str, int]:
    """Send what is due, most urgent first, until nothing is or the time is up.

    Returns:
        How many were sent, and how many failed or will be tried again.
    """
    counts = {"sent": 0, "failed": 0}
    ends = time.monotonic() + run_seconds_max
    while time.monotonic() < ends:
        row = claim_next(now())
        if row is None:
            break
        failure: Failure | None = send(row)
        if failure is None:
            record_sent(notification_id=row.pk, attempt=row.attempts, at=now())
            counts["sent"] += 1
        else:
            record_failure(notification_id=row.pk, attempt=row.attempts, failure=failure, at=now())
            counts["failed"] += 1
    return counts
