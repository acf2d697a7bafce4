"""What people do about a risk event: take care of it, put it off, say that it is over."""

from datetime import datetime

from django.db import transaction

from apps.accounts import queries as accounts
from apps.core import bus
from apps.core.actor import Actor
from apps.core.errors import Invalid, NotAllowed, Refused
from apps.core.text import visible
from apps.risk.events import RiskEventAcknowledged, RiskEventResolved
from apps.risk.models import RiskEvent
from apps.risk.rules.alerting import SNOOZE_MAX
from apps.risk.rules.life import EventStatus

from ._events import locked, note

ANSWERING_ROLES = ("RISK_OFFICER", "ADMIN", "SUPER_ADMIN")
_NOTE_MAX = 2_000


class MayNotAnswer(NotAllowed):
    """Only a person who holds an answering role now answers, and in their own name."""


class AlreadyAcknowledged(Refused):
    """Somebody takes care of it."""


class AlreadyResolved(Refused):
    """It is over."""


class NothingToSnooze(Refused):
    """Nobody will be told again anyhow."""


class NoNote(Invalid):
    """Words are needed, and not too many."""


class BadSnooze(Invalid):
    """An event can be put off until later, by a day at most."""


@transaction.atomic
def acknowledge(*, event_id: int, note: str = "", actor: Actor, at: datetime) -> RiskEvent:
    """Take care of an event: it is not told again unless it gets graver.

    Raises:
        MayNotAnswer, EventNotFound, AlreadyAcknowledged, AlreadyResolved.
        NoNote: the note (which may be empty) is too long.
    """
    user_id = _answering(actor)
    said = _clean(note)
    row = _unresolved(event_id)
    _refuse_acknowledged(row)
    row.acknowledge(user_id=user_id, name=actor.name[:150], note=said, at=at)
    row.save()
    _note(row, "acknowledged", actor, at, before=EventStatus.OPEN, note=said)
    bus.publish(RiskEventAcknowledged(event_id=row.pk, at=at))
    return row


@transaction.atomic
def snooze(*, event_id: int, until: datetime, reason: str, actor: Actor, at: datetime) -> RiskEvent:
    """Put an event off: it is not told again before ``until``, unless it gets graver.

    Raises:
        MayNotAnswer, EventNotFound, AlreadyAcknowledged, AlreadyResolved.
        NothingToSnooze: everybody has been told, or it is information only.
        BadSnooze: ``until`` is not within the next 24 hours.
        NoNote: no reason, or too long a one.
    """
    _answering(actor)
    said = _words(reason, "Say why it can wait.")
    if not at < until <= at + SNOOZE_MAX:
        raise BadSnooze(
            "It can be put off by 24 hours at most, and only until a later time.",
            until=["Must lie within the next 24 hours."],
        )
    row = _unresolved(event_id)
    _refuse_acknowledged(row)
    if row.escalate_at is None:
        raise NothingToSnooze(
            "Nobody is going to be told of this event again. Acknowledge or resolve it."
        )
    # Put off before, it may be put off by less; the time limits themselves are never shortened.
    due = at if row.escalate_at == row.snoozed_until else row.escalate_at
    row.snooze(name=actor.name[:150], reason=said, until=until)
    row.escalate_at = max(due, until)
    row.save()
    _note(row, "snoozed", actor, at, before=EventStatus.OPEN, until=until, reason=said)
    return row


@transaction.atomic
def resolve(*, event_id: int, resolution: str, actor: Actor, at: datetime) -> RiskEvent:
    """Say that an event is over. If the next run still finds it wrong, that is another event.

    Raises:
        MayNotAnswer, EventNotFound, AlreadyResolved.
        NoNote: nothing, or too much, is said about how it ended.
    """
    user_id = _answering(actor)
    said = _words(resolution, "Say how it was resolved.")
    row = _unresolved(event_id)
    before = EventStatus(row.status)
    row.resolve(user_id=user_id, name=actor.name[:150], resolution=said, by_itself=False, at=at)
    row.save()
    _note(row, "resolved", actor, at, before=before, resolution=said)
    bus.publish(RiskEventResolved(event_id=row.pk, by_itself=False, quiet=row.quiet, at=at))
    return row


def _answering(actor: Actor) -> int:
    """The number of the person who answers, whose roles are read now.

    Raises:
        MayNotAnswer: no such person, not their role, or somebody else's name.
    """
    people = {user.pk: user for user in accounts.users_with_role(*ANSWERING_ROLES)}
    person = people.get(actor.user_id or 0)
    if actor.kind != "user" or person is None or person.get_username() != actor.name:
        raise MayNotAnswer("Risk events are answered by a risk officer or an administrator.")
    return person.pk


def _unresolved(event_id: int) -> RiskEvent:
    row = locked(event_id)
    if row.status == EventStatus.RESOLVED:
        who = "by itself" if row.by_itself else f"by {row.resolved_by}"
        raise AlreadyResolved(f"Risk event {event_id} was resolved {who}.")
    return row


def _refuse_acknowledged(row: RiskEvent) -> None:
    if row.status == EventStatus.ACKNOWLEDGED:
        raise AlreadyAcknowledged(f"{row.acknowledged_by} takes care of risk event {row.pk}.")


def _words(text: str, ask: str) -> str:
    said = _clean(text)
    if not said:
        raise NoNote(ask)
    return said


def _clean(text: str) -> str:
    if len(text) > _NOTE_MAX:
        raise NoNote(f"Use at most {_NOTE_MAX:,} characters.")
    return visible(text).strip()


def _note(
    row: RiskEvent, action: str, actor: Actor, at: datetime, *, before: EventStatus, **said: object
) -> None:
    note(
        row,
        action,
        actor=actor,
        at=at,
        before={"status": before.value},
        after={"status": row.status, **said},
    )
