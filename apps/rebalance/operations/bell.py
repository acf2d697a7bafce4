"""Ringing for the next step of a plan. A lost bell costs seconds, never a trade."""

from apps.core.bell import ring_after_commit

ADVANCE_TASK = "rebalance.advance"


def ring_for_the_next_step() -> None:
    """Let the open plan go on once the current transaction has committed."""
    ring_after_commit(ADVANCE_TASK)
