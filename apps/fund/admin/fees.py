"""The fee ledger, with what is accrued, withdrawn and pending above it, and how it is paid out."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import RangeDateTimeFilter

from apps.core import clock, display
from apps.core.actor import Actor
from apps.core.admin import carry_out
from apps.core.units import format_amount, to_decimal
from apps.fund import operations, queries
from apps.fund.models import FeeDirection, FeeEntry
from apps.fund.rules.tickets import ACCRUED_FEES, FEE_WITHDRAW, REDEMPTION_FEES

from .base import LogRowAdmin
from .doors import PROPOSE_FEES, Door, assets_in, door, retry

_PAGE = ("admin:fund_feeentry_changelist", None)


@admin.register(FeeEntry)
class FeeEntryAdmin(LogRowAdmin):
    """Every accrual and withdrawal."""

    list_display = ("when", "kind", "way", "amount", "basis", "recipient_", "transaction")
    list_filter = ("kind", "direction", ("at", RangeDateTimeFilter))
    list_before_template = "admin/fund/fees_before.html"
    search_fields = ("recipient", "tx_hash")
    search_help_text = "Recipient or transaction hash"
    fields = (
        *("when", "kind", "way", "amount", "basis", "period", "mark", "recipient_"),
        *("block", "transaction"),
    )
    readonly_fields = fields

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path(
                "withdraw-redemption/",
                wrap(require_POST(self.redemption_view)),
                name="fund_fees_redemption",
            ),
            path(
                "withdraw-accrued/",
                wrap(require_POST(self.accrued_view)),
                name="fund_fees_accrued",
            ),
            path(
                "retry/<int:ticket_id>/",
                wrap(require_POST(self.retry_view)),
                name="fund_fees_retry",
            ),
            *super().get_urls(),
        ]

    def panel(self, request: HttpRequest, changelist: ChangeList) -> dict[str, Any]:
        at, overview = clock.now(), queries.latest_overview()
        pending = overview.redemption_fees_withdrawable_assets if overview else None
        return {
            "periods": _periods(overview.block_at if overview else at),
            "overview": overview,
            "redemption_door": _door(request, overview, REDEMPTION_FEES),
            "accrued_door": _door(request, overview, ACCRUED_FEES),
            "redemption_pending": to_decimal(pending or 0),
        }

    def redemption_view(self, request: HttpRequest) -> HttpResponse:
        """Ask people to pay redemption fees out."""

        def act() -> str:
            ticket = operations.propose_redemption_fees(
                assets=assets_in(request.POST, "amount"),
                reason=request.POST.get("reason", ""),
                actor=Actor.of_request(request),
                at=clock.now(),
            )
            return f"Ticket #{ticket} asks for it. Nothing is paid before two people approve."

        return carry_out(request, permission=PROPOSE_FEES, back_to=_PAGE, act=act)

    def accrued_view(self, request: HttpRequest) -> HttpResponse:
        """Ask people to collect management and performance fees."""

        def act() -> str:
            ticket = operations.propose_accrued_fees(
                reason=request.POST.get("reason", ""),
                actor=Actor.of_request(request),
                at=clock.now(),
            )
            return f"Ticket #{ticket} asks for it. Nothing is paid before two people approve."

        return carry_out(request, permission=PROPOSE_FEES, back_to=_PAGE, act=act)

    def retry_view(self, request: HttpRequest, ticket_id: int) -> HttpResponse:
        """Send a decided withdrawal again."""
        return retry(request, ticket_id, back_to=_PAGE)

    @admin.display(description="Direction", ordering="direction")
    def way(self, row: FeeEntry) -> SafeString:
        tone = "info" if row.direction == FeeDirection.ACCRUED else "good"
        return display.status_pill(row.get_direction_display(), tone)

    @admin.display(description="Amount", ordering="assets")
    def amount(self, row: FeeEntry) -> SafeString:
        return display.money(row.assets)

    @admin.display(description="Taken on")
    def basis(self, row: FeeEntry) -> SafeString:
        return display.money(row.basis_assets, reason="The event does not say")

    @admin.display(description="Period")
    def period(self, row: FeeEntry) -> SafeString | str:
        if row.period_seconds is None:
            return display.unknown("The event does not say")
        return display.duration_text(row.period_seconds)

    @admin.display(description="High-water mark")
    def mark(self, row: FeeEntry) -> SafeString:
        return display.money(row.high_water_mark_assets, reason="Only performance fees have one")

    @admin.display(description="Recipient")
    def recipient_(self, row: FeeEntry) -> SafeString:
        if not row.recipient:
            return display.unknown("The event does not say")
        return display.address(row.recipient, chain_id=row.chain_id)


def _periods(at: datetime) -> list[tuple[str, list[queries.FeeTotals]]]:
    """Fees of this month, this quarter and all time, by the calendar of the fund's newest block."""
    month = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    quarter = month.replace(month=(month.month - 1) // 3 * 3 + 1)
    names = (f"{month:%B %Y}", f"Quarter {(month.month + 2) // 3} of {month.year}")
    totals = queries.fees_of([(month, None), (quarter, None), (None, None)])
    return list(zip((*names, "Since inception"), totals, strict=True))


def _door(request: HttpRequest, overview: queries.Overview | None, subject: str) -> Door | None:
    """The button of one kind of fees; None before the fund was ever read."""
    if overview is None:
        return None
    pending = queries.withdrawable_now(overview, redemption=subject == REDEMPTION_FEES)
    cash = overview.l1_cash_assets
    obstacle = ""
    if pending is None or cash is None:
        obstacle = "The contracts did not say how much there is."
    elif not pending:
        obstacle = "Nothing is pending."
    elif subject == ACCRUED_FEES and pending > cash:
        obstacle = f"The vault has only {format_amount(cash)} USDT in cash."
    return door(
        request,
        permission=PROPOSE_FEES,
        kind=FEE_WITHDRAW,
        subject_id=subject,
        chain_id=overview.chain_id,
        obstacle=obstacle,
    )
