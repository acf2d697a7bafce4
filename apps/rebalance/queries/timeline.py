"""One line through everything that happened to a plan: triggers, people, transactions, its end."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from apps.approvals import queries as approvals
from apps.rebalance.models import LegStatus, PlanStatus

from .plans import LegView, PlanView

_BAD = (PlanStatus.FAILED, PlanStatus.EXPIRED)
_ENDED = {
    PlanStatus.COMPLETED: "Completed",
    PlanStatus.PARTIALLY_COMPLETED: "Partially completed",
    PlanStatus.FAILED: "Failed",
    PlanStatus.CANCELLED: "Cancelled",
    PlanStatus.EXPIRED: "Expired",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step; ``lane`` is "clock" (what asked for it), "staff", "chain" or "system"."""

    at: datetime
    lane: str
    text: str
    by: str = ""
    detail: str = ""
    tx_hash: str = ""
    ticket_id: int | None = None
    failed: bool = False


def timeline(view: PlanView) -> list[Step]:
    """Every step known, oldest first; by the wall clock."""
    steps = [*_asked(view), *_decided(view), *_executed(view)]
    return sorted(steps, key=lambda step: step.at)


def _asked(view: PlanView) -> Iterator[Step]:
    row = view.row
    for event in view.triggers:
        yield Step(
            at=event.first_at,
            lane="clock",
            text=f"{event.get_kind_display()} trigger"
            + ("" if event.outcome == "PLANNED" else ", recorded on this plan"),
            detail=event.reason + (f" ({event.times} times)" if event.times > 1 else ""),
        )
    yield Step(
        at=row.created_at,
        lane="staff" if row.created_by_id else "system",
        text="Planned",
        by=row.created_by_name,
        detail=row.trigger_reason,
    )


def _decided(view: PlanView) -> Iterator[Step]:
    row = view.row
    ticket = None
    if row.ticket_id is not None:
        ticket = approvals.Ticket.objects.filter(pk=row.ticket_id).first()
    if ticket is not None:
        yield Step(
            at=ticket.opened_at,
            lane="system",
            text=f"Ticket #{ticket.pk} opened",
            detail=" ".join(str(condition["text"]) for condition in ticket.conditions),
            ticket_id=ticket.pk,
        )
        for vote in ticket.votes.all():
            approved = vote.decision == "APPROVE"
            yield Step(
                at=vote.voted_at,
                lane="staff",
                text="Voted to approve" if approved else "Rejected",
                by=vote.username,
                detail=vote.reason,
                ticket_id=ticket.pk,
                failed=not approved,
            )
    if row.approved_at is not None:
        yield Step(at=row.approved_at, lane="system", text="Approved", detail=row.approval)


def _executed(view: PlanView) -> Iterator[Step]:
    row = view.row
    if row.begun_at is not None:
        yield Step(at=row.begun_at, lane="system", text="All checks passed, execution begun")
    for leg in view.legs:
        yield from _leg_steps(leg)
    if row.finished_at is not None:
        status = PlanStatus(row.status)
        yield Step(
            at=row.finished_at,
            lane="system",
            text=_ENDED[status],
            detail=row.outcome,
            failed=status in _BAD,
        )
    if row.reviewed_at is not None:
        yield Step(at=row.reviewed_at, lane="staff", text="Reviewed", by=row.reviewed_by_name)


def _leg_steps(view: LegView) -> Iterator[Step]:
    leg = view.row
    what = f"Leg {leg.position}, {leg.kind.lower()} {leg.symbol}"
    if leg.sent_at is not None:
        yield Step(at=leg.sent_at, lane="system", text=f"{what}: queued with the sender")
    if leg.finished_at is not None:
        failed = leg.status != LegStatus.DONE
        yield Step(
            at=leg.finished_at,
            lane="system" if leg.status == LegStatus.SKIPPED else "chain",
            text=f"{what}: {leg.get_status_display().lower()}",
            detail=leg.error,
            tx_hash=leg.tx_hash,
            failed=failed,
        )
