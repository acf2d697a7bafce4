"""Policies, assessments, risk events, incidents and forecasts."""

from .assessments import Assessment, Reading
from .events import RiskEvent
from .forecasts import Forecast
from .incidents import ChecklistItem, Incident, IncidentAction, IncidentEntry
from .policies import Policy

__all__ = [
    "Assessment",
    "ChecklistItem",
    "Forecast",
    "Incident",
    "IncidentAction",
    "IncidentEntry",
    "Policy",
    "Reading",
    "RiskEvent",
]
