"""A fund as last read, and plans in every state, for pages and answers to show."""

from datetime import datetime, timedelta
from typing import Any

from apps.chain.contracts.fund_state import LiquidityBreakdown, TierBand
from apps.chain.terms import Tier
from apps.fund import operations as fund
from apps.fund.models import Asset
from apps.rebalance.models import Plan, TriggerEvent
from tests.forcing import guards_off
from tests.fund.states import asset, state

from . import running
from .running import CHAIN, CPCS, MTMM, NGTR, USDT

HOSTILE = "=cmd|'/c calc'!A1<script>alert(1)</script>\u202e"
_ASSETS = ((MTMM, "MTMM", Tier.L2, 360_000), (CPCS, "CPCS", Tier.L3, 400_000))


def read_fund(at: datetime, *, l1: int = 40_000, priced: bool = True, **changes: Any) -> None:
    """The newest snapshot: a million, L1 by default at 4 %, MTMM 36 %, CPCS 40 %, NGTR the rest."""
    holdings = (*_ASSETS, (NGTR, "NGTR", Tier.L3, 240_000 - l1))
    states = []
    for token, symbol, tier, units in holdings:
        share = 10_000 if tier is Tier.L2 else 5_000
        Asset.objects.get_or_create(
            chain_id=CHAIN,
            token=token,
            defaults={
                "symbol": symbol,
                "name": f"{symbol} fund",
                "decimals": 18,
                "tier": tier,
                "target_bps": share,
                "listed": True,
                "listed_at": at - timedelta(days=90),
                "contract": "0x" + "b3" * 20,
                "as_of_block": 1,
                "as_of_log_index": 0,
            },
        )
        states.append(
            asset(
                token=token,
                symbol=symbol,
                decimals=18,
                tier=tier,
                target_bps=share,
                balance=units * USDT,
                price=USDT if priced else None,
                value_assets=units * USDT if priced else None,
            )
        )
    figures: dict[str, Any] = {
        "layer1_liquidity": l1 * USDT,
        "layer2_liquidity": 360_000 * USDT,
        "layer3_value": (1_000_000 - l1) * USDT - 360_000 * USDT,
        "breakdown": LiquidityBreakdown(l1 * USDT, 0, 360_000 * USDT, (640_000 - l1) * USDT),
        "assets": tuple(states),
        "tiers": (
            TierBand(Tier.L1, 1_000, 500, 2_000),
            TierBand(Tier.L2, 3_000, 2_000, 4_000),
            TierBand(Tier.L3, 6_000, 5_000, 7_000),
        ),
    }
    fund.take_snapshot(
        kind="LIVE",
        chain_id=CHAIN,
        slot=at,
        state=state(number=1_000, at=at, **figures | changes),
        at=at,
    )


def completed(
    at: datetime, *, seconds: int = 90, slippage_bps: int = 12, token: str = MTMM
) -> Plan:
    """A plan of one sale that was executed as planned, ended at that instant."""
    plan = running.approved(running.sell(1, token, 20_000), at=at - timedelta(hours=1))
    with guards_off():
        plan.legs.update(
            status="DONE",
            transaction_id=plan.pk * 100,
            tx_hash="0x" + f"{plan.pk:064x}",
            sent_at=at - timedelta(seconds=seconds),
            finished_at=at,
            realised_assets=19_976 * USDT,
            realised_tokens=20_000 * USDT,
            slippage_bps_realised=slippage_bps,
            gas_used=210_000,
        )
        Plan.objects.filter(pk=plan.pk).update(
            status="COMPLETED",
            begun_at=at - timedelta(seconds=seconds),
            finished_at=at,
            outcome="1 of 1 legs done.",
            after={"L1": str(60_000 * USDT), "L2": str(340_000 * USDT), "L3": str(600_000 * USDT)},
            deviation_bps=3,
        )
    return running.again(plan)


def failed(at: datetime, *, outcome: str = HOSTILE) -> Plan:
    """A plan whose one leg failed, with what a hostile contract may have said."""
    plan = running.approved(running.sell(1, CPCS, 15_000), at=at - timedelta(hours=2))
    with guards_off():
        plan.legs.update(status="FAILED", error=outcome, sent_at=at, finished_at=at)
        Plan.objects.filter(pk=plan.pk).update(
            status="FAILED", begun_at=at - timedelta(seconds=30), finished_at=at, outcome=outcome
        )
    return running.again(plan)


def trigger(at: datetime, **changes: Any) -> TriggerEvent:
    """Something asked, and got nothing."""
    values: dict[str, Any] = {
        "chain_id": CHAIN,
        "kind": "LIQUIDITY",
        "reason": "L1 is 6.00 % of assets, below 8.00 %",
        "outcome": "NOTHING",
        "explanation": "Below the smallest plan of 10,000.00 USDT.",
        "first_at": at,
        "last_at": at,
    }
    return TriggerEvent.objects.create(**values | changes)
