"""Stored events as sentences. What is not known here is shown by name with its first arguments."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.accounts.queries import label_of
from apps.chain.queries import EventView
from apps.core import display
from apps.core.units import format_bps
from apps.fund import queries as fund

Args = Mapping[str, Any]
_CHANNELS = ("standard", "emergency", "scheduled")
_ROUTES = ("over the counter", "by swap", "by its adapter")
_TEXT_MAX = 120
_NOT_TOLD = {"Approval", "Transfer", "Withdraw"}
_TOLD_BY = {
    "PurchaseRouted": ("AssetPurchased",),
    "RedemptionFeeAdded": ("RedemptionSettled",),
    "SharesBurned": ("RedemptionSettled",),
    "SharesLocked": ("RedemptionRequested",),
    "SharesUnlocked": ("RedemptionCancelled", "RedemptionRejected"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the feed. ``what`` is safe HTML."""

    id: int
    at: datetime
    what: SafeString
    tone: str
    final: bool


def lines(events: list[EventView]) -> list[Line]:
    """The events worth a line, in the order given; one that another of its transaction tells too
    is left out."""
    there = {_about(event) for event in events}
    told = [
        event
        for event in events
        if event.name not in _NOT_TOLD
        and not any(_about(event, name) in there for name in _TOLD_BY.get(event.name, ()))
    ]
    symbols: dict[str, str] = {}
    for chain_id in {event.chain_id for event in told if "token" in event.args}:
        symbols |= fund.symbols(chain_id=chain_id)
    return [_line(event, symbols) for event in told]


def sentence(event: EventView, symbols: Mapping[str, str] | None = None) -> SafeString:
    """What the event says, with amounts, people and a link to its record; ``symbols`` names tokens
    by their lower-case address."""
    tell = _SENTENCES.get(event.name)
    if tell is None:
        return _fallback(event)
    args = dict(event.args)
    if "token" in args:
        args["symbol"] = (symbols or {}).get(str(args["token"]).lower(), "")
    try:
        return tell(args)
    except (KeyError, ValueError, IndexError, TypeError):
        # Arguments come from outside: an event of another generation may lack some.
        return _fallback(event)


def _line(event: EventView, symbols: Mapping[str, str]) -> Line:
    return Line(
        id=event.id,
        at=event.at,
        what=sentence(event, symbols),
        tone=_TONES.get(event.name, ""),
        final=event.status != "SEEN",
    )


def _about(event: EventView, name: str = "") -> tuple[str, str, str]:
    """The event, or that of another name beside it, by what tells it from others."""
    return event.tx_hash, name or event.name, str(event.args.get("token", "")).lower()


def _fallback(event: EventView) -> SafeString:
    shown = ", ".join(f"{name} {value}" for name, value in list(event.args.items())[:3])
    return format_html("{} {}", event.name or "Unknown event", shown[:_TEXT_MAX])


def _usdt(value: str) -> SafeString:
    return display.money(int(value))


def _who(address: str) -> SafeString:
    return display.address(address, label_of(address))


def _asset(args: Args) -> SafeString:
    return display.address(args["token"], args["symbol"])


def _purchased(args: Args) -> SafeString:
    if int(args["usdtAmount"]) == 0:
        return format_html("Nothing bought of {}: less than its smallest purchase", _asset(args))
    return format_html("Bought {} for {}", _asset(args), _usdt(args["usdtAmount"]))


def _redemption(args: Args, word: str = "Redemption") -> SafeString:
    query = f"?q={args['requestId']}"
    url = reverse("admin:redemptions_redemption_changelist") + query
    return format_html('<a class="link" href="{}">{} #{}</a>', url, word, int(args["requestId"]))


def _requested(args: Args) -> SafeString:
    channel = _CHANNELS[int(args["channel"])]
    needs = ", needs approval" if args["requiresApproval"] is True else ""
    text = "{} asks for {} of {} ({}{})"
    return format_html(
        text,
        _who(args["owner"]),
        _redemption(args, "redemption"),
        _usdt(args["lockedAmount"]),
        channel,
        needs,
    )


def _nav(args: Args) -> SafeString:
    new, old = int(args["newNav"]), int(args["oldNav"])
    if new == old:
        return format_html("NAV confirmed at {}", display.money(new, places=6))
    return format_html(
        "NAV {} → {}", display.money(old, "", places=6), display.money(new, places=6)
    )


def _alert(name: str) -> Callable[[Args], SafeString]:
    def tell(args: Args) -> SafeString:
        return format_html(
            "{} liquidity: {} against {}",
            name,
            format_bps(int(args["currentRatio"])),
            format_bps(int(args["threshold"])),
        )

    return tell


_SENTENCES: dict[str, Callable[[Args], SafeString]] = {
    "DepositProcessed": lambda a: format_html(
        "{} subscribed {} for {}",
        _who(a["receiver"]),
        _usdt(a["assets"]),
        display.money(int(a["shares"]), "PPT"),
    ),
    "RedemptionRequested": _requested,
    "RedemptionApproved": lambda a: format_html(
        "{} approved by {}", _redemption(a), _who(a["approver"])
    ),
    "RedemptionRejected": lambda a: format_html(
        "{} rejected: {}", _redemption(a), str(a["reason"])[:_TEXT_MAX]
    ),
    "RedemptionCancelled": lambda a: format_html("{} cancelled by its owner", _redemption(a)),
    "RedemptionSettled": lambda a: format_html(
        "{} paid: {} (fee {})", _redemption(a), _usdt(a["netAmount"]), _usdt(a["fee"])
    ),
    "NavUpdated": _nav,
    "EmergencyModeChanged": lambda a: format_html(
        "Emergency mode {}", "on" if a["enabled"] is True else "off"
    ),
    "LowLiquidityAlert": _alert("Low"),
    "CriticalLiquidityAlert": _alert("Critical"),
    "AssetPurchased": _purchased,
    "PurchaseRouted": lambda a: format_html(
        "{} went into {}, {}", _usdt(a["usdtAmount"]), _asset(a), _ROUTES[int(a["method"])]
    ),
    "AssetRedeemed": lambda a: format_html("Sold {} for {}", _asset(a), _usdt(a["usdtReceived"])),
    "WaterfallLiquidation": lambda a: format_html(
        "Liquidated {} for {}", _asset(a), _usdt(a["usdtReceived"])
    ),
    "ManagementFeeCollected": lambda a: format_html(
        "Management fee accrued: {}", _usdt(a["feeAmount"])
    ),
    "PerformanceFeeCollected": lambda a: format_html(
        "Performance fee accrued: {}", _usdt(a["feeAmount"])
    ),
    "RedemptionFeeAdded": lambda a: format_html("Redemption fee accrued: {}", _usdt(a["fee"])),
    "SharesLocked": lambda a: format_html(
        "{} locked of {}", display.money(int(a["shares"]), "PPT"), _who(a["owner"])
    ),
    "SharesUnlocked": lambda a: format_html(
        "{} unlocked of {}", display.money(int(a["shares"]), "PPT"), _who(a["owner"])
    ),
    "SharesBurned": lambda a: format_html(
        "{} burned of {}", display.money(int(a["shares"]), "PPT"), _who(a["owner"])
    ),
}
_TONES = {
    "LowLiquidityAlert": "warn",
    "CriticalLiquidityAlert": "bad",
    "EmergencyModeChanged": "bad",
    "RedemptionRejected": "warn",
}
