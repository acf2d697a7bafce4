"""How far each chain is read, by which nodes; every reorg, and what checks found."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.chain import config as chain_config
from apps.chain.models import Cursor, Finding, ReorgEvent
from apps.chain.queries import overview, status
from apps.core import clock, display
from apps.core.admin import PageAdmin, ReadOnlyAdmin, number_in_path


@admin.register(Cursor)
class CursorAdmin(PageAdmin):
    """One line for each chain; each opens on the chain's page."""

    list_display = ("chain", "head", "read", "final", "lag", "polled", "node", "condition")

    @admin.display(description="Chain")
    def chain(self, row: Cursor) -> str:
        return _name(row)

    @admin.display(description="Node's head")
    def head(self, row: Cursor) -> SafeString:
        return _block_and_age(row.head_number, row.head_seen_at)

    @admin.display(description="Read up to")
    def read(self, row: Cursor) -> SafeString:
        return _block_and_age(row.next_block - 1 if row.tip_hash else None, row.tip_seen_at)

    @admin.display(description="Final up to")
    def final(self, row: Cursor) -> SafeString:
        return _block_and_age(row.final_number, row.final_at)

    @admin.display(description="Behind")
    def lag(self, row: Cursor) -> SafeString:
        if row.head_number is None:
            return display.unknown("Nothing read yet")
        behind = max(row.head_number - row.next_block + 1, 0)
        return format_html("{} block{}", display.integer(behind), "" if behind == 1 else "s")

    @admin.display(description="Last asked")
    def polled(self, row: Cursor) -> SafeString:
        return display.age(row.polled_at)

    @admin.display(description="Node")
    def node(self, row: Cursor) -> str:
        return row.provider

    @admin.display(description="Condition")
    def condition(self, row: Cursor) -> SafeString:
        if row.halted_reason:
            return display.status_pill("Halted", "bad")
        return display.status_pill("Reading", "good")

    def page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = Cursor.objects.filter(pk=number_in_path(object_id)).first()
        if row is None:
            raise Http404(f"No chain {object_id} is read.")
        at = clock.now()
        try:
            read = {
                "status": status(row.chain_id, at=at),
                "overview": overview(row.chain_id, at=at),
                "config": chain_config.chain(row.chain_id),
            }
        except chain_config.UnknownChain:
            read = {}
        processed = row.next_block - 1 if row.tip_hash else None
        context = {"row": row, "processed": processed, **read}
        return self.show(request, "admin/chain/chain_page.html", _name(row), context)


@admin.register(ReorgEvent)
class ReorgEventAdmin(ReadOnlyAdmin):
    """Every switch to another branch."""

    list_display = ("when", "chain_id", "place", "depth", "orphaned_logs", "adopted_logs")
    list_filter = ("chain_id",)
    ordering = ("-id",)

    @admin.display(description="Switched", ordering="id")
    def when(self, row: ReorgEvent) -> SafeString:
        return display.when(row.at)

    @admin.display(description="Left above block", ordering="ancestor_number")
    def place(self, row: ReorgEvent) -> SafeString:
        return display.integer(row.ancestor_number)


@admin.register(Finding)
class FindingAdmin(ReadOnlyAdmin):
    """Every difference between the chain and our rows; an open one is still there."""

    list_display = ("what", "told", "state", "seen", "times")
    list_filter = ("kind", ("closed_at", admin.EmptyFieldListFilter), "chain_id")
    search_fields = ("subject", "detail")
    search_help_text = "What differs"
    ordering = ("closed_at", "-last_seen_at")
    fieldsets: ClassVar = [
        (None, {"fields": ["what", "state", "told", "block"]}),
        ("Seen", {"fields": ["first", "seen", "times", "closed", "outcome"]}),
    ]
    readonly_fields = ("what", "state", "told", "block", "first", "seen", "times", "closed")

    @admin.display(description="Finding", ordering="kind")
    def what(self, row: Finding) -> SafeString:
        return format_html(
            '<strong><bdi>{}</bdi></strong><span class="sub">{}</span>',
            row.subject,
            row.get_kind_display(),
        )

    @admin.display(description="What each side says")
    def told(self, row: Finding) -> SafeString:
        return format_html("<bdi>{}</bdi>", row.detail)

    @admin.display(description="State", ordering="closed_at")
    def state(self, row: Finding) -> SafeString:
        if row.closed_at is None:
            return display.status_pill("Open", "bad")
        return display.status_pill("Closed", "neutral")

    @admin.display(description="Block")
    def block(self, row: Finding) -> SafeString:
        return display.integer(row.block_number, reason="It is about no one block")

    @admin.display(description="First seen")
    def first(self, row: Finding) -> SafeString:
        return display.when(row.first_seen_at)

    @admin.display(description="Last seen", ordering="last_seen_at")
    def seen(self, row: Finding) -> SafeString:
        return display.age(row.last_seen_at)

    @admin.display(description="Times seen", ordering="times_seen")
    def times(self, row: Finding) -> SafeString:
        return display.integer(row.times_seen)

    @admin.display(description="Closed")
    def closed(self, row: Finding) -> SafeString:
        return display.when(row.closed_at, reason="Still open")


def _name(row: Cursor) -> str:
    try:
        return f"{chain_config.chain(row.chain_id).name} ({row.chain_id})"
    except chain_config.UnknownChain:
        return f"{row.chain_id}, no longer configured"


def _block_and_age(number: int | None, instant: Any) -> SafeString:
    if number is None:
        return display.unknown("Nothing read yet")
    return format_html("{} · {}", display.integer(number), display.age(instant))
