"""What a ticket's page shows to one person."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from apps.accounts import queries as accounts
from apps.approvals import queries
from apps.approvals.models import Ticket
from apps.approvals.rules import facts_hash
from apps.audit import queries as audit
from apps.core.display import duration_text

SOON = timedelta(hours=1)
_TONES = {
    "PENDING": "info",
    "PARTIALLY_APPROVED": "info",
    "APPROVED": "good",
    "REJECTED": "bad",
    "EXPIRED": "bad",
    "CANCELLED": "neutral",
}
_ACTIONS = {
    "ticket.created": "Opened",
    "ticket.approved": "Approved",
    "ticket.rejected": "Rejected",
    "ticket.cancelled": "Cancelled",
    "ticket.expired": "Expired",
    "ticket.warned": "Approvers warned",
    "ticket.escalated": "Escalated",
    "ticket.overdue": "Deadline passed",
    "ticket.executed": "Execution",
    "ticket.bound": "Rejection bound to its call",
}
_LEVEL_TONES = {"LOW": "good", "MEDIUM": "info", "HIGH": "warn", "CRITICAL": "bad"}


def ticket_page(ticket: Ticket, user: Any, *, at: datetime) -> dict[str, Any]:
    """The context of the page. Panels may ask the chain, so no transaction may be open."""
    panel = queries.panel_for(ticket)
    why_not = queries.why_cannot_vote(ticket, user, at=at)
    may_decide = user.has_perm("approvals.decide_ticket")
    votes = list(ticket.votes.all())
    given = sum(vote.decision == "APPROVE" for vote in votes)
    waiting = [] if not may_decide else queries.waiting_for(user.pk, at=at)
    return {
        "ticket": ticket,
        "tone": tone_of(ticket),
        "risk_tone": _LEVEL_TONES.get(str(ticket.assessment.get("level")), "neutral"),
        "panel": panel.describe(ticket) if panel else {},
        "changes": changes(ticket) if ticket.is_open else [],
        "votes": votes,
        "given": given,
        "slots": max(ticket.required_approvals - given, 0),
        "may_vote": queries.may_still_vote(ticket, at=at) if ticket.is_open else [],
        "why_not": why_not if may_decide else "your role does not decide tickets",
        "can_vote": may_decide and why_not is None,
        "can_cancel": ticket.is_open
        and ticket.maker_may_cancel
        and ticket.maker_user_id == user.pk
        and user.has_perm("approvals.cancel_ticket"),
        "clock": _clock(ticket, at),
        "log": [_log_line(row) for row in audit.trail("ticket", str(ticket.pk))],
        "next_ticket": next((other for other in waiting if other.pk != ticket.pk), None),
        "figures": [(name, _as_text(value)) for name, value in ticket.facts.items()],
        "parties": [(wallet, accounts.label_of(wallet)) for wallet in ticket.party_wallets],
        "at": at,
    }


def tone_of(ticket: Ticket) -> str:
    """The colour of a ticket's status."""
    return "warn" if ticket.is_open and ticket.overdue_at else _TONES[ticket.status]


def urgency(ticket: Ticket, at: datetime) -> str:
    """The style of a ticket's time left."""
    if ticket.deadline_at <= at:
        return "late"
    return "soon" if ticket.escalated_at or ticket.deadline_at - at <= SOON else ""


def changes(ticket: Ticket) -> list[dict[str, Any]]:
    """Figures that are not any more what was frozen; then nobody can vote."""
    now = queries.current_facts(ticket)
    if now is None:
        return [
            {"name": "The subject", "before": "was waiting", "after": "is not waiting any more"}
        ]
    if facts_hash(now) == ticket.facts_hash:
        return []
    return _differences(ticket.facts, now)


def _as_text(value: Any) -> str:
    """A frozen figure as people read it: what has parts as indented JSON."""
    return value if isinstance(value, str) else json.dumps(value, indent=1, ensure_ascii=False)


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    names = sorted({*before, *after})
    return [
        {
            "name": name,
            "before": _as_text(before.get(name, "—")),
            "after": _as_text(after.get(name, "—")),
        }
        for name in names
        if str(before.get(name)) != str(after.get(name))
    ]


def _clock(ticket: Ticket, at: datetime) -> list[dict[str, Any]]:
    """The three time limits: when, whether passed, when acted on."""
    steps = [
        ("Warn the approvers", ticket.warn_at, ticket.warned_at),
        (f"Escalate to {ticket.escalation_role}", ticket.escalate_at, ticket.escalated_at),
        (
            "Expire" if ticket.auto_reject else "Deadline, critical alert",
            ticket.deadline_at,
            ticket.overdue_at,
        ),
    ]
    end = ticket.decided_at
    return [
        {
            "name": name,
            "due": due,
            "done": done,
            "missed": not ticket.is_open and done is None and end is not None and end < due,
            "late": ticket.is_open and due <= at,
            "after": duration_text(int((due - ticket.opened_at).total_seconds())),
        }
        for name, due, done in steps
    ]


def _log_line(row: Any) -> dict[str, Any]:
    after = row.after or {}
    detail = " · ".join(
        str(after[name])
        for name in ("reason", "escalated_to", "execution", "error")
        if after.get(name)
    )
    return {
        "at": row.at,
        "action": _ACTIONS.get(row.action, row.action),
        "by": row.actor_name,
        "role": row.actor_role,
        "ip": row.ip,
        "detail": detail,
    }
