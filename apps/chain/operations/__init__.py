"""What may be asked of the chain, and what people may do about what went wrong."""

from apps.chain.operations.deciding import AlreadySent, submit_decided
from apps.chain.operations.findings import settle_findings
from apps.chain.operations.folding import (
    Folded,
    FoldFailed,
    Progress,
    fold,
    listener_lock,
    note_replayed,
)
from apps.chain.operations.guarding import TradeGuard, TradeQuestion, use_trade_guard
from apps.chain.operations.limits import BadLimits, apply_limits, propose_limits
from apps.chain.operations.once import AlreadyCarried
from apps.chain.operations.parked import (
    NeedsReplay,
    NotParked,
    NotUnderstood,
    dead_letters,
    retry_log,
    retry_logs,
)
from apps.chain.operations.readings import read_again, read_ahead
from apps.chain.operations.steering import (
    CannotBump,
    CannotCancel,
    CannotRetry,
    bump_now,
    cancel_transaction,
    retry,
)
from apps.chain.operations.stopping import NotStopped, lift, propose_lift, stop_sending
from apps.chain.operations.submitting import OtherCallUnderKey, submit
from apps.chain.operations.ticketing import NeedsTicket

__all__ = [
    "AlreadyCarried",
    "AlreadySent",
    "BadLimits",
    "CannotBump",
    "CannotCancel",
    "CannotRetry",
    "FoldFailed",
    "Folded",
    "NeedsReplay",
    "NeedsTicket",
    "NotParked",
    "NotStopped",
    "NotUnderstood",
    "OtherCallUnderKey",
    "Progress",
    "TradeGuard",
    "TradeQuestion",
    "apply_limits",
    "bump_now",
    "cancel_transaction",
    "dead_letters",
    "fold",
    "lift",
    "listener_lock",
    "note_replayed",
    "propose_lift",
    "propose_limits",
    "read_again",
    "read_ahead",
    "retry",
    "retry_log",
    "retry_logs",
    "settle_findings",
    "stop_sending",
    "submit",
    "submit_decided",
    "use_trade_guard",
]
