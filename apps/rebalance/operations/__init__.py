"""Everything that makes, decides, carries out or ends a plan."""

from .considering import consider
from .deciding import decided, ticket_cancelled
from .executing import NotExecuting, advance, note_transaction, stop
from .policy import apply_policy, propose_policy
from .previewing import NobodyAsks, NothingToDo, NothingToReverse, preview, preview_reverse
from .reviewing import MakerCannotReview, NothingToReview, review
from .submitting import (
    CannotCancel,
    NotYourPlan,
    NotYourPreview,
    PlanOpen,
    PreviewExpired,
    PreviewStale,
    cancel,
    expire,
    give_way,
    submit,
)
from .watching import watch_calendar, watch_liquidity, watch_markets, watch_thresholds
from .wishing import consider_wish, due_wishes, note_wish, wish_for_navs, wish_for_subscriptions

__all__ = [
    "CannotCancel",
    "MakerCannotReview",
    "NobodyAsks",
    "NotExecuting",
    "NotYourPlan",
    "NotYourPreview",
    "NothingToDo",
    "NothingToReverse",
    "NothingToReview",
    "PlanOpen",
    "PreviewExpired",
    "PreviewStale",
    "advance",
    "apply_policy",
    "cancel",
    "consider",
    "consider_wish",
    "decided",
    "due_wishes",
    "expire",
    "give_way",
    "note_transaction",
    "note_wish",
    "preview",
    "preview_reverse",
    "propose_policy",
    "review",
    "stop",
    "submit",
    "ticket_cancelled",
    "watch_calendar",
    "watch_liquidity",
    "watch_markets",
    "watch_thresholds",
    "wish_for_navs",
    "wish_for_subscriptions",
]
