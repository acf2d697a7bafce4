"""Figures as JSON and back without loss: what is stored, hashed and compared.

Integers are text, so that no reader makes floats of them; tiers and methods go by name, times by
ISO 8601 with their offset. A field that is missing takes its default (a policy that was stored
before a parameter existed), a field that is not known is refused.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime
from enum import Enum, IntEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from apps.core.errors import Invalid
from apps.rebalance.rules.figures import Aim, Blueprint, Parameters, Situation

_Figures = TypeVar("_Figures")


class NotFigures(Invalid):
    """The JSON is not what it should be."""


def situation_as_json(situation: Situation) -> dict[str, Any]:
    """A situation as JSON."""
    return _dump_fields(situation)


def situation_from_json(stored: Mapping[str, Any]) -> Situation:
    """The situation that was stored.

    Raises:
        NotFigures: it is not the JSON of one; so do the other ``…_from_json``.
    """
    return _load_fields(Situation, stored)


def parameters_as_json(parameters: Parameters) -> dict[str, Any]:
    """Parameters as JSON."""
    return _dump_fields(parameters)


def parameters_from_json(stored: Mapping[str, Any]) -> Parameters:
    """The parameters that were stored; those which did not exist then have their defaults."""
    return _load_fields(Parameters, stored)


def aim_as_json(aim: Aim) -> dict[str, Any]:
    """An aim as JSON."""
    return _dump_fields(aim)


def aim_from_json(stored: Mapping[str, Any]) -> Aim:
    """The aim that was stored."""
    return _load_fields(Aim, stored)


def blueprint_as_json(blueprint: Blueprint) -> dict[str, Any]:
    """A blueprint as JSON."""
    return _dump_fields(blueprint)


def blueprint_from_json(stored: Mapping[str, Any]) -> Blueprint:
    """The blueprint that was stored."""
    return _load_fields(Blueprint, stored)


def content_hash(*figures: Situation | Parameters | Aim | Blueprint) -> str:
    """One hash (0x-hex, SHA-256) over figures in this order; equal figures, equal hash."""
    content = [{type(figure).__name__: _dump_fields(figure)} for figure in figures]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return "0x" + hashlib.sha256(text.encode()).hexdigest()


# -- Out -------------------------------------------------------------------------------------------


def _dump_fields(figures: Any) -> dict[str, Any]:
    return {field.name: _dump(getattr(figures, field.name)) for field in fields(figures)}


def _dump(value: Any) -> Any:  # noqa: PLR0911 - one return a type
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return _word(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {_word(key): _dump(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_dump(item) for item in value]
    return _dump_fields(value) if is_dataclass(value) else str(value)


def _word(value: Any) -> str:
    """Numbered words go by their name, others are their value."""
    return value.name if isinstance(value, IntEnum) else str(value)


# -- In --------------------------------------------------------------------------------------------


@cache
def _types(figures: type) -> dict[str, tuple[Field[Any], Any]]:
    hints = get_type_hints(figures)
    return {field.name: (field, hints[field.name]) for field in fields(figures)}


def _load_fields(figures: type[_Figures], stored: Any) -> _Figures:
    if not isinstance(stored, Mapping):
        raise NotFigures(f"{figures.__name__} is not an object")
    known = _types(figures)  # type: ignore[arg-type] # a class is hashable
    if strange := sorted(set(stored) - set(known)):
        raise NotFigures(f"{figures.__name__} has no {', '.join(map(str, strange))}")
    values = {}
    for name, (field, hint) in known.items():
        if name in stored:
            values[name] = _load(hint, stored[name], f"{figures.__name__}.{name}")
        elif field.default is MISSING and field.default_factory is MISSING:
            raise NotFigures(f"{figures.__name__} lacks {name}")
    return figures(**values)


def _load(hint: Any, stored: Any, where: str) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is UnionType:
        if stored is None:
            return None
        hint = next(argument for argument in arguments if argument is not NoneType)
        return _load(hint, stored, where)
    if origin is tuple:
        if not isinstance(stored, list):
            raise NotFigures(f"{where} is not a list")
        return tuple(_load(arguments[0], item, where) for item in stored)
    if origin is Mapping:
        if not isinstance(stored, Mapping):
            raise NotFigures(f"{where} is not an object")
        key_type, value_type = arguments
        return {
            _load(key_type, key, where): _load(value_type, item, where)
            for key, item in stored.items()
        }
    if is_dataclass(hint):
        return _load_fields(hint, stored)  # type: ignore[arg-type]
    return _load_scalar(hint, stored, where)


def _load_scalar(hint: Any, stored: Any, where: str) -> Any:
    if hint is bool:
        if not isinstance(stored, bool):
            raise NotFigures(f"{where} is neither true nor false")
        return stored
    if not isinstance(stored, str):
        raise NotFigures(f"{where} is not text")
    try:
        if issubclass(hint, IntEnum):
            return hint[stored]
        value = datetime.fromisoformat(stored) if hint is datetime else hint(stored)
    except (KeyError, ValueError) as error:
        raise NotFigures(f"{where}: {stored[:50]!r} is not possible") from error
    return value
