"""How figures, addresses and instants look to people: with a unit, a source and, if unknown, why.

Every function returns safe HTML; whatever came from outside is escaped. Unknown is a dash whose
title says the reason, never a zero.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from eth_utils.address import to_checksum_address

from apps.core import clock
from apps.core.units import format_amount, format_bps

TONES = frozenset({"neutral", "info", "good", "warn", "bad"})
_FINE_SYMBOLS = frozenset({"PPT"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Explorer:
    """Where a chain's records can be looked at; an empty address means nowhere."""

    tx_url: Callable[[int, str], str]
    address_url: Callable[[int, str], str]
    default_chain_id: Callable[[], int | None]


_explorers: list[Explorer] = []


def use_explorer(explorer: Explorer) -> None:
    """Say where addresses and transactions link to; the composition root does it once."""
    _explorers[:] = [explorer]


def unknown(reason: str = "Not known yet") -> SafeString:
    """A dash with the reason in its title."""
    return format_html('<span class="unknown" title="{}">—</span>', reason)


def money(
    value: int | None,
    symbol: str = "USDT",
    decimals: int = 18,
    *,
    places: int | None = None,
    reason: str = "Not known yet",
) -> SafeString:
    """Base units as a grouped amount with its symbol; the raw integer is in the title.

    Rounds towards zero to ``places`` (2, or 4 for share tokens); what would vanish shows as less
    than the last digit.
    """
    if value is None:
        return unknown(reason)
    return format_html(
        '<span class="num" title="{} base units of {}" data-copy="{}">{}'
        '<span class="unit">{}</span></span>',
        value,
        symbol,
        value,
        amount_text(value, symbol, decimals, places=places),
        f" {symbol}",
    )


def amount_text(
    value: int, symbol: str = "USDT", decimals: int = 18, *, places: int | None = None
) -> str:
    """The number of :func:`money` as plain text without its symbol."""
    if places is None:
        places = 4 if symbol in _FINE_SYMBOLS else 2
    sign = "−" if value < 0 else ""
    text = format_amount(abs(value), decimals=decimals, places=places)
    if value and not text.strip("0.,"):
        return f"{'> −' if value < 0 else '< '}{'0.' + '0' * (places - 1) + '1' if places else '1'}"
    return sign + text


def integer(value: int | None, *, reason: str = "Not known yet") -> SafeString:
    """A grouped count."""
    if value is None:
        return unknown(reason)
    return format_html('<span class="num">{}</span>', f"{value:,}")


def bps(value: int | None, *, reason: str = "Not known yet") -> SafeString:
    """Basis points as a percentage; the raw value is in the title."""
    if value is None:
        return unknown(reason)
    return format_html('<span class="num" title="{} bp">{}</span>', value, format_bps(value))


def change(value: Decimal | None, *, reason: str = "Not known yet") -> SafeString:
    """A relative change (0.05 = +5 %) with its sign, coloured, rounded to 0.01 %."""
    if value is None:
        return unknown(reason)
    percent = (value * 100).quantize(Decimal("0.01"))
    tone = "up" if percent > 0 else "down" if percent < 0 else "flat"
    sign = {"up": "+", "down": "−", "flat": ""}[tone]
    return format_html('<span class="num {}">{}{} %</span>', tone, sign, f"{abs(percent):,}")


def ticket(ticket_id: int | None, *, reason: str = "Needs no ticket") -> SafeString:
    """A link to a ticket's page."""
    if ticket_id is None:
        return unknown(reason)
    url = reverse("admin:approvals_ticket_change", args=[ticket_id])
    return format_html('<a class="link" href="{}">Ticket #{}</a>', url, ticket_id)


def address(value: str | None, label: str = "", *, chain_id: int | None = None) -> SafeString:
    """An account in short checksum form, with its known label, a copy button and explorer link."""
    if not value:
        return unknown("No address")
    full = checksum(value)
    link = _address_url(chain_id, full)
    short = format_html('<code title="{}">{}…{}</code>', full, full[:6], full[-4:])
    if link:
        short = format_html('<a href="{}" target="_blank" rel="noopener">{}</a>', link, short)
    named = format_html('<span class="label">{}</span> ', label) if label else SafeString("")
    return format_html('<span class="hex">{}{}{}</span>', named, short, _copy_button(full))


