"""Tickets, rules and votes in the admin."""

from .rules import RuleAdmin
from .tickets import TicketAdmin

__all__ = ["RuleAdmin", "TicketAdmin"]
