"""The warm wallet's proposals: the list, and the page where its owners sign."""

import re
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
)
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from apps.audit import queries as audit
from apps.chain.admin.cells import whole
from apps.chain.models import BEFORE_NONCE, ProposalStatus, SafeProposal
from apps.chain.models.safe import LIVE
from apps.chain.operations import safe_rejecting, safe_signing
from apps.chain.queries import safes as queries
from apps.core import clock, display
from apps.core.actor import Actor
from apps.core.admin import PageAdmin, carry_out, number_in_path
from apps.core.api.errors import STATUS_OF
from apps.core.denials import tell_denied
from apps.core.errors import Refused

_TONES = {
    ProposalStatus.OPEN: "info",
    ProposalStatus.READY: "info",
    ProposalStatus.EXECUTED: "good",
    ProposalStatus.WITHDRAWN: "neutral",
}
_LOGGED = {
    "SAFE_PROPOSE": "Proposed",
    "SAFE_CONFIRM": "Signed",
    "SAFE_READY": "Enough signatures",
    "SAFE_EXECUTED": "Executed",
    "SAFE_WITHDRAWN": "Withdrawn",
}
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}\b")
_MANAGE = "chain.manage_transaction"
_OPEN = "admin:chain_safeproposal_change"


@admin.register(SafeProposal)
class SafeProposalAdmin(PageAdmin):
    """What the Safe is asked to do; each opens on the page where it is signed."""

    list_display = ("what", "value", "nonce", "signatures", "state", "proposed")
    list_filter = ("status",)
    search_fields = ("safe_tx_hash", "transaction__sentence", "transaction__mined_hash", "safe")
    search_help_text = "What it does, or a hash"
    ordering = ("-id",)
    list_before_template = "admin/chain/safe_list_before.html"

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        doors = {
            "sign": self.sign_view,
            "confirm": self.confirm_view,
            "withdraw": self.withdraw,
            "reject": self.reject,
        }
        return [
            *(
                path(f"<int:pk>/{name}/", wrap(require_POST(door)), name=f"chain_safe_{name}")
                for name, door in doors.items()
            ),
            *super().get_urls(),
        ]

    # -- List ----------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[SafeProposal]:
        rows: QuerySet[SafeProposal] = super().get_queryset(request)
        return rows.select_related("transaction").prefetch_related("confirmations")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {
            "title": "Warm wallet",
            "waiting": queries.waiting_for_signature_of(request.user),
            **(extra_context or {}),
        }
        response: HttpResponse = super().changelist_view(request, context)
        return response

    @admin.display(description="Asked of the Safe", ordering="id")
    def what(self, row: SafeProposal) -> SafeString:
        return format_html(
            '<span class="wf-subject"><strong>#{}</strong> {}</span><span class="wf-sub">{}</span>',
            row.pk,
            _in_short(row.transaction.sentence),
            f"asked by {row.transaction.requested_by}",
        )

    @admin.display(description="Value", ordering="transaction__moved_assets")
    def value(self, row: SafeProposal) -> SafeString:
        return display.money(row.transaction.moved_assets or None, reason="It moves no assets")

    @admin.display(description="Safe nonce", ordering="safe_nonce")
    def nonce(self, row: SafeProposal) -> SafeString:
        return display.integer(row.safe_nonce)

    @admin.display(description="Signatures")
    def signatures(self, row: SafeProposal) -> str:
        given = sum(signed.owner in row.owners for signed in row.confirmations.all())
        return f"{given} / {row.threshold}"

    @admin.display(description="Status", ordering="status")
    def state(self, row: SafeProposal) -> SafeString:
        pill = display.status_pill(row.get_status_display(), _TONES[ProposalStatus(row.status)])
        if not row.waits_because:
            return pill
        return format_html('{}<span class="wf-sub">{}</span>', pill, row.waits_because)

    @admin.display(description="Proposed", ordering="created_at")
    def proposed(self, row: SafeProposal) -> SafeString:
        return display.age(row.created_at)

    # -- Page ----------------------------------------------------------------------------------

    def page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = _proposal(object_id)
        title, context = f"Safe proposal #{row.pk}", _page(row, request.user)
        return self.show(request, "admin/chain/safe_page.html", title, context)

    # -- Signing -------------------------------------------------------------------------------

    def sign_view(self, request: HttpRequest, pk: int) -> JsonResponse:
        """What the wallet is asked to sign, as JSON; the Safe's hash stands where a nonce would."""
        try:
            wanted = safe_signing.prepare_confirmation(proposal_id=pk, user=request.user)
        except Refused as refused:
            if refused.code == "FORBIDDEN":
                tell_denied(request, refused.message)
            error = {"code": refused.code, "message": refused.message}
            return JsonResponse({"error": error}, status=STATUS_OF[refused.code])
        return JsonResponse(
            {
                "typedData": wanted.typed_data,
                "nonce": wanted.safe_tx_hash,
                "expiresAt": "",
                "address": display.checksum(wanted.address),
            }
        )

    def confirm_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Keep an owner's signature, then show the proposal as it is."""
        try:
            row = safe_signing.confirm(
                proposal_id=pk,
                user=request.user,
                safe_tx_hash=request.POST.get("nonce", ""),
                signature=request.POST.get("signature", ""),
                actor=Actor.of_request(request),
                at=clock.now(),
            )
        except Refused as refused:
            if refused.code == "FORBIDDEN":
                tell_denied(request, refused.message)
            messages.error(request, refused.message)
        else:
            missing = row.threshold - len(queries.counted(row, row.owners))
            messages.success(request, _thanks(missing))
        return HttpResponseRedirect(_url(pk))

    def withdraw(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take a proposal back, and its transaction with it."""

        def act() -> str:
            ended = safe_signing.withdraw(
                proposal_id=pk,
                reason=request.POST.get("reason", ""),
                actor=Actor.of_request(request),
                at=clock.now(),
            )
            return "Withdrawn; nothing was sent." if ended else "Being cancelled by the sender."

        return carry_out(request, permission=_MANAGE, back_to=(_OPEN, pk), act=act)

    def reject(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Have a withdrawn proposal's nonce used up on nothing."""

        def act() -> str:
            asked = safe_rejecting.reject_nonce(
                proposal_id=pk, actor=Actor.of_request(request), at=clock.now()
            )
            return f"Asked of the Safe's owners, as transaction {asked}."

        return carry_out(request, permission=_MANAGE, back_to=(_OPEN, pk), act=act)


def _page(row: SafeProposal, user: Any) -> dict[str, Any]:
    """What one person sees of a proposal."""
    why_not = queries.why_cannot_confirm(row, user)
    owners = queries.owner_states(row)
    given = sum(owner.counts for owner in owners)
    contract, function, args = queries.inner_call(row)
    return {
        "row": row,
        "intent": row.transaction,
        "tone": _TONES[ProposalStatus(row.status)],
        "is_live": row.status in LIVE,
        "owners": owners,
        "given": given,
        "missing": max(row.threshold - given, 0),
        "why_not": why_not,
        "can_sign": why_not is None,
        "can_withdraw": row.status in LIVE
        and row.transaction.status in BEFORE_NONCE
        and user.has_perm(_MANAGE),
        "stays_valid": row.status == ProposalStatus.WITHDRAWN
        and any(owner.confirmation for owner in owners),
        "can_reject": queries.may_be_rejected(row) and user.has_perm(_MANAGE),
        "sentence": _in_short(row.transaction.sentence),
        "contract": contract.replace("_", " "),
        "function": function,
        "args": [(name, _argument(name, value)) for name, value in args.items()],
        "log": [
            {
                "at": line.at,
                "action": _LOGGED.get(line.action, line.action),
                "by": line.actor_name,
                "role": line.actor_role,
                "detail": (line.after or {}).get("outcome", ""),
            }
            for line in audit.trail("safe proposal", str(row.pk))
        ],
    }


def _in_short(sentence: str) -> str:
    """A sentence whose addresses are as short as elsewhere on the page."""
    return _ADDRESS.sub(lambda found: f"{found[0][:6]}…{found[0][-4:]}", sentence)


def _argument(name: str, value: Any) -> Any:
    """An argument for people: amounts of the fund's currency as money, addresses short."""
    if name.startswith("usdt") and str(value).isdecimal():
        return display.money(int(value))
    return whole(value)


def _proposal(object_id: str) -> SafeProposal:
    try:
        return queries.proposal(number_in_path(object_id))
    except queries.NoProposal as missing:
        raise Http404(missing.message) from missing


def _url(pk: int) -> str:
    return reverse(_OPEN, args=[pk])


def _thanks(missing: int) -> str:
    if missing > 0:
        more = "One more owner has" if missing == 1 else f"{missing} more owners have"
        return f"Your signature is kept. {more} to sign."
    return "Your signature is kept. Enough owners have signed: it is carried out next."
