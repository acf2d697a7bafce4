"""Plans under way, made by hand: their rows as ``submit`` leaves them, and transactions that end as
a test says, without a sender."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from apps.chain.calls import Call
from apps.chain.events import TransactionFinished
from apps.chain.models import Cursor, Transaction
from apps.chain.terms import Method, Tier
from apps.core import bus
from apps.core.actor import Actor
from apps.fund.models import AssetTrade
from apps.rebalance.models import Leg, Plan
from apps.rebalance.operations import making
from apps.rebalance.rules.calls import call_of
from apps.rebalance.rules.figures import (
    Action,
    ActionKind,
    Aim,
    AimKind,
    Band,
    Blueprint,
    Holding,
    Parameters,
    Planner,
    Score,
    Situation,
    TierFigures,
)
from tests.forcing import guards_off

CHAIN = 31337
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
USDT = 10**18
SYSTEM = Actor.system("test")
MTMM, CPCS, NGTR = ("0x" + digit * 40 for digit in "123")
_SYMBOLS = {MTMM: "MTMM", CPCS: "CPCS", NGTR: "NGTR"}
_TIERS = {MTMM: Tier.L2, CPCS: Tier.L3, NGTR: Tier.L3}
_BANDS = (
    (Tier.L1, 1_000, 500, 2_000),
    (Tier.L2, 3_000, 2_000, 4_000),
    (Tier.L3, 6_000, 5_000, 7_000),
)


def holding(token: str, units: int, **changes: Any) -> Holding:
    """So many USDT worth of an asset, at one USDT a token."""
    made = Holding(
        token=token,
        symbol=_SYMBOLS[token],
        tier=_TIERS[token],
        decimals=18,
        balance=units * USDT,
        price=USDT,
        value=units * USDT,
        target_bps=10_000 if token == MTMM else 5_000,
        purchasable=True,
        method=Method.OTC,
        expected_slippage_bps=10,
        max_slippage_bps=100,
        min_purchase_assets=5_000 * USDT,
        gas_assets=USDT,
    )
    return replace(made, **changes)


def situation(cash: int = 40_000, **changes: Any) -> Situation:
    """A fund of a million with 4 % of cash, 36 % in L2 and 60 % in L3."""
    made = Situation(
        chain_id=CHAIN,
        block_number=1_000,
        block_hash="0x" + "ab" * 32,
        at=NOON,
        cash=cash * USDT,
        spendable_cash=cash * USDT,
        holdings=(holding(MTMM, 360_000), holding(CPCS, 400_000), holding(NGTR, 200_000)),
        bands=tuple(
            Band(tier=tier, target_bps=target, min_bps=least, max_bps=most)
            for tier, target, least, most in _BANDS
        ),
        due_assets=0,
        liability_assets=0,
        trade_assets_max=None,
    )
    return replace(made, **changes)


def sell(position: int, token: str, units: int, **changes: Any) -> Action:
    """A sale of so many tokens at one USDT."""
    return _action(position, ActionKind.REDEEM, token, units, _TIERS[token], Tier.L1, **changes)


def buy(position: int, token: str, units: int, **changes: Any) -> Action:
    """A purchase for so many USDT."""
    return _action(position, ActionKind.PURCHASE, token, units, Tier.L1, _TIERS[token], **changes)


def _action(
    position: int,
    kind: ActionKind,
    token: str,
    units: int,
    source: Tier,
    target: Tier,
    **changes: Any,
) -> Action:
    made = Action(
        position=position,
        kind=kind,
        priority=1 if kind is ActionKind.REDEEM else 3,
        tier_from=source,
        tier_to=target,
        token=token,
        symbol=_SYMBOLS[token],
        decimals=18,
        assets=units * USDT,
        tokens=units * USDT,
        assets_min=units * USDT * 99 // 100,
        tokens_min=units * USDT * 99 // 100,
        method=Method.OTC,
        slippage_bps=10,
        slippage_assets=units * USDT // 1_000,
        gas_assets=USDT,
        reason="To bring tiers back to their targets.",
    )
    return replace(made, **changes)


def blueprint(actions: Sequence[Action], before: Situation) -> Blueprint:
    """A blueprint of these actions, with its projection."""
    sold = sum(one.assets for one in actions if one.kind is ActionKind.REDEEM)
    bought = sum(one.assets for one in actions if one.kind is ActionKind.PURCHASE)
    tiers = []
    for tier in Tier:
        held = before.tier_assets(tier)
        after = held + sum(
            (one.assets if one.tier_to is tier else 0)
            - (one.assets if one.tier_from is tier else 0)
            for one in actions
        )
        tiers.append(
            TierFigures(
                tier=tier,
                before=held,
                after=after,
                target=before.target_assets(tier),
                before_bps=before.ratio_bps(tier),
                after_bps=after * 10_000 // before.gross,
                target_bps=before.band(tier).target_bps,
            )
        )
    return Blueprint(
        aim=Aim(kind=AimKind.TIERS),
        actions=tuple(actions),
        tiers=tuple(tiers),
        amount_assets=max(sold, bought),
        slippage_assets=sum(one.slippage_assets for one in actions),
        gas_assets=sum(one.gas_assets for one in actions),
        planner=Planner.RULES,
        scores=(Score(planner=Planner.RULES, cost_assets=0, drift_assets=0),),
    )


@transaction.atomic
def approved(*actions: Action, at: datetime = NOON, before: Situation | None = None) -> Plan:
    """A plan that nobody has to approve, as small ones are."""
    before = before or situation()
    return making.make_plan(
        situation=before,
        blueprint=blueprint(actions, before),
        parameters=Parameters(),
        policy_version=1,
        trigger="MANUAL",
        reason="a test",
        actor=SYSTEM,
        at=at,
    )


def executing(*actions: Action, at: datetime = NOON, before: Situation | None = None) -> Plan:
    """The same, begun."""
    plan = approved(*actions, at=at, before=before)
    plan.begin(at=at)
    plan.save()
    return plan


def again(plan: Plan) -> Plan:
    return Plan.objects.get(pk=plan.pk)


def leg(plan: Plan, position: int) -> Leg:
    return plan.legs.get(position=position)


def statuses(plan: Plan) -> list[str]:
    return [row.status for row in plan.legs.order_by("position")]


def sent(plan: Plan, position: int) -> Transaction:
    """The transaction of a leg."""
    return Transaction.objects.get(pk=leg(plan, position).transaction_id)


def end(row: Transaction, status: str, *, error: str = "", at: datetime = NOON) -> None:
    """The transaction comes to an end, and whoever waits for it hears that."""
    mined = status in ("FINAL", "REVERTED", "MISMATCH")
    with guards_off():
        Transaction.objects.filter(pk=row.pk).update(
            status=status,
            error=error,
            finished_at=at,
            mined_hash=hash_of(row) if mined else "",
            mined_block=1_001 if mined else None,
            gas_used=100_000 if mined else None,
        )
    with transaction.atomic():
        bus.publish(
            TransactionFinished(
                kind=row.kind,
                transaction_id=row.pk,
                subject_id=row.subject_id,
                ticket_id=row.ticket_id,
                outcome=status,
                error=error,
                tx_hash=hash_of(row) if mined else "",
                at=at,
                details={},
            )
        )


def traded(row: Transaction, assets: int, tokens: int) -> None:
    """Its event is applied: amounts in whole units."""
    kind = "PURCHASE" if row.kind == "PURCHASE_ASSET" else "REDEMPTION"
    AssetTrade.objects.create(
        chain_id=CHAIN,
        contract=row.to,
        tx_hash=hash_of(row),
        position=0,
        block_number=1_001,
        log_index=row.pk,
        at=NOON,
        kind=kind,
        token=row.subject_id,
        tier=0,
        assets=assets * USDT,
        tokens=tokens * USDT,
    )


def hash_of(row: Transaction) -> str:
    return "0x" + f"{row.pk:064x}"


def finish_all(plan: Plan, at: datetime = NOON + timedelta(minutes=1)) -> None:
    """The leg on its way succeeds exactly as planned."""
    for row in plan.legs.filter(status="SENT"):
        tx = sent(plan, row.position)
        traded(tx, row.assets // USDT, row.tokens // USDT)
        end(tx, "FINAL", at=at)


def final_at(time: datetime = NOON, number: int = 1_010) -> None:
    """The listener's final head stands at this block."""
    Cursor.objects.update_or_create(
        chain_id=CHAIN,
        defaults={
            "next_block": number + 1,
            "tip_hash": "0x" + "77" * 32,
            "head_number": number,
            "final_number": number,
            "final_hash": "0x" + "66" * 32,
            "final_at": time,
        },
    )


def unfinished() -> int:
    return Transaction.objects.filter(finished_at__isnull=True).count()


def call(plan: Plan, position: int) -> Call:
    """The call that a leg is."""
    return call_of(CHAIN, leg(plan, position))


def force(row: Transaction, status: str) -> None:
    """The transaction is as far as nothing led it."""
    with guards_off():
        Transaction.objects.filter(pk=row.pk).update(status=status)
