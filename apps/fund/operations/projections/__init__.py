"""One function per fact of the chain. Each is pure in the facts: the same facts in the same order
give the same rows, and a fact that comes twice changes nothing the second time.
"""

from .assets import (
    record_allocation_update,
    record_asset_added,
    record_asset_removed,
    record_buffer_move,
    record_liquidation,
    record_purchase,
    record_redemption_of_asset,
    record_route,
    record_yield,
)
from .contracts import (
    record_critical_alert,
    record_emergency_mode,
    record_low_alert,
    record_pause,
    record_reference,
    record_role_granted,
    record_role_revoked,
    record_tier_config,
    record_unpause,
)
from .flows import (
    record_management_fee,
    record_nav,
    record_payout,
    record_performance_fee,
    record_redemption_fee,
    record_redemption_fee_reduced,
    record_redemption_fees_withdrawn,
    record_subscription,
)
from .holders import record_burn_of_locked, record_lock, record_transfer, record_unlock

__all__ = [
    "record_allocation_update",
    "record_asset_added",
    "record_asset_removed",
    "record_buffer_move",
    "record_burn_of_locked",
    "record_critical_alert",
    "record_emergency_mode",
    "record_liquidation",
    "record_lock",
    "record_low_alert",
    "record_management_fee",
    "record_nav",
    "record_pause",
    "record_payout",
    "record_performance_fee",
    "record_purchase",
    "record_redemption_fee",
    "record_redemption_fee_reduced",
    "record_redemption_fees_withdrawn",
    "record_redemption_of_asset",
    "record_reference",
    "record_role_granted",
    "record_role_revoked",
    "record_route",
    "record_subscription",
    "record_tier_config",
    "record_transfer",
    "record_unlock",
    "record_unpause",
    "record_yield",
]
