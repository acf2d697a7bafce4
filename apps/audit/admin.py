"""The audit trail, to look at."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import FieldTextFilter, RangeDateTimeFilter

from apps.audit.models import OperationLog
from apps.core.admin import ReadOnlyAdmin
from apps.core.display import plain_address, status_pill, unknown, when


@admin.register(OperationLog)
class OperationLogAdmin(ReadOnlyAdmin):
    """Who did what, newest first, with the proof that it was sealed."""

    list_display = ["time", "who", "role", "action", "object", "outcome", "level", "seal_no"]
    list_filter = [
        ("at", RangeDateTimeFilter),
        "level",
        ("action", FieldTextFilter),
        ("object_type", FieldTextFilter),
    ]
    search_fields = ["actor_name", "object_id", "action", "request_id", "ip", "actor_wallet"]
    search_help_text = "Name, wallet, IP, action, object or request id"
    ordering = ["-id"]
    fieldsets = [
        ("What", {"fields": ["time", "action", "object", "outcome", "level", "before", "after"]}),
        (
            "Who",
            {
                "fields": [
                    "actor_kind",
                    "actor_name",
                    "role",
                    "actor_wallet",
                    "ip",
                    "user_agent",
                    "request_id",
                ]
            },
        ),
        ("Proof", {"fields": ["recorded", "seal_no", "seal_hash"]}),
    ]
    readonly_fields = ["time", "role", "object", "outcome", "recorded", "seal_no", "seal_hash"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[OperationLog]:
        """With the seal, which every row of the list shows."""
        return OperationLog.objects.select_related("seal")

    @admin.display(description="Time", ordering="id")
    def time(self, row: OperationLog) -> SafeString:
        """When it happened."""
        return when(row.at)

    @admin.display(description="Who", ordering="actor_name")
    def who(self, row: OperationLog) -> str | SafeString:
        """The person, timer or contract; an address in a contract's name in short form."""
        if row.actor_kind == "user":
            return row.actor_name
        kind, _, contract = row.actor_name.partition(" ")
        if contract.startswith("0x"):
            return plain_address(contract, f"{kind} (chain)")
        return f"{row.actor_name} ({row.actor_kind})"

    @admin.display(description="Role", ordering="actor_role")
    def role(self, row: OperationLog) -> str | SafeString:
        """The roles the person held then."""
        return row.actor_role or unknown("Only people act by a role")

    @admin.display(description="Recorded")
    def recorded(self, row: OperationLog) -> SafeString:
        """When it was written, by the database's clock."""
        return when(row.recorded_at)

    @admin.display(description="Object")
    def object(self, row: OperationLog) -> str:
        """What it was done to."""
        return f"{row.object_type} {row.object_id}"

    @admin.display(description="Result", ordering="result")
    def outcome(self, row: OperationLog) -> SafeString:
        """OK, or why not."""
        return status_pill(row.result, "good" if row.result == "OK" else "warn")

    @admin.display(description="Seal")
    def seal_no(self, row: OperationLog) -> str | SafeString:
        """The place in the hash chain."""
        seal = getattr(row, "seal", None)
        return str(seal.sequence) if seal else unknown("Waits for the sealer, a second or two")

    @admin.display(description="Hash")
    def seal_hash(self, row: OperationLog) -> str | SafeString:
        """The hash over this row and the one before it."""
        seal = getattr(row, "seal", None)
        return seal.hash if seal else unknown("Not sealed yet")
