"""The ticket list and the ticket page, where people decide."""

from typing import Any

from django.contrib import admin
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    JsonResponse,
)
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from apps.approvals import operations, queries
from apps.approvals.models import Ticket
from apps.core import clock, display
from apps.core.actor import Actor
from apps.core.admin import PageAdmin, carry_out, number_in_path
from apps.core.api.errors import STATUS_OF
from apps.core.denials import tell_denied
from apps.core.errors import Refused

from .filters import EMPTY, TABS, TabFilter, tabs
from .page import ticket_page, tone_of, urgency
from .parsing import vote_fields

_PAGE = "admin:approvals_ticket_change"


@admin.register(Ticket)
class TicketAdmin(PageAdmin):
    """Tickets by what they wait for; each opens on the page where it is decided."""

    list_display = ("question", "requester", "value", "state", "approvals", "time_left", "opened")
    list_display_links = None
    list_filter = (TabFilter, "kind", "status")
    search_fields = ("=id", "subject_id", "title", "requester_name")
    search_help_text = "Ticket or subject number, title, requester"
    ordering = ("-id",)
    list_before_template = "admin/approvals/ticket/tabs.html"
    list_filter_sheet = True

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path(
                "<int:pk>/sign/", wrap(require_POST(self.sign_view)), name="approvals_ticket_sign"
            ),
            path(
                "<int:pk>/vote/", wrap(require_POST(self.vote_view)), name="approvals_ticket_vote"
            ),
            path(
                "<int:pk>/cancel/",
                wrap(require_POST(self.cancel_view)),
                name="approvals_ticket_cancel",
            ),
            *super().get_urls(),
        ]

    # -- List ----------------------------------------------------------------------------------

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        tab = request.GET.get("tab", "all")
        tab = tab if tab in TABS else "all"
        context = {
            "title": "Tickets",
            "tabs": tabs(tab, request.user.pk or 0, clock.now()),
            "empty": EMPTY[tab],
            **(extra_context or {}),
        }
        response: HttpResponse = super().changelist_view(request, context)
        return response

    @admin.display(description="Ticket", ordering="id")
    def question(self, ticket: Ticket) -> SafeString:
        return format_html(
            '<a class="wf-subject" href="{}"><strong>#{}</strong> {}</a>'
            '<span class="wf-sub">{}</span>',
            reverse("admin:approvals_ticket_change", args=[ticket.pk]),
            ticket.pk,
            ticket.title,
            ticket.kind.replace("_", " ").lower(),
        )

    @admin.display(description="Asked by", ordering="requester_name")
    def requester(self, ticket: Ticket) -> SafeString | str:
        if ticket.requester_name.startswith("0x"):
            return display.address(ticket.requester_name, chain_id=ticket.chain_id)
        return ticket.requester_name

    @admin.display(description="Amount", ordering="amount")
    def value(self, ticket: Ticket) -> SafeString:
        return display.money(ticket.amount, ticket.currency, reason="No amount is at stake")

    @admin.display(description="Status", ordering="status")
    def state(self, ticket: Ticket) -> SafeString:
        pill = display.status_pill(ticket.status, tone_of(ticket))
        if ticket.execution_status:
            failed = ticket.execution_status == "FAILED"
            return format_html(
                '{}<span class="wf-sub {}" title="{}">execution {}</span>',
                pill,
                "late" if failed else "",
                ticket.execution_error,
                ticket.execution_status.lower(),
            )
        return pill

    @admin.display(description="Approvals")
    def approvals(self, ticket: Ticket) -> str:
        given = sum(vote.decision == "APPROVE" for vote in ticket.votes.all())
        return f"{given} of {ticket.required_approvals}"

    @admin.display(description="Time left", ordering="deadline_at")
    def time_left(self, ticket: Ticket) -> SafeString:
        if not ticket.is_open:
            return display.unknown("It has its outcome")
        return format_html(
            '<span class="{}">{}</span>',
            urgency(ticket, clock.now()),
            display.age(ticket.deadline_at),
        )

    @admin.display(description="Opened", ordering="opened_at")
    def opened(self, ticket: Ticket) -> SafeString:
        return display.age(ticket.opened_at)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("votes")

    # -- Page ----------------------------------------------------------------------------------

    def page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        ticket = self._ticket(object_id)
        context = ticket_page(ticket, request.user, at=clock.now())
        return self.show(
            request, "admin/approvals/ticket/page.html", f"Ticket #{ticket.pk}", context
        )

    def _ticket(self, object_id: str) -> Ticket:
        try:
            return queries.ticket(number_in_path(object_id))
        except queries.TicketNotFound as missing:
            raise Http404(missing.message) from missing

    # -- Deciding ------------------------------------------------------------------------------

    def sign_view(self, request: HttpRequest, pk: int) -> JsonResponse:
        """What the wallet is asked to sign, as JSON."""
        if not request.user.has_perm("approvals.decide_ticket"):
            return _refusal(request, "FORBIDDEN", "You may not decide tickets.")
        try:
            wanted = operations.prepare_vote(
                ticket_id=pk,
                user_id=request.user.pk or 0,
                decision=request.POST.get("decision", ""),
                reason=request.POST.get("reason", ""),
                at=clock.now(),
            )
        except Refused as refused:
            return _refusal(request, refused.code, refused.message)
        return JsonResponse(
            {
                "typedData": wanted.typed_data,
                "nonce": wanted.nonce,
                "expiresAt": int(wanted.expires_at.timestamp()),
                "address": display.checksum(wanted.address),
            }
        )

    def vote_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Count a signed vote, then show the ticket as it is."""

        def act() -> str:
            ticket = operations.cast_vote(
                ticket_id=pk,
                user_id=request.user.pk or 0,
                actor=Actor.of_request(request),
                at=clock.now(),
                **vote_fields(request.POST),
            )
            return _thanks(ticket)

        return carry_out(
            request, permission="approvals.decide_ticket", back_to=(_PAGE, pk), act=act
        )

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Withdraw a ticket, by who asked."""

        def act() -> str:
            operations.cancel(
                ticket_id=pk,
                reason=request.POST.get("reason", ""),
                actor=Actor.of_request(request),
                at=clock.now(),
            )
            return f"Ticket #{pk} is cancelled."

        return carry_out(
            request, permission="approvals.cancel_ticket", back_to=(_PAGE, pk), act=act
        )


def _refusal(request: HttpRequest, code: str, message: str) -> JsonResponse:
    if code == "FORBIDDEN":
        tell_denied(request, message)
    return JsonResponse({"error": {"code": code, "message": message}}, status=STATUS_OF[code])


def _thanks(ticket: Ticket) -> str:
    if ticket.is_open:
        return f"Your vote on #{ticket.pk} is counted. More approvals are needed."
    return f"Your vote on #{ticket.pk} is counted. The ticket is {ticket.status.lower()}."
