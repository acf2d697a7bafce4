"""Risk in the admin: the board, indicators, events, incidents, thresholds."""

from .board import board_page
from .emergency import emergency_page, switch_page
from .events import RiskEventAdmin
from .forecasts import forecast_page
from .incidents import IncidentAdmin
from .indicator import indicator_page
from .policies import PolicyAdmin
from .what_if import what_if_page

__all__ = [
    "IncidentAdmin",
    "PolicyAdmin",
    "RiskEventAdmin",
    "board_page",
    "emergency_page",
    "forecast_page",
    "indicator_page",
    "switch_page",
    "what_if_page",
]
