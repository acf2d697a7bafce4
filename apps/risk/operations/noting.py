"""What tickets, plans and risk events do while an incident is open: lines of its timeline."""

from django.db.models import QuerySet

from apps.approvals import queries as tickets
from apps.approvals.events import (
    TicketCancelled,
    TicketDecided,
    TicketEscalated,
    TicketOpened,
    TicketOverdue,
    VoteCast,
)
from apps.core.actor import Actor
from apps.rebalance import queries as plans
from apps.rebalance.events import LegFinished, PlanBegun, PlanFinished
from apps.risk.events import RiskEventOpened, RiskEventResolved, RiskEventWorsened
from apps.risk.models import Incident, RiskEvent
from apps.risk.queries.incidents import LIQUIDATION
from apps.risk.rules.life import Phase
from apps.risk.rules.switches import is_ours

from . import timeline

_Happened = (
    TicketOpened | VoteCast | TicketDecided | TicketCancelled | TicketEscalated | TicketOverdue
)


def note_ticket(fact: _Happened) -> None:
    """An emergency ticket: opened, voted on, decided, withdrawn, out of time."""
    if not is_ours(fact.subject_id):
        return
    ticket = tickets.ticket(fact.ticket_id)
    timeline.note_in_open(
        ticket.chain_id,
        "TICKET",
        f"Ticket #{ticket.pk} ({ticket.title}) {_what_happened(fact, ticket)}",
        actor=Actor.system("tickets"),
        at=fact.at,
        reference={"ticket": ticket.pk},
    )


def note_ticket_of_plan(fact: TicketDecided | TicketCancelled) -> None:
    """The ticket of a plan that raises liquidity."""
    incident = _open().filter(actions__kind=LIQUIDATION, actions__ticket_id=fact.ticket_id).first()
    if incident is not None:
        ticket = tickets.ticket(fact.ticket_id)
        timeline.write(
            incident,
            "TICKET",
            f"Ticket #{ticket.pk} ({ticket.title}) {_what_happened(fact, ticket)}",
            actor=Actor.system("tickets"),
            at=fact.at,
            reference={"ticket": ticket.pk, "plan": int(fact.subject_id)},
        )


def note_plan(fact: PlanBegun | LegFinished | PlanFinished) -> None:
    """A plan that raises liquidity: begun, a leg's end, its own end."""
    incident = _open().filter(actions__kind=LIQUIDATION, actions__plan_id=fact.plan_id).first()
    if incident is None:
        return
    plan = plans.plan(fact.plan_id)
    reference: dict[str, object] = {"plan": plan.pk}
    if isinstance(fact, PlanBegun):
        words = f"{plan} began: {fact.legs} trades."
    elif isinstance(fact, LegFinished):
        leg = plan.legs.get(position=fact.position)
        reference["tx"] = leg.tx_hash
        words = f"{plan}, trade {fact.position} ({leg.kind.lower()} {leg.symbol}): "
        words += f"{fact.status.lower()}. {fact.error}"
    else:
        words = f"{plan} ended, {fact.status.lower().replace('_', ' ')}: {fact.outcome}"
    timeline.write(
        incident, "PLAN", words, actor=Actor.system("rebalance"), at=fact.at, reference=reference
    )


def note_risk_event(fact: RiskEventOpened | RiskEventWorsened | RiskEventResolved) -> None:
    """What else is wrong, or well again; what flaps is left out."""
    incident = _open().first()
    if incident is None or (not isinstance(fact, RiskEventWorsened) and fact.quiet):
        return
    event = RiskEvent.objects.get(pk=fact.event_id)
    if isinstance(fact, RiskEventResolved):
        words = f"Resolved: {event.message}"
    elif isinstance(fact, RiskEventWorsened):
        words = f"Worse, {event.severity.lower()}: {event.message}"
    else:
        words = f"{event.severity.capitalize()}: {event.message}"
    timeline.write(
        incident,
        "RISK",
        words,
        actor=Actor.system("risk"),
        at=fact.at,
        reference={"event": event.pk},
    )


def _open() -> QuerySet[Incident]:
    return Incident.objects.exclude(phase=Phase.CLOSED)


def _what_happened(fact: _Happened, ticket: tickets.Ticket) -> str:
    if isinstance(fact, TicketOpened):
        return f"asks for {ticket.required_approvals} votes of {ticket.role}."
    if isinstance(fact, VoteCast):
        vote = ticket.votes.get(user_id=fact.user_id)
        return f"has a vote: {vote.username} said {vote.decision.lower()}. {vote.reason}"
    if isinstance(fact, TicketDecided):
        by_rule = f" by {ticket.auto_approved_by}" if ticket.auto_approved_by else ""
        return f"was {fact.decision.lower()}{by_rule}. {fact.reason}"
    if isinstance(fact, TicketCancelled):
        return f"was withdrawn: {fact.reason}"
    if isinstance(fact, TicketEscalated):
        return f"was escalated to {fact.escalated_to}."
    return "is past its deadline and still open."
