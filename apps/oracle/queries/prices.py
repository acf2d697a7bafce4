"""What assets are worth now, and whether that is known well enough to trade on."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.core.units import format_bps
from apps.oracle.models import Price
from apps.oracle.queries.names import names_of, short
from apps.oracle.rules.agreement import APART_BPS, is_apart

OBSERVED_WITHIN = timedelta(minutes=5)
"""A price that was not looked at for longer is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceView:
    """An asset's price, USDT per whole token with 18 decimals; None is unknown, ``reason`` says
    why.

    ``at`` is when it was last looked at, ``oldest_at`` when the oldest figure in it was made, and
    ``age`` how long ago that is. ``traded_price`` is what the contracts trade at, ``deviation_bps``
    how far that is from ``price``, signed; ``trades_apart`` whether it is too far. ``spread_bps``
    is the distance between the figures.
    """

    chain_id: int
    token: str
    price: int | None
    reason: str
    at: datetime | None
    oldest_at: datetime | None
    age: timedelta | None
    traded_price: int | None
    deviation_bps: int | None
    spread_bps: int | None
    sources_used: int

    @property
    def trades_apart(self) -> bool:
        """Whether the contracts trade at a price too far from this one; False while unknown."""
        if self.price is None or self.traded_price is None:
            return False
        return is_apart(self.traded_price, self.price, self.price)


def price_now(*, chain_id: int, token: str, at: datetime) -> PriceView:
    """An asset's price as last observed."""
    token = token.lower()
    row = Price.objects.filter(chain_id=chain_id, token=token).order_by("-at").first()
    return _never(chain_id, token) if row is None else view_of(row, at)


def prices_now(*, chain_id: int, at: datetime) -> dict[str, PriceView]:
    """The price of every asset of the newest observation, by lower-case token."""
    return {row.token: view_of(row, at) for row in newest_rows(chain_id)}


def why_not_trade(*, chain_id: int, tokens: Collection[str], at: datetime) -> str:
    """Why nobody may trade these assets now; empty when the price of each is known, fresh, and near
    what the contracts trade at."""
    prices = prices_now(chain_id=chain_id, at=at)
    for token in sorted({token.lower() for token in tokens}):
        reason = _against(prices.get(token))
        if reason:
            name = names_of(chain_id).get(token) or short(token)
            return f"{name}: {reason}"
    return ""


def newest_rows(chain_id: int) -> list[Price]:
    """The rows of the newest observation, by token."""
    rows = Price.objects.filter(chain_id=chain_id)
    newest = rows.order_by("-at").values("at")[:1]
    return list(rows.filter(at=newest).order_by("token"))


def view_of(row: Price, at: datetime) -> PriceView:
    """A row as it counts at an instant."""
    price, reason = row.price, row.reason
    if at - row.at > OBSERVED_WITHIN:
        price, reason = None, f"Not observed since {row.at:%Y-%m-%d %H:%M} UTC."
    return PriceView(
        chain_id=row.chain_id,
        token=row.token,
        price=price,
        reason=reason,
        at=row.at,
        oldest_at=row.oldest_at,
        age=None if row.oldest_at is None else max(at - row.oldest_at, timedelta(0)),
        traded_price=row.traded_price,
        deviation_bps=row.deviation_bps,
        spread_bps=row.spread_bps,
        sources_used=row.sources_used,
    )


def _against(view: PriceView | None) -> str:
    if view is None:
        return "its price is unknown. It was not looked at."
    if view.price is None:
        return f"its price is unknown. {view.reason}"
    if view.traded_price is None:
        return "what the contracts trade it at is unknown."
    if view.trades_apart:
        return (
            "the contracts trade it at a price more than "
            f"{format_bps(APART_BPS)} from what the sources agree on."
        )
    return ""


def _never(chain_id: int, token: str) -> PriceView:
    return PriceView(
        chain_id=chain_id,
        token=token,
        price=None,
        reason="Never observed.",
        at=None,
        oldest_at=None,
        age=None,
        traded_price=None,
        deviation_bps=None,
        spread_bps=None,
        sources_used=0,
    )
