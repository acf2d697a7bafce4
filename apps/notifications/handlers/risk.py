"""Messages about risk: an alert, a graver one, one that nobody answered, its end, another level.

A level that rises is told by its risk event; here only what that leaves out: the fund manager is
paged from HIGH on, and a level that falls is said on Slack.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from apps.notifications.operations import notify
from apps.notifications.queries import alerted_on_sight, is_configured
from apps.notifications.rules import Severity, Shared, shared_for
from apps.risk import queries as risk
from apps.risk.events import (
    LevelChanged,
    RiskEventAcknowledged,
    RiskEventEscalated,
    RiskEventOpened,
    RiskEventResolved,
    RiskEventWorsened,
)
from apps.risk.rules.figures import EventType

from .advice import what_to_do
from .links import admin_link
from .places import bullets
from .risk_words import event_lines, event_link, level_lines, reasons_of_level, score_text

if TYPE_CHECKING:
    from apps.risk.models import RiskEvent

ON_CALL = ("RISK_OFFICER", "ADMIN")
CRITICAL_LIST = (*ON_CALL, "SUPER_ADMIN")
_FUND_MANAGER = "FUND_MANAGER"
_LEVEL_TOPIC = "risk:LEVEL:level"
_LEVELS = ("NORMAL", "ELEVATED", "HIGH", "CRITICAL")
_SEEN_BEFORE = timedelta(hours=24)


def tell_opened(fact: RiskEventOpened) -> None:
    """Something is wrong: by its severity. What was alerted on sight is only confirmed."""
    if fact.quiet:
        return
    event = risk.event(fact.event_id)
    severity = Severity(fact.severity)
    key = f"opened:{event.flaps}"
    seen_before = event.type == "CHAIN_ALERT" and alerted_on_sight(
        event.subject, severity=severity, since=fact.at - _SEEN_BEFORE
    )
    if seen_before:
        _tell(
            event,
            key=key,
            lead="Confirmed",
            body="It was told when it was seen on the chain. It is final now.",
            severity=Severity.INFO,
            shared=(Shared.SLACK,),
            at=fact.at,
        )
        return
    again = "It had passed by itself, and is back.\n\n" if fact.again else ""
    _alarm(event, severity, key=key, lead="Back" if fact.again else "", body=again, at=fact.at)


def tell_worsened(fact: RiskEventWorsened) -> None:
    """It is graver than people were told."""
    event = risk.event(fact.event_id)
    _alarm(
        event,
        Severity(fact.severity),
        key=f"worsened:{event.flaps}:{fact.severity}",
        lead="Worse",
        body=f"It was {fact.old_severity.lower()}, and is {fact.severity.lower()} now.\n\n",
        at=fact.at,
    )


def tell_escalated(fact: RiskEventEscalated) -> None:
    """Nobody answered: again and by email, then to the critical list and the pager."""
    event = risk.event(fact.event_id)
    severity = Severity(event.severity)
    last = fact.step > 1
    _tell(
        event,
        key=f"escalated:{event.flaps}:{fact.step}",
        lead="Nobody answers" if last else "Still open",
        body=f"Nobody has acknowledged it since {_time(event.opened_at)}. "
        "Open it and acknowledge it; that stops these messages.\n\n"
        + what_to_do(event.type, event.indicator),
        severity=Severity.CRITICAL if last else severity,
        roles=CRITICAL_LIST if last else ON_CALL,
        shared=(Shared.SLACK_CRITICAL, Shared.PAGERDUTY) if last else shared_for(severity),
        at=fact.at,
    )


def tell_acknowledged(fact: RiskEventAcknowledged) -> None:
    """Somebody takes care of it: the others may let go."""
    event = risk.event(fact.event_id)
    if event.severity == Severity.INFO:
        return
    note = f" Note: {event.acknowledge_note}" if event.acknowledge_note else ""
    _tell(
        event,
        key=f"acknowledged:{event.flaps}",
        lead=f"{event.acknowledged_by} takes care of it",
        body=f"Acknowledged at {_time(fact.at)}.{note}",
        severity=Severity.INFO,
        shared=(Shared.SLACK,),
        at=fact.at,
    )


def tell_resolved(fact: RiskEventResolved) -> None:
    """It is over: one line, and the pager is told that its incident is."""
    event = risk.event(fact.event_id)
    by = "by itself" if fact.by_itself else f"by {event.resolved_by}"
    reason = f" {event.resolution}" if event.resolution else ""
    # Nobody was told that it was back, unless what was seen on the chain rang the pager.
    untold = fact.quiet and not event.escalations
    _tell(
        event,
        key=f"resolved:{event.flaps}",
        lead="Over",
        body=f"It was resolved {by} at {_time(fact.at)}.{reason}",
        severity=Severity.INFO,
        shared=(Shared.PAGERDUTY,) if untold else (Shared.SLACK, Shared.PAGERDUTY),
        resolves=True,
        at=fact.at,
    )


def tell_level(fact: LevelChanged) -> None:
    """The fund's level is another one."""
    rank, before = _LEVELS.index(fact.new), _LEVELS.index(fact.old or "NORMAL")
    if rank > before and fact.new in ("HIGH", "CRITICAL"):
        # Where the risk event's severity stays as it was told, it says nothing by itself.
        untold = fact.old == "HIGH" or _was_told_as_critical()
        _tell_level(
            fact,
            subject=f"The fund's risk is {fact.new}",
            roles=(_FUND_MANAGER, *CRITICAL_LIST) if untold else (_FUND_MANAGER,),
            severity=Severity.CRITICAL,
            shared=shared_for(Severity.CRITICAL) if untold else (Shared.PAGERDUTY,),
        )
    elif 0 < rank < before:
        _tell_level(
            fact,
            subject=f"The fund's risk fell from {fact.old} to {fact.new}",
            roles=(),
            severity=Severity.INFO,
            shared=(Shared.SLACK,),
        )


