"""Messages about rebalancing: what ran without approval, and how plans ended.

A plan that people must approve is told of by its ticket.
"""

from collections.abc import Sequence

from apps.core.units import format_amount, format_bps
from apps.notifications.operations import notify
from apps.notifications.rules import Severity, Shared, shared_for
from apps.rebalance.events import PlanDeviated, PlanFact, PlanFinished, PlanSubmitted

from .links import admin_link

_ROLES = ("OPERATOR", "ADMIN")
_ENDINGS = {
    "COMPLETED": ("is done", Severity.INFO),
    "PARTIALLY_COMPLETED": ("is done in part", Severity.WARNING),
    "FAILED": ("failed", Severity.WARNING),
    "EXPIRED": ("expired", Severity.WARNING),
}
# It began and did not end as it should: the fund stands between two states.
_BROKE = frozenset({"PARTIALLY_COMPLETED", "FAILED"})


def ask_for_review(fact: PlanSubmitted) -> None:
    """Nobody has to approve it, so somebody should look at it."""
    if fact.ticket_id is not None:
        return
    _tell(
        fact,
        event="submitted",
        subject=f"Rebalance R-{fact.plan_id} needs no approval: please review it",
        body=f"{fact.approval}\n\nIt is executed as soon as its checks pass. "
        "Mark it as reviewed once you have looked at it.",
        severity=Severity.INFO,
    )


def tell_end(fact: PlanFinished) -> None:
    """It is over; who cancelled or rejected one knows it."""
    if fact.status not in _ENDINGS:
        return
    words, severity = _ENDINGS[fact.status]
    _tell(
        fact,
        event="finished",
        subject=f"Rebalance R-{fact.plan_id} {words}",
        body=fact.outcome,
        severity=severity,
        shared=shared_for(severity) if fact.status in _BROKE else (),
    )


def warn_of_deviation(fact: PlanDeviated) -> None:
    """It is done, and the fund is not where the plan said it would be."""
    _tell(
        fact,
        event="deviated",
        roles=(*_ROLES, "RISK_OFFICER"),
        subject=f"Rebalance R-{fact.plan_id} ended {format_bps(fact.deviation_bps)} "
        "from its projection",
        body="The fund was read again after the plan's last leg and differs from what the plan "
        "projected by more than people accept. Compare the tiers on the plan's page.",
        severity=Severity.WARNING,
        shared=shared_for(Severity.WARNING),
    )


def _tell(
    fact: PlanFact,
    *,
    event: str,
    roles: tuple[str, ...] = _ROLES,
    subject: str,
    body: str,
    severity: Severity,
    shared: Sequence[Shared] = (),
) -> None:
    notify(
        kind=f"PLAN_{event.upper()}",
        dedupe_key=f"plan:{fact.plan_id}:{event}",
        roles=roles,
        subject=subject,
        body=body,
        details=[
            ("Plan", f"R-{fact.plan_id}"),
            ("Asked for by", fact.trigger.capitalize()),
            ("Amount", f"{format_amount(fact.amount_assets)} USDT"),
        ],
        link=admin_link("rebalance_plan_change", fact.plan_id),
        link_text="Look at the plan",
        severity=severity,
        shared=shared,
        topic=f"plan:{fact.plan_id}",
        at=fact.at,
    )
