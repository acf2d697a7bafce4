"""The parameters of rebalancing as people read and write them: in words, percent and USDT."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from apps.core import display
from apps.core.errors import Invalid
from apps.core.units import AmountOutOfRange, format_bps, from_decimal, to_decimal
from apps.rebalance.rules.figures import Blackout, Parameters

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LINE = re.compile(r"^((?:\w{3}[ ,]+)+)(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})\s+(.+)$")
_DIGITS_MAX = 12


class BadParameter(Invalid):
    """A field of the form is no number, or a blackout cannot be read."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """How a parameter is written: its unit, and the decimals between base units and the text."""

    unit: str
    decimals: int


_PERCENT, _USDT = _Kind("%", 2), _Kind("USDT", 18)
_HOURS, _MINUTES, _COUNT = _Kind("hours", 0), _Kind("minutes", 0), _Kind("", 0)

_GROUPS: Mapping[str, Mapping[str, tuple[str, _Kind]]] = {
    "What asks for a plan": {
        "tier_deviation_bps": ("A tier off its target by more than", _PERCENT),
        "asset_weight_max_bps": ("One asset above", _PERCENT),
        "top3_weight_max_bps": ("The three largest together above", _PERCENT),
        "l1_low_bps": ("L1 below (refill)", _PERCENT),
        "l1_high_bps": ("L1 above (deploy)", _PERCENT),
        "due_share_max_bps": ("Redemptions due above this share of L1 + L2", _PERCENT),
        "horizon_hours": ("… counting what falls due within", _HOURS),
        "subscription_assets": ("A subscription above", _USDT),
        "move_bps": ("A price or NAV move above", _PERCENT),
    },
    "Whether a plan is made": {
        "plan_assets_min": ("Smallest plan", _USDT),
        "cooldown_minutes": ("Rest after the last plan", _MINUTES),
        "preview_minutes": ("A preview is good for", _MINUTES),
        "approved_hours": ("A plan is begun within", _HOURS),
        "stale_bps": ("Inputs have moved from", _PERCENT),
    },
    "Before and after execution": {
        "slippage_warn_bps": ("Slippage warns above", _PERCENT),
        "slippage_block_bps": ("Slippage blocks above", _PERCENT),
        "gas_benefit_max_bps": ("Gas at most this share of a deployment's benefit", _PERCENT),
        "l1_critical_bps": ("L1 afterwards not below", _PERCENT),
        "coverage_critical_bps": (
            "L1 + L2 afterwards cover debts by at least",
            _PERCENT,
        ),
        "nav_volatility_max_bps": ("No execution while NAV moved more than", _PERCENT),
        "projection_warn_bps": ("Off the projection warns above", _PERCENT),
    },
    "How plans are compared": {
        "expected_slippage_bps": ("Expected slippage of a trade, at least", _PERCENT),
        "gas_units_per_trade": ("Gas of a trade (units)", _COUNT),
        "native_price_assets": ("Price of the chain's coin", _USDT),
        "tier_drift_weight_bps": ("Weight of remaining tier drift", _PERCENT),
        "asset_drift_weight_bps": ("Weight of remaining asset drift", _PERCENT),
    },
}


def shown(values: Parameters) -> list[dict[str, Any]]:
    """Every parameter in words, by group; blackouts last."""
    groups = [
        {
            "title": title,
            "rows": [
                {"label": label, "value": _words(getattr(values, name), kind)}
                for name, (label, kind) in members.items()
            ],
        }
        for title, members in _GROUPS.items()
    ]
    blackouts = [
        {"label": blackout.reason, "value": _hours(blackout)} for blackout in values.blackouts
    ]
    if blackouts:
        groups.append({"title": "No execution (UTC)", "rows": blackouts})
    return groups


def form_fields(values: Parameters) -> list[dict[str, Any]]:
    """The same as fields of a form."""
    groups: list[dict[str, Any]] = [
        {
            "title": title,
            "fields": [
                {
                    "name": name,
                    "label": label,
                    "unit": kind.unit,
                    "value": _text(getattr(values, name), kind),
                }
                for name, (label, kind) in members.items()
            ],
        }
        for title, members in _GROUPS.items()
    ]
    lines = "\n".join(f"{_hours(blackout)} {blackout.reason}" for blackout in values.blackouts)
    return [*groups, {"title": "No execution (UTC)", "fields": [], "blackouts": lines}]


def labelled(text: str) -> str:
    """A text with each parameter's name as the form writes it."""
    labels = {name: label for members in _GROUPS.values() for name, (label, _) in members.items()}
    return re.sub(r"\b[a-z0-9_]+\b", lambda found: _quoted(labels, found.group()), text)


def _quoted(labels: Mapping[str, str], word: str) -> str:
    return f"“{labels[word]}”" if word in labels else word


def parameters_of(form: Mapping[str, str], now: Parameters) -> Parameters:
    """The form's parameters; a field that is not in the form stays as it is now.

    Raises:
        BadParameter: a number cannot be read, or a line of the blackouts.
    """
    values: dict[str, Any] = {field.name: getattr(now, field.name) for field in fields(Parameters)}
    for members in _GROUPS.values():
        for name, (label, kind) in members.items():
            if name in form:
                values[name] = _number(form[name], label, kind)
    if "blackouts" in form:
        lines = [line.strip() for line in form["blackouts"].splitlines()]
        values["blackouts"] = tuple(_blackout(line) for line in lines if line)
    return Parameters(**values)


def _number(text: str, label: str, kind: _Kind) -> int:
    plain = text.strip().replace(",", "").replace(" ", "")
    if len(plain) > _DIGITS_MAX + kind.decimals:
        raise BadParameter(f"“{label}” is too long for a number.")
    try:
        return from_decimal(plain, kind.decimals)
    except AmountOutOfRange as error:
        raise BadParameter(f"“{label}” must be a number, in {kind.unit or 'units'}.") from error


def _words(value: int, kind: _Kind) -> str:
    if kind is _PERCENT:
        return format_bps(value)
    if kind is _USDT:
        return f"{display.amount_text(value)} USDT"
    return f"{value:,} {kind.unit}".strip()


def _text(value: int, kind: _Kind) -> str:
    whole: Decimal = to_decimal(value, kind.decimals).normalize()
    return f"{whole:f}"


def _blackout(line: str) -> Blackout:
    found = _LINE.match(line)
    if found is None:
        raise BadParameter(f"“{line[:60]}” is not like “Mon Tue 23:50-00:10 NAV update”.")
    words, start_hour, start_minute, end_hour, end_minute, reason = found.groups()
    names = [word for word in re.split(r"[ ,]+", words.strip()) if word]
    if any(name.capitalize() not in _DAYS for name in names):
        raise BadParameter(f"“{words.strip()[:60]}” are not weekdays like Mon, Tue, Sun.")
    return Blackout(
        weekdays=tuple(_DAYS.index(name.capitalize()) for name in names),
        start_minute=_minute(start_hour, start_minute),
        end_minute=_minute(end_hour, end_minute),
        reason=reason.strip(),
    )


def _minute(hour: str, minute: str) -> int:
    if int(hour) > 24 or int(minute) > 59:
        raise BadParameter(f"{hour}:{minute} is no time of the day.")
    return int(hour) * 60 + int(minute)


def _hours(blackout: Blackout) -> str:
    days = " ".join(_DAYS[day] for day in blackout.weekdays)
    start, end = (
        f"{minute // 60:02d}:{minute % 60:02d}"
        for minute in (blackout.start_minute, blackout.end_minute)
    )
    return f"{days} {start}-{end}"
