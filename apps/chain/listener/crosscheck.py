"""The newest final blocks again, from a node that the listener did not read them from."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from apps.chain.client import Client
from apps.chain.config import ChainConfig
from apps.chain.listener.backfill import read_again
from apps.chain.models import Cursor

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossCheck:
    """What was compared: ``first`` to ``last`` (empty when nothing is final), and what differed."""

    first: int
    last: int
    missing: int
    extra: int


def cross_check(
    config: ChainConfig, client: Client, *, hours: float, clock: Callable[[], datetime]
) -> CrossCheck:
    """Compare the logs of the last hours' final blocks with another node's; heal what is missing.

    Raises:
        OtherBranch, ChainUnavailable, NodeTrouble, NodeLied: it could not be finished.
    """
    cursor = Cursor.objects.filter(chain_id=config.chain_id, halted_reason="").first()
    if cursor is None or cursor.final_number is None:
        return CrossCheck(first=0, last=-1, missing=0, extra=0)
    last = cursor.final_number
    first = max(config.start_block, last + 1 - int(hours * 3600 / config.block_time_seconds))
    missing = extra = 0
    for chunk in read_again(config, client, first=first, last=last, dry_run=False, clock=clock):
        missing += len(chunk.comparison.missing)
        extra += len(chunk.comparison.extra)
    return CrossCheck(first=first, last=last, missing=missing, extra=extra)
