"""Reports in the admin: the list, one report, asking for one, who receives them."""

from .runs import ReportRunAdmin
from .subscriptions import ReportSubscriptionAdmin

__all__ = ["ReportRunAdmin", "ReportSubscriptionAdmin"]
