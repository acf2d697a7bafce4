"""From an answer's JSON to a price and its time; numbers stay Decimal from the first digit on."""

import json
import re
from datetime import UTC, datetime
from decimal import ROUND_FLOOR, Decimal, localcontext
from typing import Any, NoReturn

from apps.oracle.client.trouble import NoFigure

_NUMBER = re.compile(r"-?[0-9]{1,100}(\.[0-9]{1,100})?([eE][+-]?[0-9]{1,3})?")
_DIGITS = 400
_MAGNITUDE_MAX = 40
"""10**40 USDT: no number beyond it is turned into base units."""
_MILLISECONDS_FROM = 10**11
"""As seconds it would be the year 5138."""
_SECONDS_MAX = 253_402_300_799


def find(body: bytes, *, price_path: str, time_path: str) -> tuple[int, datetime | None]:
    """The price in 18-decimals base units, rounded down, and its time if there is a path to it.

    Raises:
        NoFigure: the answer is not JSON, or has no such number where it should be.
    """
    document = _parsed(body)
    price = _price(_at(document, price_path, "price"))
    return price, _time(_at(document, time_path, "time")) if time_path else None


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(
            body.decode(), parse_float=_decimal, parse_int=_decimal, parse_constant=_refuse
        )
    except (ValueError, RecursionError) as error:
        raise NoFigure("Its answer is not JSON.") from error


def _at(document: Any, path: str, what: str) -> Any:
    """What a dotted path leads to: names of objects, places of lists."""
    place = document
    for step in path.split("."):
        if isinstance(place, dict) and step in place:
            place = place[step]
        elif isinstance(place, list) and step.isdecimal() and int(step) < len(place):
            place = place[int(step)]
        else:
            raise NoFigure(f"Its answer has nothing at the {what}'s path.")
    return place


def _price(value: Any) -> int:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = _decimal(value)
    if not isinstance(value, Decimal):
        raise NoFigure("What it gives as the price is not a number.")
    if value.is_zero():
        return 0
    if value.adjusted() > _MAGNITUDE_MAX:
        raise NoFigure("What it gives as the price is too large.")
    if value.adjusted() < -_MAGNITUDE_MAX:
        return 0 if value > 0 else -1
    with localcontext(prec=_DIGITS):
        return int(value.scaleb(18).to_integral_value(rounding=ROUND_FLOOR))


def _time(value: Any) -> datetime:
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        try:
            instant = datetime.fromisoformat(value)
            return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
        except (ValueError, OverflowError) as error:
            raise NoFigure("What it gives as the time is not a time.") from error
    if isinstance(value, str):
        value = _decimal(value)
    if not isinstance(value, Decimal) or not 0 <= value <= _SECONDS_MAX * 1000:
        raise NoFigure("What it gives as the time is not a time.")
    seconds = value / 1000 if value >= _MILLISECONDS_FROM else value
    return datetime.fromtimestamp(int(seconds), UTC)


def _decimal(text: str) -> Decimal:
    if len(text) > _DIGITS // 2:
        raise NoFigure("A number in its answer is too long.")
    try:
        value = Decimal(text)
    except ArithmeticError as error:
        raise NoFigure("A number in its answer is out of range.") from error
    if not value.is_finite():
        raise NoFigure("A number in its answer is out of range.")
    return value


def _refuse(name: str) -> NoReturn:
    raise NoFigure(f"Its answer has {name} in place of a number.")
