"""Each indicator against its thresholds, what it says in words, and its share of the score.

The score explains how much is wrong and what of it; the level (``levels``) is set by rules of its
own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_DOWN, Decimal, localcontext

from .figures import Indicator, Judged, Measured, Status, Threshold
from .specs import SPECS, Spec
from .words import limit_text, value_text

__all__ = ["SPECS", "Spec", "headroom", "judge", "score", "status_of"]

_FACTORS = {
    Status.NORMAL: Decimal(0),
    Status.WARNING: Decimal("0.5"),
    Status.UNKNOWN: Decimal("0.5"),
    Status.CRITICAL: Decimal(1),
}
"""How much of its weight an indicator adds; what is unknown may be bad, and counts as a warning."""
_SHARE_PLACES = Decimal("0.001")
_DIGITS = 50
_UNKNOWN_CHARACTERS_MAX = 300
_MEANING_CHARACTERS_MAX = 400


def judge(
    measured: Sequence[Measured], thresholds: Mapping[Indicator, Threshold]
) -> tuple[Judged, ...]:
    """Status, meaning and share of the score of each, in the order given.

    A share is weight ÷ all weights × 100, half of that for a warning and for what is unknown.
    Shares have three decimals and are rounded so that they add up to the score exactly.
    """
    weights = sum(thresholds[one.indicator].weight for one in measured)
    points, told = Decimal(0), Decimal(0)
    judged = []
    for one in measured:
        threshold = thresholds[one.indicator]
        status, known = status_of(one, threshold)
        points += threshold.weight * _FACTORS[status]
        so_far = _of_hundred(points, weights)
        judged.append(
            Judged(
                measured=known,
                threshold=threshold,
                status=status,
                share=so_far - told,
                meaning=_meaning(known, threshold, status)[:_MEANING_CHARACTERS_MAX],
            )
        )
        told = so_far
    return tuple(judged)


def score(judged: Sequence[Judged]) -> Decimal:
    """0 (nothing is wrong) … 100 (everything is critical): the sum of the shares."""
    return sum((one.share for one in judged), Decimal(0))


def status_of(measured: Measured, threshold: Threshold) -> tuple[Status, Measured]:
    """How a value stands, and the value as it is known: without one where it is unknown."""
    if measured.critical_by:
        return Status.CRITICAL, measured
    if measured.infinite or measured.too_few:
        return Status.NORMAL, measured
    if measured.value is None:
        return Status.UNKNOWN, _as_unknown(measured)
    status = _against(measured.value, threshold, SPECS[measured.indicator])
    if status is Status.NORMAL and measured.incomplete:
        return Status.UNKNOWN, _as_unknown(measured)
    return status, measured


def headroom(
    value: Decimal | None, *, indicator: Indicator, threshold: Threshold, status: Status
) -> Decimal | None:
    """How far the value may move before it stands worse, in its own unit; 0 when it is critical,
    None when there is no value."""
    if value is None:
        return None
    if status is Status.CRITICAL:
        return Decimal(0)
    limit = threshold.warning if status is Status.NORMAL else threshold.critical
    return value - limit if SPECS[indicator].worse == "below" else limit - value


def _against(value: Decimal, threshold: Threshold, spec: Spec) -> Status:
    if spec.is_beyond(value, threshold.critical, inclusive=spec.critical_inclusive):
        return Status.CRITICAL
    if spec.is_beyond(value, threshold.warning, inclusive=spec.warning_inclusive):
        return Status.WARNING
    return Status.NORMAL


def _as_unknown(measured: Measured) -> Measured:
    why = measured.unknown or measured.incomplete or "It is not known."
    return replace(measured, value=None, unknown=why[:_UNKNOWN_CHARACTERS_MAX])


def _of_hundred(points: Decimal, weights: int) -> Decimal:
    if not weights:
        return Decimal(0)
    with localcontext(prec=_DIGITS):
        return (100 * points / weights).quantize(_SHARE_PLACES, rounding=ROUND_DOWN)


def _meaning(measured: Measured, threshold: Threshold, status: Status) -> str:
    spec = SPECS[measured.indicator]
    if status is Status.UNKNOWN:
        return f"Unknown: {measured.unknown}"
    if measured.critical_by:
        return measured.critical_by
    if measured.too_few:
        return f"{measured.details.get('Note', 'Too few to judge by.')} Nothing to judge yet."
    if measured.infinite or measured.value is None:
        return spec.when_infinite
    said = spec.said(
        value_text(
            abs(measured.value), spec.unit, apart_from=(threshold.warning, threshold.critical)
        ),
        measured.value,
    )
    critical = _limit(spec, threshold.critical, inclusive=spec.critical_inclusive)
    warning = _limit(spec, threshold.warning, inclusive=spec.warning_inclusive)
    return {
        Status.NORMAL: f"{said}. It warns {warning}.",
        Status.WARNING: f"{said}. It warns {warning}, and is critical {critical}.",
        Status.CRITICAL: f"{said}. It is critical {critical}.",
    }[status] + (f" Not all is known: {measured.incomplete}." if measured.incomplete else "")


def _limit(spec: Spec, limit: Decimal, *, inclusive: bool) -> str:
    word = ("at or " if inclusive else "") + spec.worse
    return f"{word} {limit_text(limit, spec.unit)}"
