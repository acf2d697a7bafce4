"""What became of prices. All are published in the transaction that made them true."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceFact:
    """Something happened to the price of an asset; ``token`` is a lower-case address."""

    chain_id: int
    token: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceLost(PriceFact):
    """Too few fresh sources agree: the price is unknown from now on, and nobody trades on it."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRecovered(PriceFact):
    """The sources agree again; ``price`` is USDT per whole token, 18 decimals."""

    price: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFailed(PriceFact):
    """A source has given nothing usable several times in a row."""

    source_id: int
    name: str
    error: str
