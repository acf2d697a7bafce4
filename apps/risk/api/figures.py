"""Figures of risk as text."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


@extend_schema_field({"type": "string", "example": "0.0925", "nullable": True})
class FigureField(serializers.Field):
    """A decimal in plain digits, exact, without zeros at its end."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Decimal) -> str:
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text


def one_of(words: Iterable[str]) -> str:
    """What a field may say, for the document."""
    return f"One of {', '.join(str(word) for word in words)}."
