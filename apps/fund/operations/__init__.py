"""What writes the fund's rows: projections of logs, and snapshots."""

from .replay import PROJECTED, clear_projections
from .snapshots import mark_gap, prune_live, take_snapshot

__all__ = ["PROJECTED", "clear_projections", "mark_gap", "prune_live", "take_snapshot"]
