"""A batch of final logs: many in one transaction when all is well, else halved until the log that
fails stands alone and is parked.

The database being in trouble is no log's fault, so it parks none: the error goes up and the batch
is taken again as it was. A log whose handler makes a database that answers refuse, every time, is
parked like any other.
"""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import (
    DatabaseError,
    InterfaceError,
    InternalError,
    OperationalError,
    connection,
    transaction,
)

from apps.chain.dispatcher.parking import park
from apps.chain.events import ChainFact
from apps.chain.models import Log, LogStatus, Reaction
from apps.chain.queries import facts_of, identity_of
from apps.core import bus
from apps.core.bulk import insert_rows

log = logging.getLogger(__name__)

_TO_DO = (LogStatus.FINAL, LogStatus.FAILED)
_TRIES_MAX = 3
"""Of one log alone, when a database that answers refuses: a deadlock or a lock passes."""
_ITS_OWN_TROUBLE = ("08", "25006", "53", "57P", "58")
"""SQLSTATEs: connection, read-only (a standby, or a primary no more), resources such as the disk,
shutting down, system error."""
_SECONDS_MAX = 0.8
"""After so long what is left of a batch waits for the next one."""


class Batch:
    """Logs in chain order, applied as far as they can be; ``taken`` were, or are parked."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._parked_keys: set[str] = set()
        self.taken = 0
        self._ends_at = time.monotonic() + _SECONDS_MAX

    def take(self, rows: Sequence[Log]) -> None:
        """Apply or park the logs, all at once if that can be.

        Raises:
            OperationalError, InterfaceError, InternalError: the database is in trouble; no log was
            parked for it.
        """
        rows = [row for row in rows if row.key not in self._parked_keys]
        if not rows or (self.taken and time.monotonic() > self._ends_at):
            return
        error = _try(rows, self._clock())
        if error is None:
            self.taken += len(rows)
        elif len(rows) > 1:
            middle = len(rows) // 2
            self.take(rows[:middle])
            self.take(rows[middle:])
        else:
            self._take_alone(rows[0], error)

    def _take_alone(self, row: Log, error: Exception | None) -> None:
        tries = 1
        while isinstance(error, OperationalError) and tries < _TRIES_MAX:
            error = _try([row], self._clock())
            tries += 1
        if error is not None:
            park(row, error, self._clock())
            self._parked_keys |= {row.key} - {""}  # what has no key waits for nothing
        self.taken += 1


def _try(rows: Sequence[Log], at: datetime) -> Exception | None:
    """Apply the logs all together; what went wrong, and then nothing of it happened."""
    connection.ensure_connection()
    session = connection.connection
    try:
        with transaction.atomic():
            _apply(rows, at)
    except (OperationalError, InterfaceError, InternalError) as error:
        if _is_its_own(error) or connection.connection is not session or not _database_answers():
            raise  # with the session goes the lock by which this process leads
        return error
    except Exception as error:  # noqa: BLE001 - whatever a handler raises parks its log only
        return error
    return None


def _apply(rows: Sequence[Log], at: datetime) -> None:
    ids = [row.pk for row in rows]
    locked = Log.objects.select_for_update().filter(pk__in=ids, status__in=_TO_DO).order_by("pk")
    ours = set(locked.values_list("pk", flat=True))
    rows = [row for row in rows if row.pk in ours]  # another process applied the rest meanwhile
    facts = facts_of(rows)
    told = [fact for fact in facts if fact is not None]
    bus.project(*told)
    bus.react(*_never_reacted_to(told, at))
    for status, has_effect in ((LogStatus.APPLIED, True), (LogStatus.IGNORED, False)):
        marked = [
            row.pk
            for row, fact in zip(rows, facts, strict=True)
            if (fact is not None) is has_effect
        ]
        if marked:
            Log.objects.filter(pk__in=marked).update(
                status=status, applied_at=at, error="", retry_at=None
            )


def _never_reacted_to(facts: Sequence[ChainFact], at: datetime) -> list[ChainFact]:
    """The facts whose reactions never ran, marked as run from now on.

    Their reactions come after the projections of the whole batch, so rows may be ahead of a fact.
    """
    marks = [
        Reaction(
            chain_id=fact.source.chain_id,
            tx_hash=fact.source.tx_hash,
            position=fact.source.position,
            at=at,
        )
        for fact in facts
    ]
    identity = ("chain_id", "tx_hash", "position")
    new = set(insert_rows(marks, on_conflict="DO NOTHING", returning=identity))
    return [fact for fact, mark in zip(facts, marks, strict=True) if identity_of(mark) in new]


def _is_its_own(error: DatabaseError | InterfaceError) -> bool:
    """Whether the database says itself that it could do nothing for anybody."""
    sqlstate = getattr(error.__cause__, "sqlstate", None) or ""
    return sqlstate.startswith(_ITS_OWN_TROUBLE)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError):
        return False
    return True
