"""The fund's risk at a glance: level, score, and every indicator in its group."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field, inline_serializer
from rest_framework import serializers

from apps.chain import queries as chain
from apps.risk import queries
from apps.risk.queries.board import Board, board_now
from apps.risk.rules.figures import Group, Indicator, Level, Severity, Status
from apps.risk.rules.specs import SPECS

from .figures import FigureField, one_of

UNKNOWN = "UNKNOWN"
NOT_YET = "Risk has not been judged yet."

_GRAVEST_FIRST = (Status.CRITICAL, Status.UNKNOWN, Status.WARNING, Status.NORMAL)


class RiskIndicatorRow(serializers.Serializer):
    """One indicator. ``threshold`` is what it crossed, or would cross next to warn."""

    name = serializers.CharField()
    title = serializers.CharField()
    value = FigureField(allow_null=True, help_text="A share (0.1 is 10 %), seconds, or a factor.")
    unit = serializers.CharField()
    threshold = FigureField(allow_null=True)
    status = serializers.CharField(help_text=one_of(Status))
    warning_threshold = FigureField(allow_null=True)
    critical_threshold = FigureField(allow_null=True)
    headroom = FigureField(allow_null=True, help_text="How far it may move before it is worse.")
    share = FigureField(help_text="What it adds to the score.")
    meaning = serializers.CharField()
    infinite = serializers.BooleanField(help_text="Nothing is owed, so it has no bound.")
    too_few = serializers.BooleanField(help_text="Too small a sample to judge by.")
    unknown_since = serializers.DateTimeField(allow_null=True)


class RiskGroup(serializers.Serializer):
    """The indicators of a group; its status is the gravest of theirs."""

    status = serializers.CharField(help_text=one_of(Status))
    indicators = RiskIndicatorRow(many=True)


@extend_schema_field(
    inline_serializer("RiskIndicators", {group.value.lower(): RiskGroup() for group in Group})
)
class GroupsField(serializers.Field):
    """Groups by name."""

    def to_representation(self, value: dict[str, Any]) -> dict[str, Any]:
        return {name: RiskGroup(group).data for name, group in value.items()}


class OpenRiskEvents(serializers.Serializer):
    """How many risk events are not resolved."""

    critical = serializers.IntegerField()
    warning = serializers.IntegerField()
    info = serializers.IntegerField()


class RiskStatus(serializers.Serializer):
    """The last judgement. ``overallLevel`` is UNKNOWN before the first one, and where the last said
    NORMAL but the next ones have not come."""

    overall_level = serializers.CharField(help_text=one_of([*Level, UNKNOWN]))
    overall_score = FigureField(allow_null=True, help_text="0 … 100; it explains, it does not set.")
    reasons = serializers.ListField(child=serializers.CharField())
    level_since = serializers.DateTimeField(allow_null=True)
    stale = serializers.BooleanField(help_text="The runs that were due have not come.")
    indicators = GroupsField()
    open_events = OpenRiskEvents()
    incident_id = serializers.CharField(allow_null=True, help_text="The open emergency, if any.")
    block_number = serializers.IntegerField(allow_null=True)
    policy_version = serializers.IntegerField(allow_null=True)
    last_updated = serializers.DateTimeField(allow_null=True)


def status_now(*, at: datetime) -> dict[str, Any]:
    """What :class:`RiskStatus` shows, from rows alone."""
    board = board_now(at=at)
    incident = queries.open_incident(chain_id=chain.fund_chain().chain_id)
    beside = {
        "open_events": _open_events(),
        "incident_id": str(incident.pk) if incident else None,
    }
    return {**(_judged(board) if board else _unjudged()), **beside}


def _judged(board: Board) -> dict[str, Any]:
    run = board.run
    is_lost = board.overdue and run.level is Level.NORMAL
    reasons = list(run.reasons)
    if board.overdue:
        reasons.insert(0, f"Risk was judged last at {run.at:%Y-%m-%d %H:%M:%S} UTC, not since.")
    return {
        "overall_level": UNKNOWN if is_lost else run.level.value,
        "overall_score": run.score,
        "reasons": reasons,
        "level_since": board.since,
        "stale": board.overdue,
        "indicators": _groups([_row(reading) for reading in run.readings]),
        "block_number": run.block_number,
        "policy_version": run.policy_version,
        "last_updated": run.at,
    }


def _unjudged() -> dict[str, Any]:
    """Every indicator unknown: nobody has looked, so nothing is in order."""
    return {
        "overall_level": UNKNOWN,
        "overall_score": None,
        "reasons": [NOT_YET],
        "level_since": None,
        "stale": True,
        "indicators": _groups([_unknown(indicator) for indicator in Indicator]),
        "block_number": None,
        "policy_version": None,
        "last_updated": None,
    }


def _row(reading: queries.ReadingView) -> dict[str, Any]:
    is_critical = reading.status is Status.CRITICAL
    return {
        "name": reading.indicator.value,
        "group": reading.group,
        "title": reading.title,
        "value": reading.value,
        "unit": reading.unit.value,
        "threshold": reading.critical if is_critical else reading.warning,
        "status": reading.status.value,
        "warning_threshold": reading.warning,
        "critical_threshold": reading.critical,
        "headroom": reading.headroom,
        "share": reading.share,
        "meaning": reading.meaning,
        "infinite": reading.infinite,
        "too_few": reading.too_few,
        "unknown_since": reading.unknown_since,
    }


def _unknown(indicator: Indicator) -> dict[str, Any]:
    spec = SPECS[indicator]
    return {
        "name": indicator.value,
        "group": spec.group,
        "title": spec.title,
        "value": None,
        "unit": spec.unit.value,
        "threshold": None,
        "status": Status.UNKNOWN.value,
        "warning_threshold": None,
        "critical_threshold": None,
        "headroom": None,
        "share": None,
        "meaning": NOT_YET,
        "infinite": False,
        "too_few": False,
        "unknown_since": None,
    }


def _groups(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    groups = {}
    for group in Group:
        mine = [row for row in rows if row["group"] is group]
        worst = min((_GRAVEST_FIRST.index(Status(row["status"])) for row in mine), default=1)
        groups[group.value.lower()] = {
            "status": _GRAVEST_FIRST[worst].value,
            "indicators": mine,
        }
    return groups


def _open_events() -> dict[str, int]:
    """Of each severity; one statement."""
    counted = Counter(queries.events(resolved=False).values_list("severity", flat=True))
    return {severity.value.lower(): counted[severity.value] for severity in Severity}
