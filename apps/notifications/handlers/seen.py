"""Alerts about logs that are not final yet; what they tell the chain may still undo.

Each carries the subject of the risk event that its final log will open, so that a pager knows both
for one thing, and the confirmed one does not alarm everyone again.
"""

from apps.chain import queries as chain
from apps.chain.events import (
    ChainFact,
    CriticalLiquidityAlert,
    EmergencyModeChanged,
    LowLiquidityAlert,
    SightingLost,
)
from apps.core import clock
from apps.core.units import format_amount, format_bps
from apps.notifications.operations import notify, push
from apps.notifications.queries import alert_on_sight
from apps.notifications.rules import Severity, Shared, shared_for
from apps.risk import queries as risk
from apps.risk.rules.figures import EventType

from .advice import what_to_do
from .links import admin_link
from .places import log_key, where

_UNCONFIRMED = (
    "This was seen on the chain and is not final yet: unconfirmed. It can still be undone."
)
_ON_CALL = ("RISK_OFFICER", "ADMIN")


def alert_low_liquidity(fact: LowLiquidityAlert) -> None:
    """The contract says liquidity is low."""
    _liquidity(fact, "low", Severity.WARNING)


def alert_critical_liquidity(fact: CriticalLiquidityAlert) -> None:
    """The contract says liquidity is critical."""
    _liquidity(fact, "critical", Severity.CRITICAL)


def alert_emergency_mode(fact: EmergencyModeChanged) -> None:
    """The vault's emergency mode was switched; on wakes people, off lets them know."""
    word = "on" if fact.enabled else "off"
    new = _alert(
        fact,
        kind="EMERGENCY_MODE",
        subject=f"Emergency mode was switched {word} (unconfirmed)",
        details=[("Vault", fact.source.address), *where(fact)],
        severity=Severity.CRITICAL if fact.enabled else Severity.WARNING,
    )
    if new:
        push(
            "risk:alert",
            {"kind": "EMERGENCY_MODE", "enabled": fact.enabled, **_source(fact)},
            clock.now(),
        )


def withdraw(fact: SightingLost) -> None:
    """The chain undid what was told on sight: say so wherever it was told.

    The pager rests, unless an earlier alert of the same kind, which is final, still holds.
    """
    told = alert_on_sight(log_key("seen", fact))
    if told is None:
        return
    severity = Severity(told.severity)
    holds = risk.events(
        event_type=EventType.CHAIN_ALERT, indicator=fact.event, resolved=False
    ).exists()
    notify(
        kind="SIGHTING_LOST",
        dedupe_key=f"{log_key('lost', fact)}:{fact.source.block_hash}",
        roles=_ON_CALL,
        subject=f"Withdrawn: {fact.event} is not on the chain any more",
        body="The chain took another branch, without the event that you were told of as "
        "unconfirmed. Nothing was done because of it. If it comes again, you are told again.",
        details=where(fact),
        link=admin_link("risk_board"),
        link_text="Open the risk board",
        severity=severity,
        shared=[
            place for place in shared_for(severity) if not (holds and place is Shared.PAGERDUTY)
        ],
        topic=told.topic,
        resolves=True,
        at=fact.at,
    )
    push("risk:alert", {"kind": "WITHDRAWN", "event": fact.event, **_source(fact)}, fact.at)


def _liquidity(
    fact: LowLiquidityAlert | CriticalLiquidityAlert, word: str, severity: Severity
) -> None:
    new = _alert(
        fact,
        kind=f"{word.upper()}_LIQUIDITY",
        subject=f"Liquidity is {word}: {format_bps(fact.ratio_bps)}, threshold "
        f"{format_bps(fact.threshold_bps)} (unconfirmed)",
        details=[
            ("Liquidity", format_bps(fact.ratio_bps)),
            ("Threshold", format_bps(fact.threshold_bps)),
            ("Available", f"{format_amount(fact.available_assets)} USDT"),
            *where(fact),
        ],
        severity=severity,
    )
    if new:
        push(
            "risk:alert",
            {
                "kind": f"{word.upper()}_LIQUIDITY",
                "ratio": f"{fact.ratio_bps / 10_000:.4f}",
                "threshold": f"{fact.threshold_bps / 10_000:.4f}",
                "availableAssets": str(fact.available_assets),
                **_source(fact),
            },
            clock.now(),
        )


def _alert(
    fact: ChainFact,
    *,
    kind: str,
    subject: str,
    details: list[tuple[str, str]],
    severity: Severity,
) -> bool:
    """Tell those on call; False when this was told before or is too old to be told."""
    event, at = type(fact).__name__, clock.now()
    created = notify(
        kind=kind,
        dedupe_key=log_key("seen", fact),
        roles=_ON_CALL,
        subject=subject,
        body=f"{_UNCONFIRMED}\n\n{what_to_do('CHAIN_ALERT', event)}",
        details=[*details, ("Risk board", admin_link("risk_board"))],
        link=admin_link("risk_board"),
        link_text="Open the risk board",
        severity=severity,
        happened_at=chain.happened_at(fact.source, at=at),
        shared=shared_for(severity),
        topic=f"risk:CHAIN_ALERT:{event}",
        at=at,
    )
    return bool(created)


def _source(fact: ChainFact | SightingLost) -> dict[str, object]:
    source = fact.source
    return {
        "blockNumber": source.block_number,
        "blockTime": source.block_time.isoformat().replace("+00:00", "Z"),
        "txHash": source.tx_hash,
        "confirmed": False,
    }
