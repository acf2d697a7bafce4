"""Messages to people and what became of them; what people chose; pushes to open pages."""

from .outbox import IN_APP_SHOWN, WAITING, Notification
from .preferences import Preference
from .pushes import PushMessage

__all__ = ["IN_APP_SHOWN", "WAITING", "Notification", "Preference", "PushMessage"]
