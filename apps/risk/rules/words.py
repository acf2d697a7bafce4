"""Values of indicators as text: ``7.93 %``, ``1.50 times``, ``2 h 5 min``."""

from decimal import Decimal

from .figures import Unit

_PLACES_MIN, _PLACES_MAX = 2, 6


def value_text(value: Decimal, unit: Unit, *, apart_from: tuple[Decimal, ...] = ()) -> str:
    """A value with its unit, rounded to two decimals.

    Where rounding would make it look like one of ``apart_from`` (a threshold that it is beside and
    not on), it has as many more decimals, up to six, as tell them apart.
    """
    for places in range(_PLACES_MIN, _PLACES_MAX):
        text = _rounded(value, unit, places)
        if all(value == other or text != _rounded(other, unit, places) for other in apart_from):
            return text
    return _rounded(value, unit, _PLACES_MAX)


def limit_text(value: Decimal, unit: Unit) -> str:
    """A threshold as people write it: ``10 %``, ``2.5 times``, ``4 h``."""
    if unit is Unit.SECONDS:
        return _seconds(value)
    scaled = value * 100 if unit is Unit.SHARE else value
    whole = f"{scaled.normalize():f}"
    return f"{whole} {_SIGNS[unit]}"


def distance_text(distance: Decimal, unit: Unit) -> str:
    """How far a value is from a threshold; shares are told in points of a percentage."""
    if unit is Unit.SHARE:
        return f"{_grouped(abs(distance) * 100, _PLACES_MIN)} points"
    return value_text(abs(distance), unit)


_SIGNS = {Unit.SHARE: "%", Unit.FACTOR: "times"}


def _rounded(value: Decimal, unit: Unit, places: int) -> str:
    if unit is Unit.SECONDS:
        return _seconds(value)
    scaled = value * 100 if unit is Unit.SHARE else value
    return f"{_grouped(scaled, places)} {_SIGNS[unit]}"


def _grouped(value: Decimal, places: int) -> str:
    shown = value.quantize(Decimal(1).scaleb(-places))
    return f"{'−' if shown < 0 else ''}{abs(shown):,}"


def _seconds(value: Decimal) -> str:
    seconds = int(value)
    if seconds < 60:
        return f"{seconds} s"
    minutes, rest = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest and minutes < 10 else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"
