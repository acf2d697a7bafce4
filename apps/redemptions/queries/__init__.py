"""Reading redemptions: one, lists, what stands around one, its timeline."""

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
    every,
    find,
    pending_summary,
    totals,
    waiting_tickets,
)
from .panel import describe_ticket, due_before, effects, facts_now
from .timeline import Entry, timeline

__all__ = [
    "CHANNELS",
    "Entry",
    "RedemptionNotFound",
    "Settleability",
    "Totals",
    "active",
    "by_id",
    "by_key",
    "decision_call",
    "describe_ticket",
    "due",
    "due_before",
    "effects",
    "every",
    "facts_now",
    "facts_of",
    "find",
    "liquidity_now",
    "pending_summary",
    "requested_24h_before",
    "settle_call",
    "settleability",
    "timeline",
    "totals",
    "waiting_tickets",
]
