"""Reading what an incident report needs, as of one instant of the database."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from apps.approvals import queries as approvals
from apps.chain import queries as chain
from apps.chain.queries import TransactionView
from apps.rebalance.queries import LegView, PlanView
from apps.reports.rules import Period
from apps.risk import queries as risk
from apps.risk.queries import ActionView, IncidentView

from . import incident_inputs as values
from . import sources
from .messages import messages_between
from .risk_sources import MAIN_INDICATORS, events, histories, levels

LEAD = timedelta(minutes=30)
"""What is told begins so long before the incident: how it came about belongs to it."""


def collect_incident(incident_id: int, period: Period, *, at: datetime) -> values.IncidentInputs:
    """Everything an incident report is built from, in the caller's one view of the rows.

    Raises:
        IncidentNotFound: there is none of this number.
    """
    view = risk.incident(incident_id)
    row, (start, end) = view.row, (period.start, period.end)
    gap_assets, gap_words = _largest_gap(view)
    # What contracts say has the chain's time; what led to the incident belongs to it.
    since, until = risk.chain_time_at(start - LEAD), risk.chain_time_at(end)
    config = chain.fund_chain()
    status = chain.status(config.chain_id, at=at)
    return values.IncidentInputs(
        period=period,
        chain_id=config.chain_id,
        chain_name=config.name,
        read_at=at,
        incident_id=row.pk,
        cause=row.cause,
        summary=row.summary,
        phase=row.phase,
        opened_at=row.opened_at,
        opened_by=row.opened_by,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        lessons=row.lessons,
        gap_assets=gap_assets,
        gap_words=gap_words,
        final_block_number=status.final_number,
        final_block_time=status.final_time,
        unapplied_logs=sources.unapplied_logs(status),
        figures=_figures(view),
        entries=[
            values.Entry(at=one.at, kind=one.kind, text=one.text, actor=one.actor)
            for one in view.entries
            if one.at <= end
        ],
        checklist=[
            values.Tick(title=one.title, done_at=one.done_at, done_by=one.done_by, note=one.note)
            for one in view.checklist
        ],
        actions=[_action(action) for action in view.actions],
        tickets=_tickets(view),
        transactions=_transactions(view.actions),
        plans=[_plan(action.plan) for action in view.actions if action.plan is not None],
        contacts=[
            values.Contact(symbol=one.symbol, issuer=one.issuer, contact=one.otc_contact)
            for one in view.contacts
            if one.otc_contact
        ],
        levels=levels(Period(start - LEAD, end)),
        history=histories(MAIN_INDICATORS, start - LEAD, end),
        events=events(period),
        messages=messages_between(start, end),
        subscriptions=sources.subscriptions(since, until),
        requests=sources.requests(since, until),
        payouts=sources.payouts(since, until),
        alerts=sources.alerts(since, until),
        switches=sources.switches(since, until),
    )


_FIGURES = {
    "gross": "Gross assets, L1 + L2 + L3",
    "l1": "L1",
    "l2": "L2",
    "l3": "L3",
    "available": "Available to the contracts",
    "liability": "Redemption liability",
}


def _figures(view: IncidentView) -> list[tuple[str, int | None]]:
    """How the fund stood when the incident was opened."""
    said = view.row.figures
    known = {name: said.get(name) for name in _FIGURES}
    return [
        (label, None if known[name] is None else int(known[name]))
        for name, label in _FIGURES.items()
    ]


def _largest_gap(view: IncidentView) -> tuple[int | None, str]:
    """The largest gap that was worked out in the incident, and how; the gap closes again."""
    known = [entry for entry in view.entries if entry.kind == "GAP"]
    if not known:
        return None, "The gap could not be worked out."
    worst = max(known, key=lambda entry: int(entry.reference["assets"]))
    return int(worst.reference["assets"]), worst.text


def _action(action: ActionView) -> values.Action:
    return values.Action(
        at=action.row.at,
        title=action.title,
        ticket_id=action.row.ticket_id,
        plan_id=action.row.plan_id,
        state=action.state,
        explanation=action.row.explanation,
    )


def _tickets(view: IncidentView) -> list[values.ActionTicket]:
    """Tickets of its actions and of its plans, oldest first."""
    ids = {action.row.ticket_id for action in view.actions}
    ids |= {action.plan.row.ticket_id for action in view.actions if action.plan}
    rows = approvals.every().filter(pk__in=[one for one in ids if one is not None])
    return [
        values.ActionTicket(
            id=row.pk,
            title=row.title,
            status=row.status,
            required_approvals=row.required_approvals,
            opened_at=row.opened_at,
            decided_at=row.decided_at,
            outcome=row.outcome_reason,
            votes=tuple(
                values.Vote(
                    at=vote.voted_at,
                    voter=vote.username,
                    decision=vote.decision,
                    comment=vote.reason,
                )
                for vote in row.votes.all()
            ),
        )
        for row in rows.order_by("id")
    ]


def _transactions(actions: Sequence[ActionView]) -> list[values.Carried]:
    """Calls of its tickets and trades of its plans, in the order they were asked for."""
    found: dict[int, TransactionView] = {}
    for action in actions:
        found |= {one.id: one for one in action.transactions}
        legs = action.plan.legs if action.plan else ()
        found |= {leg.sent.id: leg.sent for leg in legs if leg.sent is not None}
    return [
        values.Carried(
            id=one.id,
            sentence=one.sentence,
            status=one.status,
            tx_hash=one.tx_hash,
            finished_at=one.finished_at,
            gas_used=one.gas_used,
            error=one.error,
        )
        for _, one in sorted(found.items())
    ]


def _plan(view: PlanView) -> values.LiquidationPlan:
    return values.LiquidationPlan(
        id=view.row.pk,
        status=view.row.status,
        reason=view.row.trigger_reason,
        outcome=view.row.outcome,
        planned_assets=view.row.amount_assets,
        raised_assets=_sold(view.legs),
        slippage_assets=view.realised_slippage_assets,
        legs=tuple(_leg(leg) for leg in view.legs),
    )


def _sold(legs: Sequence[LegView]) -> int | None:
    """What sales brought; None before the first one. What a plan buys for it is not taken off."""
    done = [leg.row for leg in legs if leg.row.kind == "REDEEM" and leg.row.status == "DONE"]
    return sum(row.realised_assets or 0 for row in done) if done else None


def _leg(leg: LegView) -> values.PlanLeg:
    row = leg.row
    verb = "Sell" if row.kind == "REDEEM" else "Buy"
    return values.PlanLeg(
        position=row.position,
        sentence=f"{verb} {row.symbol}",
        status=row.status,
        planned_assets=row.assets,
        realised_assets=row.realised_assets,
        slippage_bps=row.slippage_bps_realised,
        expected_gas_assets=row.gas_assets,
        gas_used=row.gas_used,
        tx_hash=row.tx_hash,
        finished_at=row.finished_at,
    )
