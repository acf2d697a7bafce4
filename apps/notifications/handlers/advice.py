"""What to do about what people are told of, as short sentences for whoever was woken."""

from collections.abc import Mapping

from apps.risk.rules.figures import EventType
from apps.risk.rules.runbook import steps_for

from .places import bullets

_OF_CHAIN: Mapping[str, tuple[str, ...]] = {
    "LowLiquidityAlert": (
        "Preview a plan that refills L1 from L2.",
        "See which redemptions fall due next.",
    ),
    "CriticalLiquidityAlert": (
        "Once it is final the emergency protocol opens: follow the incident.",
        "Decide its ticket about pausing new standard redemptions.",
        "Raise liquidity: L1 yield first, then L2, then L3 by how fast it sells.",
    ),
    "EmergencyModeChanged": (
        "Find out who switched it, and why.",
        "When nobody of yours did, treat the admin key as stolen and stop sending.",
    ),
}


def what_to_do(event_type: str, indicator: str) -> str:
    """A paragraph of suggested actions about a risk event of this type; empty when none is known.

    ``indicator`` is what the event calls so: an indicator, or the name of a contract's event.
    """
    chain_steps = _OF_CHAIN.get(indicator, ())
    steps = chain_steps or steps_for(EventType(event_type), indicator)
    return f"What to do:\n{bullets(steps)}" if steps else ""
