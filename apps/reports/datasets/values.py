"""How values are written into a dataset."""

from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

_AMOUNTS = {"assets", "shares", "nav_per_share", "request_id"}


def fields_of(value: Any) -> dict[str, Any]:
    """A value's fields as JSON; amounts and request ids, which may be any uint256, as digits."""
    return {item.name: _written(item.name, getattr(value, item.name)) for item in fields(value)}


def _written(name: str, content: Any) -> Any:
    if isinstance(content, tuple | list):
        return [_written(name, item) for item in content]
    if is_dataclass(content):
        return fields_of(content)
    if isinstance(content, datetime):
        return time(content)
    if name in _AMOUNTS or name.endswith("_assets"):
        return digits(content)
    return _plain(content)


def _plain(content: Any) -> Any:
    if isinstance(content, Decimal):
        return number(content)
    return content.isoformat() if isinstance(content, date) else content


def digits(value: int | None) -> str | None:
    """Base units as digits; None is unknown."""
    return None if value is None else str(value)


def number(value: Decimal) -> str:
    """An exact number in plain digits, without the zeros that say nothing."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def time(value: datetime) -> str:
    """An instant as ISO 8601 in UTC."""
    return value.isoformat().replace("+00:00", "Z")


def words(value: datetime) -> str:
    """An instant for people."""
    return f"{value:%Y-%m-%d %H:%M} UTC"
