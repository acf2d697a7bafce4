"""The doors through which the register is changed: each asks people, none changes anything."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from apps.chain import queries as chain
from apps.chain.terms import Tier
from apps.core import clock
from apps.core.actor import Actor
from apps.core.admin import carry_out
from apps.core.units import BPS_ONE, to_decimal
from apps.fund import operations, queries
from apps.fund.models import Asset
from apps.fund.rules.tickets import ALLOCATION, ASSET_ADD, ASSET_REMOVE, CONFIG_CHANGE, TERMS

from .doors import PROPOSE_ASSETS, NotANumber, door, failed_tickets, retry, share_in, terms_in

_LIST = ("admin:fund_asset_changelist", None)
_PAGE = "admin:fund_asset_change"


def door_urls(wrap: Callable[..., Any]) -> list[URLPattern]:
    """Where the buttons post to."""
    about_one = {"target": target_view, "terms": terms_view, "remove": remove_view}
    return [
        path("propose/", wrap(require_POST(add_view)), name="fund_asset_add_proposal"),
        path("retry/<int:ticket_id>/", wrap(require_POST(retry_view)), name="fund_asset_retry"),
        *(
            path(f"<int:pk>/{name}/", wrap(require_POST(view)), name=f"fund_asset_{name}")
            for name, view in about_one.items()
        ),
    ]


def doors_of_register(request: HttpRequest) -> dict[str, Any]:
    """What the list shows above its rows."""
    user: Any = request.user
    chain_id = chain.fund_chain().chain_id
    rooms = []
    for tier in Tier:
        shares = queries.tier_shares(chain_id=chain_id, tier=int(tier))
        rooms.append((tier.name, max(BPS_ONE - sum(shares.values()), 0)))
    return {
        "may_propose": user.has_perm(PROPOSE_ASSETS),
        "rooms": rooms,
        "failed_tickets": failed_tickets((ASSET_ADD, ASSET_REMOVE)),
    }


def doors_of_asset(request: HttpRequest, row: Any) -> dict[str, Any]:
    """What an asset's page shows above its fields."""
    gone = "" if row.listed else "The asset is not on the register."
    subjects = {
        "target_door": (CONFIG_CHANGE, f"{ALLOCATION}{row.token}"),
        "terms_door": (CONFIG_CHANGE, f"{TERMS}{row.token}"),
        "remove_door": (ASSET_REMOVE, row.token),
    }
    overview = queries.latest_overview()
    doors = {
        name: door(
            request,
            permission=PROPOSE_ASSETS,
            kind=kind,
            subject_id=subject,
            chain_id=row.chain_id,
            obstacle=gone,
        )
        for name, (kind, subject) in subjects.items()
    }
    return {
        **doors,
        "asset_doors": list(doors.values()),
        "target_percent": to_decimal(row.target_bps, 2),
        "drops": operations.in_words_what_drops(row.seen, overview.aum_assets) if overview else "",
    }


def add_view(request: HttpRequest) -> HttpResponse:
    """Ask people to list an asset; the controller tries it first."""

    def act() -> str:
        tier, share_bps = _tier(request), share_in(request.POST, "share")
        token = operations.clean_token(request.POST.get("token", ""))
        chain_id = chain.fund_chain().chain_id
        tried = queries.try_adding(chain_id=chain_id, token=token, tier=tier, share_bps=share_bps)
        ticket = operations.propose_addition(
            token=token,
            tier=tier,
            share_bps=share_bps,
            terms=terms_in(request.POST),
            tried=tried,
            reason=request.POST.get("reason", ""),
            chain_id=chain_id,
            actor=Actor.of_request(request),
            at=clock.now(),
        )
        return f"Ticket #{ticket} asks for it."

    return carry_out(request, permission=PROPOSE_ASSETS, back_to=_LIST, act=act)


def target_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask another person for another target."""
    return _about(
        request,
        pk,
        lambda row: operations.propose_allocation(
            share_bps=share_in(request.POST, "share"), **_common(request, row)
        ),
    )


def terms_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask another person for other terms."""
    return _about(
        request,
        pk,
        lambda row: operations.propose_terms(new=terms_in(request.POST), **_common(request, row)),
    )


def remove_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask people to take an asset off the register."""
    return _about(
        request,
        pk,
        lambda row: operations.propose_removal(
            drop_holding=request.POST.get("drop_holding") == "on", **_common(request, row)
        ),
    )


def retry_view(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Send what a ticket decided again."""
    return retry(request, ticket_id, back_to=_LIST)


def _about(request: HttpRequest, pk: int, propose: Callable[[Asset], int]) -> HttpResponse:
    def act() -> str:
        return f"Ticket #{propose(get_object_or_404(Asset, pk=pk))} asks for it."

    return carry_out(request, permission=PROPOSE_ASSETS, back_to=(_PAGE, pk), act=act)


def _common(request: HttpRequest, row: Asset) -> dict[str, Any]:
    return {
        "token": row.token,
        "chain_id": row.chain_id,
        "reason": request.POST.get("reason", ""),
        "actor": Actor.of_request(request),
        "at": clock.now(),
    }


def _tier(request: HttpRequest) -> Tier:
    name = request.POST.get("tier", "")
    if name not in Tier.__members__:
        raise NotANumber("A tier is L1, L2 or L3.")
    return Tier[name]
