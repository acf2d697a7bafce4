"""JSON as input, bounded and unambiguous; camelCase becomes snake_case."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import IO, Any

from djangorestframework_camel_case.settings import api_settings
from djangorestframework_camel_case.util import camel_to_underscore
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer

BODY_BYTES_MAX = 1024 * 1024
DEPTH_MAX = 32
_INFINITY = float("inf")


class StrictJSONParser(BaseParser):
    """Refuses what JSON leaves open: NaN, infinities, repeated names, deep nesting, huge bodies.

    Text that PostgreSQL could not keep (NUL, lone surrogates) is refused here as well, so that it
    is a clear 400 and not a failure further in.
    """

    media_type = "application/json"
    renderer_class = JSONRenderer

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,  # noqa: ARG002 - DRF's signature
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> Any:
        body = stream.read(BODY_BYTES_MAX + 1)
        if len(body) > BODY_BYTES_MAX:
            raise ParseError(f"The body is larger than {BODY_BYTES_MAX} bytes.")
        try:
            value = json.loads(
                body.decode("utf-8"),
                object_pairs_hook=_object,
                parse_constant=_constant,
                parse_float=_fraction,
            )
            return _checked(value, depth=0)
        except RecursionError as error:
            raise ParseError(f"The JSON is nested deeper than {DEPTH_MAX} levels.") from error
        except ValueError as error:
            raise ParseError(f"The body is not acceptable JSON: {error}") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, value in pairs:
        key = camel_to_underscore(name, **api_settings.JSON_UNDERSCOREIZE)
        if key in result:
            raise ValueError(f"{name[:50]!r} is given twice")
        result[key] = value
    return result


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number in JSON")


def _fraction(text: str) -> Decimal:
    if abs(float(text)) == _INFINITY:
        raise ValueError("a number is out of range")
    return Decimal(text)


def _checked(value: Any, *, depth: int) -> Any:
    if depth > DEPTH_MAX:
        raise ValueError(f"nested deeper than {DEPTH_MAX} levels")
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, list):
        for item in value:
            _checked(item, depth=depth + 1)
    elif isinstance(value, dict):
        for name, item in value.items():
            _check_text(name)
            _checked(item, depth=depth + 1)
    return value


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise ValueError("text contains a NUL character")
    text.encode("utf-8")  # a lone surrogate raises UnicodeEncodeError, which is a ValueError
