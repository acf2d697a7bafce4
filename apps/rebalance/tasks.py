"""What the bell and the clock start."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from celery import shared_task

from apps.chain.queries import fund_chain
from apps.core import clock
from apps.core.errors import Unavailable

from . import operations

log = logging.getLogger(__name__)


@shared_task(name="rebalance.advance", queue="high")
def advance() -> None:
    """Take the open plan a step further. Rung when a trade of ours ends, and by the clock."""
    operations.advance(chain_id=fund_chain().chain_id, at=clock.now())


@shared_task(name="rebalance.consider_liquidity")
def consider_liquidity() -> None:
    """Refill L1, put its surplus to work, raise cash for what falls due."""
    with _until_next_time():
        operations.watch_liquidity(chain_id=fund_chain().chain_id, at=clock.now())


@shared_task(name="rebalance.consider_thresholds")
def consider_thresholds() -> None:
    """A tier or an asset beyond its limit."""
    with _until_next_time():
        operations.watch_thresholds(chain_id=fund_chain().chain_id, at=clock.now())


@shared_task(name="rebalance.consider_daily")
def consider_daily() -> None:
    """The checks of the day and of the week, if they were not made yet."""
    with _until_next_time():
        operations.watch_calendar(chain_id=fund_chain().chain_id, at=clock.now())


@shared_task(name="rebalance.consider_windows")
def consider_windows() -> None:
    """Prices that moved, and assets that opened or matured."""
    with _until_next_time():
        operations.watch_markets(chain_id=fund_chain().chain_id, at=clock.now())


@shared_task(name="rebalance.consider_wishes")
def consider_wishes() -> None:
    """What logs of the chain asked for; while a node is needed that does not answer, they wait."""
    at = clock.now()
    with _until_next_time():
        for wish_id in operations.due_wishes(at=at):
            operations.consider_wish(wish_id=wish_id, at=at)


@shared_task(name="rebalance.expire", queue="high")
def expire() -> None:
    """End what was not begun in time."""
    operations.expire(at=clock.now())


@contextmanager
def _until_next_time() -> Iterator[None]:
    """What cannot be known now is looked at again when the clock comes round."""
    try:
        yield
    except Unavailable as trouble:
        log.warning("nobody can say now whether a plan is wanted: %s", trouble.message)
