"""Messages about a due redemption that could not be paid, and that it was paid after all."""

from collections.abc import Sequence

from apps.chain import queries as chain
from apps.chain.events import RedemptionSettled, SettlementLiquidityInsufficient
from apps.core import clock
from apps.core.bus import takes_many
from apps.core.units import format_amount
from apps.notifications.operations import notify
from apps.notifications.queries import topics_told
from apps.notifications.rules import Severity, Shared, shared_for
from apps.redemptions.queries import redemption_key

from .links import admin_link
from .places import log_key, where

_UNPAID = "REDEMPTION_UNPAID"
_ROLES = ("RISK_OFFICER", "ADMIN", "OPERATOR")


def alert_unpaid(fact: SettlementLiquidityInsufficient) -> None:
    """A due redemption was not paid: the contract found too little cash."""
    at = clock.now()
    missing = max(fact.payout_assets - fact.available_assets, 0)
    notify(
        kind=_UNPAID,
        dedupe_key=log_key("final", fact),
        roles=_ROLES,
        subject=f"Redemption {fact.request_id} is due and was not paid: cash is short",
        body="Raise cash from L2 or L3, then settle it.",
        details=[
            ("To be paid", f"{format_amount(fact.payout_assets)} USDT"),
            ("Cash", f"{format_amount(fact.available_assets)} USDT"),
            ("Missing", f"{format_amount(missing)} USDT"),
            *where(fact),
        ],
        link=_link(fact),
        severity=Severity.CRITICAL,
        happened_at=chain.happened_at(fact.source, at=at),
        shared=shared_for(Severity.CRITICAL),
        topic=_topic(fact),
        at=at,
    )


@takes_many
def tell_paid(facts: Sequence[RedemptionSettled]) -> None:
    """Where people were woken because one was not paid, they hear that it was."""
    at = clock.now()
    woken = topics_told(_UNPAID, {_topic(fact) for fact in facts})
    for fact in facts:
        if _topic(fact) not in woken:
            continue
        notify(
            kind="REDEMPTION_PAID",
            dedupe_key=log_key("final", fact),
            subject=f"Redemption {fact.request_id} was paid",
            body="It had been due and could not be paid for lack of cash. That is over.",
            details=[("Paid", f"{format_amount(fact.net_assets)} USDT"), *where(fact)],
            link=_link(fact),
            severity=Severity.INFO,
            shared=(Shared.SLACK, Shared.PAGERDUTY),
            topic=_topic(fact),
            resolves=True,
            at=at,
        )


def _topic(fact: SettlementLiquidityInsufficient | RedemptionSettled) -> str:
    return f"unpaid:{fact.source.chain_id}:{fact.request_id}"


def _link(fact: SettlementLiquidityInsufficient | RedemptionSettled) -> str:
    key = redemption_key(fact.source.chain_id, fact.request_id)
    return admin_link("redemptions_redemption_change", key)
