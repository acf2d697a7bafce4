"""What people and our own processes did, and the fees."""

from typing import Any

from apps.core.units import BPS_ONE
from apps.reports.rules import Period

from .inputs import Inputs, Ticket
from .values import fields_of

FEE_KINDS = ("MANAGEMENT", "PERFORMANCE", "REDEMPTION")


def approvals(tickets: list[Ticket], period: Period) -> dict[str, Any]:
    """Tickets opened or decided in the period, with the share decided in time."""
    return {
        **_ticket_counts(tickets, period),
        "by_kind": [
            {"kind": kind, **_ticket_counts([t for t in tickets if t.kind == kind], period)}
            for kind in sorted({ticket.kind for ticket in tickets})
        ],
        "items": [
            {**fields_of(ticket), "within_sla": _in_time(ticket), "decide_seconds": _took(ticket)}
            for ticket in tickets
        ],
    }


def _ticket_counts(tickets: list[Ticket], period: Period) -> dict[str, Any]:
    opened = [t for t in tickets if period.start <= t.opened_at < period.end]
    closed = [t for t in tickets if t.decided_at and period.start <= t.decided_at < period.end]
    decided = [t for t in closed if t.status in {"APPROVED", "REJECTED", "EXPIRED"}]
    in_time = [t for t in decided if _in_time(t)]
    seconds = sorted(filter(None, (_took(t) for t in decided)))
    return {
        "opened": len(opened),
        "decided": len(decided),
        "approved": sum(t.status == "APPROVED" for t in decided),
        "rejected": sum(t.status == "REJECTED" for t in decided),
        "within_sla": len(in_time),
        "within_sla_bps": len(in_time) * BPS_ONE // len(decided) if decided else None,
        "median_decide_seconds": seconds[(len(seconds) - 1) // 2] if seconds else None,
    }


def _in_time(ticket: Ticket) -> bool | None:
    return None if ticket.decided_at is None else ticket.decided_at <= ticket.deadline_at


def _took(ticket: Ticket) -> int | None:
    if ticket.decided_at is None:
        return None
    return int((ticket.decided_at - ticket.opened_at).total_seconds())


def transactions(inputs: Inputs) -> dict[str, Any]:
    """Our transactions that ended in the period, by outcome and one by one."""
    rows = inputs.transactions
    statuses = sorted({row.status for row in rows})
    return {
        "count": len(rows),
        "by_status": [
            {"status": status, "count": sum(row.status == status for row in rows)}
            for status in statuses
        ],
        "items": [fields_of(row) for row in rows],
    }


def fees(inputs: Inputs) -> dict[str, Any]:
    """Fees accrued and withdrawn in the period, by kind and line by line."""

    def total(kind: str | None, direction: str) -> str:
        return str(
            sum(
                row.assets
                for row in inputs.fees
                if kind in {None, row.kind} and row.direction == direction
            )
        )

    return {
        "accrued_assets": total(None, "ACCRUED"),
        "withdrawn_assets": total(None, "WITHDRAWN"),
        "by_kind": [
            {
                "kind": kind,
                "accrued_assets": total(kind, "ACCRUED"),
                "withdrawn_assets": total(kind, "WITHDRAWN"),
            }
            for kind in FEE_KINDS
        ],
        "items": [fields_of(row) for row in inputs.fees],
    }
