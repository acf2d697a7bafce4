"""What the end of a ticket does to the plan it asked about.

The ticket's lock is held already when these run, and they wait for the plan's; so nobody takes them
the other way round.
"""

from datetime import datetime

from django.db import transaction

from apps.approvals import operations as approvals
from apps.approvals import queries as tickets
from apps.approvals.events import TicketCancelled, TicketDecided
from apps.core.actor import Actor
from apps.rebalance.models import Plan, PlanStatus

from ._common import locked, note, tell_finished
from .bell import ring_for_the_next_step


@transaction.atomic
def decided(fact: TicketDecided) -> None:
    """Let the plan go on, or end it, as people (or the deadline) decided.

    A ticket that its rule approved is decided before the plan knows its number; who opened it
    carries on then.
    """
    plan = _waiting(fact)
    if plan is None:
        return
    actor = Actor.system(f"ticket {fact.ticket_id}")
    if fact.decision == "APPROVED":
        ticket = tickets.ticket(fact.ticket_id)
        voters = ", ".join(ticket.votes.order_by("id").values_list("username", flat=True))
        before = plan.status
        plan.approve(why=f"Ticket {ticket.pk}, approved by {voters}."[:300], at=fact.at)
        plan.save(update_fields=["status", "approval", "approved_at"])
        note(
            plan,
            "approved",
            actor=actor,
            at=fact.at,
            before={"status": before},
            after={"status": plan.status, "approval": plan.approval},
        )
        ring_for_the_next_step()
    elif fact.decision == "REJECTED":
        words = f"Rejected: {fact.reason}"
        end_before_it_begins(plan, PlanStatus.CANCELLED, words, actor=actor, at=fact.at)
    else:
        end_before_it_begins(plan, PlanStatus.EXPIRED, fact.reason, actor=actor, at=fact.at)


@transaction.atomic
def ticket_cancelled(fact: TicketCancelled) -> None:
    """The question was withdrawn, so the plan is; one whose time has passed expires."""
    plan = _waiting(fact)
    if plan is None:
        return
    late = fact.at >= plan.expires_at
    end_before_it_begins(
        plan,
        PlanStatus.EXPIRED if late else PlanStatus.CANCELLED,
        fact.reason,
        actor=Actor.system(f"ticket {fact.ticket_id}"),
        at=fact.at,
    )


def end_before_it_begins(
    plan: Plan, status: PlanStatus, words: str, *, actor: Actor, at: datetime
) -> None:
    """Cancel or expire a locked plan of which nothing was sent; an approved ticket shows it."""
    before = plan.status
    if status == PlanStatus.CANCELLED:
        plan.cancel(outcome=words, at=at)
    else:
        plan.expire(outcome=words, at=at)
    plan.to_review = False
    plan.save(update_fields=["status", "outcome", "finished_at", "to_review"])
    note(
        plan,
        plan.status.lower(),
        actor=actor,
        at=at,
        before={"status": before},
        after={"status": plan.status, "outcome": words},
    )
    if before == PlanStatus.APPROVED and plan.ticket_id is not None:
        approvals.record_execution(
            ticket_id=plan.ticket_id, status="FAILED", error=words, tx_hash="", actor=actor, at=at
        )
    tell_finished(plan, at=at)


def _waiting(fact: TicketDecided | TicketCancelled) -> Plan | None:
    """The locked plan, if it waits for this very ticket."""
    plan = locked(int(fact.subject_id))
    waits = plan.status == PlanStatus.PENDING_APPROVAL and plan.ticket_id == fact.ticket_id
    return plan if waits else None
