"""A log that cannot be applied waits for a retry, and people are told."""

import logging
import traceback
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, transaction

from apps.chain.events import LogParked
from apps.chain.models import Log, LogStatus
from apps.chain.queries import NotReadable
from apps.core import bus

log = logging.getLogger(__name__)

_RETRY_SECONDS = (2, 10, 60, 300, 1800)
"""A reading that a node owes us is tried on at the last of these: nothing is wrong with us."""
_QUIET_ATTEMPTS = 3
"""A reading that a node owes us mostly comes within the first retries: no page for those."""


def park(row: Log, error: Exception, at: datetime) -> None:
    """Keep the log for a later try, with what went wrong; people are told of it once."""
    where = (row.chain_id, row.event, row.block_number)
    log.error("chain %s: %s of block %s could not be applied", *where, exc_info=error)
    row.status = LogStatus.FAILED
    row.error = "".join(traceback.format_exception(error))[-8000:].replace("\x00", "\ufffd")
    row.retry_at = _next_try(row.attempts, error, at)
    row.attempts += 1
    with transaction.atomic():
        row.save(update_fields=["status", "error", "retry_at", "attempts"])
        if row.attempts == (_QUIET_ATTEMPTS if isinstance(error, NotReadable) else 1):
            _tell(row, f"{type(error).__name__}: {error}".replace("\x00", "\ufffd")[:500], at)


def _next_try(attempts: int, error: Exception, at: datetime) -> datetime | None:
    """None when only a person lets it be tried again."""
    if attempts >= len(_RETRY_SECONDS) and not isinstance(error, NotReadable):
        return None
    return at + timedelta(seconds=_RETRY_SECONDS[min(attempts, len(_RETRY_SECONDS) - 1)])


def _tell(row: Log, error: str, at: datetime) -> None:
    """Page people; a message that fails must not undo the parking."""
    fact = LogParked(log_id=row.pk, chain_id=row.chain_id, event=row.event, error=error, at=at)
    try:
        with transaction.atomic():
            bus.publish(fact)
    except (OperationalError, InterfaceError):
        raise  # the database is in trouble, not the message
    except Exception:
        log.exception("nobody was told that event %s is parked", row.pk)
