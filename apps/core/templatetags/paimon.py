"""Template filters and tags for figures, addresses and instants; see ``apps.core.display``."""

from datetime import datetime

from django import template
from django.utils.safestring import SafeString

from apps.core import display

register = template.Library()

register.filter("integer", display.integer)
register.filter("bps", display.bps)
register.filter("change", display.change)
register.filter("when", display.when)
register.filter("age", display.age)
register.filter("duration", display.duration_text)
register.filter("status_pill", display.status_pill)
register.filter("pill", display.status_pill)
register.filter("address", display.address)
register.simple_tag(display.tx_link, name="tx_link")
register.simple_tag(display.address, name="address_of")
register.simple_tag(display.unknown, name="unknown")
register.simple_tag(display.money, name="money_of")


@register.filter
def money(value: int | None, symbol: str = "USDT") -> SafeString:
    """``{{ row.net_assets|money }}``, ``{{ row.fee|money:"BNB" }}`` (18 decimals)."""
    return display.money(value, symbol)


@register.filter
def shares(value: int | None) -> SafeString:
    """``{{ row.shares|shares }}``: share tokens."""
    return display.money(value, "PPT")


@register.filter
def tx(tx_hash: str | None, chain_id: int | None = None) -> SafeString:
    """``{{ row.tx_hash|tx:row.chain_id }}``."""
    return display.tx_link(chain_id, tx_hash)


@register.filter
def overdue(value: datetime | None, at: datetime) -> bool:
    """Whether a deadline has passed at the page's instant."""
    return value is not None and value <= at
