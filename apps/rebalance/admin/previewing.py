"""Asking for a preview, looking at it, and submitting it with the wallet's signature."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.chain import queries as chain
from apps.core import clock
from apps.core.actor import Actor
from apps.core.admin import require
from apps.core.denials import tell_denied
from apps.core.errors import Refused
from apps.rebalance import operations, queries
from apps.rebalance.models import Preview
from apps.rebalance.rules import frozen

from . import signing
from .base import AIMS, RISK_TONES, show, site
from .checking import checks_of
from .forms import CHOICES, aim_of, limits_text, percent_text

MAY_PREVIEW, MAY_SUBMIT = "rebalance.preview_plan", "rebalance.submit_plan"
_NEW = "admin:rebalance_preview_new"


@require_http_methods(["GET", "HEAD", "POST"])
def new_preview_page(request: HttpRequest) -> HttpResponse:
    """Choose what for (GET); read the fund, plan and show it (POST). No plan is made."""
    require(request, MAY_PREVIEW)
    at, chain_id = clock.now(), chain.fund_chain().chain_id
    if request.method == "POST":
        try:
            made = operations.preview(
                chain_id=chain_id,
                aim=aim_of(request.POST),
                actor=Actor.of_request(request),
                at=at,
            )
        except Refused as refused:
            messages.error(request, refused.message)
        else:
            return HttpResponseRedirect(_page_url(made.pk))
    try:
        now = queries.status(chain_id=chain_id, at=at)
    except queries.NoPolicy:
        return HttpResponseRedirect(reverse("admin:rebalance_overview"))  # which says so
    context = {
        "now": now,
        "choices": CHOICES,
        "chosen": request.POST.get("aim", "TIERS"),
        "amount": request.POST.get("amount", ""),
        "ratios": [
            {
                "tier": tier.tier,
                "name": tier.tier.lower(),
                "value": request.POST.get(tier.tier.lower())
                or ("" if tier.target_bps is None else percent_text(tier.target_bps)),
                "limits": limits_text(tier.min_bps, tier.max_bps),
            }
            for tier in now.tiers
        ],
    }
    return show(request, "preview_new", "Preview a plan", context)


@require_safe
def preview_page(request: HttpRequest, preview_id: int) -> HttpResponse:
    """What the plan would do, and what it would cost."""
    require(request, MAY_PREVIEW)
    at = clock.now()
    row = _preview(preview_id)
    view = queries.preview_view(row, at=at)
    context = {
        "view": view,
        "row": row,
        "risk_tone": RISK_TONES[view.risk["level"]],
        "checks": [] if view.expired else checks_of(view, at=at),
        "at": at,
        "plan": queries.plan_of_preview(row.pk),
        "aim": AIMS[view.blueprint.aim.kind],
        "open_plan": queries.open_plan(chain_id=row.chain_id),
        "why_not_submit": _why_not_submit(request, row, view.expired),
    }
    return show(request, "preview", f"Preview {row.pk}", context)


@require_POST
def again_view(request: HttpRequest, preview_id: int) -> HttpResponse:
    """The same once more, with the fund as it is now."""
    require(request, MAY_PREVIEW)
    row = _preview(preview_id)
    try:
        made = _again(row, Actor.of_request(request), clock.now())
    except Refused as refused:
        messages.error(request, refused.message)
        return HttpResponseRedirect(_page_url(row.pk))
    return HttpResponseRedirect(_page_url(made.pk))


@require_POST
def sign_view(request: HttpRequest, preview_id: int) -> JsonResponse:
    """What the wallet is asked to sign, as JSON."""
    if not request.user.has_perm(MAY_SUBMIT):
        return signing.refusal(request, "FORBIDDEN", "Your role does not submit plans.")
    row = _preview(preview_id)
    return signing.payload(
        request, path=_submit_url(row.pk), content_hash=row.content_hash, at=clock.now()
    )


@require_POST
def submit_view(request: HttpRequest, preview_id: int) -> HttpResponse:
    """Make the plan; the wallet has signed exactly what the preview holds."""
    require(request, MAY_SUBMIT)
    row, at = _preview(preview_id), clock.now()
    try:
        signing.require_signature(
            request, path=_submit_url(row.pk), content_hash=row.content_hash, at=at
        )
        plan = operations.submit(
            preview_id=row.pk,
            reason=request.POST.get("reason", ""),
            actor=Actor.of_request(request),
            at=at,
        )
    except Refused as refused:
        if refused.code == "FORBIDDEN":
            tell_denied(request, refused.message)
        messages.error(request, refused.message)
        return HttpResponseRedirect(_page_url(row.pk))
    messages.success(request, f"{plan} is submitted: {plan.get_status_display().lower()}.")
    return HttpResponseRedirect(reverse("admin:rebalance_plan_change", args=[plan.pk]))


def _again(row: Preview, actor: Actor, at: datetime) -> Preview:
    if row.reverse_of_id is not None:
        return operations.preview_reverse(plan_id=row.reverse_of_id, actor=actor, at=at)
    return operations.preview(
        chain_id=row.chain_id, aim=frozen.aim_from_json(row.aim), actor=actor, at=at
    )


def _why_not_submit(request: HttpRequest, row: Preview, expired: bool) -> str:
    user: Any = request.user
    if not user.has_perm(MAY_SUBMIT):
        return "Your role does not submit plans."
    if row.created_by_id != user.pk:
        return f"{row.created_by_name} made this preview; make your own."
    if expired:
        return "This preview has expired. Quote again."
    if not user.wallet_address:
        return "No wallet is registered to you, and a submission is signed."
    return ""


def _preview(preview_id: int) -> Preview:
    try:
        return queries.preview(preview_id)
    except queries.PreviewNotFound as missing:
        raise Http404(missing.message) from missing


def _page_url(preview_id: int) -> str:
    return reverse("admin:rebalance_preview", args=[preview_id])


def _submit_url(preview_id: int) -> str:
    return reverse("admin:rebalance_preview_submit", args=[preview_id])


_ONE = "rebalancing/preview/<int:preview_id>/"
site.add_page("rebalancing/preview/", new_preview_page, "rebalance_preview_new")
site.add_page(_ONE, preview_page, "rebalance_preview")
site.add_page(f"{_ONE}again/", again_view, "rebalance_preview_again")
site.add_page(f"{_ONE}sign/", sign_view, "rebalance_preview_sign")
site.add_page(f"{_ONE}submit/", submit_view, "rebalance_preview_submit")
