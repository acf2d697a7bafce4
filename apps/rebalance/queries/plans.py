"""Plans with their legs and the transactions that carry them: one, lists, sums, what is open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, DecimalField, F, Q, QuerySet, Sum
from django.db.models.functions import Cast

from apps.chain import queries as chain
from apps.chain.terms import Method, Tier
from apps.core.errors import NotFound
from apps.core.units import BPS_ONE, bps_of
from apps.rebalance.models import OPEN, Leg, LegStatus, Plan, PlanStatus, Preview, TriggerEvent
from apps.rebalance.rules import frozen
from apps.rebalance.rules.figures import Blueprint, Situation

PLAN_ID_MAX = 2**63 - 1
_SUM = DecimalField(max_digits=100, decimal_places=0)
_ON_ITS_WAY = {"QUEUED": "Queued", "SIMULATED": "Tried out", "SIGNING": "Being signed"}


class PlanNotFound(NotFound):
    """There is no such plan."""


class PreviewNotFound(NotFound):
    """There is no such preview, or it was forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegView:
    """A leg and the transaction that carries it. ``stage`` says in words how far it is; ``tone`` is
    one of the display's."""

    row: Leg
    sent: chain.TransactionView | None
    stage: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TierView:
    """A tier of a plan: before, as projected, at its target, and as read afterwards (None until
    then); USDT base units and bps of gross assets."""

    tier: str
    before: int
    before_bps: int | None
    projected: int
    projected_bps: int | None
    target: int
    target_bps: int
    after: int | None
    after_bps: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """A plan as people see it. ``realised_slippage_assets`` is what the trades lost against the
    prices of planning, negative for a gain; None before the first trade is final."""

    row: Plan
    situation: Situation
    blueprint: Blueprint
    tiers: Sequence[TierView]
    legs: Sequence[LegView]
    triggers: Sequence[TriggerEvent]
    realised_assets: int | None
    realised_slippage_assets: int | None
    gas_used: int | None

    @property
    def cost_assets(self) -> int:
        """Expected slippage and gas."""
        return self.row.slippage_assets + self.row.gas_assets

    @property
    def seconds(self) -> int | None:
        """How long the execution took."""
        if self.row.begun_at is None or self.row.finished_at is None:
            return None
        return int((self.row.finished_at - self.row.begun_at).total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Count and sums of a set of plans: what they planned to move (USDT base units), how many
    completed, how many were executed at all."""

    count: int
    amount_assets: int
    completed: int
    executed: int


def plans() -> QuerySet[Plan]:
    """All plans, newest first."""
    return Plan.objects.order_by("-id")


def plan(plan_id: int) -> Plan:
    """One plan with its legs and triggers.

    Raises:
        PlanNotFound: there is none of this number.
    """
    rows = Plan.objects.prefetch_related("legs", "triggers")
    found = rows.filter(pk=plan_id).first() if 0 < plan_id <= PLAN_ID_MAX else None
    if found is None:
        raise PlanNotFound(f"There is no plan R-{plan_id}.")
    return found


def preview(preview_id: int) -> Preview:
    """One preview.

    Raises:
        PreviewNotFound: there is none of this number.
    """
    found = None
    if 0 < preview_id <= PLAN_ID_MAX:
        found = Preview.objects.filter(pk=preview_id).first()
    if found is None:
        raise PreviewNotFound(f"There is no preview {preview_id}. Preview again.")
    return found


def plan_of_preview(preview_id: int) -> Plan | None:
    """The plan that a preview became, if somebody submitted it."""
    return Plan.objects.filter(preview_id=preview_id).first()


def open_plan(*, chain_id: int) -> Plan | None:
    """The one plan that is not at its end."""
    return Plan.objects.filter(chain_id=chain_id, status__in=OPEN).first()


def open_count() -> int:
    """How many plans are not at their end."""
    return Plan.objects.filter(status__in=OPEN).count()


def to_review_count() -> int:
    """How many plans ran without approval and were not looked at since."""
    return Plan.objects.filter(to_review=True).exclude(status__in=OPEN).count()


def totals(rows: QuerySet[Plan]) -> Totals:
    """Count and sums of exactly these plans."""
    sums = rows.order_by().aggregate(
        count=Count("pk"),
        amount=Sum(Cast(F("amount_assets"), _SUM)),
        completed=Count("pk", filter=Q(status=PlanStatus.COMPLETED)),
        executed=Count("pk", filter=Q(begun_at__isnull=False)),
    )
    return Totals(
        count=sums["count"],
        amount_assets=int(sums["amount"] or Decimal(0)),
        completed=sums["completed"],
        executed=sums["executed"],
    )


def triggers() -> QuerySet[TriggerEvent]:
    """Everything that asked for a plan, newest first, with the plan it led to."""
    return TriggerEvent.objects.select_related("plan").order_by("-last_at", "-id")


def plan_view(row: Plan) -> PlanView:
    """A plan with its legs' transactions, read at once; from rows alone."""
    blueprint = frozen.blueprint_from_json(row.blueprint)
    rows = list(row.legs.all())
    done = [leg for leg in rows if leg.status == LegStatus.DONE]
    used = [leg.gas_used for leg in rows if leg.gas_used is not None]
    return PlanView(
        row=row,
        situation=frozen.situation_from_json(row.situation),
        blueprint=blueprint,
        tiers=_tiers(row, blueprint),
        legs=leg_views(rows),
        triggers=sorted(row.triggers.all(), key=lambda event: event.first_at),
        realised_assets=sum(leg.realised_assets or 0 for leg in done) if done else None,
        realised_slippage_assets=sum(map(_lost, done)) if done else None,
        gas_used=sum(used) if used else None,
    )


def leg_views(legs: Sequence[Leg]) -> list[LegView]:
    """Legs with how far each is."""
    wanted = [leg.transaction_id for leg in legs if leg.transaction_id is not None]
    sent = chain.transactions_by_id(wanted) if wanted else {}
    positions = {leg.position: leg for leg in legs}
    return [_leg_view(leg, sent, positions) for leg in legs]


def plan_payload(plan_id: int) -> dict[str, Any]:
    """What is pushed to clients when a plan has ended.

    Raises:
        PlanNotFound: there is none of this number.
    """
    row = plan(plan_id)
    legs = list(row.legs.all())
    return {
        "plan_id": str(row.pk),
        "status": row.status,
        "trigger": row.trigger,
        "total_amount": str(row.amount_assets),
        "outcome": row.outcome,
        "actions": len(legs),
        "actions_done": sum(leg.status == LegStatus.DONE for leg in legs),
        "deviation_bps": row.deviation_bps,
        "tx_hashes": [leg.tx_hash for leg in legs if leg.tx_hash],
        "executed_at": _iso(row.finished_at),
    }


def _leg_view(
    leg: Leg, sent: Mapping[int, chain.TransactionView], positions: Mapping[int, Leg]
) -> LegView:
    view = sent.get(leg.transaction_id) if leg.transaction_id is not None else None
    stage, tone = _stage(leg, view, positions)
    return LegView(row=leg, sent=view, stage=stage, tone=tone)


def _stage(
    leg: Leg, sent: chain.TransactionView | None, positions: Mapping[int, Leg]
) -> tuple[str, str]:
    if leg.status == LegStatus.PLANNED:
        waits = [
            position
            for position in leg.depends_on
            if position in positions and positions[position].status != LegStatus.DONE
        ]
        if waits:
            return f"Waits for leg {', '.join(str(position) for position in waits)}", "neutral"
        return "Pending", "neutral"
    if leg.status == LegStatus.SENT:
        return _on_its_way(sent), "info"
    tones = {LegStatus.DONE: "good", LegStatus.FAILED: "bad", LegStatus.SKIPPED: "warn"}
    return str(LegStatus(leg.status).label), tones[LegStatus(leg.status)]


def _on_its_way(sent: chain.TransactionView | None) -> str:
    if sent is None:
        return "Queued"
    if sent.confirmations is not None:
        needed = sent.confirmations_needed
        return f"Mined, {sent.confirmations} of {needed or '?'} confirmations"
    return _ON_ITS_WAY.get(sent.status, "Sent")


def _lost(leg: Leg) -> int:
    """What a trade lost against the plan's price in USDT, floor; negative for a gain."""
    return leg.assets * (leg.slippage_bps_realised or 0) // BPS_ONE


def _tiers(row: Plan, blueprint: Blueprint) -> list[TierView]:
    after = _after(row)
    total = sum(after.values()) if after else 0
    return [
        TierView(
            tier=one.tier.name,
            before=one.before,
            before_bps=one.before_bps,
            projected=one.after,
            projected_bps=one.after_bps,
            target=one.target,
            target_bps=one.target_bps,
            after=after.get(one.tier.name),
            after_bps=bps_of(after[one.tier.name], total) if after else None,
        )
        for one in blueprint.tiers
    ]


def _after(row: Plan) -> dict[str, int]:
    return {tier: int(assets) for tier, assets in (row.after or {}).items()}


def tier_name(tier: int) -> str:
    """L1, L2 or L3."""
    return Tier(tier).name


def method_name(method: int) -> str:
    """OTC, SWAP or AUTO."""
    return Method(method).name


def _iso(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None
