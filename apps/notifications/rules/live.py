"""What open pages may listen to."""

from collections.abc import Mapping

CHANNELS: Mapping[str, str] = {
    "fund:overview": "fund.view_snapshot",
    "fund:nav": "fund.view_navupdate",
    "redemption:new": "redemptions.view_redemption",
    "redemption:settled": "redemptions.view_redemption",
    "approval:new": "approvals.view_ticket",
    "approval:resolved": "approvals.view_ticket",
    "risk:alert": "risk.view_riskevent",
    "rebalance:executed": "rebalance.view_plan",
    "chain:status": "chain.view_cursor",
}
"""Channel → the permission to listen to it."""