def plain_address(value: str | None, label: str = "") -> SafeString:
    """An account without links or buttons, for cells that are a link themselves."""
    if not value:
        return unknown("No address")
    full = checksum(value)
    named = format_html('<span class="label">{}</span> ', label) if label else SafeString("")
    return format_html(
        '<span class="hex">{}<code title="{}">{}…{}</code></span>', named, full, full[:6], full[-4:]
    )


def tx_link(chain_id: int | None, tx_hash: str | None) -> SafeString:
    """A transaction's hash in short form, with a copy button and its explorer link."""
    if not tx_hash:
        return unknown("No transaction yet")
    short = format_html('<code title="{}">{}…{}</code>', tx_hash, tx_hash[:8], tx_hash[-6:])
    link = _explorers[0].tx_url(chain_id, tx_hash) if _explorers and chain_id is not None else ""
    if link:
        short = format_html('<a href="{}" target="_blank" rel="noopener">{}</a>', link, short)
    return format_html('<span class="hex">{}{}</span>', short, _copy_button(tx_hash))


def when(value: datetime | None, *, reason: str = "Not yet") -> SafeString:
    """An instant, absolute and relative, in UTC; the page turns it to the viewer's zone."""
    if value is None:
        return unknown(reason)
    utc = value.astimezone(UTC)
    return format_html(
        '<time class="when" datetime="{}" title="{}">'
        '<span class="at">{}</span> <span class="ago">{}</span></time>',
        utc.isoformat().replace("+00:00", "Z"),
        f"{utc:%Y-%m-%d %H:%M:%S} UTC",
        f"{utc.day} {utc:%b %Y, %H:%M} UTC",
        relative_text(utc, clock.now()),
    )


def age(value: datetime | None, *, reason: str = "Never") -> SafeString:
    """Only how long ago (or how soon), with the instant in the title; kept fresh by the page."""
    if value is None:
        return unknown(reason)
    utc = value.astimezone(UTC)
    return format_html(
        '<time class="age" datetime="{}" title="{}"><span class="ago">{}</span></time>',
        utc.isoformat().replace("+00:00", "Z"),
        f"{utc:%Y-%m-%d %H:%M:%S} UTC",
        relative_text(utc, clock.now()),
    )


def relative_text(value: datetime, at: datetime) -> str:
    """``"3 min ago"``, ``"in 2 h"``: the distance of ``value`` from ``at`` in one unit."""
    seconds = int((value - at).total_seconds())
    text = duration_text(abs(seconds))
    if abs(seconds) < 1:
        return "now"
    return f"in {text}" if seconds > 0 else f"{text} ago"


def duration_text(seconds: int) -> str:
    """A span in its one or two largest units: ``"45 s"``, ``"3 h 20 min"``, ``"4 d"``."""
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours and days < 3 else f"{days} d"


def status_pill(text: str, tone: str = "neutral") -> SafeString:
    """A status as a small coloured word.

    Raises:
        ValueError: the tone is none of ``TONES``.
    """
    if tone not in TONES:
        raise ValueError(f"{tone!r} is not one of {sorted(TONES)}")
    words = text.replace("_", " ").lower() if text.isupper() else text
    return format_html('<span class="pill pill-{}">{}</span>', tone, words[:1].upper() + words[1:])


@lru_cache(maxsize=4096)
def checksum(value: str) -> str:
    """An address in EIP-55 mixed case; other text unchanged, since hostile input must show too."""
    try:
        return str(to_checksum_address(value))
    except ValueError:
        return value


def _copy_button(text: str) -> SafeString:
    return format_html(
        '<button type="button" class="copy" data-copy="{}" title="Copy" aria-label="Copy {}">'
        '<span class="material-symbols-outlined">content_copy</span></button>',
        text,
        text,
    )


def _address_url(chain_id: int | None, value: str) -> str:
    if not _explorers:
        return ""
    explorer = _explorers[0]
    if chain_id is None:
        chain_id = explorer.default_chain_id()
    return "" if chain_id is None else explorer.address_url(chain_id, value)
