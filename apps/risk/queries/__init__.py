"""Reading risk: the board, events, incidents, forecasts, what-if."""

from . import forecasts, stress
from .assessments import (
    AssessmentView,
    LevelPoint,
    MetricPoint,
    ReadingView,
    assessment_view,
    latest_assessment,
    levels_between,
    metrics_history,
)
from .board import (
    Board,
    LevelNow,
    board_now,
    gravest_first,
    indicator_titles,
    level_now,
    unanswered,
)
from .chain_time import chain_time_at
from .deliveries import Delivery, deliveries, use_deliveries
from .events import EventNotFound, duration, event, events, is_snoozed, open_count
from .incidents import (
    ActionView,
    Contact,
    IncidentNotFound,
    IncidentView,
    incident,
    incidents,
    open_incident,
    open_incident_view,
)
from .panel import describe_ticket, facts_now
from .policy import POLICY_SUBJECT, NoPolicy, describe_policy_change, policy, policy_facts_now
from .rejudging import Moved, judged_by
from .situation import situation_now
from .trends import TrendPoint, trends

__all__ = [
    "POLICY_SUBJECT",
    "ActionView",
    "AssessmentView",
    "Board",
    "Contact",
    "Delivery",
    "EventNotFound",
    "IncidentNotFound",
    "IncidentView",
    "LevelNow",
    "LevelPoint",
    "MetricPoint",
    "Moved",
    "NoPolicy",
    "ReadingView",
    "TrendPoint",
    "assessment_view",
    "board_now",
    "chain_time_at",
    "deliveries",
    "describe_policy_change",
    "describe_ticket",
    "duration",
    "event",
    "events",
    "facts_now",
    "forecasts",
    "gravest_first",
    "incident",
    "incidents",
    "indicator_titles",
    "is_snoozed",
    "judged_by",
    "latest_assessment",
    "level_now",
    "levels_between",
    "metrics_history",
    "open_count",
    "open_incident",
    "open_incident_view",
    "policy",
    "policy_facts_now",
    "situation_now",
    "stress",
    "trends",
    "unanswered",
    "use_deliveries",
]
