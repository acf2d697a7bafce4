"""Our own readers over a fresh database: in this process, to be timed turn by turn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from apps.chain import config as chain_config
from apps.chain.dispatcher import dispatch_ready
from apps.chain.leading import ListenerLead
from apps.chain.listener import Outcome, Tick
from apps.chain.models import Log
from apps.core import clock
from apps.system.operations import rehearse
from tests.benchmarks.database import fresh_database
from tests.benchmarks.work import Stopwatch, Work

_TURNS_MAX = 200_000


class NeverAtRest(Exception):
    """The reader was still busy after more turns than there can be work."""


class NotEqual(Exception):
    """A replay made other rows than were there."""


@contextmanager
def reader(chain_file: Path) -> Iterator[ListenerLead]:
    """A leader that has read nothing yet."""
    settings.CHAIN_FILE = str(chain_file)
    chain_config.reload()
    with fresh_database():
        lead = ListenerLead(chain_config.fund_chain(), clock.now)
        if not lead.take():
            raise NeverAtRest("somebody else leads on a database made a moment ago")
        try:
            yield lead
        finally:
            lead.give_back()


def read_all(lead: ListenerLead) -> float:
    """Take turns until everything is read and applied; seconds."""
    watch = Stopwatch()
    for _ in range(_TURNS_MAX):
        tick = lead.turn()
        if tick.behind == 0 and tick.outcome is not Outcome.SUSPECTED:
            return watch.seconds
    raise NeverAtRest(f"still {tick.behind} behind after {_TURNS_MAX} turns")


def store_all(lead: ListenerLead) -> Work:
    """Only read, apply nothing."""
    watch = Stopwatch()
    for _ in range(_TURNS_MAX):
        if look(lead).behind == 0:
            return watch.work(Log.objects.count())
    raise NeverAtRest(f"still reading after {_TURNS_MAX} turns")


def look(lead: ListenerLead) -> Tick:
    """The reading half of a turn."""
    return lead._listener.tick()


def apply_for(lead: ListenerLead, seconds_max: float) -> Work:
    """Only apply what is final, through the handlers of `paimon.subscriptions`."""
    watch, applied = Stopwatch(), 0
    while watch.seconds < seconds_max:
        taken = dispatch_ready(lead.config.chain_id, lead.client, clock=clock.now)
        if not taken:
            break
        applied += taken
    return watch.work(applied)


def replay(lead: ListenerLead) -> Work:
    """Apply every stored event once more beside the rows it made, and compare.

    Raises:
        NotEqual: the rows made are not those that were there.
    """
    watch = Stopwatch()
    rebuilt = rehearse(
        chain_id=lead.config.chain_id, progress=lambda _done, _total: None, at=clock.now()
    )
    if not rebuilt.is_equal:
        raise NotEqual(", ".join(table.name for table in rebuilt.tables if not table.is_equal))
    return watch.work(rebuilt.folded.applied)
