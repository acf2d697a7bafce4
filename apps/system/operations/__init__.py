"""What the system writes about itself: runs of tasks, replays, and what its checks find."""

from .checking import NotNow, check_holders_and_roles, check_refold, check_rows, check_state
from .overdue import check_jobs
from .replaying import ListenerLeads, Rebuilt, Table, rehearse, replay
from .runs import note_failed, note_started, note_succeeded

__all__ = [
    "ListenerLeads",
    "NotNow",
    "Rebuilt",
    "Table",
    "check_holders_and_roles",
    "check_jobs",
    "check_refold",
    "check_rows",
    "check_state",
    "note_failed",
    "note_started",
    "note_succeeded",
    "rehearse",
    "replay",
]
