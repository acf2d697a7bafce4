"""Incidents with everything that belongs to them: timeline, checklist, actions, gap, contacts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from apps.approvals import queries as tickets
from apps.chain import queries as chain
from apps.chain.queries import TransactionView
from apps.chain.terms import Tier
from apps.core.errors import NotFound
from apps.fund import queries as fund
from apps.rebalance import queries as rebalance
from apps.rebalance.queries import PlanView
from apps.risk.models import ChecklistItem, Incident, IncidentAction, IncidentEntry
from apps.risk.rules.life import Phase
from apps.risk.rules.protocol import Gap
from apps.risk.rules.switches import CALL_KINDS, switch_of

from .switches import positions

LIQUIDATION = "LIQUIDATION"
"""The kind of action that is a plan, not a call."""


class IncidentNotFound(NotFound):
    """There is no incident with this number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionView:
    """Something an incident asked for, and what became of it.

    ``state`` says it in words; ``tone`` is one of the display's. A call has its ticket and
    ``transactions``, a liquidation its plan and the plan's ticket, where it needed one.
    """

    row: IncidentAction
    title: str
    state: str
    tone: str
    ticket: tickets.Ticket | None
    plan: PlanView | None
    transactions: Sequence[TransactionView]
    may_retry: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom to call about an L3 asset; ``value_assets`` is what the fund holds (USDT base units,
    None when its price is unknown). ``otc_contact`` is empty where nobody has named one."""

    token: str
    symbol: str
    issuer: str
    otc_contact: str
    notice_days: int | None
    matures_at: datetime | None
    value_assets: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchPosition:
    """Where a switch stands now, for people."""

    title: str
    position: str
    is_on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentView:
    """An incident as people see it. ``gap`` is None until it could be worked out."""

    row: Incident
    entries: Sequence[IncidentEntry]
    checklist: Sequence[ChecklistItem]
    actions: Sequence[ActionView]
    switches: Sequence[SwitchPosition]
    gap: Gap | None
    contacts: Sequence[Contact]

    @property
    def done(self) -> int:
        """How many items of the checklist are ticked."""
        return sum(item.done_at is not None for item in self.checklist)

    @property
    def gas_used(self) -> int:
        """Gas of its calls and of its plans' trades together."""
        calls = sum(one.gas_used or 0 for action in self.actions for one in action.transactions)
        return calls + sum(action.plan.gas_used or 0 for action in self.actions if action.plan)

    @property
    def cost_assets(self) -> int:
        """What its plans' trades lost against the prices of planning (USDT base units), negative
        for a gain; trades that are not final yet do not count."""
        return sum(
            action.plan.realised_slippage_assets or 0 for action in self.actions if action.plan
        )


def incidents() -> QuerySet[Incident]:
    """Every incident, newest first."""
    return Incident.objects.order_by("-opened_at", "-id")


def open_incident(*, chain_id: int) -> Incident | None:
    """The incident of a chain that is not closed."""
    return Incident.objects.filter(chain_id=chain_id).exclude(phase=Phase.CLOSED).first()


def incident(incident_id: int) -> IncidentView:
    """One incident, from rows alone.

    Raises:
        IncidentNotFound: there is none of this number.
    """
    row = Incident.objects.filter(pk=incident_id).first()
    if row is None:
        raise IncidentNotFound(f"There is no incident {incident_id}.")
    return IncidentView(
        row=row,
        entries=list(row.entries.order_by("at", "id")),
        checklist=list(row.checklist.order_by("position")),
        actions=[_action_view(action) for action in row.actions.order_by("id")],
        switches=[
            SwitchPosition(title=one.label, position=one.position(is_on), is_on=is_on)
            for one, is_on in positions().items()
        ],
        gap=gap_of_row(row),
        contacts=otc_contacts(),
    )


def open_incident_view() -> IncidentView | None:
    """The open incident of the fund's chain; None in calm times."""
    row = open_incident(chain_id=chain.fund_chain().chain_id)
    return incident(row.pk) if row else None


def otc_contacts() -> list[Contact]:
    """Whom to call about what the fund holds of L3, the largest first."""
    held = [view for view in fund.assets() if view.tier == Tier.L3.name and view.balance != 0]
    found = [
        Contact(
            token=view.token,
            symbol=view.symbol or view.token,
            issuer=view.issuer,
            otc_contact=view.otc_contact,
            notice_days=view.notice_days,
            matures_at=view.matures_at,
            value_assets=view.value_assets,
        )
        for view in held
    ]
    return sorted(found, key=lambda one: (-(one.value_assets or 0), one.symbol))


def gap_of_row(row: Incident) -> Gap | None:
    """The gap as last worked out for an incident."""
    said: dict[str, Any] | None = row.figures.get("gap")
    return Gap(assets=int(said["assets"]), formula=said["formula"]) if said else None


def _action_view(row: IncidentAction) -> ActionView:
    plan = None
    if row.plan_id is not None:
        plan = rebalance.plan_view(rebalance.plan(row.plan_id))
    ticket = tickets.ticket(row.ticket_id) if row.ticket_id is not None else None
    sent = _transactions(row) if row.kind in CALL_KINDS else []
    state, tone = _plan_state(plan) if plan else _call_state(ticket, sent)
    return ActionView(
        row=row,
        title=_title(row),
        state=state,
        tone=tone,
        ticket=ticket,
        plan=plan,
        transactions=sent,
        may_retry=plan is None
        and ticket is not None
        and ticket.status == "APPROVED"
        and ticket.execution_status == "FAILED"
        and bool(sent)
        and sent[-1].finished_at is not None
        and sent[-1].status not in ("FINAL", "MISMATCH"),
    )


def _title(row: IncidentAction) -> str:
    if row.kind == LIQUIDATION:
        return "Raise liquidity"
    return switch_of(row.kind).call(chain_id=0, on=row.enabled).sentence


def _transactions(row: IncidentAction) -> list[TransactionView]:
    call = switch_of(row.kind).call(chain_id=row.incident.chain_id, on=row.enabled)
    return [
        one
        for one in chain.transactions(call.chain_id, [call.kind], call.subject_id)
        if one.ticket_id == row.ticket_id
    ]


def _plan_state(plan: PlanView) -> tuple[str, str]:
    status = plan.row.status
    if status in ("COMPLETED", "PARTIALLY_COMPLETED"):
        return str(plan.row.get_status_display()), "good" if status == "COMPLETED" else "warn"
    if plan.row.is_open:
        return str(plan.row.get_status_display()), "info"
    return str(plan.row.get_status_display()), "bad"


def _call_state(ticket: tickets.Ticket | None, sent: Sequence[TransactionView]) -> tuple[str, str]:
    if ticket is None:
        return "Not asked for", "neutral"
    if ticket.is_open:
        return "Waits for votes", "warn"
    if ticket.status != "APPROVED":
        return ticket.status.capitalize(), "bad" if ticket.status == "REJECTED" else "neutral"
    if not sent:
        return "It was so already", "good"
    last = sent[-1]
    if last.finished_at is None:
        return f"On its way ({last.status.lower()})", "info"
    return ("Done", "good") if last.status == "FINAL" else (last.status.capitalize(), "bad")
