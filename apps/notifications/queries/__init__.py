"""What other apps and pages may ask about messages."""

from .destinations import Destination, destinations, is_configured
from .history import Told, told_between
from .in_app import in_app, unread_count
from .inbox import MAY_MEND, Bell, bell, unread
from .installation import installation
from .outbox import failed, failed_count
from .outcomes import Outcome, outcomes
from .preferences import PreferenceView, preferences
from .pushes import pushes_after
from .topics import alert_on_sight, alerted_on_sight, topics_told

__all__ = [
    "MAY_MEND",
    "Bell",
    "Destination",
    "Outcome",
    "PreferenceView",
    "Told",
    "alert_on_sight",
    "alerted_on_sight",
    "bell",
    "destinations",
    "failed",
    "failed_count",
    "in_app",
    "installation",
    "is_configured",
    "outcomes",
    "preferences",
    "pushes_after",
    "told_between",
    "topics_told",
    "unread",
    "unread_count",
]
