"""Redemptions in the admin."""

from .redemptions import RedemptionAdmin
from .vouchers import VoucherAdmin

__all__ = ["RedemptionAdmin", "VoucherAdmin"]
