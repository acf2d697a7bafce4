"""Telling people of what was seen before it is final, and that it is undone."""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import InterfaceError, OperationalError, transaction

from apps.chain import contracts
from apps.chain.events import SightingLost
from apps.chain.listener.rows import Stored
from apps.chain.models import Log, LogStatus
from apps.chain.queries import source_of
from apps.core import bus

log = logging.getLogger(__name__)


def tell_early(stored: Stored) -> None:
    """Let people hear of logs before they are final; a failing alert must not stop the reading."""
    critical = {
        (row.block_hash, row.log_index)
        for row in stored.new
        if row.event in contracts.CRITICAL_EVENTS and row.args is not None
    }
    if not critical:
        return
    hashes = {block_hash for block_hash, _ in critical}
    for row in Log.objects.filter(block_hash__in=hashes).order_by("block_number", "log_index"):
        if (row.block_hash, row.log_index) not in critical:
            continue
        try:
            with transaction.atomic():
                contract = contracts.speaker(row.chain_id, row.address, row.contract_kind)
                bus.see(contracts.fact_of(contract, row.event, source_of(row), row.args or {}, {}))
        except (OperationalError, InterfaceError):
            raise  # the database is in trouble, not the alert
        except Exception:
            log.exception("nobody was told early of %s in block %s", row.event, row.block_number)


def take_back(told_early: Sequence[Log], at: datetime) -> None:
    """Let people hear that what they were told early is not on the branch we follow now."""
    for row in told_early:
        still_there = Log.objects.filter(
            chain_id=row.chain_id, tx_hash=row.tx_hash, position=row.position
        ).exclude(status=LogStatus.ORPHANED)
        if still_there.exists():
            continue
        try:
            with transaction.atomic():
                bus.publish(SightingLost(source=source_of(row), event=row.event, at=at))
        except (OperationalError, InterfaceError):
            raise  # the database is in trouble, not the alert
        except Exception:
            log.exception("nobody was told that %s in %s is undone", row.event, row.tx_hash)
