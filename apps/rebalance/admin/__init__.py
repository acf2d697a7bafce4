"""Rebalancing in the admin: how the fund stands, previews, plans, triggers, policy."""

from .overview import overview_page
from .plans import PlanAdmin
from .policies import PolicyAdmin
from .previewing import new_preview_page, preview_page
from .triggers import TriggerEventAdmin

__all__ = [
    "PlanAdmin",
    "PolicyAdmin",
    "TriggerEventAdmin",
    "new_preview_page",
    "overview_page",
    "preview_page",
]
