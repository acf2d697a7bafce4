"""Who has to approve that so much changes places, if anybody; the same before and at submission."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.approvals import queries as tickets
from apps.chain import queries as chain
from apps.chain.calls import Call
from apps.core.units import format_amount

TICKET_KINDS = ("REBALANCE_SMALL", "REBALANCE_LARGE")
"""Who decides about plans, from the smallest amount to the largest."""

SMALL = TICKET_KINDS[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class NeededApproval:
    """Which kind of ticket decides, None when nobody has to; and why, in words."""

    kind: str | None
    why: str

    @property
    def needed(self) -> bool:
        """Whether somebody has to approve."""
        return self.kind is not None


def approval_of(
    *, chain_id: int, amount_assets: int, calls: Sequence[Call], at: datetime
) -> NeededApproval:
    """Who decides about these calls.

    What the sender would count against the limit for trades without a ticket counts here too, so
    that no plan gets stuck in the middle for want of one.
    """
    amount = f"{format_amount(amount_assets)} USDT"
    kind = tickets.kind_by_amount(TICKET_KINDS, amount_assets)
    if kind is not None:
        limit = format_amount(tickets.ticket_threshold(kind) or 0)
        why = f"{amount} are at least the {limit} USDT from which {kind} asks people."
        return NeededApproval(kind=kind, why=why)
    limit_assets = tickets.ticket_threshold(SMALL)
    if limit_assets is None:
        why = "No rule says from which amount people are asked, so they are always."
        return NeededApproval(kind=SMALL, why=why)
    limit = format_amount(limit_assets)
    moved = sum(call.moved_assets for call in calls)
    recent = chain.moved_without_ticket(chain_id=chain_id, at=at)
    if moved + recent >= limit_assets:
        why = (
            f"Its trades move {format_amount(moved)} USDT, those of the last 24 hours without"
            f" a ticket {format_amount(recent)}: together at least {limit} USDT."
        )
        return NeededApproval(kind=SMALL, why=why)
    why = f"{amount} are below {limit} USDT: no approval, a review afterwards."
    return NeededApproval(kind=None, why=why)
