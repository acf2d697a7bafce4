"""Roles, signature arithmetic, token format: plain Python."""

from apps.accounts.rules.roles import ROLES, STAFF_ROLES

__all__ = ["ROLES", "STAFF_ROLES"]
