"""How values are written into a dataset."""

from dataclasses import fields
from datetime import datetime
from typing import Any

_AMOUNTS = {
    "assets", "shares", "gross_assets", "fee_assets", "net_assets", "estimated_fee_assets",
    "available_assets", "nav_per_share", "request_id",
}  # fmt: skip


def fields_of(value: Any) -> dict[str, Any]:
    """A value's fields as JSON; amounts and request ids, which may be any uint256, as digits."""
    found: dict[str, Any] = {}
    for item in fields(value):
        content = getattr(value, item.name)
        if isinstance(content, datetime):
            content = time(content)
        elif item.name in _AMOUNTS:
            content = digits(content)
        found[item.name] = content
    return found


def digits(value: int | None) -> str | None:
    """Base units as digits; None is unknown."""
    return None if value is None else str(value)


def time(value: datetime) -> str:
    """An instant as ISO 8601 in UTC."""
    return value.isoformat().replace("+00:00", "Z")


def words(value: datetime) -> str:
    """An instant for people."""
    return f"{value:%Y-%m-%d %H:%M} UTC"
