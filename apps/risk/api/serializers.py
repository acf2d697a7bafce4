"""How risk events look over REST."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.audit import queries as audit
from apps.risk import queries
from apps.risk.models import RiskEvent
from apps.risk.rules.figures import EventType, Severity, Unit
from apps.risk.rules.life import EventStatus

from .figures import FigureField, one_of


class RiskEventRow(serializers.Serializer):
    """A risk event in a list."""

    id = serializers.CharField(source="pk")
    type = serializers.CharField(help_text=one_of(EventType))
    indicator = serializers.CharField()
    severity = serializers.CharField(help_text=one_of(Severity))
    message = serializers.CharField()
    value = FigureField(allow_null=True)
    worst_value = FigureField(allow_null=True)
    threshold = FigureField(allow_null=True)
    unit = serializers.CharField(help_text=f"{one_of(Unit)} Or empty.")
    status = serializers.CharField(help_text=one_of(EventStatus))
    opened_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()
    duration_seconds = serializers.SerializerMethodField()
    times = serializers.IntegerField(help_text="How often it was seen.")
    flaps = serializers.IntegerField(help_text="How often it came back by itself.")
    escalations = serializers.IntegerField(help_text="How often it was told again, unanswered.")
    escalates_at = serializers.DateTimeField(source="escalate_at", allow_null=True)
    snoozed_until = serializers.DateTimeField(allow_null=True)
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    acknowledged_by = serializers.CharField()
    resolved = serializers.SerializerMethodField()
    resolved_at = serializers.DateTimeField(allow_null=True)
    resolved_by = serializers.CharField()
    resolved_by_itself = serializers.BooleanField(source="by_itself")
    resolution = serializers.CharField()

    def get_duration_seconds(self, row: RiskEvent) -> int:
        """From its first opening to its end, or until now; whole seconds."""
        lasted: timedelta = queries.duration(row, at=self.context["at"])
        return int(lasted.total_seconds())

    def get_resolved(self, row: RiskEvent) -> bool:
        """Whether it is over."""
        return bool(row.status == EventStatus.RESOLVED)


class EventFigure(serializers.Serializer):
    """A figure behind an event."""

    name = serializers.CharField()
    value = serializers.CharField()


class RiskEventStep(serializers.Serializer):
    """Something that happened to an event. ``event`` is a stable code: opened, reopened, worsened,
    escalated, acknowledged, snoozed, resolved."""

    event = serializers.SerializerMethodField()
    timestamp = serializers.DateTimeField(source="at")
    by = serializers.CharField(source="actor_name")
    text = serializers.SerializerMethodField()

    def get_event(self, row: Any) -> str:
        """The verb alone."""
        return str(row.action).rpartition(".")[2]

    def get_text(self, row: Any) -> str:
        """What was said: a message, note, reason or resolution."""
        said = row.after or {}
        names = ("message", "note", "reason", "resolution")
        return next((str(said[name]) for name in names if said.get(name)), "")


class EventNotification(serializers.Serializer):
    """One message about an event by one channel."""

    at = serializers.DateTimeField()
    subject = serializers.CharField()
    channel = serializers.CharField()
    addressed = serializers.IntegerField(help_text="To how many people or places it goes.")
    arrived = serializers.IntegerField(help_text="How many of them it has reached,")
    lost = serializers.IntegerField(help_text="how many it never will,")
    waiting = serializers.IntegerField(help_text="and how many it is on its way to.")
    error = serializers.CharField(help_text="Why it did not arrive.")


class RiskEventDetail(RiskEventRow):
    """A risk event with the figures behind it and everything that happened to it."""

    told_severity = serializers.CharField(help_text="The gravest that people were told of.")
    quiet = serializers.BooleanField(help_text="It flaps; this time nobody was told.")
    acknowledge_note = serializers.CharField()
    snoozed_by = serializers.CharField()
    snooze_reason = serializers.CharField()
    details = serializers.SerializerMethodField()
    timeline = serializers.SerializerMethodField()
    notifications = serializers.SerializerMethodField()

    @extend_schema_field(EventFigure(many=True))
    def get_details(self, row: RiskEvent) -> list[dict[str, str]]:
        """Figures by their labels."""
        return [{"name": str(name), "value": str(it)} for name, it in row.details.items()]

    @extend_schema_field(RiskEventStep(many=True))
    def get_timeline(self, row: RiskEvent) -> Sequence[Any]:
        """Oldest first."""
        return list(RiskEventStep(audit.trail("riskevent", str(row.pk)), many=True).data)

    @extend_schema_field(EventNotification(many=True))
    def get_notifications(self, row: RiskEvent) -> Sequence[Any]:
        """Who was told, oldest first."""
        return list(EventNotification(queries.deliveries(row.pk), many=True).data)
