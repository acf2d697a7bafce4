"""Serializer fields for money."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.units import UINT256_MAX


@extend_schema_field({"type": "string", "pattern": r"^-?[0-9]+$", "example": "1500000000000000000"})
class AmountField(serializers.Field):
    """Base units: an ``int`` inside, a string of digits outside (JSON numbers end at 2**53)."""

    default_error_messages = {
        "invalid": "Must be a string of digits (base units).",
        "range": "Must be at least 0 and less than 2^256.",
    }

    def to_representation(self, value: int) -> str:
        return str(value)

    def to_internal_value(self, data: Any) -> int:
        if not (isinstance(data, str) and data.isascii() and data.isdigit() and len(data) <= 78):
            self.fail("invalid")
        number = int(data)
        if number > UINT256_MAX:
            self.fail("range")
        return number
