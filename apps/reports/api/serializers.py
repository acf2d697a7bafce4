"""What the report endpoints take and give."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from apps.reports import queries
from apps.reports.models import ReportRun
from apps.reports.rules import Kind


class ReportSerializer(serializers.ModelSerializer[ReportRun]):
    """A run without its data."""

    title = serializers.SerializerMethodField()
    start_date = serializers.DateTimeField(source="period_start")
    end_date = serializers.DateTimeField(source="period_end")
    requested_by = serializers.CharField(source="requested_by_name")
    missing = serializers.IntegerField(
        source="missing_count", help_text="How many gaps in its data it names"
    )

    class Meta:
        model = ReportRun
        fields = [
            "id",
            "kind",
            "incident_id",
            "title",
            "start_date",
            "end_date",
            "status",
            "progress_percent",
            "missing",
            "error",
            "requested_by",
            "requested_at",
            "ready_at",
        ]

    def get_title(self, run: ReportRun) -> str:
        """What it is called."""
        return queries.title(run)


class ReportDetailSerializer(ReportSerializer):
    """A run with the data that its files are made from."""

    report: Any = serializers.JSONField(source="dataset", read_only=True)

    class Meta(ReportSerializer.Meta):
        fields = [*ReportSerializer.Meta.fields, "report"]


_FIELDS: Mapping[str, frozenset[str]] = {
    Kind.DAILY: frozenset({"date"}),
    Kind.CUSTOM: frozenset({"start_date", "end_date"}),
    Kind.LIQUIDITY: frozenset(),
    Kind.INCIDENT: frozenset({"incident_id"}),
}


class ReportRequestSerializer(serializers.Serializer[Any]):
    """Ask for a report: DAILY with ``date``, CUSTOM with ``startDate`` and ``endDate``, LIQUIDITY
    (as it stands now) with nothing more, INCIDENT with ``incidentId``."""

    kind = serializers.ChoiceField(choices=[kind.value for kind in Kind])
    date = serializers.DateField(required=False)
    start_date = serializers.DateTimeField(required=False)
    end_date = serializers.DateTimeField(required=False)
    incident_id = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Exactly the fields of the kind."""
        needed = _FIELDS[attrs["kind"]]
        given = set(attrs) - {"kind"}
        problems = {name: ["Is required for this kind."] for name in needed - given}
        problems |= {name: ["Does not belong to this kind."] for name in given - needed}
        if problems:
            raise serializers.ValidationError(problems)
        return attrs
