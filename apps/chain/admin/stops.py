"""The kill switch: whoever may stops what leaves; lifting takes a ticket and two other people."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from apps.chain import config as chain_config
from apps.chain import operations
from apps.chain.contracts import CALLS
from apps.chain.models import SignerAccount, Stop
from apps.chain.rules import scopes
from apps.core import clock, display
from apps.core.actor import Actor
from apps.core.admin import ReadOnlyAdmin, carry_out

STOP = "chain.stop_sending"
_LIST = "admin:chain_stop_changelist"


@admin.register(Stop)
class StopAdmin(ReadOnlyAdmin):
    """What may not leave, since when and why; what could leave again, and who let it."""

    list_display = ("what", "why", "state", "since", "lifted")
    list_filter = (("lifted_at", admin.EmptyFieldListFilter),)
    search_fields = ("scope", "reason", "set_by")
    ordering = ("lifted_at", "-id")
    list_before_template = "admin/chain/stop_form.html"
    change_form_outer_before_template = "admin/chain/stop_before.html"
    fieldsets: ClassVar = [
        (None, {"fields": ["what", "state", "why", "set_by", "since"]}),
        ("Lifted", {"fields": ["lifted", "lifted_by", "ticket"]}),
    ]
    readonly_fields = ("what", "why", "state", "since", "lifted", "ticket")

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("set/", wrap(require_POST(self.set_view)), name="chain_stop_set"),
            path("<int:pk>/lift/", wrap(require_POST(self.lift_view)), name="chain_stop_lift"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": "Stops", "choices": _choices(), **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def set_view(self, request: HttpRequest) -> HttpResponse:
        """Stop what leaves, at once."""
        scope = request.POST.get("scope", "")

        def act() -> str:
            operations.stop_sending(
                scope=scope,
                reason=request.POST.get("reason", ""),
                actor=Actor.of_request(request),
                at=clock.now(),
            )
            return f"Stopped: {scopes.in_words(scope)}. Nothing of it leaves until it is lifted."

        return carry_out(request, permission=STOP, back_to=(_LIST, None), act=act)

    def lift_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask two other people to lift it."""

        def act() -> str:
            ticket = operations.propose_lift(
                stop_id=pk,
                reason=request.POST.get("reason", ""),
                actor=Actor.of_request(request),
                at=clock.now(),
            )
            return f"Ticket #{ticket} asks for it. The stop stays until enough people agree."

        return carry_out(request, permission=STOP, back_to=("admin:chain_stop_change", pk), act=act)

    @admin.display(description="Stopped", ordering="scope")
    def what(self, row: Stop) -> SafeString:
        return format_html("<strong>{}</strong>", scopes.in_words(row.scope).capitalize())

    @admin.display(description="Why")
    def why(self, row: Stop) -> SafeString:
        return format_html("<bdi>{}</bdi>", row.reason)

    @admin.display(description="State", ordering="lifted_at")
    def state(self, row: Stop) -> SafeString:
        if row.lifted_at is None:
            return display.status_pill("In force", "bad")
        return display.status_pill("Lifted", "neutral")

    @admin.display(description="Since", ordering="set_at")
    def since(self, row: Stop) -> SafeString:
        return format_html(
            '{}<span class="sub">by <bdi>{}</bdi></span>', display.when(row.set_at), row.set_by
        )

    @admin.display(description="Lifted", ordering="lifted_at")
    def lifted(self, row: Stop) -> SafeString:
        return display.when(row.lifted_at, reason="Still in force")

    @admin.display(description="Ticket")
    def ticket(self, row: Stop) -> SafeString:
        return display.ticket(row.lift_ticket_id, reason="No ticket has lifted it")


def _choices() -> list[tuple[str, str]]:
    """Every scope that can be stopped, the widest first, in words."""
    found = [scopes.ALL]
    for config in chain_config.chains():
        signers = SignerAccount.objects.filter(chain_id=config.chain_id).order_by("id")
        found.append(scopes.of_chain(config.chain_id))
        found += [scopes.of_signer(row.chain_id, row.address) for row in signers]
        found += [scopes.of_stream(config.chain_id, kind) for kind in sorted(CALLS)]
    return [(scope, scopes.in_words(scope).capitalize()) for scope in found]
