"""The fund's assets on the development chain: invented names, ordinary terms."""

from __future__ import annotations

from dataclasses import dataclass

ONE = 10**18

L1, L2, L3 = 0, 1, 2
OTC, SWAP, AUTO = 0, 1, 2


@dataclass(frozen=True)
class AssetTerms:
    """What is deployed and how it is bought.

    `allocation_bps` is the share of its tier; `price` is USDT per whole token, 18 decimals;
    `yearly_bps` is the expected drift of that price; `min_purchase` is in USDT base units.
    What no contract says: who issues it, whom to call there, how long before a sale it wants to
    know, and in how many days from the deployment it ends, None for never.
    """

    symbol: str
    name: str
    tier: int
    allocation_bps: int
    decimals: int
    price: int
    yearly_bps: int
    method: int
    max_slippage_bps: int
    min_purchase: int
    issuer: str
    otc_contact: str = ""
    notice_days: int = 0
    matures_in_days: int | None = None


def _usdt(amount: int) -> int:
    return amount * ONE


ASSETS = (
    AssetTerms("HRBR", "Harbour Instant Liquidity Note", L1, 10_000, 18, 1_012 * ONE // 1_000,
               330, SWAP, 30, _usdt(1_000),
               "Harbour Street Cash Management"),
    AssetTerms("MTMM", "Meridian Treasury Money Market", L2, 5_500, 18, 1_041 * ONE // 1_000,
               450, SWAP, 50, _usdt(5_000),
               "Meridian Asset Management"),
    AssetTerms("SPSB", "Sable Point Short Bill Fund", L2, 4_500, 6, 100_370 * ONE // 1_000,
               475, AUTO, 50, _usdt(5_000),
               "Sable Point Capital"),
    AssetTerms("CPCS", "Coraline Private Credit Senior", L3, 2_300, 18, 1_083 * ONE // 1_000,
               1_050, OTC, 150, _usdt(25_000),
               "Coraline Credit Partners", "desk@coraline.example, +352 555 0142",
               notice_days=10),
    AssetTerms("NGTR", "Northgate Trade Receivables", L3, 2_200, 18, 996 * ONE // 1_000,
               940, OTC, 150, _usdt(25_000),
               "Northgate Trade Finance", "liquidity@northgate.example, +44 20 5550 0187",
               matures_in_days=240),
    AssetTerms("AVRE", "Alder Valley Real Estate Debt", L3, 2_000, 18, 10_214 * ONE // 1_000,
               820, OTC, 200, _usdt(50_000),
               "Alder Valley Lending", "secondary@aldervalley.example, +1 555 0119",
               notice_days=30),
    AssetTerms("OSTI", "Ostrava Infrastructure Income", L3, 1_800, 18, 1_127 * ONE // 1_000,
               890, OTC, 150, _usdt(25_000),
               "Ostrava Infrastructure Partners", "otc@ostrava.example, +420 555 013",
               notice_days=15),
    AssetTerms("KTLF", "Kestrel Equipment Lease Fund", L3, 1_700, 6, 52_480 * ONE // 1_000,
               980, AUTO, 150, _usdt(25_000),
               "Kestrel Leasing", "desk@kestrel.example, +353 555 0166",
               matures_in_days=420),
)  # fmt: skip
