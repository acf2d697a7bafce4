"""Plans and what became of them, and everything that asked for one."""

from .legs import TIERS, Leg, LegStatus
from .plans import EXECUTED, OPEN, Plan, PlanStatus, Preview, TriggerKind
from .policies import Policy
from .triggers import TriggerEvent, TriggerOutcome, Wish

__all__ = [
    "EXECUTED",
    "OPEN",
    "TIERS",
    "Leg",
    "LegStatus",
    "Plan",
    "PlanStatus",
    "Policy",
    "Preview",
    "TriggerEvent",
    "TriggerKind",
    "TriggerOutcome",
    "Wish",
]
