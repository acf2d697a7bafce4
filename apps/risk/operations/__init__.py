"""Everything that judges risk, and what people do about it."""

from .answering import (
    AlreadyAcknowledged,
    AlreadyResolved,
    BadSnooze,
    MayNotAnswer,
    NoNote,
    NothingToSnooze,
    acknowledge,
    resolve,
    snooze,
)
from .assessing import assess, assess_if_due
from .bell import ring_for_a_run
from .chain_alerts import follow_mode, raise_liquidity_alert
from .deciding import (
    NothingToRetry,
    act_on_decision,
    record_outcome,
    retry_decision,
)
from .escalating import escalate_due
from .following import follow_level, follow_readings
from .forecasting import make_forecasts, score_forecasts
from .hearing import hear_critical_alert, hear_emergency_mode, hear_low_alert, hear_switch
from .incidents import (
    AlreadyTicked,
    IncidentIsClosed,
    ItemNotFound,
    NothingSaid,
    NotRecovered,
    SwitchesStillOn,
    close,
    note,
    open_incident,
    tick,
)
from .noting import note_plan, note_risk_event, note_ticket, note_ticket_of_plan
from .policy import BadTime, OtherPolicyNow, apply_policy, propose_policy
from .proposing import AlreadyAsked, AlreadySo, ProtocolIsOpen, propose_emergency, propose_switch
from .pruning import prune
from .raising import raise_event, settle_event
from .responding import advance_incidents, follow_assessment

__all__ = [
    "AlreadyAcknowledged",
    "AlreadyAsked",
    "AlreadyResolved",
    "AlreadySo",
    "AlreadyTicked",
    "BadSnooze",
    "BadTime",
    "IncidentIsClosed",
    "ItemNotFound",
    "MayNotAnswer",
    "NoNote",
    "NotRecovered",
    "NothingSaid",
    "NothingToRetry",
    "NothingToSnooze",
    "OtherPolicyNow",
    "ProtocolIsOpen",
    "SwitchesStillOn",
    "acknowledge",
    "act_on_decision",
    "advance_incidents",
    "apply_policy",
    "assess",
    "assess_if_due",
    "close",
    "escalate_due",
    "follow_assessment",
    "follow_level",
    "follow_mode",
    "follow_readings",
    "hear_critical_alert",
    "hear_emergency_mode",
    "hear_low_alert",
    "hear_switch",
    "make_forecasts",
    "note",
    "note_plan",
    "note_risk_event",
    "note_ticket",
    "note_ticket_of_plan",
    "open_incident",
    "propose_emergency",
    "propose_policy",
    "propose_switch",
    "prune",
    "raise_event",
    "raise_liquidity_alert",
    "record_outcome",
    "resolve",
    "retry_decision",
    "ring_for_a_run",
    "score_forecasts",
    "settle_event",
    "snooze",
    "tick",
]
