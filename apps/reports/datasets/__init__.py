"""What a report says, as data: read at one instant, put in order by plain arithmetic."""

from .build import build
from .incident import build_incident
from .incident_sources import collect_incident
from .liquidity import build_liquidity
from .liquidity_sources import collect_liquidity
from .messages import use_messages
from .sources import collect

__all__ = [
    "build",
    "build_incident",
    "build_liquidity",
    "collect",
    "collect_incident",
    "collect_liquidity",
    "use_messages",
]
