"""Keys of answers in camelCase: each name is worked out once, however many rows have it."""

from functools import lru_cache
from types import NoneType
from typing import Any

from djangorestframework_camel_case.util import camelize

_PLAIN = frozenset({str, int, float, bool, NoneType})
_NAMES_MAX = 4_096
"""More than all serializers have; keys that are data, such as addresses, must not pile up."""


def camelised(data: Any) -> Any:
    """What the camel case package makes of the same data, several times as fast on long lists."""
    if type(data) in _PLAIN:
        return data
    if isinstance(data, dict):
        return {
            _camel(key) if isinstance(key, str) else key: value
            if type(value) in _PLAIN
            else camelised(value)
            for key, value in data.items()
        }
    if isinstance(data, list | tuple):
        return [camelised(item) for item in data]
    return camelize(data)


@lru_cache(_NAMES_MAX)
def _camel(key: str) -> str:
    name: str
    (name,) = camelize({key: None})
    return name
