"""Redemptions in the admin."""

from .redemptions import RedemptionAdmin

__all__ = ["RedemptionAdmin"]
