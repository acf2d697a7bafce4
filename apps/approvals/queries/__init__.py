"""Reading tickets: lists, who may vote and why not, what a decision authorises, pages' panels."""

from apps.approvals.models import Ticket

from .authority import (
    NotAuthorised,
    authorised_change,
    authorises,
    counted_votes,
    times_listed,
)
from .by_rule import why_people_decide
from .panels import Panel, Provider, current_facts, panel_for, register_panel
from .rule_panels import describe_rule_change
from .tickets import (
    NoRule,
    TicketNotFound,
    active_rules,
    every,
    kind_by_amount,
    open_ticket_for,
    open_tickets,
    rule_for,
    ticket,
    ticket_threshold,
    tickets_for,
)
from .voting import (
    VoterState,
    may_still_vote,
    standing_of,
    vote_payload,
    waiting_for,
    why_cannot_vote,
)

__all__ = [
    "NoRule",
    "NotAuthorised",
    "Panel",
    "Provider",
    "Ticket",
    "TicketNotFound",
    "VoterState",
    "active_rules",
    "authorised_change",
    "authorises",
    "counted_votes",
    "current_facts",
    "describe_rule_change",
    "every",
    "kind_by_amount",
    "may_still_vote",
    "open_ticket_for",
    "open_tickets",
    "panel_for",
    "register_panel",
    "rule_for",
    "standing_of",
    "ticket",
    "ticket_threshold",
    "tickets_for",
    "times_listed",
    "vote_payload",
    "waiting_for",
    "why_cannot_vote",
    "why_people_decide",
]
