"""The clock's work: the heartbeat, and the checks of our rows."""

import logging
from collections.abc import Callable
from typing import Any

from celery import shared_task

from apps.chain import queries as chain
from apps.core import clock
from apps.core.locks import exclusive
from apps.system import operations
from apps.system.rules import HEARTBEAT

log = logging.getLogger(__name__)


@shared_task(name=HEARTBEAT)
def heartbeat() -> None:
    """Proof that beat rings, Redis carries and a worker answers: that it ran is the message."""


@shared_task(name="system.check_jobs")
def check_jobs() -> None:
    """Whether what the clock starts is done; on the worker that has hardly anything else to do."""
    operations.check_jobs(at=clock.now())


@shared_task(name="system.check_rows")
def check_rows() -> None:
    """What must always hold in our own rows, on every chain."""
    for chain_id in chain.chain_ids():
        operations.check_rows(chain_id=chain_id, at=clock.now())


@shared_task(name="system.check_state")
def check_state() -> None:
    """The vault and the open redemptions, against the chain."""
    _compare("state", operations.check_state)


@shared_task(name="system.check_holders")
def check_holders() -> None:
    """Everybody's shares and every role, against the chain."""
    _compare("holders", operations.check_holders_and_roles)


@shared_task(name="system.check_refold", soft_time_limit=840, time_limit=870)
def check_refold() -> None:
    """Every row that follows the chain, made again from the stored events.

    It may take longer than other tasks, but must end before the broker gives it out again.
    """
    _compare("refold", operations.check_refold)


def _compare(name: str, check: Callable[..., Any]) -> None:
    """One such check at a time; one that cannot be made now comes again by itself."""
    with exclusive(f"system:check:{name}") as ours:
        if not ours:
            return
        try:
            check(chain_id=chain.fund_chain().chain_id, at=clock.now())
        except chain.ChainUnavailable as trouble:
            log.info("no check of %s: %s", name, trouble)
