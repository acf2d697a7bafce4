"""What a forecast recommends, and how much liquidity it would take."""

from dataclasses import dataclass
from decimal import Decimal

from apps.core.units import format_amount

from .figures import Advice, Horizon

MONITOR_FROM = Decimal("0.05")
PREPARE_FROM = Decimal("0.20")
EMERGENCY_FROM = Decimal("0.50")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """``assets`` is what would have to be raised to bring a shortfall below 5 % (base units of
    USDT), 0 where nothing is to be raised."""

    advice: Advice
    assets: int
    reason: str


def advice_of(probability: Decimal) -> Advice:
    """Below 5 % nothing, below 20 % watch, below 50 % prepare, from there on it is an emergency."""
    if probability < MONITOR_FROM:
        return Advice.NONE
    if probability < PREPARE_FROM:
        return Advice.MONITOR
    if probability < EMERGENCY_FROM:
        return Advice.PREPARE_LIQUIDITY
    return Advice.EMERGENCY


def recommend(*, horizon: Horizon, probability: Decimal, missing_assets: int) -> Recommendation:
    """The advice in words; ``missing_assets`` is what keeps a shortfall from being below 5 %."""
    advice = advice_of(probability)
    within = "the next day" if horizon.days == 1 else f"the next {horizon.days} days"
    chance = f"Liquidity runs short within {within} in {percent(probability)} of the paths"
    wanted = f"{format_amount(missing_assets)} USDT more would bring that below 5 %."
    reason = {
        Advice.NONE: f"{chance}; nothing is to be done below 5 %.",
        Advice.MONITOR: f"{chance}; watch it: from 20 % on liquidity is to be prepared.",
        Advice.PREPARE_LIQUIDITY: f"{chance}; prepare liquidity. {wanted}",
        Advice.EMERGENCY: f"{chance}; raise liquidity now. {wanted}",
    }[advice]
    acts = advice in (Advice.PREPARE_LIQUIDITY, Advice.EMERGENCY)
    return Recommendation(advice=advice, assets=missing_assets if acts else 0, reason=reason)


def percent(share: Decimal) -> str:
    """A share with one decimal, or as much as keeps it from passing for none: ``12.4 %``."""
    if 0 < share < Decimal("0.001"):
        return "less than 0.1 %"
    if Decimal("0.999") < share < 1:
        return "more than 99.9 %"
    return f"{share * 100:.1f} %"
