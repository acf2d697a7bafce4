"""How much a signer may move: by one transaction, in 24 hours, and how often."""

from dataclasses import dataclass
from datetime import timedelta

from apps.core.units import format_amount

WINDOW = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Base units of the fund's currency, and transactions."""

    per_transaction_assets: int
    per_day_assets: int
    calls_per_day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What other transactions of the signer have taken of the last 24 hours."""

    assets: int
    calls: int


def refusal(limits: Limits, spent: Spent, assets: int) -> str:
    """Why a transaction that moves ``assets`` does not fit, in words; "" when it does."""
    if assets > limits.per_transaction_assets:
        most = format_amount(limits.per_transaction_assets)
        return f"it moves {format_amount(assets)} USDT, a transaction may move {most}"
    if assets and spent.assets + assets > limits.per_day_assets:
        most = format_amount(limits.per_day_assets)
        moved = format_amount(spent.assets)
        return (
            f"it moves {format_amount(assets)} USDT, {moved} of the {most} for 24 hours are taken"
        )
    if spent.calls + 1 > limits.calls_per_day:
        return f"all {limits.calls_per_day} transactions for 24 hours are taken"
    return ""
