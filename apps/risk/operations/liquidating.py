"""Raising cash: the gap is worked out, and rebalancing is asked for a plan.

In an emergency another plan that has not begun gives way, unless people have approved it and it
raises cash itself. What is being executed comes to its end first, and the gap is asked about again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from apps.chain import queries as chain
from apps.chain.calls import RedeemAsset
from apps.core.actor import Actor
from apps.core.units import format_amount
from apps.rebalance import operations as rebalance
from apps.rebalance import queries as plans
from apps.rebalance.models import Plan
from apps.rebalance.rules.figures import ActionKind, AimKind
from apps.risk.models import Incident, IncidentAction
from apps.risk.queries import standing
from apps.risk.queries.incidents import LIQUIDATION, gap_of_row
from apps.risk.queries.policy import policy
from apps.risk.rules.figures import Level
from apps.risk.rules.life import Phase
from apps.risk.rules.protocol import Gap, may_plan
from apps.risk.rules.raising import gap_aim, transfer_aim

from . import timeline
from .asking import SYSTEM
from .incidents import locked

TRIGGER = "LIQUIDITY"
PAUSE_BETWEEN = timedelta(minutes=1)
"""Rebalancing is not asked about the same more often than this."""

_RAISING = (Phase.LIQUIDITY, Phase.PEOPLE)
_ACTOR = Actor.system("emergency protocol")
_NEVER = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """Who asks rebalancing, in words by which its plans are found again."""

    reason: str
    chain_id: int

    def made(self) -> QuerySet[Plan]:
        """The plans that came of it."""
        return plans.plans().filter(chain_id=self.chain_id, trigger_reason=self.reason)


def raise_liquidity(*, incident_id: int, at: datetime) -> None:
    """Work out the gap of an incident, and ask rebalancing for a plan over it.

    Asks a node, so never inside a transaction.

    Raises:
        ChainUnavailable, NoPolicy: it is tried again.
    """
    incident = Incident.objects.get(pk=incident_id)
    if incident.phase not in _RAISING:
        return
    wanted = _Wanted(reason=f"Emergency: incident {incident.pk}", chain_id=incident.chain_id)
    _take_in(incident, wanted, at=at)
    _, parameters = policy(at=at)
    read_since = max(_ended_at(wanted), at - standing.FRESH)
    gap = standing.gap_now(parameters.levels, read_since=read_since)
    if gap is None:
        if at - read_since >= standing.FRESH:
            words = "The gap cannot be worked out: the fund was not read for 15 minutes."
            timeline.write_unless_said(incident, "PLAN", words, actor=SYSTEM, at=at)
        return
    _keep_gap(incident.pk, gap, at=at)
    if not _may_ask(wanted, again_when_done=True, at=at):
        return
    situation = plans.situation_now(chain_id=incident.chain_id, at=at)
    if gap.assets:
        _clear_the_way(incident, wanted, at=at)
    said = rebalance.consider(
        chain_id=incident.chain_id,
        trigger=TRIGGER,
        reason=wanted.reason,
        aim=gap_aim(situation, gap=gap.assets),
        actor=_ACTOR,
        at=at,
    )
    _take_in(incident, wanted, at=at)
    if said.outcome != "PLANNED":
        words = f"No plan over the gap now: {said.explanation}"
        timeline.write_unless_said(incident, "PLAN", words, actor=SYSTEM, at=at)


def answer_level(*, chain_id: int, at: datetime) -> None:
    """Without an incident: at HIGH prepare a plan that raises what is missing, from L3 too; at
    ELEVATED one that refills L1 from L2. Once while the level lasts, and again what expired.

    Asks a node, so never inside a transaction.

    Raises:
        ChainUnavailable, SituationUnknown, NoPolicy: it is tried again.
    """
    row = standing.fresh(at=at)
    if row is None or row.level not in (Level.ELEVATED, Level.HIGH):
        return
    level = Level(row.level)
    _, parameters = policy(at=at)
    low = parameters.levels.elevated_l1
    if level is Level.ELEVATED and not standing.l1_is_below(low, read_since=at - standing.FRESH):
        return
    began = standing.since(level) or row.at
    wanted = _Wanted(
        reason=f"Risk is {level} since {began:%Y-%m-%d %H:%M:%S} UTC", chain_id=chain_id
    )
    if not _may_ask(wanted, again_when_done=False, at=at):
        return
    situation = plans.situation_now(chain_id=chain_id, at=at)
    if level is Level.HIGH:
        gap = standing.gap_now(parameters.levels, read_since=at - standing.FRESH)
        aim = gap_aim(situation, gap=gap.assets if gap else 0)
    else:
        aim = transfer_aim(situation, low=low)
    rebalance.consider(
        chain_id=chain_id,
        trigger=TRIGGER,
        reason=wanted.reason,
        aim=aim,
        actor=Actor.system("risk"),
        at=at,
    )


def _may_ask(wanted: _Wanted, *, again_when_done: bool, at: datetime) -> bool:
    asked = plans.triggers().filter(chain_id=wanted.chain_id, reason=wanted.reason)
    newest = asked.first()
    if newest is not None and at - newest.last_at < PAUSE_BETWEEN:
        return False
    return may_plan(_statuses(wanted), again_when_done=again_when_done)


def _statuses(wanted: _Wanted) -> Sequence[str]:
    return list(wanted.made().values_list("status", flat=True))


def _ended_at(wanted: _Wanted) -> datetime:
    """When the newest of its plans ended: a reading from before knows nothing of it."""
    ended = wanted.made().filter(finished_at__isnull=False).order_by("-finished_at").first()
    return ended.finished_at if ended and ended.finished_at else _NEVER


def _clear_the_way(incident: Incident, wanted: _Wanted, *, at: datetime) -> None:
    """Take back another open plan, if it has not begun."""
    plan = plans.open_plan(chain_id=incident.chain_id)
    if plan is None:
        return
    raises_cash = plan.trigger == TRIGGER and plan.aim != AimKind.DEPLOY
    if raises_cash and plan.status == "APPROVED":
        return
    if rebalance.give_way(plan_id=plan.pk, reason=f"{wanted.reason}.", actor=_ACTOR, at=at):
        timeline.write(
            incident,
            "PLAN",
            f"{plan} gave way to the emergency; it had not begun.",
            actor=SYSTEM,
            at=at,
            reference={"plan": plan.pk},
        )


@transaction.atomic
def _take_in(incident: Incident, wanted: _Wanted, *, at: datetime) -> None:
    """Let every plan that was made for an incident be an action of it; once."""
    locked(incident.pk)
    known = incident.actions.filter(kind=LIQUIDATION, plan_id__isnull=False).values("plan_id")
    for plan in wanted.made().exclude(pk__in=known).order_by("id"):
        amount = format_amount(plan.amount_assets)
        asks = f"ticket #{plan.ticket_id} asks for it" if plan.ticket_id else "no ticket is needed"
        words = f"{plan} raises liquidity: {amount} USDT in {plan.legs.count()} trades; {asks}."
        IncidentAction.objects.create(
            incident=incident,
            kind=LIQUIDATION,
            plan_id=plan.pk,
            ticket_id=plan.ticket_id,
            explanation=plan.approval[:500],
            at=at,
        )
        timeline.write(
            incident,
            "PLAN",
            words,
            actor=SYSTEM,
            at=at,
            reference={"plan": plan.pk, "ticket": plan.ticket_id},
        )
        _tell_of_limits(incident, plan, at=at)


def _tell_of_limits(incident: Incident, plan: Plan, *, at: datetime) -> None:
    """Say at once where the wallets may not move as much as a plan sells: else it stops midway."""
    sold = sum(leg.assets for leg in plan.legs.filter(kind=ActionKind.REDEEM))
    rooms = chain.signing_room(chain_id=plan.chain_id, kind=RedeemAsset.kind, at=at)
    left = sum(room.left_today_assets for room in rooms)
    if sold > left:
        timeline.write(
            incident,
            "PLAN",
            f"{plan} sells {format_amount(sold)} USDT, and the wallets may move only "
            f"{format_amount(left)} USDT more today: have a limit raised, or it stops midway.",
            actor=SYSTEM,
            at=at,
            reference={"plan": plan.pk},
        )


@transaction.atomic
def _keep_gap(incident_id: int, gap: Gap, *, at: datetime) -> None:
    """Write the gap down; the timeline tells when it begins, ends, or becomes another by 1 %."""
    incident = locked(incident_id)
    before = gap_of_row(incident)
    if before == gap:
        return
    incident.figures = incident.figures | {
        "gap": {"assets": str(gap.assets), "formula": gap.formula, "at": at.isoformat()}
    }
    incident.save(update_fields=["figures"])
    if before is None or abs(gap.assets - before.assets) * 100 > before.assets:
        words = f"Liquidity gap: {format_amount(gap.assets)} USDT. {gap.formula}"
        reference = {"assets": str(gap.assets)}
        timeline.write(incident, "GAP", words, actor=SYSTEM, at=at, reference=reference)
