"""Model fields for what the chain speaks: uint256 integers, addresses, hashes."""

import re
from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Expression
from django.db.models.expressions import Combinable

from apps.core.units import UINT256_MAX

_HEX_20 = re.compile(r"0x[0-9a-f]{40}")
_HEX_32 = re.compile(r"0x[0-9a-f]{64}")

# What is set and what is got, as django-stubs' plugin fills them in.
_ST_contra = TypeVar("_ST_contra", contravariant=True)
_GT_co = TypeVar("_GT_co", covariant=True)

if TYPE_CHECKING:
    _Field = models.Field
    _CharField = models.CharField
else:

    class _Field(models.Field):
        """Django's field; at run time its type parameters mean nothing."""

        def __class_getitem__(cls, _types):
            return cls

    class _CharField(models.CharField):
        """As ``_Field``."""

        def __class_getitem__(cls, _types):
            return cls


class Uint256Field(_Field[_ST_contra, _GT_co]):
    """A whole number 0 ≤ x < 2**256, kept as NUMERIC(78,0) and read as ``int``.

    A DecimalField would do arithmetic at 28 digits; this one never leaves integers. The database
    checks the range as well.
    """

    description = "uint256"
    _pyi_private_set_type: int | Combinable
    _pyi_private_get_type: int

    def get_internal_type(self) -> str:
        return "Uint256Field"

    def db_type(self, connection: BaseDatabaseWrapper) -> str:  # noqa: ARG002
        return "numeric(78, 0)"

    def db_check(self, connection: BaseDatabaseWrapper) -> str | None:
        column = connection.ops.quote_name(str(self.column))
        return f"{column} >= 0 AND {column} <= {UINT256_MAX}"

    def from_db_value(
        self,
        value: Any,
        expression: Expression,  # noqa: ARG002
        connection: BaseDatabaseWrapper,  # noqa: ARG002
    ) -> int | None:
        return None if value is None else int(value)

    def to_python(self, value: Any) -> int | None:
        if value is None or isinstance(value, int):
            return value
        try:
            return int(str(value))
        except ValueError as error:
            raise ValidationError(f"{value!r} is not a whole number") from error

    def get_prep_value(self, value: Any) -> int | None:
        value = super().get_prep_value(value)
        if value is None or hasattr(value, "resolve_expression"):
            return value  # type: ignore[no-any-return]
        number = self.to_python(value)
        if number is not None and not 0 <= number <= UINT256_MAX:
            raise ValidationError(f"{number} is not a uint256")
        return number

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": forms.CharField, **kwargs})


class _HexField(_CharField[_ST_contra, _GT_co]):
    """Lower-case hexadecimal text of a fixed length; upper case is folded on the way in."""

    _pyi_private_set_type: str | Combinable
    _pyi_private_get_type: str

    _pattern: re.Pattern[str]
    _length: int

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_length"] = self._length
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_length"]
        return name, path, args, kwargs

    def to_python(self, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        if not isinstance(value, str):
            return value
        value = value.lower()
        if value and not self._pattern.fullmatch(value):
            raise ValidationError(f"{value!r} is not {self.description}")
        return value


class AddressField(_HexField[_ST_contra, _GT_co]):
    """A 20-byte account or contract address as ``0x`` and 40 lower-case digits."""

    description = "an address"
    _pattern = _HEX_20
    _length = 42


class HashField(_HexField[_ST_contra, _GT_co]):
    """A 32-byte hash as ``0x`` and 64 lower-case digits."""

    description = "a 32-byte hash"
    _pattern = _HEX_32
    _length = 66


Spans = tuple[tuple[int, int], ...]
"""Half-open ranges of integers, in order, none touching another."""


class MultiRangeField(_Field[_ST_contra, _GT_co]):
    """Half-open ranges of integers, kept as ``int8multirange`` and read as ``Spans``."""

    description = "ranges of integers"
    _pyi_private_set_type: Spans | Combinable
    _pyi_private_get_type: Spans

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", tuple)
        super().__init__(*args, **kwargs)

    def db_type(self, connection: BaseDatabaseWrapper) -> str:  # noqa: ARG002
        return "int8multirange"

    def from_db_value(
        self,
        value: Any,
        expression: Expression,  # noqa: ARG002
        connection: BaseDatabaseWrapper,  # noqa: ARG002
    ) -> Spans | None:
        return None if value is None else tuple((span.lower, span.upper) for span in value)

    def get_prep_value(self, value: Any) -> Any:
        if value is None or hasattr(value, "resolve_expression"):
            return value
        return "{" + ",".join(f"[{start},{end})" for start, end in value) + "}"

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> str:  # noqa: ARG002
        return "%s::int8multirange"
