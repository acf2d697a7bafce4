"""The protocol as time passes: what each judgement does to it, and what the clock does."""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from apps.approvals import operations as approvals
from apps.approvals import queries as tickets
from apps.chain import queries as chain
from apps.core.errors import Unavailable
from apps.risk.models import Assessment, Incident
from apps.risk.queries import standing
from apps.risk.queries.panel import facts_now
from apps.risk.queries.policy import policy
from apps.risk.queries.switches import positions
from apps.risk.rules.figures import Level
from apps.risk.rules.life import Phase
from apps.risk.rules.protocol import TicketCause, phase_due
from apps.risk.rules.switches import EMERGENCY_MODE, Switch, is_ours

from . import asking, incidents, liquidating, timeline
from .asking import SYSTEM
from .timeline import open_incident_of

log = logging.getLogger(__name__)


@transaction.atomic
def follow_assessment(*, assessment: Assessment, at: datetime) -> None:
    """What a judgement does to the protocol: CRITICAL opens it, HIGH asks for pausing, calm for the
    set time lets it recover, and what gets worse again takes it back to people."""
    chain_id = chain.fund_chain().chain_id
    level = Level(assessment.level)
    incidents.hold(chain_id)
    incident = open_incident_of(chain_id)
    if incident is None:
        if level is Level.CRITICAL and _is_new(assessment):
            incidents.open_incident(
                cause=TicketCause.LEVEL_CRITICAL,
                summary=_first_reason(assessment),
                actor=SYSTEM,
                at=at,
            )
        elif level is Level.HIGH:
            _ask_to_pause(assessment, at=at)
        return
    if assessment.level_changed:
        words = f"Level {level}: {_first_reason(assessment)}"
        timeline.write(incident, "LEVEL", words, actor=SYSTEM, at=at)
    _follow_calm(incidents.locked(incident.pk), assessment, at=at)


def advance_incidents(*, at: datetime) -> None:
    """The clock's part, restartable at any point: what has lost its subject is withdrawn, phases
    begin, what expired is asked again, a plan is asked for.

    Asks a node, so never inside a transaction.
    """
    chain_id = chain.fund_chain().chain_id
    withdraw_moot(chain_id=chain_id, at=at)
    _step(chain_id, at=at)
    incident = open_incident_of(chain_id)
    try:
        if incident is not None:
            liquidating.raise_liquidity(incident_id=incident.pk, at=at)
        else:
            liquidating.answer_level(chain_id=chain_id, at=at)
    except Unavailable as trouble:
        log.warning("no plan can be asked for now: %s", trouble.message)
        if incident is not None:
            words = f"No plan can be asked for now: {trouble.message}"
            timeline.write_unless_said(incident, "PLAN", words, actor=SYSTEM, at=at)


def withdraw_moot(*, chain_id: int, at: datetime) -> None:
    """Close emergency tickets whose approval would do nothing any more."""
    waiting = tickets.open_tickets().filter(kind=EMERGENCY_MODE, chain_id=chain_id)
    for ticket in waiting:
        if is_ours(ticket.subject_id) and facts_now(ticket) is None:
            approvals.cancel_for_subject(
                kinds=[EMERGENCY_MODE],
                subject_id=ticket.subject_id,
                chain_id=chain_id,
                reason="It would do nothing any more.",
                actor=SYSTEM,
                at=at,
            )


@transaction.atomic
def _step(chain_id: int, *, at: datetime) -> None:
    incidents.hold(chain_id)
    found = open_incident_of(chain_id)
    if found is None:
        return
    incident = incidents.locked(found.pk)
    _move_on(incident, at=at)
    if incident.phase == Phase.RECOVERY:
        _ask_to_let_go(incident, at=at)
    else:
        incidents.ask_for_stops(incident, cause=incidents.cause_of(incident), at=at)


def _move_on(incident: Incident, *, at: datetime) -> None:
    """As many phases as are due; a clock that stood still catches up."""
    settled = all(positions().values())
    while True:
        due = phase_due(
            phase=Phase(incident.phase),
            opened_at=incident.opened_at,
            stops_settled=settled,
            at=at,
        )
        if due == incident.phase:
            return
        incidents.move(incident, due, _WHY[due], actor=SYSTEM, at=at)


_WHY = {
    Phase.LIQUIDITY: "the alarm is out; now cash is raised.",
    Phase.PEOPLE: "it lasts for 30 minutes; people work through the checklist.",
}


def _follow_calm(incident: Incident, assessment: Assessment, *, at: datetime) -> None:
    """Keep since when the fund has been calm; recover after the set time, and fall back."""
    if not standing.is_calm(assessment):
        if incident.phase == Phase.RECOVERY:
            words = f"it got worse again. {_first_reason(assessment)}"
            incidents.move(incident, Phase.PEOPLE, words, actor=SYSTEM, at=at)
        elif incident.calm_since is not None:
            incident.calm_since = None
            incident.save(update_fields=["calm_since"])
        return
    if incident.calm_since is None or _nobody_looked_before(assessment):
        incident.calm_since = at
        incident.save(update_fields=["calm_since"])
    minutes = policy(at=at)[1].response.recovery_minutes
    long_enough = at - incident.calm_since >= timedelta(minutes=minutes)
    if long_enough and incident.phase != Phase.RECOVERY:
        words = f"the indicators have been calm for {minutes} minutes."
        incidents.move(incident, Phase.RECOVERY, words, actor=SYSTEM, at=at)
        _ask_to_let_go(incident, at=at)


def _is_new(assessment: Assessment) -> bool:
    """Whether CRITICAL is an emergency of its own: this run itself says so, and not only because
    of emergency mode that people left on when they closed the last incident."""
    if assessment.raw_level != Level.CRITICAL:
        return False
    return not (standing.is_calm(assessment) and standing.is_mode_left_on())


def _nobody_looked_before(assessment: Assessment) -> bool:
    """Whether the judgement before is too old to say that the time since then was calm."""
    before = Assessment.objects.filter(at__lt=assessment.at).order_by("-at").first()
    return before is None or assessment.at - before.at > standing.FRESH


def _ask_to_let_go(incident: Incident, *, at: datetime) -> None:
    for switch in Switch:
        ask = asking.switch_ask(switch, on=False, cause=TicketCause.RECOVERY, incident=incident)
        asking.ask_unless_asked(ask, since=incident.phase_since, at=at)


def _ask_to_pause(assessment: Assessment, *, at: datetime) -> None:
    began = standing.since(Level.HIGH)
    ask = asking.switch_ask(
        Switch.REDEMPTIONS, on=True, cause=TicketCause.LEVEL_HIGH, incident=None
    )
    asking.ask_unless_asked(ask, since=began or assessment.at, at=at)


def _first_reason(assessment: Assessment) -> str:
    return str(assessment.reasons[0]) if assessment.reasons else "no reason was given"
