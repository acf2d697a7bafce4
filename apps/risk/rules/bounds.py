"""Within what the parameters of risk make sense, whoever approves them."""

from collections.abc import Iterator
from decimal import Decimal

from apps.core.errors import Invalid

from .figures import Indicator, LevelLimits, Parameters, Response, Threshold, Unit
from .specs import SPECS

_WEIGHT_MAX = 100
_PLACES_MAX = 10
"""As many as a reading stores of its thresholds."""
_DAY_MINUTES = 24 * 60

_OF_UNIT: dict[Unit, tuple[Decimal, Decimal]] = {
    Unit.SHARE: (Decimal(0), Decimal(1)),
    Unit.FACTOR: (Decimal(0), Decimal(100)),
    Unit.SECONDS: (Decimal(1), Decimal(7 * 24 * 3_600)),
}
_LEAST = Decimal("0.01")
"""Nothing is ever below 0, so a limit of 0 would switch an alarm off."""
_OF_WHAT_FALLS = (_LEAST, Decimal(100))
_GAP = (Decimal(-1), Decimal(1))
"""A gap may be told of before it is one."""

_LIMITS: dict[str, tuple[Decimal | int, Decimal | int]] = {
    "elevated_l1": (_LEAST, Decimal(1)),
    "elevated_daily_redemptions": (Decimal(0), Decimal(1)),
    "elevated_nav_volatility": (Decimal(0), Decimal(1)),
    "high_l1": (_LEAST, Decimal(1)),
    "high_coverage": (_LEAST, Decimal(100)),
    "high_daily_redemptions": (Decimal(0), Decimal(1)),
    "critical_l1_l2": (_LEAST, Decimal(1)),
    "critical_failures_in_a_row": (1, 20),
    "better_runs": (1, 60),
    "unknown_warns_after_minutes": (0, 120),
}
_TIMES: dict[str, tuple[int, int]] = {
    # A level older than 15 minutes counts as unknown for what depends on it.
    "calm_minutes": (1, 10),
    "alert_minutes": (1, 10),
    "escalate_again_minutes": (1, _DAY_MINUTES),
    "escalate_critical_minutes": (1, 2 * _DAY_MINUTES),
    "flapping_minutes": (0, _DAY_MINUTES),
    "recovery_minutes": (1, 7 * _DAY_MINUTES),
}


class BadParameters(Invalid):
    """Parameters that contradict each other, or are out of all reason."""


def refuse_unless_sound(parameters: Parameters) -> None:
    """Check every parameter by itself and against the others.

    Raises:
        BadParameters: with all that is wrong, a sentence each.
    """
    wrong = [
        *_thresholds(parameters),
        *_levels(parameters.levels),
        *_response(parameters.response),
    ]
    if wrong:
        raise BadParameters(" ".join(wrong))


def _thresholds(parameters: Parameters) -> Iterator[str]:
    if set(parameters.thresholds) != set(Indicator):
        yield "Every indicator has its thresholds."
        return
    for indicator in Indicator:
        yield from _threshold(indicator, parameters.thresholds[indicator])
    if sum(threshold.weight for threshold in parameters.thresholds.values()) <= 0:
        yield "At least one indicator has a weight above 0."


def _threshold(indicator: Indicator, threshold: Threshold) -> Iterator[str]:
    spec = SPECS[indicator]
    low, high = _range(indicator)
    for name, value in (("warning", threshold.warning), ("critical", threshold.critical)):
        if not _is_sound(value, low, high):
            yield (
                f"{spec.title}: {name} lies between {low} and {high}, with at most"
                f" {_PLACES_MAX} decimals."
            )
            return
    if spec.worse == "below" and threshold.critical > threshold.warning:
        yield f"{spec.title}: critical is never above warning."
    if spec.worse == "above" and threshold.critical < threshold.warning:
        yield f"{spec.title}: critical is never below warning."
    if not 0 <= threshold.weight <= _WEIGHT_MAX:
        yield f"{spec.title}: its weight lies between 0 and {_WEIGHT_MAX}."


def _range(indicator: Indicator) -> tuple[Decimal, Decimal]:
    if indicator is Indicator.LIQUIDITY_GAP_7D:
        return _GAP
    spec = SPECS[indicator]
    return _OF_WHAT_FALLS if spec.worse == "below" else _OF_UNIT[spec.unit]


def _levels(limits: LevelLimits) -> Iterator[str]:
    for name, (low, high) in _LIMITS.items():
        if not _is_sound(getattr(limits, name), low, high):
            yield f"{name} lies between {low} and {high}."
    if limits.high_l1 > limits.elevated_l1:
        yield "high_l1 is never above elevated_l1."
    if limits.high_daily_redemptions < limits.elevated_daily_redemptions:
        yield "high_daily_redemptions is never below elevated_daily_redemptions."


def _response(response: Response) -> Iterator[str]:
    for name, (low, high) in _TIMES.items():
        if not low <= getattr(response, name) <= high:
            yield f"{name} lies between {low} and {high}."
    if response.alert_minutes > response.calm_minutes:
        yield "alert_minutes is never above calm_minutes."
    if response.escalate_critical_minutes <= response.escalate_again_minutes:
        yield "escalate_critical_minutes is above escalate_again_minutes."


def _is_sound(value: Decimal | int, low: Decimal | int, high: Decimal | int) -> bool:
    if isinstance(value, Decimal):
        exponent = value.as_tuple().exponent
        if not isinstance(exponent, int) or -exponent > _PLACES_MAX:
            return False
    return low <= value <= high
