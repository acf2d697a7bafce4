"""The fund's pages: all of them to look at, none to write."""

from . import assets, contracts, fees, flows, holders, liquidity, nav, snapshots, trades

__all__ = [
    "assets",
    "contracts",
    "fees",
    "flows",
    "holders",
    "liquidity",
    "nav",
    "snapshots",
    "trades",
]
