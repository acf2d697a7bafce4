"""What a plan's page shows to one person."""

from typing import Any

from apps.approvals import queries as approvals
from apps.rebalance import queries
from apps.rebalance.models import EXECUTED, LegStatus, Plan, PlanStatus

from .base import AIMS, TONES

LIVE_SECONDS = 4
"""How often the page of a plan that moves asks for what is new."""


def plan_page(row: Plan, user: Any) -> dict[str, Any]:
    """The context of the page; from rows alone, since it is asked for again and again."""
    view = queries.plan_view(row)
    ticket = None
    if row.ticket_id is not None:
        ticket = approvals.Ticket.objects.filter(pk=row.ticket_id).first()
    return {
        "view": view,
        "row": row,
        "tone": TONES[row.status],
        "aim": AIMS[row.aim],
        "ticket": ticket,
        "steps": queries.timeline(view),
        "reversals": row.reversals.order_by("id"),
        "live_seconds": LIVE_SECONDS if row.is_open else 0,
        "done": sum(leg.row.status == LegStatus.DONE for leg in view.legs),
        "can": {
            "cancel": row.is_open and row.status != PlanStatus.EXECUTING,
            "stop": row.status == PlanStatus.EXECUTING,
            "review": row.to_review and not row.is_open,
            "reverse": row.status in EXECUTED,
        },
        "why_not": {
            "cancel": _why_not(user, "submit_plan", "Your role does not submit or cancel plans."),
            "review": _why_not_review(row, user),
            "reverse": _why_not(user, "preview_plan", "Your role does not plan rebalancing."),
        },
    }


def _why_not(user: Any, permission: str, words: str) -> str:
    return "" if user.has_perm(f"rebalance.{permission}") else words


def _why_not_review(row: Plan, user: Any) -> str:
    if row.created_by_id is not None and row.created_by_id == user.pk:
        return "You made this plan; somebody else reviews it."
    return _why_not(user, "review_plan", "Your role does not review plans.")
