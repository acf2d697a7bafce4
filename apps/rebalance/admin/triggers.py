"""Everything that asked for a plan, and why it got one or none."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from apps.core import display
from apps.core.admin import ReadOnlyAdmin
from apps.core.admin_filters import DayRangeFilter
from apps.rebalance.models import TriggerEvent
from apps.rebalance.templatetags.rebalance import outcome


@admin.register(TriggerEvent)
class TriggerEventAdmin(ReadOnlyAdmin):
    """Triggers, the newest first; one that says the same again is counted, not repeated."""

    list_display = ("last", "by_kind", "why", "led_to", "counted", "since")
    list_display_links = None
    list_filter = (
        ("kind", ChoicesDropdownFilter),
        ("outcome", ChoicesDropdownFilter),
        ("last_at", DayRangeFilter),
    )
    search_fields = ("reason", "explanation")
    search_help_text = "Words of the reason, or of why there was no plan"
    ordering = ("-last_at", "-id")
    list_filter_sheet = True
    list_before_template = "admin/rebalance/styles.html"
    fields = ("last", "by_kind", "why", "led_to", "counted", "since")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[TriggerEvent]:
        rows: QuerySet[TriggerEvent] = super().get_queryset(request)
        return rows.select_related("plan")

    @admin.display(description="Last", ordering="last_at")
    def last(self, row: TriggerEvent) -> SafeString:
        return display.when(row.last_at)

    @admin.display(description="Kind", ordering="kind")
    def by_kind(self, row: TriggerEvent) -> SafeString:
        return display.status_pill(row.kind, "neutral")

    @admin.display(description="Why")
    def why(self, row: TriggerEvent) -> SafeString:
        return format_html('<bdi class="rb-words">{}</bdi>', row.reason)

    @admin.display(description="What came of it", ordering="outcome")
    def led_to(self, row: TriggerEvent) -> SafeString:
        return outcome(row)

    @admin.display(description="Times", ordering="times")
    def counted(self, row: TriggerEvent) -> SafeString:
        return display.integer(row.times)

    @admin.display(description="First", ordering="first_at")
    def since(self, row: TriggerEvent) -> SafeString:
        return display.age(row.first_at)
