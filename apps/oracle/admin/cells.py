"""How prices, distances and verdicts look."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core import display
from apps.core.units import WAD, format_bps
from apps.oracle.models import QuoteStatus
from apps.oracle.queries import PriceView

_TONES = {
    "USED": "good",
    "STALE": "warn",
    "OUTLIER": "bad",
    "INVALID": "bad",
    "FAILED": "bad",
    "OFF": "neutral",
    "": "neutral",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """In one word how a price stands."""

    text: str
    tone: str


def price(value: int | None, *, reason: str = "Not known") -> SafeString:
    """USDT per whole token, with fewer decimals the more it is; all of them are in the title."""
    places = 6 if value is None or value < 10 * WAD else 4 if value < 1_000 * WAD else 2
    return display.money(value, places=places, reason=reason)


def distance(bps: int | None, *, reason: str = "Nothing to compare with") -> SafeString:
    """A signed distance in percent; red beyond the limit is for the verdict beside it to say."""
    if bps is None:
        return display.unknown(reason)
    sign = "+" if bps > 0 else "−" if bps < 0 else ""
    return format_html(
        '<span class="num" title="{} bp">{}{}</span>', bps, sign, format_bps(abs(bps))
    )


def verdict(status: str) -> SafeString:
    """What was made of a source's figure."""
    words = {"OFF": "Switched off", "": "Not asked yet"}
    text = words[status] if status in words else str(QuoteStatus(status).label)
    return display.status_pill(text, _TONES[status])


def standing(view: PriceView) -> Standing:
    """Known, unknown, or known and not what the contracts trade at."""
    if view.price is None:
        return Standing("Unknown", "bad")
    if view.traded_price is None:
        return Standing("Contracts have none", "bad")
    return Standing("Contracts differ", "bad") if view.trades_apart else Standing("Agreed", "good")


def span(value: timedelta | None) -> str:
    """How old a figure was, in words; empty when unknown."""
    return "" if value is None else display.duration_text(max(int(value.total_seconds()), 0))
