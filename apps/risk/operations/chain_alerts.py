"""What the contracts raise by themselves, as risk events: opened by the final log, over when the
chain says so or liquidity is above the alert's own threshold again."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from apps.chain import queries as chain
from apps.chain.events import (
    ChainFact,
    CriticalLiquidityAlert,
    EmergencyModeChanged,
    LowLiquidityAlert,
)
from apps.core.units import BPS_ONE, format_amount, format_bps
from apps.risk.models import Assessment, RiskEvent
from apps.risk.queries.events import events
from apps.risk.rules.figures import EventType, Severity, Unit

from .raising import raise_event, settle_event

NEWS = timedelta(hours=1)
"""While history is being caught up with, what is older is recorded, not told."""

LiquidityAlert = LowLiquidityAlert | CriticalLiquidityAlert
_WORDS: Mapping[type[LiquidityAlert], tuple[str, Severity]] = {
    LowLiquidityAlert: ("low", Severity.WARNING),
    CriticalLiquidityAlert: ("critical", Severity.CRITICAL),
}
_LIQUIDITY = [kind.__name__ for kind in _WORDS]
_MODE = EmergencyModeChanged.__name__


@transaction.atomic
def raise_liquidity_alert(fact: LiquidityAlert, *, at: datetime) -> RiskEvent | None:
    """The redemption manager says that liquidity is low, or critical; None when that is no news."""
    if not _is_news(fact, at):
        return None
    word, severity = _WORDS[type(fact)]
    return raise_event(
        type=EventType.CHAIN_ALERT,
        indicator=type(fact).__name__,
        severity=severity,
        message=f"The contracts say that liquidity is {word}: {format_bps(fact.ratio_bps)} of"
        f" assets, below {format_bps(fact.threshold_bps)}.",
        value=Decimal(fact.ratio_bps) / BPS_ONE,
        threshold=Decimal(fact.threshold_bps) / BPS_ONE,
        unit=Unit.SHARE.value,
        details={"Available": f"{format_amount(fact.available_assets)} USDT", **_where(fact)},
        worse_below=True,
        at=at,
    )


@transaction.atomic
def follow_mode(fact: EmergencyModeChanged, *, at: datetime) -> RiskEvent | None:
    """The vault's emergency mode was switched: on, it is an event until it is off again."""
    if not fact.enabled:
        return settle_event(
            type=EventType.CHAIN_ALERT,
            indicator=_MODE,
            resolution="Emergency mode was switched off.",
            at=at,
        )
    if not _is_news(fact, at):
        return None
    return raise_event(
        type=EventType.CHAIN_ALERT,
        indicator=_MODE,
        severity=Severity.CRITICAL,
        message="The vault's emergency mode was switched on.",
        details=_where(fact),
        at=at,
    )


def settle_liquidity_alerts(*, assessment: Assessment, at: datetime) -> None:
    """Resolve the contracts' alerts that liquidity, as the run read it, has risen above.

    What the run could not read is not above anything.
    """
    available, gross = (
        assessment.figures.get(name) for name in ("available_assets", "gross_assets")
    )
    if available is None or not int(gross or 0):
        return
    ratio = Decimal(available) / Decimal(gross)
    now = format_bps(int(ratio * BPS_ONE))
    rows = events(event_type=EventType.CHAIN_ALERT, resolved=False)
    for row in rows.filter(indicator__in=_LIQUIDITY, threshold__lt=ratio):
        settle_event(
            type=EventType.CHAIN_ALERT,
            indicator=row.indicator,
            resolution=f"Available liquidity is {now} of assets.",
            at=at,
        )


def _is_news(fact: ChainFact, at: datetime) -> bool:
    of_fund = fact.source.chain_id == chain.fund_chain().chain_id
    return of_fund and at - chain.happened_at(fact.source, at=at) <= NEWS


def _where(fact: ChainFact) -> dict[str, str]:
    return {"Block": str(fact.source.block_number), "Transaction": fact.source.tx_hash}
