"""Whether what a ticket about the fund asks for still fits, by our rows."""

from collections.abc import Callable, Mapping
from typing import Any

from apps.approvals.queries import Ticket
from apps.chain.terms import Tier
from apps.fund.models import Asset
from apps.fund.rules.shares import fits
from apps.fund.rules.tickets import (
    ALLOCATION,
    ASSET_ADD,
    ASSET_REMOVE,
    CONFIG_CHANGE,
    FEE_WITHDRAW,
    REDEMPTION_FEES,
    token_of,
)

from .assets import assets
from .figures import cash_of, pending_then, tier_shares, withdrawable_now
from .overview import latest_overview
from .terms import terms_of


def facts_now(ticket: Ticket) -> Mapping[str, Any] | None:
    """The frozen facts while what they ask for can still be done; None when it cannot any more.

    Figures that move by the minute (cash, pending fees) are frozen as of opening and shown live
    beside it: only their sufficiency is looked at here.
    """
    return ticket.facts if _FITS[ticket.kind](ticket) else None


def _payment_fits(ticket: Ticket) -> bool:
    overview = latest_overview()
    if overview is None:
        return False
    cash = cash_of(overview)
    is_redemption = ticket.subject_id == REDEMPTION_FEES
    pending = withdrawable_now(overview, redemption=is_redemption)
    if cash is None or pending is None:
        return False
    # Of fees that accrue, what was pending has to be there; what comes by the deadline may come.
    due = int(ticket.facts["assets"]) if is_redemption else pending_then(ticket.facts)
    kept_back = 0 if is_redemption else overview.redemption_fees_withdrawable_assets or 0
    return due <= pending and due + kept_back <= cash.cash_assets


def _addition_fits(ticket: Ticket) -> bool:
    token, tier = token_of(ticket.subject_id), Tier[ticket.facts["tier"]]
    shares = tier_shares(chain_id=ticket.chain_id, tier=int(tier))
    return _listed(ticket) is None and fits(shares, token, int(ticket.facts["shareBps"]))


def _removal_fits(ticket: Ticket) -> bool:
    if _listed(ticket) is None:
        return False
    if ticket.facts["dropsHolding"]:
        return True
    view = next(view for view in assets() if view.token == token_of(ticket.subject_id))
    return view.balance == 0


def _change_fits(ticket: Ticket) -> bool:
    """A target is still the one that was to change, and the new one fits; or the terms are."""
    row = _listed(ticket)
    if row is None:
        return False
    if ticket.subject_id.startswith(ALLOCATION):
        shares = tier_shares(chain_id=ticket.chain_id, tier=row.tier)
        is_same = row.target_bps == int(ticket.facts["oldShareBps"])
        return is_same and fits(shares, row.token, int(ticket.facts["newShareBps"]))
    known = terms_of(chain_id=ticket.chain_id, token=row.token)
    then = ticket.facts["old"]
    if known is None or then is None:
        return known is None and then is None
    return known == type(known).from_facts(then)


def _listed(ticket: Ticket) -> Asset | None:
    return Asset.objects.filter(
        chain_id=ticket.chain_id, token=token_of(ticket.subject_id), listed=True
    ).first()


_FITS: dict[str, Callable[[Ticket], bool]] = {
    FEE_WITHDRAW: _payment_fits,
    ASSET_ADD: _addition_fits,
    ASSET_REMOVE: _removal_fits,
    CONFIG_CHANGE: _change_fits,
}
