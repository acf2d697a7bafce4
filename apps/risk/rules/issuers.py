"""Whose failure would cost the fund the most."""

from collections.abc import Sequence
from dataclasses import dataclass

from .figures import AssetExposure


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """The largest counterparty: what its assets are worth (base units of USDT), and which assets
    have nobody named behind them."""

    name: str
    assets: int
    symbols: tuple[str, ...]
    nameless: tuple[str, ...]


def largest_issuer(assets: Sequence[AssetExposure]) -> Issuer:
    """The issuer with the most at stake. Names differ by more than case and blanks; an asset
    without one stands for itself."""
    by_issuer: dict[str, list[AssetExposure]] = {}
    for asset in assets:
        key = " ".join(asset.issuer.split()).casefold() or asset.token
        by_issuer.setdefault(key, []).append(asset)
    largest = max(by_issuer.values(), key=_value, default=[])
    return Issuer(
        name=(largest[0].issuer.strip() or largest[0].symbol) if largest else "",
        assets=_value(largest),
        symbols=tuple(asset.symbol for asset in largest),
        nameless=tuple(asset.symbol for asset in assets if not asset.issuer.strip()),
    )


def _value(assets: Sequence[AssetExposure]) -> int:
    return sum(asset.value for asset in assets)
