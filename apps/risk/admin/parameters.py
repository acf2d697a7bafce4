"""The parameters of risk as people read and write them: in percent, minutes and times."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from apps.core.errors import Invalid
from apps.risk.rules.figures import (
    Indicator,
    LevelLimits,
    Parameters,
    Response,
    Threshold,
    Unit,
)
from apps.risk.rules.specs import SPECS

_Part = TypeVar("_Part", LevelLimits, Response)

_CHARACTERS_MAX = 20
_PLACES_MAX = 8


class BadParameter(Invalid):
    """A field of the form is no number."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How a number is written: its unit, and by what the written one is multiplied."""

    unit: str
    factor: Decimal
    whole: bool = False


PERCENT = Kind("%", Decimal("0.01"))
TIMES = Kind("times", Decimal(1))
MINUTES_IN_SECONDS = Kind("minutes", Decimal(60))
SECONDS = Kind("seconds", Decimal(1))
MINUTES = Kind("minutes", Decimal(1), whole=True)
COUNT = Kind("", Decimal(1), whole=True)

_OF_UNIT = {Unit.SHARE: PERCENT, Unit.FACTOR: TIMES}
_IN_SECONDS = {Indicator.EVENT_LAG}

LEVELS: Mapping[str, tuple[str, Kind]] = {
    "elevated_l1": ("ELEVATED: L1 below", PERCENT),
    "elevated_daily_redemptions": ("ELEVATED: redemptions of a day above", PERCENT),
    "elevated_nav_volatility": ("ELEVATED: NAV moved in a day by more than", PERCENT),
    "high_l1": ("HIGH: L1 below", PERCENT),
    "high_coverage": ("HIGH: coverage of redemptions below", PERCENT),
    "high_daily_redemptions": ("HIGH: redemptions of a day above", PERCENT),
    "critical_l1_l2": ("CRITICAL: L1 + L2 below", PERCENT),
    "critical_failures_in_a_row": ("CRITICAL: transactions failed in a row", COUNT),
    "better_runs": ("Better runs before the level falls", COUNT),
    "unknown_warns_after_minutes": ("Unknown counts as a warning after", MINUTES),
}
RESPONSE: Mapping[str, tuple[str, Kind]] = {
    "calm_minutes": ("Measured every, at NORMAL", MINUTES),
    "alert_minutes": ("Measured every, above NORMAL", MINUTES),
    "escalate_again_minutes": ("An unanswered event is told again after", MINUTES),
    "escalate_critical_minutes": ("… and to the critical list and the pager after", MINUTES),
    "flapping_minutes": ("The same event again within this time is the old one", MINUTES),
    "recovery_minutes": ("Calm before an emergency may end", MINUTES),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One number of the form: its name there, what it is, its unit, and how it is written."""

    name: str
    label: str
    unit: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The numbers of one indicator."""

    indicator: str
    title: str
    unit: str
    warning: Field
    critical: Field
    weight: Field

    @property
    def fields(self) -> tuple[Field, Field, Field]:
        """All three."""
        return self.warning, self.critical, self.weight


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One number that would be another."""

    label: str
    old: str
    new: str


def rows(values: Parameters) -> list[Row]:
    """Thresholds and weights, one row for each indicator."""
    return [_row(indicator, values.thresholds[indicator]) for indicator in Indicator]


def groups(values: Parameters) -> list[dict[str, Any]]:
    """The rest, by what it is about."""
    return [
        {"title": title, "fields": _fields(part, names)}
        for title, part, names in (
            ("What sets the level", values.levels, LEVELS),
            ("What follows, and when", values.response, RESPONSE),
        )
    ]


def parameters_of(form: Mapping[str, str], now: Parameters) -> Parameters:
    """The form's parameters; a field that is not in the form stays as it is now.

    Raises:
        BadParameter: something is no number.
    """
    thresholds = {
        indicator: _threshold(form, indicator, now.thresholds[indicator]) for indicator in Indicator
    }
    return Parameters(
        thresholds=thresholds,
        levels=_part(form, now.levels, LEVELS),
        response=_part(form, now.response, RESPONSE),
    )


def changes(old: Parameters, new: Parameters) -> list[Change]:
    """Every number that differs, in the form's order."""
    pairs = zip(all_fields(old), all_fields(new), strict=True)
    return [
        Change(label=before.label, old=_with_unit(before), new=_with_unit(after))
        for before, after in pairs
        if before.text != after.text
    ]


def labelled(text: str) -> str:
    """A refusal with the names of parameters as the form writes them."""
    for name, (label, _kind) in {**LEVELS, **RESPONSE}.items():
        text = text.replace(name, f"“{label}”")
    for indicator in Indicator:
        text = text.replace(indicator.value, f"“{SPECS[indicator].title}”")
    return text


def _row(indicator: Indicator, threshold: Threshold) -> Row:
    spec, kind = SPECS[indicator], _kind(indicator)
    return Row(
        indicator=indicator.value,
        title=spec.title,
        unit=kind.unit,
        warning=_field(f"{indicator}_warning", f"{spec.title}, warning", kind, threshold.warning),
        critical=_field(
            f"{indicator}_critical", f"{spec.title}, critical", kind, threshold.critical
        ),
        weight=_field(f"{indicator}_weight", f"{spec.title}, weight", COUNT, threshold.weight),
    )


def all_fields(values: Parameters) -> list[Field]:
    """Every number, in the form's order."""
    of_rows = [field for row in rows(values) for field in row.fields]
    return of_rows + [field for group in groups(values) for field in group["fields"]]


def _fields(part: Any, names: Mapping[str, tuple[str, Kind]]) -> list[Field]:
    return [_field(name, label, kind, getattr(part, name)) for name, (label, kind) in names.items()]


def _field(name: str, label: str, kind: Kind, value: Decimal | int) -> Field:
    written = (Decimal(value) / kind.factor).normalize()
    return Field(name=name, label=label, unit=kind.unit, text=f"{written:f}")


def _with_unit(field: Field) -> str:
    return f"{field.text} {field.unit}".strip()


def _kind(indicator: Indicator) -> Kind:
    if indicator in _IN_SECONDS:
        return SECONDS
    return _OF_UNIT.get(SPECS[indicator].unit, MINUTES_IN_SECONDS)


def _threshold(form: Mapping[str, str], indicator: Indicator, now: Threshold) -> Threshold:
    row = _row(indicator, now)
    kind = _kind(indicator)
    return Threshold(
        warning=_read(form, row.warning, kind, now.warning),
        critical=_read(form, row.critical, kind, now.critical),
        weight=int(_read(form, row.weight, COUNT, Decimal(now.weight))),
    )


def _part(form: Mapping[str, str], now: _Part, names: Mapping[str, tuple[str, Kind]]) -> _Part:
    read: dict[str, Any] = {}
    for field, (name, (_label, kind)) in zip(_fields(now, names), names.items(), strict=True):
        value = _read(form, field, kind, Decimal(getattr(now, name)))
        read[name] = int(value) if kind.whole else value
    return replace(now, **read)


def _read(form: Mapping[str, str], field: Field, kind: Kind, now: Decimal) -> Decimal:
    text = form.get(field.name)
    if text is None:
        return now
    plain = text.strip().replace(",", "").removesuffix("%").strip()
    try:
        if len(plain) > _CHARACTERS_MAX:
            raise InvalidOperation
        written = Decimal(plain)
    except InvalidOperation as error:
        raise BadParameter(f"“{field.label}” must be a number{_in(kind)}.") from error
    exponent = written.as_tuple().exponent
    if not isinstance(exponent, int) or -exponent > _PLACES_MAX or exponent > 3:
        raise BadParameter(f"“{field.label}” must be a plain number{_in(kind)}.")
    if kind.whole and written != written.to_integral_value():
        raise BadParameter(f"“{field.label}” must be a whole number{_in(kind)}.")
    return written * kind.factor


def _in(kind: Kind) -> str:
    return f", in {kind.unit}" if kind.unit else ""
