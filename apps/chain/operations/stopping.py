"""The kill switch: one person stops what leaves, two others by a ticket let it go on."""

from datetime import datetime

from django.db import IntegrityError, transaction

from apps.approvals import operations as approvals
from apps.approvals import queries as tickets
from apps.approvals.events import TicketDecided
from apps.audit import operations as audit
from apps.chain import config as chain_config
from apps.chain import contracts
from apps.chain.events import SendingResumed, SendingStopped
from apps.chain.models import SignerAccount, Stop
from apps.chain.rules import scopes
from apps.core import bus
from apps.core.actor import Actor
from apps.core.errors import NotFound, Refused

LIFT_STOP = "LIFT_STOP"


class NotStopped(Refused):
    """There is no stop in force to lift."""


def stop_sending(*, scope: str, reason: str, actor: Actor, at: datetime) -> int:
    """Let nothing leave within a scope from now on; return the stop's number.

    Doors ask for the right ``chain.stop_sending``; one person is enough, and the sender itself
    stops what it cannot vouch for. A scope that is stopped stays stopped by its first stop.

    Raises:
        scopes.UnknownScope, approvals.NoReason.
    """
    _refuse_unless_it_stops_something(scope)
    reason = approvals.clean_change_reason(reason)
    with transaction.atomic():
        try:
            with transaction.atomic():
                row = Stop.objects.create(
                    scope=scope, reason=reason, set_by=actor.name[:150], set_at=at
                )
        except IntegrityError:
            return Stop.objects.get(scope=scope, lifted_at__isnull=True).pk
        audit.record(
            actor=actor,
            action="STOP",
            object_type="stop",
            object_id=str(row.pk),
            after={"scope": scope, "reason": reason},
            level="HIGH",
            at=at,
        )
        bus.publish(
            SendingStopped(stop_id=row.pk, scope=scope, reason=reason, set_by=actor.name, at=at)
        )
    return row.pk


@transaction.atomic
def propose_lift(*, stop_id: int, reason: str, actor: Actor, at: datetime) -> int:
    """Ask people to lift a stop; return the ticket's number.

    Raises:
        NotFound, approvals.NoReason.
        NotStopped: it is lifted.
        approvals.AlreadyProposed: a ticket about it waits for votes.
        approvals.TooFewEligible: fewer than two people could vote.
    """
    reason = approvals.clean_change_reason(reason)
    row = Stop.objects.select_for_update().filter(pk=stop_id).first()
    if row is None:
        raise NotFound(f"There is no stop {stop_id}.")
    if row.lifted_at is not None:
        raise NotStopped(f"Stop {stop_id} was lifted at {row.lifted_at:%Y-%m-%d %H:%M} UTC.")
    chain_id = scopes.chain_of(row.scope) or chain_config.fund_chain().chain_id
    return approvals.propose_change(
        kind=LIFT_STOP,
        subject_id=str(row.pk),
        title=f"Lift the stop of {scopes.in_words(row.scope)}",
        facts={
            "scope": row.scope,
            "stoppedBecause": row.reason,
            "stoppedBy": row.set_by,
            "stoppedAt": int(row.set_at.timestamp()),
            "liftBecause": reason,
        },
        chain_id=chain_id,
        actor=actor,
        at=at,
    )


@transaction.atomic
def lift(fact: TicketDecided) -> None:
    """Let go on what an approved ticket says may; any other outcome changes nothing.

    Raises:
        approvals.NotAuthorised: the votes no longer carry it.
    """
    if fact.decision != "APPROVED":
        return
    ticket = tickets.authorised_change(fact)
    row = Stop.objects.select_for_update().get(pk=int(ticket.subject_id))
    if row.lifted_at is None:
        voters = ", ".join(ticket.votes.order_by("id").values_list("username", flat=True))
        row.lift_ticket_id, row.lifted_at, row.lifted_by = ticket.pk, fact.at, voters[:300]
        row.save(update_fields=["lift_ticket_id", "lifted_at", "lifted_by"])
        actor = Actor.system(f"ticket {ticket.pk}")
        audit.record(
            actor=actor,
            action="LIFT",
            object_type="stop",
            object_id=str(row.pk),
            before={"scope": row.scope, "reason": row.reason},
            after={"ticket": ticket.pk, "lifted_by": voters},
            level="HIGH",
            at=fact.at,
        )
        bus.publish(
            SendingResumed(
                stop_id=row.pk,
                scope=row.scope,
                ticket_id=ticket.pk,
                lifted_by=row.lifted_by,
                at=fact.at,
            )
        )
    approvals.record_execution(ticket_id=ticket.pk, status="DONE", at=fact.at)


def _refuse_unless_it_stops_something(scope: str) -> None:
    """A slip of the pen would leave people believing that they stopped something."""
    chain_id = scopes.chain_of(scope)
    if chain_id is None:
        return
    try:
        config = chain_config.chain(chain_id)
    except chain_config.UnknownChain as unknown:
        raise scopes.UnknownScope(f"{scope!r} is on no chain of ours.") from unknown
    subject = scope.rsplit(":", 1)[-1]
    if scope == scopes.of_signer(chain_id, subject):
        found = any(signer.address == subject for signer in config.signers)
        found = found or SignerAccount.objects.filter(chain_id=chain_id, address=subject).exists()
    else:
        found = scope == scopes.of_chain(chain_id) or subject in contracts.CALLS
    if not found:
        raise scopes.UnknownScope(f"{scope!r} names nothing that could be sent.")
