"""Reading redemptions: one, lists, what stands around one, its timeline."""

from apps.redemptions.models import redemption_key

from .checks import RequestRows, request_differences, request_rows
from .detail import Settleability, decision_call, facts_of, settle_call, settleability
from .liquidity import liquidity_now, requested_24h_before
from .lists import (
    CHANNELS,
    RedemptionNotFound,
    Totals,
    active,
    by_id,
    by_key,
    due,
    due_by_day,
    every,
    find,
    pending_summary,
    totals,
    voucher_of,
    waiting_tickets,
)
from .panel import describe_ticket, due_before, effects, facts_now
from .timeline import Entry, timeline

__all__ = [
    "CHANNELS",
    "Entry",
    "RedemptionNotFound",
    "RequestRows",
    "Settleability",
    "Totals",
    "active",
    "by_id",
    "by_key",
    "decision_call",
    "describe_ticket",
    "due",
    "due_before",
    "due_by_day",
    "effects",
    "every",
    "facts_now",
    "facts_of",
    "find",
    "liquidity_now",
    "pending_summary",
    "redemption_key",
    "request_differences",
    "request_rows",
    "requested_24h_before",
    "settle_call",
    "settleability",
    "timeline",
    "totals",
    "voucher_of",
    "waiting_tickets",
]
