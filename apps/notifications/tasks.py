"""What the bell and the clock start."""

from celery import shared_task

from apps.chain.queries import fund_chain, status
from apps.core import clock

from . import delivery, operations


@shared_task(name="notifications.deliver", queue="high")
def deliver() -> dict[str, int]:
    """Send what is due. Rung after commit, and by the clock for bells that were lost."""
    operations.gather_bursts(clock.now())
    return delivery.deliver_due(clock.now)


@shared_task(name="notifications.digest", queue="default")
def digest() -> int:
    """One mail to each person who wants some messages once a day."""
    return operations.make_digests(clock.now())


@shared_task(name="notifications.push_chain_status", queue="default")
def push_chain_status() -> None:
    """Tell open pages how the chain is, when that has changed."""
    chain_id, at = fund_chain().chain_id, clock.now()
    state = status(chain_id, at=at)
    operations.push_chain_status(
        {
            "chainId": chain_id,
            "headNumber": state.head_number,
            "processedNumber": state.processed_number,
            "finalNumber": state.final_number,
            "lagBlocks": state.lag_blocks,
            "halted": state.halted_reason,
        },
        at,
    )


@shared_task(name="notifications.forget_pushes", queue="low")
def forget_pushes() -> int:
    """Drop pushes that no page will ask for any more."""
    return operations.forget_pushes(clock.now())
