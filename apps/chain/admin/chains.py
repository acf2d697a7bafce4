"""How far each chain is read, and every switch to another branch."""

from typing import Any, ClassVar

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.chain import config as chain_config
from apps.chain.models import (
    Cursor,
    ReorgEvent,
)
from apps.core import display
from apps.core.admin import ReadOnlyAdmin


@admin.register(Cursor)
class CursorAdmin(ReadOnlyAdmin):
    """How far each chain is read: head, read, final, and what stopped it."""

    list_display = ("chain", "head", "read", "final", "polled", "node", "condition")
    fieldsets: ClassVar = [
        (None, {"fields": ["chain", "condition", "head", "read", "final", "polled", "node"]}),
        ("Hashes", {"fields": ["tip_hash", "final_hash", "epoch"]}),
    ]
    readonly_fields = ("chain", "condition", "head", "read", "final", "polled", "node")

    @admin.display(description="Chain")
    def chain(self, row: Cursor) -> str:
        try:
            return f"{chain_config.chain(row.chain_id).name} ({row.chain_id})"
        except chain_config.UnknownChain:
            return f"{row.chain_id}, no longer configured"

    @admin.display(description="Node's head")
    def head(self, row: Cursor) -> SafeString:
        return _block_and_age(row.head_number, row.head_seen_at)

    @admin.display(description="Read up to")
    def read(self, row: Cursor) -> SafeString:
        return _block_and_age(row.next_block - 1, row.tip_seen_at)

    @admin.display(description="Final up to")
    def final(self, row: Cursor) -> SafeString:
        return _block_and_age(row.final_number, row.final_at)

    @admin.display(description="Last asked")
    def polled(self, row: Cursor) -> SafeString:
        return display.age(row.polled_at)

    @admin.display(description="Node")
    def node(self, row: Cursor) -> str:
        return row.provider

    @admin.display(description="Condition")
    def condition(self, row: Cursor) -> SafeString:
        if row.halted_reason:
            return format_html("{} {}", display.status_pill("Halted", "bad"), row.halted_reason)
        return display.status_pill("Reading", "good")


@admin.register(ReorgEvent)
class ReorgEventAdmin(ReadOnlyAdmin):
    """Every switch to another branch."""

    list_display = ("at", "chain_id", "ancestor_number", "depth", "orphaned_logs", "adopted_logs")
    ordering = ("-id",)


def _block_and_age(number: int | None, instant: Any) -> SafeString:
    if number is None:
        return display.unknown("Nothing read yet")
    return format_html("{} · {}", display.integer(number), display.age(instant))
