"""What a redemption's page shows to one person."""

from datetime import datetime
from typing import Any

from apps.accounts import queries as accounts
from apps.approvals import queries as approvals
from apps.chain import queries as chain
from apps.fund import queries as fund
from apps.redemptions import queries
from apps.redemptions.models import Redemption
from apps.redemptions.queries.detail import DECISION_KINDS, SETTLE_KINDS
from apps.redemptions.rules import ACTIVE, PAYABLE, TICKET_KINDS, Status

OTHERS_MAX = 5
TONES = {
    "PENDING": "info",
    "PENDING_APPROVAL": "warn",
    "APPROVED": "info",
    "SETTLED": "good",
    "REJECTED": "bad",
    "CANCELLED": "neutral",
}


def redemption_page(row: Redemption, user: Any, *, at: datetime) -> dict[str, Any]:
    """The context of the page."""
    tickets = list(
        approvals.tickets_for(TICKET_KINDS, row.subject_id, chain_id=row.chain_id).prefetch_related(
            "votes"
        )
    )
    ticket = tickets[0] if tickets else None
    settleability = queries.settleability(row, at=at)
    sent = chain.transactions(row.chain_id, (*DECISION_KINDS, *SETTLE_KINDS), row.subject_id)
    holder = fund.holder(row.owner)
    is_active = row.status in ACTIVE
    return {
        "row": row,
        "tone": TONES[row.status],
        "ticket": ticket,
        "tickets": tickets,
        "owner_label": accounts.label_of(row.owner),
        "receiver_label": accounts.label_of(row.receiver),
        "holder": holder,
        "shares_after": _shares_after(holder, row) if holder and is_active else None,
        "voucher": queries.voucher_of(row),
        "others": queries.every()
        .filter(owner=row.owner)
        .exclude(key=row.key)
        .order_by("-requested_at")[:OTHERS_MAX],
        "settleability": settleability,
        "effects": queries.effects(row, settleability.liquidity) if is_active else [],
        "due_first": queries.due_before(row) if is_active else None,
        "timeline": queries.timeline(row),
        "transactions": sent,
        "in_flight": next((view for view in reversed(sent) if view.finished_at is None), None),
        "is_payable": row.status in PAYABLE,
        "why_not_settle": _why_not_settle(settleability.refusal, user),
        "can_vote": ticket is not None
        and ticket.is_open
        and user.has_perm("approvals.decide_ticket")
        and approvals.why_cannot_vote(ticket, user, at=at) is None,
        "can_retry": can_retry(row, ticket, user),
        "at": at,
    }


def can_retry(row: Redemption, ticket: Any, user: Any) -> bool:
    """Whether this person may send a failed decision again."""
    if ticket is None or row.status != Status.PENDING_APPROVAL:
        return False
    roles = {ticket.role, ticket.escalated_to}
    return bool(ticket.execution_status == "FAILED" and roles & user.role_names)


def _shares_after(holder: Any, row: Redemption) -> int:
    """The owner's balance once the request is paid; shares in escrow have left it already."""
    balance: int = holder.balance_shares
    return balance if holder.in_escrow else balance - row.shares


def _why_not_settle(refusal: str, user: Any) -> str:
    if not user.has_perm("redemptions.settle_redemption"):
        return "Your role does not settle redemptions."
    return refusal
