"""Asking people to list an asset, to take one off the register, or to change its target."""

import re
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.approvals import operations as approvals
from apps.chain import queries as chain
from apps.chain.calls import AddAsset, RemoveAsset, UpdateAssetAllocation
from apps.chain.terms import Tier
from apps.core.actor import Actor
from apps.core.errors import Invalid, NotFound, Refused
from apps.core.units import BPS_ONE, bps_of, format_amount, format_bps
from apps.fund.models import Asset
from apps.fund.queries.assets import AssetView, assets
from apps.fund.queries.figures import fresh_overview, tier_shares
from apps.fund.queries.trying import Trial
from apps.fund.rules.called import Called
from apps.fund.rules.shares import fits, tier_total
from apps.fund.rules.terms import Terms
from apps.fund.rules.text import one_line
from apps.fund.rules.tickets import ALLOCATION, ASSET_ADD, ASSET_REMOVE

_ADDRESS = re.compile(r"0x[0-9a-f]{40}")


class BadToken(Invalid):
    """That is no address of a token."""


class AlreadyListed(Refused):
    """The asset is on the register."""


class NotListed(NotFound):
    """The asset is not on the register."""


class SharesBeyondWhole(Refused):
    """The shares of a tier would sum to more than the whole."""


class TokenRefused(Refused):
    """The controller would not take the token."""


class TokenNameless(Refused):
    """The token does not say what it is."""


class StillHeld(Refused):
    """The vault holds some of the asset; taking it off the register drops that out of NAV."""


@transaction.atomic
def propose_addition(
    *,
    token: str,
    tier: Tier,
    share_bps: int,
    terms: Terms,
    tried: Trial,
    reason: str,
    chain_id: int,
    actor: Actor,
    at: datetime,
) -> int:
    """Ask people to list an asset in a tier; return the ticket. Its terms count once it is listed.

    Doors ask for the right ``fund.propose_assets``, and try the call before, outside a transaction
    (``queries.try_adding``): the controller reads the token's decimals and says what it will not
    take. What the token calls itself is frozen to the byte, and shown cleaned. Where the oracle
    adapter knows no price the ticket says so: the asset would count nothing.

    Raises:
        BadToken, BadTerms, AlreadyListed, SharesBeyondWhole, TokenRefused, TokenNameless.
        approvals.NoReason, AlreadyProposed, TooFewEligible.
    """
    token = clean_token(token)
    terms, reason = terms.cleaned(), approvals.clean_change_reason(reason)
    if _listed(chain_id).filter(token=token).exists():
        raise AlreadyListed(f"{token} is on the register.")
    shares = tier_shares(chain_id=chain_id, tier=int(tier))
    _refuse_unless_fits(tier, shares, token, share_bps)
    if not tried.ok:
        raise TokenRefused(f"The controller would not take {token}: {tried.error}")
    if not tried.called.is_complete:
        raise TokenNameless(_what_is_missing(token, tried.called))
    symbol = tried.called.shown_symbol
    return approvals.propose_change(
        kind=ASSET_ADD,
        subject_id=token,
        title=f"List {symbol}, {token}, in {tier.name} with {format_bps(share_bps)} of the tier",
        facts={
            "token": token,
            **tried.called.as_facts(),
            "tier": tier.name,
            "shareBps": share_bps,
            "tierSharesBefore": sum(shares.values()),
            "tierSharesAfter": tier_total(shares, token, share_bps),
            "new": terms.as_facts(),
            "reason": reason,
        },
        conditions=[
            {"text": f"{tier.name}'s shares stay within the whole.", "met": True},
            {"text": f"The controller takes it (block {tried.block_number:,}).", "met": True},
            _priced(tried),
            _alone(chain_id, symbol),
        ],
        calls_hash=chain.calls_hash(
            [AddAsset(chain_id=chain_id, token=token, tier=tier, allocation_bps=share_bps)]
        ),
        chain_id=chain_id,
        actor=actor,
        at=at,
    )


@transaction.atomic
def propose_removal(
    *,
    token: str,
    drop_holding: bool,
    reason: str,
    chain_id: int,
    actor: Actor,
    at: datetime,
) -> int:
    """Ask people to take an asset off the register; return the ticket.

    What the vault still holds of it would no longer count: refused, unless ``drop_holding`` says
    that it is meant. Doors ask for the right ``fund.propose_assets``.

    Raises:
        BadToken, NotListed, StillHeld, FiguresTooOld.
        approvals.NoReason, AlreadyProposed, TooFewEligible.
    """
    token, reason = clean_token(token), approvals.clean_change_reason(reason)
    row = _row(chain_id, token)
    overview = fresh_overview(at=at)
    view = _view(token)
    drops = in_words_what_drops(view, overview.aum_assets)
    if drops and not drop_holding:
        raise StillHeld(f"{drops} Sell it first, or say that this is meant.")
    return approvals.propose_change(
        kind=ASSET_REMOVE,
        subject_id=token,
        title=f"Take {called(row)} off the register",
        facts={
            "token": token,
            "symbol": row.symbol,
            "tier": Tier(row.tier).name,
            "shareBps": row.target_bps,
            "heldTokens": view.balance,
            "heldAssets": view.value_assets,
            "partOfAssetsBps": view.weight_bps,
            "dropsHolding": bool(drops),
            "block": overview.block_number,
            "reason": reason,
        },
        conditions=[{"text": drops or "The vault holds nothing of it.", "met": not drops}],
        calls_hash=chain.calls_hash([RemoveAsset(chain_id=chain_id, token=token)]),
        chain_id=chain_id,
        actor=actor,
        at=at,
    )


