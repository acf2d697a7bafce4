"""What lists of risk may be narrowed to, and what the bodies of answers say."""

from datetime import datetime, timedelta
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from apps.core.api import PeriodSerializer
from apps.risk.rules.figures import EventType, Horizon, Indicator, Severity

SPAN_DEFAULT = timedelta(days=7)
SPAN_MAX = timedelta(days=731)
_ASKED_AS = {"start_date": "startDate", "end_date": "endDate"}

PERIOD = [
    OpenApiParameter(
        "startDate",
        OpenApiTypes.STR,
        description="From this day (2026-03-01) or instant (2026-03-01T08:00:00Z) on, UTC.",
    ),
    OpenApiParameter(
        "endDate",
        OpenApiTypes.STR,
        description="Up to this day, itself included, or before this instant; UTC.",
    ),
]
EVENTS = [
    OpenApiParameter("severity", OpenApiTypes.STR, enum=[item.value for item in Severity]),
    OpenApiParameter("resolved", OpenApiTypes.BOOL, description="Over, or not over yet."),
    OpenApiParameter("type", OpenApiTypes.STR, enum=[item.value for item in EventType]),
    OpenApiParameter(
        "indicator",
        OpenApiTypes.STR,
        description="An indicator (l1_ratio), \"level\", a contract's event or a forecast's name.",
    ),
    *PERIOD,
]
HISTORY = [
    OpenApiParameter(
        "indicator", OpenApiTypes.STR, required=True, enum=[item.value for item in Indicator]
    ),
    *PERIOD,
]
FORECAST = [
    OpenApiParameter(
        "horizon",
        OpenApiTypes.STR,
        enum=[item.value for item in Horizon],
        default=Horizon.SEVEN_DAYS.value,
    )
]


class _EventFilter(PeriodSerializer):
    severity = serializers.ChoiceField([item.value for item in Severity], required=False)
    resolved = serializers.ChoiceField(["true", "false"], required=False)
    type = serializers.ChoiceField([item.value for item in EventType], required=False)
    indicator = serializers.RegexField(
        r"\A[A-Za-z0-9_]{1,40}\Z",
        required=False,
        error_messages={"invalid": "Must be a name like l1_ratio."},
    )


class _HistoryFilter(PeriodSerializer):
    indicator = serializers.ChoiceField([item.value for item in Indicator])


class _ForecastFilter(serializers.Serializer):
    horizon = serializers.ChoiceField(
        [item.value for item in Horizon], default=Horizon.SEVEN_DAYS.value
    )


class AcknowledgeRequest(serializers.Serializer):
    """What the one who takes care of it has to say, if anything."""

    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=2_000)


class SnoozeRequest(serializers.Serializer):
    """Until when it can wait, and why."""

    until = serializers.DateTimeField(help_text="Within the next 24 hours.")
    reason = serializers.CharField(max_length=2_000)


class ResolveRequest(serializers.Serializer):
    """How it was resolved."""

    resolution = serializers.CharField(max_length=2_000)


class EmergencyRequest(serializers.Serializer):
    """Why the emergency protocol is wanted."""

    reason = serializers.CharField(max_length=400)


def events_asked(request: Request) -> dict[str, Any]:
    """The query string as arguments of ``queries.events``.

    Raises:
        ValidationError: by field, where a value makes no sense.
    """
    read = _read(_EventFilter, request)
    resolved = read.get("resolved")
    return {
        "severity": read.get("severity"),
        "resolved": None if resolved is None else resolved == "true",
        "event_type": read.get("type"),
        "indicator": read.get("indicator"),
        "start": read.get("start_date"),
        "end": read.get("end_date"),
    }


def history_asked(request: Request, *, at: datetime) -> tuple[Indicator, datetime, datetime]:
    """Which indicator, from when and until before when; the last seven days unless said.

    Raises:
        ValidationError: by field, where a value makes no sense.
    """
    read = _read(_HistoryFilter, request)
    end = read.get("end_date") or at
    try:
        start = read.get("start_date") or end - SPAN_DEFAULT
    except OverflowError as early:
        raise serializers.ValidationError({"end_date": ["Too early."]}) from early
    if start >= end:
        raise serializers.ValidationError({"start_date": ["Must be before the end, or now."]})
    if end - start > SPAN_MAX:
        raise serializers.ValidationError(
            {"start_date": [f"At most {SPAN_MAX.days} days at once."]}
        )
    return Indicator(read["indicator"]), start, end


def horizon_asked(request: Request) -> Horizon:
    """How far the forecast looks; seven days unless said.

    Raises:
        ValidationError: it is no horizon.
    """
    return Horizon(_read(_ForecastFilter, request)["horizon"])


def _read(kind: type[serializers.Serializer], request: Request) -> dict[str, Any]:
    params = request.query_params
    asked = {str(name): _ASKED_AS.get(str(name), str(name)) for name in kind().fields}
    read = kind(data={name: params[word] for name, word in asked.items() if word in params})
    read.is_valid(raise_exception=True)
    return dict(read.validated_data)
