"""An incident: opened once, worked through by people, closed by one of them."""

from datetime import datetime
from typing import Any

from django.db import transaction

from apps.approvals import queries as tickets
from apps.audit import operations as audit
from apps.chain import queries as chain
from apps.core import bus
from apps.core.actor import Actor
from apps.core.errors import Invalid, NotFound, Refused
from apps.core.locks import transaction_lock
from apps.core.text import visible
from apps.risk.events import IncidentClosed, IncidentMoved, IncidentOpened
from apps.risk.models import ChecklistItem, Incident
from apps.risk.queries import standing
from apps.risk.queries.incidents import IncidentNotFound
from apps.risk.queries.switches import positions
from apps.risk.rules.life import Phase
from apps.risk.rules.protocol import CHECKLIST, TicketCause
from apps.risk.rules.switches import Switch

from . import asking
from .timeline import open_incident_of, write

TEXT_MAX = 5_000

_CAUSES = {
    TicketCause.ALERT: Incident.Cause.CHAIN,
    TicketCause.SWITCHED: Incident.Cause.CHAIN,
    TicketCause.LEVEL_CRITICAL: Incident.Cause.LEVEL,
    TicketCause.BY_HAND: Incident.Cause.MANUAL,
}


class ItemNotFound(NotFound):
    """There is no such item on any checklist."""


class AlreadyTicked(Refused):
    """Somebody has seen to it."""


class IncidentIsClosed(Refused):
    """An incident that is over does not change."""


class NotRecovered(Refused):
    """An incident is closed once the fund has been calm for the set time."""


class SwitchesStillOn(Refused):
    """Something is still stopped, and nobody says why it stays so."""


class NothingSaid(Invalid):
    """The text is missing or too long."""


@transaction.atomic
def open_incident(
    *, cause: TicketCause, summary: str, actor: Actor, at: datetime, also: int | None = None
) -> Incident:
    """Begin the protocol, and ask people for its stops; while one is open, that one is it.

    Args:
        cause: LEVEL_CRITICAL, ALERT, SWITCHED or BY_HAND.
        also: the ticket by which people opened it, whose calls are its first actions.
    """
    chain_id = chain.fund_chain().chain_id
    hold(chain_id)
    incident = open_incident_of(chain_id)
    is_new = incident is None
    if incident is None:
        incident = _begin(chain_id, cause, summary, actor=actor, at=at)
    if also is not None:
        asking.adopt(incident, tickets.ticket(also), at=at)
    if is_new:
        ask_for_stops(incident, cause=cause, at=at)
    return incident


def _begin(
    chain_id: int, cause: TicketCause, summary: str, *, actor: Actor, at: datetime
) -> Incident:
    incident = Incident.objects.create(
        cause=_CAUSES[cause],
        summary=summary[:400],
        chain_id=chain_id,
        opened_by=actor.name[:150],
        opened_by_id=actor.user_id,
        opened_at=at,
        phase_since=at,
        figures=standing.figures_of(standing.fresh(at=at)) | {"ticketCause": cause.value},
    )
    write(incident, "PHASE", f"Incident opened, phase ALARM: {summary}", actor=actor, at=at)
    record(incident, "opened", actor=actor, at=at, after={"cause": cause, "summary": summary})
    bus.publish(IncidentOpened(incident_id=incident.pk, at=at))
    return incident


def ask_for_stops(incident: Incident, *, cause: TicketCause, at: datetime) -> None:
    """Ask for emergency mode and for pausing new standard redemptions, where they are not so."""
    since = _stopping_since(incident)
    for switch in Switch:
        ask = asking.switch_ask(switch, on=True, cause=cause, incident=incident)
        asking.ask_unless_asked(ask, since=since, at=at)


def _stopping_since(incident: Incident) -> datetime:
    """From when on decisions about its stops count: its beginning, or when it fell back from
    recovery, in which they may have been let go."""
    recovered = incident.entries.filter(kind="PHASE", text__startswith=_entered(Phase.RECOVERY))
    fell_back = incident.phase == Phase.PEOPLE and recovered.exists()
    return incident.phase_since if fell_back else incident.opened_at


def cause_of(incident: Incident) -> TicketCause:
    """Why its stops are asked for, the first time and later."""
    return TicketCause(incident.figures["ticketCause"])


def move(incident: Incident, phase: Phase, why: str, *, actor: Actor, at: datetime) -> None:
    """Take a locked incident to another phase; people get their checklist when it is theirs."""
    before = incident.phase
    if phase is Phase.LIQUIDITY:
        incident.raise_liquidity(at=at)
    elif phase is Phase.PEOPLE:
        incident.call_people(at=at)
        _hand_out_checklist(incident)
    else:
        incident.recover(at=at)
    incident.save(update_fields=["phase", "phase_since", "calm_since"])
    write(incident, "PHASE", f"{_entered(phase)} {why}", actor=actor, at=at)
    record(incident, "moved", actor=actor, at=at, before={"phase": before}, after={"phase": phase})
    bus.publish(IncidentMoved(incident_id=incident.pk, phase=phase.value, at=at))


def _entered(phase: Phase) -> str:
    """How the timeline's line about a phase begins."""
    return f"Phase {phase.lower()}:"