def _was_told_as_critical() -> bool:
    """Whether people were told of the level as critical since it was last NORMAL."""
    unresolved = risk.events(event_type=EventType.LEVEL, resolved=False)
    return unresolved.filter(told_severity=Severity.CRITICAL.value).exists()


def _tell_level(
    fact: LevelChanged,
    *,
    subject: str,
    roles: Sequence[str],
    severity: Severity,
    shared: Sequence[Shared],
) -> None:
    reasons = bullets(fact.reasons) or "No reason was given."
    notify(
        kind="RISK_LEVEL",
        dedupe_key=f"risk:level:{fact.assessment_id}",
        roles=roles,
        subject=subject,
        body=f"{reasons}\n\n{what_to_do('LEVEL', 'level')}",
        details=[
            ("Level", f"{fact.old or 'not judged before'} → {fact.new}"),
            ("Score", score_text(fact.score)),
            *level_lines(),
        ],
        link=admin_link("risk_board"),
        link_text="Open the risk board",
        severity=severity,
        shared=shared,
        topic=_LEVEL_TOPIC,
        at=fact.at,
    )


def _alarm(
    event: "RiskEvent", severity: Severity, *, key: str, lead: str, body: str, at: datetime
) -> None:
    """The channels of its severity; by email only what is critical, or what nobody else tells."""
    shared = shared_for(severity)
    by_mail = severity is Severity.CRITICAL or not any(map(is_configured, shared))
    reasons = f"{reasons_of_level()}\n\n" if event.type == "LEVEL" else ""
    _tell(
        event,
        key=key,
        lead=lead,
        body=body + reasons + what_to_do(event.type, event.indicator),
        severity=severity,
        roles=ON_CALL if by_mail else (),
        shared=shared,
        at=at,
    )


def _tell(
    event: "RiskEvent",
    *,
    key: str,
    lead: str,
    body: str,
    severity: Severity,
    roles: Sequence[str] = (),
    shared: Sequence[Shared],
    resolves: bool = False,
    at: datetime,
) -> None:
    notify(
        kind=f"RISK_{key.partition(':')[0].upper()}",
        dedupe_key=f"risk:event:{event.pk}:{key}",
        roles=roles,
        subject=f"{lead}: {event.message}" if lead else event.message,
        body=body,
        details=event_lines(event),
        link=event_link(event),
        link_text="Open the risk event",
        severity=severity,
        shared=shared,
        topic=event.subject,
        resolves=resolves,
        at=at,
    )


def _time(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC"
