"""What the report endpoints take and give."""

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


class ReportRequestSerializer(serializers.Serializer[Any]):
    """Ask for a report: DAILY with ``date``, or CUSTOM with ``startDate`` and ``endDate``."""

    kind = serializers.ChoiceField(choices=[kind.value for kind in Kind])
    date = serializers.DateField(required=False)
    start_date = serializers.DateTimeField(required=False)
    end_date = serializers.DateTimeField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Exactly the fields of the kind."""
        needed = {"date"} if attrs["kind"] == Kind.DAILY else {"start_date", "end_date"}
        given = set(attrs) - {"kind"}
        problems = {name: ["Is required for this kind."] for name in needed - given}
        problems |= {name: ["Does not belong to this kind."] for name in given - needed}
        if problems:
            raise serializers.ValidationError(problems)
        return attrs
