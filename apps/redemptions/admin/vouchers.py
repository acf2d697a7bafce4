"""Vouchers: who may settle which redemption."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core import display
from apps.core.admin import ReadOnlyAdmin
from apps.redemptions.models import Voucher, redemption_key


@admin.register(Voucher)
class VoucherAdmin(ReadOnlyAdmin):
    """The tokens that carry the right to settle a redemption."""

    list_display = ("number", "redemption", "holder", "minted", "moved", "transaction")
    search_fields = ("token_id", "request_id", "owner")
    search_help_text = "Voucher or request number, or owner's address"
    fields = (*list_display, "token")
    readonly_fields = fields

    @admin.display(description="Voucher", ordering="token_id")
    def number(self, row: Voucher) -> str:
        return f"#{row.token_id}"

    @admin.display(description="Redemption", ordering="request_id")
    def redemption(self, row: Voucher) -> SafeString:
        if row.request_id is None:
            return display.unknown("The manager has not said which")
        url = reverse(
            "admin:redemptions_redemption_change",
            args=[redemption_key(row.chain_id, row.request_id)],
        )
        return format_html('<a class="link" href="{}">#{}</a>', url, row.request_id)

    @admin.display(description="Owner, who may settle", ordering="owner")
    def holder(self, row: Voucher) -> SafeString:
        if not row.is_live:
            return display.status_pill("Settled, burned", "neutral")
        return display.address(row.owner, chain_id=row.chain_id)

    @admin.display(description="Minted", ordering="minted_at")
    def minted(self, row: Voucher) -> SafeString:
        return display.when(row.minted_at)

    @admin.display(description="Last moved", ordering="moved_at")
    def moved(self, row: Voucher) -> SafeString:
        return display.when(row.moved_at)

    @admin.display(description="Transaction")
    def transaction(self, row: Voucher) -> SafeString:
        return display.tx_link(row.chain_id, row.tx_hash)

    @admin.display(description="Voucher contract")
    def token(self, row: Voucher) -> SafeString:
        return display.address(row.contract, chain_id=row.chain_id)
