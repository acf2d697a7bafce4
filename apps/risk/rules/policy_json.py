"""Parameters as JSON and back without loss: what a policy stores and what people vote on.

Every number is text without an exponent, as in a ticket's facts. What is missing takes its default
(a policy that was stored before a parameter existed); what is not known is refused.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from apps.core.errors import Invalid

from .defaults import PARAMETERS
from .figures import Indicator, LevelLimits, Parameters, Response, Threshold

_Group = TypeVar("_Group", Threshold, LevelLimits, Response)


class NotParameters(Invalid):
    """The JSON is not what it should be."""


def as_json(parameters: Parameters) -> dict[str, Any]:
    """Thresholds by indicator, then what sets the level, then what follows from it."""
    return {
        "thresholds": {
            indicator.value: _dump(parameters.thresholds[indicator]) for indicator in Indicator
        },
        "levels": _dump(parameters.levels),
        "response": _dump(parameters.response),
    }


def from_json(stored: Mapping[str, Any]) -> Parameters:
    """The parameters that were stored.

    Raises:
        NotParameters: it is not the JSON of any.
    """
    groups = _known(stored, ("thresholds", "levels", "response"), "parameters")
    thresholds = _known(groups.get("thresholds", {}), tuple(Indicator), "thresholds")
    return Parameters(
        thresholds={
            indicator: _load(
                Threshold, thresholds.get(indicator.value, {}), PARAMETERS.thresholds[indicator]
            )
            for indicator in Indicator
        },
        levels=_load(LevelLimits, groups.get("levels", {}), PARAMETERS.levels),
        response=_load(Response, groups.get("response", {}), PARAMETERS.response),
    )


def _dump(group: Threshold | LevelLimits | Response) -> dict[str, Any]:
    return {field.name: _written(getattr(group, field.name)) for field in fields(group)}


def _written(value: Decimal | int) -> str:
    text = str(value) if isinstance(value, int) else f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _load(kind: type[_Group], stored: Any, default: _Group) -> _Group:
    names = tuple(field.name for field in fields(kind))
    given = _known(stored, names, kind.__name__)
    values: dict[str, Any] = {
        name: _read(given[name], getattr(default, name), f"{kind.__name__}.{name}")
        if name in given
        else getattr(default, name)
        for name in names
    }
    return kind(**values)


def _read(value: Any, like: Decimal | int, where: str) -> Decimal | int:
    number = None
    if isinstance(value, str):
        with suppress(InvalidOperation):
            number = Decimal(value)
    if number is None or not number.is_finite():
        raise NotParameters(f"{where} is not a number written as text.")
    if isinstance(like, Decimal):
        return number
    if number != number.to_integral_value():
        raise NotParameters(f"{where} is not a whole number.")
    return int(number)


def _known(stored: Any, names: tuple[str, ...], where: str) -> Mapping[str, Any]:
    if not isinstance(stored, Mapping):
        raise NotParameters(f"{where} is not an object.")
    if strange := sorted(set(stored) - set(names)):
        raise NotParameters(f"{where} has no {', '.join(map(str, strange))}.")
    return stored
