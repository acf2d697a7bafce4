"""What others may ask for: tell people and open pages, send again, let be, choose, read."""

from .bell import DELIVER_TASK
from .digest import make_digests
from .gathering import gather_bursts
from .mending import (
    CannotDismiss,
    CannotResend,
    NoSuchNotification,
    dismiss,
    record_bounce,
    resend,
)
from .outbox import notify
from .preferences import set_preference
from .push import forget_pushes, frame_of, push, push_chain_status
from .reading import mark_read
from .sending import channels_due, claim_next, record_failure, record_sent

__all__ = [
    "DELIVER_TASK",
    "CannotDismiss",
    "CannotResend",
    "NoSuchNotification",
    "channels_due",
    "claim_next",
    "dismiss",
    "forget_pushes",
    "frame_of",
    "gather_bursts",
    "make_digests",
    "mark_read",
    "notify",
    "push",
    "push_chain_status",
    "record_bounce",
    "record_failure",
    "record_sent",
    "resend",
    "set_preference",
]
