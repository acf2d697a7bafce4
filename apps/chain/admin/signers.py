"""Who signs for us: limits and what is taken of them, nonces, stops."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from apps.chain import operations
from apps.chain.admin.stops import STOP
from apps.chain.models import SignerAccount
from apps.chain.queries.signers import SignerView, signer_views
from apps.chain.rules import scopes
from apps.chain.rules.limits import Limits
from apps.core import clock, display
from apps.core.actor import Actor
from apps.core.admin import EnrichedAdmin, carry_out
from apps.core.errors import Invalid
from apps.core.units import from_decimal, to_decimal

_PAGE = "admin:chain_signeraccount_change"


class NotANumber(Invalid):
    """A limit is a number of USDT, or of transactions."""


@admin.register(SignerAccount)
class SignerAccountAdmin(EnrichedAdmin):
    """Each account that signs for us."""

    list_display = ("name_and_place", "account", "day", "per_transaction", "calls", "next", "state")
    ordering = ("chain_id", "id")
    change_form_outer_before_template = "admin/chain/signer_before.html"
    fieldsets: ClassVar = [
        (None, {"fields": ["name_and_place", "account", "state"]}),
        ("Limits in any 24 hours", {"fields": ["per_transaction", "day", "calls", "changed"]}),
        ("Nonces", {"fields": ["next", "unfinished"]}),
    ]
    readonly_fields = (
        *("name_and_place", "account", "state", "per_transaction", "day", "calls", "changed"),
        *("next", "unfinished"),
    )

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        doors = {"pause": self.pause_view, "limits": self.limits_view}
        return [
            *(
                path(f"<int:pk>/{name}/", wrap(require_POST(door)), name=f"chain_signer_{name}")
                for name, door in doors.items()
            ),
            *super().get_urls(),
        ]

    def enrich(self, rows: Sequence[SignerAccount]) -> None:
        by_key = {row.pk: row for row in rows}
        for key, view in signer_views(list(rows), at=clock.now()).items():
            by_key[key].__dict__["view"] = view

    def beside(self, request: HttpRequest, row: SignerAccount) -> dict[str, Any]:
        return {
            "per_transaction": to_decimal(row.per_transaction_assets),
            "per_day": to_decimal(row.per_day_assets),
            "stops": _view(row).stops,
        }

    def pause_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Stop whatever this account signs."""

        def act() -> str:
            row = get_object_or_404(SignerAccount, pk=pk)
            operations.stop_sending(
                scope=scopes.of_signer(row.chain_id, row.address),
                reason=request.POST.get("reason", ""),
                actor=Actor.of_request(request),
                at=clock.now(),
            )
            return f"{row.name} is paused. Two other people let it go on by a ticket."

        return carry_out(request, permission=STOP, back_to=(_PAGE, pk), act=act)

    def limits_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask another person for other limits."""

        def act() -> str:
            row = get_object_or_404(SignerAccount, pk=pk)
            ticket = operations.propose_limits(
                chain_id=row.chain_id,
                address=row.address,
                new=Limits(
                    per_transaction_assets=_assets(request, "per_transaction"),
                    per_day_assets=_assets(request, "per_day"),
                    calls_per_day=_count(request, "calls_per_day"),
                ),
                reason=request.POST.get("reason", ""),
                actor=Actor.of_request(request),
                at=clock.now(),
            )
            return f"Ticket #{ticket} asks for it. The old limits count until it is approved."

        return carry_out(request, permission="chain.propose_limits", back_to=(_PAGE, pk), act=act)

    @admin.display(description="Signer", ordering="name")
    def name_and_place(self, row: SignerAccount) -> SafeString:
        tier = "warm wallet, a Safe" if row.tier == "WARM" else "hot wallet"
        return format_html(
            '<strong>{}</strong><span class="sub">{}, chain {}</span>', row.name, tier, row.chain_id
        )

    @admin.display(description="Account")
    def account(self, row: SignerAccount) -> SafeString:
        return display.address(row.address, chain_id=row.chain_id)

    @admin.display(description="A transaction moves at most")
    def per_transaction(self, row: SignerAccount) -> SafeString:
        return display.money(row.per_transaction_assets)

    @admin.display(description="Moved in 24 h")
    def day(self, row: SignerAccount) -> SafeString:
        taken = _view(row).taken_assets
        return format_html(
            '{}<span class="sub">of {}</span>',
            display.money(taken),
            display.money(row.per_day_assets),
        )

    @admin.display(description="Sent in 24 h")
    def calls(self, row: SignerAccount) -> SafeString:
        taken = _view(row).taken_calls
        return format_html("{} of {}", display.integer(taken), display.integer(row.calls_per_day))

    @admin.display(description="Last changed by")
    def changed(self, row: SignerAccount) -> SafeString:
        return display.ticket(row.limits_ticket_id, reason="As the chain file had them at first")

    @admin.display(description="Next nonce")
    def next(self, row: SignerAccount) -> SafeString:
        return display.integer(row.next_nonce, reason="Not read from the chain yet")

    @admin.display(description="On their way")
    def unfinished(self, row: SignerAccount) -> SafeString:
        return display.integer(_view(row).unfinished)

    @admin.display(description="State")
    def state(self, row: SignerAccount) -> SafeString:
        stops = _view(row).stops
        if stops:
            reasons = format_html_join("; ", "<bdi>{}</bdi>", ((stop.reason,) for stop in stops))
            return format_html(
                '{}<span class="sub">{}</span>', display.status_pill("Stopped", "bad"), reasons
            )
        if row.trouble:
            return format_html(
                '{}<span class="sub"><bdi>{}</bdi></span>',
                display.status_pill("Key out of reach", "bad"),
                row.trouble,
            )
        return display.status_pill("Signing", "good")


def _view(row: SignerAccount) -> SignerView:
    view: SignerView = row.__dict__["view"]
    return view


def _assets(request: HttpRequest, name: str) -> int:
    try:
        return from_decimal(request.POST.get(name, "").replace(",", "").strip())
    except (ValueError, ArithmeticError) as error:
        raise NotANumber("Give the limits in USDT, as numbers.") from error


def _count(request: HttpRequest, name: str) -> int:
    given = request.POST.get(name, "").replace(",", "").strip()
    if not given.isascii() or not given.isdecimal():
        raise NotANumber("Give the number of transactions as a whole number.")
    return int(given)
