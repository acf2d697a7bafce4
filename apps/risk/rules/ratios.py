"""What measures are made of: exact ratios, and the ways of not having one."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from .figures import Indicator, Measured, Situation

RATIO_MAX = Decimal(10**9)
"""A ratio to next to nothing is bounded by this: beyond it says no more, and would fill a page."""

_NO_ASSETS_YET = "The fund has no assets yet."
_ALL_IS_GONE = "The fund has shares or debts, and no assets."


def of_gross(indicator: Indicator, now: Situation, parts: Mapping[str, int | None]) -> Measured:
    """The sum of the parts over gross assets."""
    known = [part for part in parts.values() if part is not None]
    if now.gross_assets is None or len(known) < len(parts):
        return unknown(indicator, now, *parts, "gross_assets")
    if now.gross_assets == 0:
        return without_assets(indicator, now)
    return Measured(indicator=indicator, value=ratio(sum(known), now.gross_assets))


def without_assets(indicator: Indicator, now: Situation) -> Measured:
    """Of nothing there is no share: fine before the first subscription, and only then."""
    if now.total_supply is None:
        return unknown(indicator, now, "total_supply")
    if now.total_supply == 0 and not now.liability_assets:
        return nothing(indicator, _NO_ASSETS_YET)
    return Measured(indicator=indicator, value=None, critical_by=_ALL_IS_GONE)


def nothing(
    indicator: Indicator, note: str, details: Mapping[str, object] = MappingProxyType({})
) -> Measured:
    """There is too little to measure, which is normal; the note says of what."""
    return Measured(
        indicator=indicator, value=None, too_few=True, details=texts({**details, "Note": note})
    )


def unknown(indicator: Indicator, now: Situation, *names: str) -> Measured:
    """Why, for each figure that is missing; each reason once."""
    reasons = [
        now.missing.get(name, f"{name.replace('_', ' ').capitalize()} is not known.")
        for name in names
        if getattr(now, name) is None
    ]
    return Measured(indicator=indicator, value=None, unknown=" ".join(dict.fromkeys(reasons)))


def ratio(part: int, whole: int) -> Decimal:
    """Within ±10⁹, to the precision of the caller's decimal context."""
    return max(min(Decimal(part) / Decimal(whole), RATIO_MAX), -RATIO_MAX)


def listed(sentences: list[str], count_max: int = 3) -> str:
    """The first few, and how many more there are."""
    more = len(sentences) - count_max
    return "; ".join(sentences[:count_max]) + (f"; and {more} more" if more > 0 else "")


def texts(details: Mapping[str, object]) -> Mapping[str, str]:
    """Details as a measure keeps them."""
    return MappingProxyType({label: str(value) for label, value in details.items()})
