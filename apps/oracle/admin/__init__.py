"""The oracle's pages: how prices and their sources do, each asset's history, every observation."""

from .prices import PriceAdmin
from .sources import SourceAdmin

__all__ = ["PriceAdmin", "SourceAdmin"]
