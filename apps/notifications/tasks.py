"""What the bell and the clock start."""

from celery import shared_task

from apps.chain.queries import fund_chain, status
from apps.core import clock

from . import delivery, operations


@shared_task(queue="high", ignore_result=True)
def deliver() -> dict[str, int]:
    """Send what is due. Rung after commit, and by the clock for bells that were lost."""
    return delivery.deliver_due(clock.now)


@shared_task(queue="default", ignore_result=True)
def push_chain_status() -> None:
    """Tell open pages how the chain is, when that has changed."""
    state = status(fund_chain().chain_id)
    operations.push_chain_status(
        {
            "chainId": fund_chain().chain_id,
            "headBlock": state.head_number,
            "processedBlock": state.processed_number,
            "finalBlock": state.final_number,
            "blockLag": state.lag_blocks,
            "halted": state.halted_reason,
        },
        clock.now(),
    )


@shared_task(queue="low", ignore_result=True)
def forget_pushes() -> int:
    """Drop pushes that no page will ask for any more."""
    return operations.forget_pushes(clock.now())