@transaction.atomic
def propose_allocation(
    *, token: str, share_bps: int, reason: str, chain_id: int, actor: Actor, at: datetime
) -> int:
    """Ask another person for another target of an asset within its tier; return the ticket.

    Doors ask for the right ``fund.propose_assets``.

    Raises:
        BadToken, NotListed, SharesBeyondWhole.
        approvals.NoReason, NothingChanges, AlreadyProposed, TooFewEligible.
    """
    token, reason = clean_token(token), approvals.clean_change_reason(reason)
    row = _row(chain_id, token)
    tier = Tier(row.tier)
    shares = tier_shares(chain_id=chain_id, tier=row.tier)
    _refuse_unless_fits(tier, shares, token, share_bps)
    if share_bps == row.target_bps:
        raise approvals.NothingChanges(f"The target of {row} is {format_bps(share_bps)} already.")
    facts: dict[str, Any] = {
        "token": token,
        "symbol": row.symbol,
        "tier": tier.name,
        "oldShareBps": row.target_bps,
        "newShareBps": share_bps,
        "tierSharesBefore": sum(shares.values()),
        "tierSharesAfter": tier_total(shares, token, share_bps),
        "reason": reason,
    }
    return approvals.propose_change(
        kind=approvals.CONFIG_CHANGE,
        subject_id=f"{ALLOCATION}{token}",
        title=f"Target of {called(row)} in {tier.name}: {format_bps(row.target_bps)} → "
        f"{format_bps(share_bps)}",
        facts=facts,
        calls_hash=chain.calls_hash(
            [UpdateAssetAllocation(chain_id=chain_id, token=token, allocation_bps=share_bps)]
        ),
        chain_id=chain_id,
        actor=actor,
        at=at,
    )


def clean_token(token: str) -> str:
    """A token's address, lower case.

    Raises:
        BadToken: it is none, or the zero address.
    """
    folded = token.strip().lower()
    if not _ADDRESS.fullmatch(folded) or not int(folded, 16):
        raise BadToken("An address of a token is 0x and 40 hexadecimal digits.")
    return folded


def called(row: Asset) -> str:
    """What the asset calls itself, fit for a title; its address where that says nothing."""
    return one_line(row.symbol) or row.token


def in_words_what_drops(view: AssetView, aum_assets: int) -> str:
    """What would no longer count in NAV; empty when the vault holds nothing of the asset."""
    if view.balance == 0:
        return ""
    name = one_line(view.symbol) or view.token
    if view.value_assets is None:
        return f"It is not known what the vault's {name} is worth; it would drop out of NAV."
    part = format_bps(bps_of(view.value_assets, aum_assets))
    return (
        f"{format_amount(view.value_assets)} USDT of {name}, {part} of all assets, would drop out "
        "of NAV."
    )


def _priced(tried: Trial) -> dict[str, Any]:
    if not tried.price_assets:
        return {"text": "The fund's oracle adapter knows no price of it.", "met": False}
    price = format_amount(tried.price_assets, places=6)
    return {"text": f"The fund's oracle adapter says {price} USDT a token.", "met": True}


def _alone(chain_id: int, symbol: str) -> dict[str, Any]:
    """Symbols can be the same: people must not take one asset for another."""
    for row in _listed(chain_id):
        if one_line(row.symbol).casefold() == symbol.casefold():
            return {"text": f"A listed asset calls itself {symbol} too: {row.token}.", "met": False}
    return {"text": f"No listed asset calls itself {symbol}.", "met": True}


def _what_is_missing(token: str, called: Called) -> str:
    parts = {
        "symbol": called.shown_symbol,
        "name": called.shown_name,
        "decimals": called.decimals is not None,
    }
    missing = [word for word, said in parts.items() if not said]
    return (
        f"{token} does not say its {' and '.join(missing)} in the newest final block, so nobody "
        "can tell what it is."
    )


def _listed(chain_id: int) -> Any:
    return Asset.objects.filter(chain_id=chain_id, listed=True)


def _row(chain_id: int, token: str) -> Asset:
    row: Asset | None = _listed(chain_id).filter(token=token).select_for_update().first()
    if row is None:
        raise NotListed(f"{token} is not on the register.")
    return row


def _view(token: str) -> AssetView:
    return next(view for view in assets() if view.token == token)


def _refuse_unless_fits(tier: Tier, shares: dict[str, int], token: str, share_bps: int) -> None:
    if not 0 <= share_bps <= BPS_ONE or not fits(shares, token, share_bps):
        total = tier_total(shares, token, share_bps)
        raise SharesBeyondWhole(
            f"The shares of {tier.name} would sum to {format_bps(total)}; 100.00 % is the whole."
        )