def _hand_out_checklist(incident: Incident) -> None:
    if not incident.checklist.exists():
        ChecklistItem.objects.bulk_create(
            ChecklistItem(incident=incident, position=place, title=task.title, help=task.help)
            for place, task in enumerate(CHECKLIST, start=1)
        )


@transaction.atomic
def tick(*, item_id: int, note: str = "", actor: Actor, at: datetime) -> ChecklistItem:
    """Say that something on the checklist is seen to; once, with a name.

    Doors ask for the right ``risk.work_incident``.

    Raises:
        ItemNotFound, AlreadyTicked, NothingSaid.
        IncidentIsClosed: it is over.
    """
    note = _text(note, may_be_empty=True)
    item = ChecklistItem.objects.select_for_update(no_key=True).filter(pk=item_id).first()
    if item is None:
        raise ItemNotFound(f"There is no item {item_id} on a checklist.")
    incident = locked(item.incident_id)
    _refuse_if_closed(incident)
    if item.done_at is not None:
        raise AlreadyTicked(f"{item.done_by} ticked this at {item.done_at:%Y-%m-%d %H:%M} UTC.")
    item.done_at, item.note = at, note
    item.done_by, item.done_by_id = actor.name[:150], actor.user_id
    item.save(update_fields=["done_at", "done_by", "done_by_id", "note"])
    words = f"Done: {item.title}" + (f". {note}" if note else "")
    write(incident, "CHECKLIST", words, actor=actor, at=at, reference={"item": item.pk})
    record(incident, "ticked", actor=actor, at=at, after={"item": item.title, "note": note})
    return item


@transaction.atomic
def note(*, incident_id: int, text: str, actor: Actor, at: datetime) -> None:
    """Write what people did or saw into the timeline.

    Doors ask for the right ``risk.work_incident``.

    Raises:
        IncidentNotFound, NothingSaid.
    """
    text = _text(text, characters_max=1_000)
    incident = locked(incident_id)
    write(incident, "NOTE", text, actor=actor, at=at)
    record(incident, "noted", actor=actor, at=at, after={"text": text})


@transaction.atomic
def close(
    *, incident_id: int, lessons: str, actor: Actor, at: datetime, why_still_on: str = ""
) -> Incident:
    """End an incident, with what was learnt.

    Doors ask for the right ``risk.work_incident``.

    Args:
        why_still_on: needed where something is still stopped: why it stays so.

    Raises:
        IncidentNotFound, IncidentIsClosed, NothingSaid.
        NotRecovered: its phase is not RECOVERY.
        SwitchesStillOn: something is still stopped, and ``why_still_on`` is empty.
    """
    lessons = _text(lessons)
    why_still_on = _text(why_still_on, may_be_empty=True, characters_max=500)
    hold(chain.fund_chain().chain_id)  # a judgement, or a step of the clock, ends first
    incident = locked(incident_id)
    _refuse_if_closed(incident)
    if incident.phase != Phase.RECOVERY:
        raise NotRecovered(
            f"The incident is in phase {incident.phase}. It is closed from RECOVERY, which begins "
            "once the fund has been calm for the set time."
        )
    still = [switch for switch, is_on in positions().items() if is_on]
    if still and not why_still_on:
        words = " and ".join(f"{one.label} ({one.position(True)})" for one in still)
        raise SwitchesStillOn(f"Still stopped: {words}. Throw it back first, or say why not.")
    if still:
        write(incident, "NOTE", f"Stays stopped: {why_still_on}", actor=actor, at=at)
    incident.close(user_id=actor.user_id, name=actor.name[:150], lessons=lessons, at=at)
    incident.save()
    write(incident, "PHASE", "Incident closed.", actor=actor, at=at)
    record(
        incident,
        "closed",
        actor=actor,
        at=at,
        before={"phase": Phase.RECOVERY},
        after={"phase": Phase.CLOSED, "lessons": lessons, "whyStillOn": why_still_on},
    )
    bus.publish(IncidentClosed(incident_id=incident.pk, at=at))
    return incident


def hold(chain_id: int) -> None:
    """Open incidents of a chain one after the other until the current transaction ends."""
    transaction_lock(f"risk:incident:{chain_id}")


def locked(incident_id: int) -> Incident:
    """The incident with its row lock, which lets others write its timeline.

    Raises:
        IncidentNotFound: there is none of this number.
    """
    row = Incident.objects.select_for_update(no_key=True).filter(pk=incident_id).first()
    if row is None:
        raise IncidentNotFound(f"There is no incident {incident_id}.")
    return row


def record(incident: Incident, action: str, *, actor: Actor, at: datetime, **said: Any) -> None:
    """One row of the incident's audit trail."""
    audit.record(
        actor=actor,
        action=f"incident.{action}",
        object_type="incident",
        object_id=str(incident.pk),
        before=said.get("before"),
        after=said.get("after"),
        level="HIGH",
        at=at,
    )


def _refuse_if_closed(incident: Incident) -> None:
    if incident.phase == Phase.CLOSED:
        raise IncidentIsClosed(f"Incident {incident.pk} is closed.")


def _text(text: str, *, may_be_empty: bool = False, characters_max: int = TEXT_MAX) -> str:
    text = text.strip()
    if len(text) > characters_max:
        raise NothingSaid(f"At most {characters_max:,} characters.")
    if not text and not may_be_empty:
        raise NothingSaid("Say something.")
    return visible(text, characters_max=characters_max)
