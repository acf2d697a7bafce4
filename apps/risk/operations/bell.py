"""Ringing for a run, or for the protocol's next step. A lost bell costs minutes, or seconds: the
clock's next run finds it all."""

from apps.core.bell import ring_after_commit

ASSESS_TASK = "risk.assess_now"
ADVANCE_TASK = "risk.advance"


def ring_for_a_run() -> None:
    """Let risk be judged once the current transaction has committed."""
    ring_after_commit(ASSESS_TASK)


def ring_for_the_protocol() -> None:
    """Let the protocol go on once the current transaction has committed."""
    ring_after_commit(ADVANCE_TASK)
