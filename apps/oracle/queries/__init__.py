"""What others may know about prices."""

from apps.oracle.queries.history import (
    PricePoint,
    history,
    moves,
    oldest_price_age,
    worst_deviation,
)
from apps.oracle.queries.last_known import ages_of_last_known
from apps.oracle.queries.names import names_of, use_names
from apps.oracle.queries.panel import describe_source_change
from apps.oracle.queries.prices import (
    OBSERVED_WITHIN,
    PriceView,
    price_now,
    prices_now,
    why_not_trade,
)
from apps.oracle.queries.sources import AssetHealth, SourceHealth, health

__all__ = [
    "OBSERVED_WITHIN",
    "AssetHealth",
    "PricePoint",
    "PriceView",
    "SourceHealth",
    "ages_of_last_known",
    "describe_source_change",
    "health",
    "history",
    "moves",
    "names_of",
    "oldest_price_age",
    "price_now",
    "prices_now",
    "use_names",
    "why_not_trade",
    "worst_deviation",
]
