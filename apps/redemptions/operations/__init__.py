"""Everything that changes a redemption, or makes the chain change it."""

from ._common import AlreadySent
from .asking import close_ticket, open_missing_tickets, open_ticket_when_current
from .deciding import NothingToRetry, record_outcome, retry_decision, send_decision
from .projecting import (
    PROJECTED,
    OutOfOrder,
    UnknownRequest,
    clear_projections,
    note_in_audit,
    record_approval,
    record_cancellation,
    record_rejection,
    record_request,
    record_settlement,
    record_voucher,
    record_voucher_transfer,
)
from .settling import (
    CannotSettle,
    SettleResult,
    settle,
    settle_due,
)

__all__ = [
    "PROJECTED",
    "AlreadySent",
    "CannotSettle",
    "NothingToRetry",
    "OutOfOrder",
    "SettleResult",
    "UnknownRequest",
    "clear_projections",
    "close_ticket",
    "note_in_audit",
    "open_missing_tickets",
    "open_ticket_when_current",
    "record_approval",
    "record_cancellation",
    "record_outcome",
    "record_rejection",
    "record_request",
    "record_settlement",
    "record_voucher",
    "record_voucher_transfer",
    "retry_decision",
    "send_decision",
    "settle",
    "settle_due",
]
