"""What a ticket about the fund shows of its subject: before and after, and a dry run."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from apps.approvals.queries import Ticket
from apps.chain import queries as chain
from apps.chain.calls import Call
from apps.core.units import format_amount, format_bps
from apps.fund.models import Asset
from apps.fund.rules.payments import CashFigures
from apps.fund.rules.terms import Terms
from apps.fund.rules.tickets import (
    ALLOCATION,
    ASSET_ADD,
    ASSET_REMOVE,
    FEE_WITHDRAW,
    REDEMPTION_FEES,
    token_of,
)

from .calls import call_of
from .figures import cash_of, pending_then, withdrawable_now
from .overview import Overview, latest_overview
from .trying import called_now

TEMPLATE = "admin/fund/ticket_changes.html"
_UNKNOWN = "not known"


def describe_ticket(ticket: Ticket) -> Mapping[str, Any]:
    """The page's "what will happen". May ask a node; never call it inside a transaction.

    ``changes`` are rows of text: what, as of opening, now, and afterwards.
    """
    call = call_of(ticket)
    overview = latest_overview()
    return {
        **_said(ticket, overview),
        "template": TEMPLATE,
        "as_of": overview.taken_at if overview else None,
        "reason": ticket.facts["reason"],
        "url": _url(ticket),
        "dry_run": _tried(call) if call is not None and ticket.is_open else None,
    }


def _tried(call: Call) -> dict[str, Any]:
    try:
        return chain.dry_run_to_show(call)
    except chain.ChainUnavailable as unavailable:
        return chain.no_dry_run(call, unavailable)


def _said(ticket: Ticket, overview: Overview | None) -> dict[str, Any]:
    facts = ticket.facts
    if ticket.kind == FEE_WITHDRAW:
        return {"sentence": _payment(ticket), "changes": _cash_changes(ticket, overview)}
    if ticket.kind == ASSET_ADD:
        return {
            "sentence": f"{facts['symbol']} ({facts['token']}) can be bought for {facts['tier']}; "
            "it counts in NAV at the price that the fund's oracle adapter says.",
            "changes": [
                *_called_changes(ticket),
                *_share_changes(facts, "not listed", format_bps(int(facts["shareBps"]))),
                *_terms_changes(None, facts["new"]),
            ],
        }
    if ticket.kind == ASSET_REMOVE:
        return {"sentence": _removal(ticket), "changes": []}
    if ticket.subject_id.startswith(ALLOCATION):
        old, new = (format_bps(int(facts[name])) for name in ("oldShareBps", "newShareBps"))
        return {
            "sentence": "Nothing is traded: the next rebalancing aims at the new target.",
            "changes": _share_changes(facts, old, new),
        }
    return {
        "sentence": "Nothing changes on chain. Concentration is counted by issuer from then on.",
        "changes": _terms_changes(facts["old"], facts["new"]),
    }


def _payment(ticket: Ticket) -> str:
    amount = format_amount(int(ticket.facts["assets"]))
    if ticket.subject_id == REDEMPTION_FEES:
        return f"{amount} USDT of redemption fees leave the vault's cash to the fee recipient."
    pending = format_amount(pending_then(ticket.facts))
    return (
        f"Management and performance fees leave the vault's cash to the fee recipient: {pending} "
        f"USDT were pending at opening, at most {amount} USDT by the deadline. The contract pays "
        "what has accrued when it is called; the sender refuses clearly more than that."
    )


def _cash_changes(ticket: Ticket, overview: Overview | None) -> list[dict[str, str]]:
    facts, asked = ticket.facts, int(ticket.facts["assets"])
    is_redemption = ticket.subject_id == REDEMPTION_FEES
    now = cash_of(overview) if overview else None
    pending = withdrawable_now(overview, redemption=is_redemption) if overview else None
    if not is_redemption and overview and now:
        # The contract pays at most the cash that is not kept for redemption fees.
        kept_back = overview.redemption_fees_withdrawable_assets or 0
        asked = min(asked, max(now.cash_assets - kept_back, 0))
    after = now.less(asked) if now and asked <= now.cash_assets else None
    left = None if pending is None else max(pending - asked, 0)
    rows = [
        _row("Cash", _money(int(facts["cashBefore"])), _cash(now), _cash(after)),
        _row("L1 of assets", _bps(facts["l1BpsBefore"]), _l1(now), _l1(after)),
        _row("Pending", _money(pending_then(facts)), _money(pending), _money(left)),
    ]
    if not is_redemption:
        rows.append(_row("At most by the deadline", _money(int(facts["assets"])), "", ""))
    return rows


def _removal(ticket: Ticket) -> str:
    if not ticket.facts["dropsHolding"]:
        return "The vault holds nothing of it, so NAV stays as it is."
    value = ticket.facts["heldAssets"]
    worth = _UNKNOWN if value is None else f"{format_amount(int(value))} USDT"
    part = _bps(ticket.facts["partOfAssetsBps"])
    return (
        f"What the vault holds of it ({worth}, {part} of all assets, as of opening) no longer "
        "counts in NAV, though it stays in the vault."
    )


def _share_changes(facts: Mapping[str, Any], old: str, new: str) -> list[dict[str, str]]:
    token = token_of(str(facts["token"]))
    row = Asset.objects.filter(token=token, listed=True).first()
    now = format_bps(row.target_bps) if row else "not listed"
    before, after = (_bps(facts[name]) for name in ("tierSharesBefore", "tierSharesAfter"))
    return [
        _row(f"Share of {facts['tier']}", old, now, new),
        _row(f"All shares of {facts['tier']}", before, "", after),
    ]


def _called_changes(ticket: Ticket) -> list[dict[str, str]]:
    """What the token called itself when it was asked for, and now: some can change their words."""
    facts = ticket.facts
    then = {"Symbol": facts["symbol"], "Name": facts["name"], "Decimals": str(facts["decimals"])}
    now = _called_now(facts) if ticket.is_open else dict.fromkeys(then, "")
    return [_row(name, before, now[name], "") for name, before in then.items()]


def _called_now(facts: Mapping[str, Any]) -> dict[str, str]:
    words = ("Symbol", "Name", "Decimals")
    try:
        called = called_now(str(facts["token"]))
    except chain.ChainUnavailable:
        return dict.fromkeys(words, _UNKNOWN)
    if called.says_the_same_as(facts):
        return dict.fromkeys(words, "the same")
    decimals = "" if called.decimals is None else str(called.decimals)
    said = (called.shown_symbol, called.shown_name, decimals)
    return {word: f"changed: {now or 'says none'}" for word, now in zip(words, said, strict=True)}


def _terms_changes(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> list[dict[str, str]]:
    then, to = (_terms(old) if old else {}), _terms(new)
    return [_row(name, then.get(name, "—"), "", value) for name, value in to.items()]


def _terms(facts: Mapping[str, Any]) -> dict[str, str]:
    terms = Terms.from_facts(facts)
    return {
        "Issuer": terms.issuer,
        "Contact": terms.otc_contact or "—",
        "Matures": f"{terms.matures_at:%Y-%m-%d %H:%M} UTC" if terms.matures_at else "never",
        "Notice": f"{terms.notice_days} d",
    }


def _row(name: str, then: str, now: str, after: str) -> dict[str, str]:
    return {"name": name, "then": then, "now": now, "after": after}


def _cash(figures: CashFigures | None) -> str:
    return _money(figures.cash_assets if figures else None)


def _l1(figures: CashFigures | None) -> str:
    return _bps(figures.l1_bps if figures else None)


def _money(assets: int | None) -> str:
    return _UNKNOWN if assets is None else f"{format_amount(assets)} USDT"


def _bps(bps: int | str | None) -> str:
    return _UNKNOWN if bps is None else format_bps(int(bps))


def _url(ticket: Ticket) -> str:
    if ticket.kind == FEE_WITHDRAW:
        return reverse("admin:fund_feeentry_changelist")
    row = Asset.objects.filter(chain_id=ticket.chain_id, token=token_of(ticket.subject_id)).first()
    if row is None:
        return reverse("admin:fund_asset_changelist")
    return reverse("admin:fund_asset_change", args=[row.pk])
