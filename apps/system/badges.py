"""Counts beside the sidebar's entries, kept a few seconds per person."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

from apps.approvals import queries as approvals
from apps.chain import queries as chain
from apps.core import clock
from apps.core.cached import cached
from apps.notifications import queries as notifications
from apps.rebalance import queries as rebalance
from apps.redemptions import queries as redemptions
from apps.risk import queries as risk
from apps.system.queries.health import STUCK_AFTER

KEEP_SECONDS = 5
SOON = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Badge:
    """A count and how urgent it is: "", "warn" or "bad"."""

    count: int
    tone: str = ""


def counts(request: HttpRequest) -> dict[str, Badge]:
    """All badges for this person, by the names that the sidebar uses."""
    user: Any = request.user
    may_decide = user.has_perm("approvals.decide_ticket")
    try:
        return cached(
            f"system:badges:{user.pk}:{int(may_decide)}",
            KEEP_SECONDS,
            lambda: _counts(user, may_decide, clock.now()),
        )
    except ImproperlyConfigured:
        return {}  # the strip says what is wrong with the chain file


def _counts(user: Any, may_decide: bool, at: datetime) -> dict[str, Badge]:
    status = chain.status(chain.fund_chain().chain_id, at=at)
    parked = sum(status.logs_by_status.get(kind, 0) for kind in ("FAILED", "UNDECODABLE"))
    waiting = approvals.waiting_for(user.pk, at=at) if may_decide else []
    return {
        "my_approvals": Badge(len(waiting), _urgency([row.deadline_at for row in waiting], at)),
        "redemptions": Badge(redemptions.active().count()),
        "plans": Badge(rebalance.open_count()),
        "plans_to_review": Badge(rebalance.to_review_count(), "warn"),
        "alerts": _alerts(),
        "incidents": Badge(int(risk.open_incident(chain_id=status.chain_id) is not None), "bad"),
        "parked": Badge(parked, "bad"),
        "warm_wallet": Badge(chain.waiting_for_signature_of(user), "warn"),
        "stops": Badge(len(chain.stops_in_force()), "bad"),
        "findings": Badge(len(chain.open_findings()), "bad"),
        "stuck": Badge(chain.stuck_transactions(before=at - STUCK_AFTER), "bad"),
        "failed_messages": Badge(notifications.failed_count(), "warn"),
    }


def _alerts() -> Badge:
    """Risk events that nobody has answered, as urgent as the gravest of them."""
    severities = list(risk.unanswered().values_list("severity", flat=True))
    return Badge(len(severities), "bad" if "CRITICAL" in severities else "warn")


def _urgency(deadlines: list[datetime], at: datetime) -> str:
    if not deadlines:
        return ""
    left = min(deadlines) - at
    if left <= timedelta(0):
        return "bad"
    return "warn" if left <= SOON else ""
