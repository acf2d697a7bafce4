"""How incidents look over REST; amounts in base units."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.api import AmountField
from apps.risk.models import Incident
from apps.risk.queries import ActionView, IncidentView
from apps.risk.rules.life import Phase

from .figures import one_of


class IncidentRow(serializers.Serializer):
    """An emergency in a list."""

    id = serializers.CharField(source="pk")
    cause = serializers.CharField(help_text=one_of(Incident.Cause.values))
    summary = serializers.CharField()
    phase = serializers.CharField(help_text=one_of(Phase))
    phase_since = serializers.DateTimeField()
    opened_at = serializers.DateTimeField()
    opened_by = serializers.CharField()
    closed_at = serializers.DateTimeField(allow_null=True)
    closed_by = serializers.CharField()
    duration_seconds = serializers.SerializerMethodField()

    def get_duration_seconds(self, row: Incident) -> int:
        """From its opening to its end, or until now; whole seconds."""
        until = row.closed_at or self.context["at"]
        return max(int((until - row.opened_at).total_seconds()), 0)


class IncidentStep(serializers.Serializer):
    """A line of the timeline."""

    event = serializers.CharField(source="kind")
    timestamp = serializers.DateTimeField(source="at")
    by = serializers.CharField(source="actor")
    text = serializers.CharField()


class IncidentChecklistRow(serializers.Serializer):
    """Something people see to."""

    id = serializers.CharField(source="pk")
    title = serializers.CharField()
    help = serializers.CharField()
    done_at = serializers.DateTimeField(allow_null=True)
    done_by = serializers.CharField()
    note = serializers.CharField()


class IncidentActionRow(serializers.Serializer):
    """Something that was asked for, and what became of it."""

    kind = serializers.CharField(source="row.kind")
    title = serializers.CharField()
    state = serializers.CharField()
    explanation = serializers.CharField(source="row.explanation")
    ticket_id = serializers.SerializerMethodField()
    plan_id = serializers.SerializerMethodField()
    at = serializers.DateTimeField(source="row.at")

    def get_ticket_id(self, action: ActionView) -> str | None:
        """The ticket that decides it."""
        return None if action.row.ticket_id is None else str(action.row.ticket_id)

    def get_plan_id(self, action: ActionView) -> str | None:
        """The plan that raises liquidity."""
        return None if action.row.plan_id is None else str(action.row.plan_id)


class IncidentGap(serializers.Serializer):
    """What is missing, and how it was worked out."""

    amount = AmountField(source="assets")
    formula = serializers.CharField()


class IncidentContact(serializers.Serializer):
    """Whom to call about an asset."""

    token = serializers.CharField()
    symbol = serializers.CharField()
    issuer = serializers.CharField()
    otc_contact = serializers.CharField()
    value = AmountField(source="value_assets", allow_null=True)


class IncidentDetail(IncidentRow):
    """An emergency with its timeline, checklist and actions."""

    lessons = serializers.CharField()
    gap = serializers.SerializerMethodField()
    timeline = serializers.SerializerMethodField()
    checklist = serializers.SerializerMethodField()
    actions = serializers.SerializerMethodField()
    contacts = serializers.SerializerMethodField()

    @property
    def _view(self) -> IncidentView:
        view: IncidentView = self.context["view"]
        return view

    @extend_schema_field(IncidentGap(allow_null=True))
    def get_gap(self, row: Incident) -> dict[str, Any] | None:  # noqa: ARG002 - DRF's signature
        """Null until it could be worked out."""
        return dict(IncidentGap(self._view.gap).data) if self._view.gap else None

    @extend_schema_field(IncidentStep(many=True))
    def get_timeline(self, row: Incident) -> list[Any]:  # noqa: ARG002
        """Oldest first."""
        return list(IncidentStep(self._view.entries, many=True).data)

    @extend_schema_field(IncidentChecklistRow(many=True))
    def get_checklist(self, row: Incident) -> list[Any]:  # noqa: ARG002
        """In its order."""
        return list(IncidentChecklistRow(self._view.checklist, many=True).data)

    @extend_schema_field(IncidentActionRow(many=True))
    def get_actions(self, row: Incident) -> list[Any]:  # noqa: ARG002
        """In the order they were asked for."""
        return list(IncidentActionRow(self._view.actions, many=True).data)

    @extend_schema_field(IncidentContact(many=True))
    def get_contacts(self, row: Incident) -> list[Any]:  # noqa: ARG002
        """Whom to call about L3 assets, the largest first."""
        return list(IncidentContact(self._view.contacts, many=True).data)
