"""What a new installation judges by; people change it from there."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from .figures import Indicator, Parameters, Threshold

_MINUTE, _HOUR = 60, 3_600

_TABLE: Mapping[Indicator, tuple[str, str, int]] = {
    # warning, critical, weight; the weights add up to 100
    Indicator.L1_RATIO: ("0.10", "0.08", 12),
    Indicator.L1_L2_RATIO: ("0.40", "0.35", 8),
    Indicator.REDEMPTION_COVERAGE: ("1.50", "1.00", 14),
    Indicator.LIQUIDITY_GAP_7D: ("0", "0.10", 8),
    Indicator.NAV_VOLATILITY_24H: ("0.03", "0.05", 6),
    Indicator.ASSET_PRICE_DEVIATION: ("0.02", "0.03", 8),
    Indicator.ORACLE_STALENESS: (f"{_HOUR}", f"{4 * _HOUR}", 6),
    Indicator.SINGLE_ASSET_CONCENTRATION: ("0.20", "0.25", 5),
    Indicator.TOP3_CONCENTRATION: ("0.50", "0.60", 3),
    Indicator.COUNTERPARTY_CONCENTRATION: ("0.30", "0.40", 5),
    Indicator.DAILY_REDEMPTION_RATE: ("0.03", "0.05", 8),
    Indicator.PENDING_APPROVAL_RATIO: ("0.20", "0.30", 4),
    Indicator.REDEMPTION_VELOCITY: ("1.5", "2", 3),
    Indicator.TX_FAILURE_RATE: ("0.05", "0.20", 4),
    Indicator.EVENT_LAG: ("30", "300", 3),
    Indicator.REBALANCE_DELAY: (f"{5 * _MINUTE}", f"{_HOUR}", 3),
}

THRESHOLDS: Mapping[Indicator, Threshold] = MappingProxyType(
    {
        indicator: Threshold(warning=Decimal(warning), critical=Decimal(critical), weight=weight)
        for indicator, (warning, critical, weight) in _TABLE.items()
    }
)

PARAMETERS = Parameters(thresholds=THRESHOLDS)
