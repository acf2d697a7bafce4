"""The parameters of risk are changed by two people: who proposes, and who approves."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from apps.approvals import operations as approvals
from apps.approvals import queries as tickets
from apps.approvals.events import TicketDecided
from apps.chain import queries as chain
from apps.core.actor import Actor
from apps.core.errors import Invalid, Refused
from apps.core.locks import transaction_lock
from apps.risk.models import Policy
from apps.risk.queries.policy import POLICY_SUBJECT, NoPolicy, changes_between
from apps.risk.rules import policy_json
from apps.risk.rules.bounds import refuse_unless_sound
from apps.risk.rules.figures import Parameters

AHEAD_MAX = timedelta(days=365)


class OtherPolicyNow(Refused):
    """The parameters are no longer those that were asked about."""


class BadTime(Invalid):
    """Parameters come into force at once, or within a year."""


@transaction.atomic
def propose_policy(
    *, parameters: Parameters, effective_at: datetime, reason: str, actor: Actor, at: datetime
) -> int:
    """Ask another person for other parameters; return the ticket's number.

    Doors ask for the right ``risk.propose_policy``. Parameters that are approved after
    ``effective_at`` come into force at once.

    Raises:
        BadParameters, BadTime, NoPolicy.
        approvals.NoReason, NothingChanges, AlreadyProposed, TooFewEligible.
    """
    reason = approvals.clean_change_reason(reason)
    refuse_unless_sound(parameters)
    if not at <= effective_at <= at + AHEAD_MAX:
        raise BadTime("Parameters come into force at once, or within a year.")
    row = _newest_locked()
    # Through the figures, so that a policy stored before a parameter existed shows its default.
    old = policy_json.as_json(policy_json.from_json(row.values))
    new = policy_json.as_json(parameters)
    changes = changes_between(old, new)
    if not changes:
        raise approvals.NothingChanges("These are the parameters already.")
    return approvals.propose_change(
        kind=approvals.CONFIG_CHANGE,
        subject_id=POLICY_SUBJECT,
        title="Parameters of risk",
        facts={
            "version": row.version,
            "changes": changes,
            "old": old,
            "new": new,
            "effectiveAt": effective_at.astimezone(UTC).isoformat(),
            "reason": reason,
        },
        chain_id=chain.fund_chain().chain_id,
        actor=actor,
        at=at,
    )


def apply_policy(fact: TicketDecided) -> None:
    """Store the parameters that an approved ticket names; other tickets are not ours.

    Raises:
        NotAuthorised: the votes no longer carry it.
    """
    if fact.decision == "APPROVED" and fact.subject_id == POLICY_SUBJECT:
        approvals.carry_out_change(fact, lambda ticket: _follow(ticket, at=fact.at))


def _follow(ticket: tickets.Ticket, *, at: datetime) -> approvals.Changed:
    refuse_unless_sound(policy_json.from_json(ticket.facts["new"]))
    newest = _newest_locked()
    if newest.version != int(ticket.facts["version"]):
        raise OtherPolicyNow(f"The newest parameters are not version {ticket.facts['version']}.")
    row = Policy.objects.create(
        version=newest.version + 1,
        values=ticket.facts["new"],
        effective_at=datetime.fromisoformat(ticket.facts["effectiveAt"]),
        ticket_id=ticket.pk,
        created_at=at,
    )
    return approvals.Changed(
        action="CHANGE_POLICY",
        object_type="risk policy",
        object_id=str(row.version),
        before=_side(ticket, "old"),
        after=_side(ticket, "new")
        | {"effective": row.effective_at.isoformat(), "ticket": ticket.pk},
    )


def _newest_locked() -> Policy:
    """Rows never change, so the lock is a name's."""
    transaction_lock("risk:policy")
    row = Policy.objects.order_by("-version").first()
    if row is None:
        raise NoPolicy("No parameters of risk are in force.")
    return row


def _side(ticket: tickets.Ticket, side: str) -> dict[str, Any]:
    return {change["parameter"]: change[side] for change in ticket.facts["changes"]}
