"""What really came of trades: what they lost, where the fund should stand now, and all in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from apps.chain.terms import Tier
from apps.core.units import BPS_ONE, format_amount, format_bps

from .figures import ActionKind, Situation


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """A trade as its event told it, with the price that it was planned at (18 decimals)."""

    kind: ActionKind
    token: str
    decimals: int
    price: int
    assets: int
    tokens: int

    @property
    def worth(self) -> int:
        """The tokens at the planned price, USDT base units, floor."""
        return int(self.tokens * self.price // 10**self.decimals)

    @property
    def given(self) -> int:
        """What was given away, USDT base units."""
        return self.worth if self.kind == ActionKind.REDEEM else self.assets

    @property
    def loss_assets(self) -> int:
        """How much less came than was given at the planned price; negative for a gain."""
        got = self.assets if self.kind == ActionKind.REDEEM else self.worth
        return self.given - got

    @property
    def slippage_bps(self) -> int | None:
        """The loss in basis points of what was given, ceil; None when nothing was."""
        return -(-self.loss_assets * BPS_ONE // self.given) if self.given else None


def tiers_after(before: Situation, trades: Iterable[Trade]) -> dict[Tier, int]:
    """Where the tiers should stand after these trades at the prices of before, USDT base units."""
    tier_of = {holding.token: holding.tier for holding in before.holdings}
    tiers = {tier: before.tier_assets(tier) for tier in Tier}
    for trade in trades:
        sign = 1 if trade.kind == ActionKind.REDEEM else -1
        tiers[Tier.L1] += sign * trade.assets
        tiers[tier_of[trade.token]] -= sign * trade.worth
    return tiers


def in_words(
    trades: Sequence[Trade], *, legs_done: int, legs: int, gas_used: int, took: timedelta
) -> str:
    """How an execution went: how much was done, what it lost, what it cost, how long it took."""
    sold = sum(trade.assets for trade in trades if trade.kind == ActionKind.REDEEM)
    bought = sum(trade.assets for trade in trades if trade.kind == ActionKind.PURCHASE)
    moved = [
        f"{format_amount(assets)} USDT {what}"
        for assets, what in ((sold, "came from sales"), (bought, "went into purchases"))
        if assets
    ]
    given, lost = (
        sum(trade.given for trade in trades),
        sum(trade.loss_assets for trade in trades),
    )
    parts = [f"{legs_done} of {legs} legs done", *moved]
    if given:
        slippage = format_bps(-(-lost * BPS_ONE // given))
        parts.append(f"slippage {slippage} ({_signed(lost)} USDT)")
    if gas_used:
        parts.append(f"{gas_used:,} gas")
    parts.append(f"in {_duration(took)}")
    return f"{', '.join(parts)}."


def _signed(assets: int) -> str:
    return f"-{format_amount(-assets)}" if assets < 0 else format_amount(assets)


def _duration(took: timedelta) -> str:
    minutes, seconds = divmod(max(int(took.total_seconds()), 0), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
