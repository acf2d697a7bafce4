"""The parameters of rebalancing are changed by two people: who proposes, and who approves."""

from datetime import datetime
from typing import Any

from django.db import transaction

from apps.approvals import operations as approvals
from apps.approvals import queries as tickets
from apps.approvals.events import TicketDecided
from apps.chain import queries as chain
from apps.core.actor import Actor
from apps.core.errors import Refused
from apps.rebalance.models import Policy
from apps.rebalance.queries import NoPolicy
from apps.rebalance.queries.policy import POLICY_SUBJECT
from apps.rebalance.rules import frozen
from apps.rebalance.rules.bounds import refuse_unless_sound
from apps.rebalance.rules.figures import Parameters


class OtherPolicyNow(Refused):
    """The parameters are no longer those that were asked about."""


@transaction.atomic
def propose_policy(*, parameters: Parameters, reason: str, actor: Actor, at: datetime) -> int:
    """Ask another person for other parameters; return the ticket's number.

    Doors ask for the right ``rebalance.propose_policy``.

    Raises:
        BadParameters, NoPolicy.
        approvals.NoReason, NothingChanges, AlreadyProposed, TooFewEligible.
    """
    reason = approvals.clean_change_reason(reason)
    refuse_unless_sound(parameters)
    row = _locked()
    # Through the figures, so that a policy stored before a parameter existed shows its default.
    old = frozen.parameters_as_json(frozen.parameters_from_json(row.values))
    new = frozen.parameters_as_json(parameters)
    changes = _changes(old, new)
    if not changes:
        raise approvals.NothingChanges("These are the parameters already.")
    return approvals.propose_change(
        kind=approvals.CONFIG_CHANGE,
        subject_id=POLICY_SUBJECT,
        title="Parameters of rebalancing",
        facts={
            "version": row.version,
            "changes": changes,
            "old": old,
            "new": new,
            "reason": reason,
        },
        chain_id=chain.fund_chain().chain_id,
        actor=actor,
        at=at,
    )


def apply_policy(fact: TicketDecided) -> None:
    """Put the parameters that an approved ticket names in force; other tickets are not ours.

    A plan that is open keeps those it was made by, except for its checks before it begins.

    Raises:
        NotAuthorised: the votes no longer carry it.
    """
    if fact.decision == "APPROVED" and fact.subject_id == POLICY_SUBJECT:
        approvals.carry_out_change(fact, lambda ticket: _follow(ticket, at=fact.at))


def _follow(ticket: tickets.Ticket, *, at: datetime) -> approvals.Changed:
    refuse_unless_sound(frozen.parameters_from_json(ticket.facts["new"]))
    old = _locked()
    if old.version != int(ticket.facts["version"]):
        raise OtherPolicyNow(f"The parameters are no longer version {ticket.facts['version']}.")
    old.active = False
    old.save(update_fields=["active"])
    row = Policy.objects.create(
        version=old.version + 1, values=ticket.facts["new"], ticket_id=ticket.pk, created_at=at
    )
    return approvals.Changed(
        action="CHANGE_POLICY",
        object_type="policy",
        object_id=str(row.version),
        before={change["parameter"]: change["old"] for change in ticket.facts["changes"]},
        after={change["parameter"]: change["new"] for change in ticket.facts["changes"]}
        | {"ticket": ticket.pk},
    )


def _locked() -> Policy:
    row = Policy.objects.select_for_update().filter(active=True).first()
    if row is None:
        raise NoPolicy("No parameters of rebalancing are in force.")
    return row


def _changes(old: dict[str, Any], new: dict[str, Any]) -> list[dict[str, Any]]:
    """What is different, in the parameters' own order; blackouts as a whole."""
    return [
        {"parameter": name, "old": old[name], "new": new[name]}
        for name in new
        if old[name] != new[name]
    ]
