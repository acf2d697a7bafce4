"""What others may ask for: tell people, tell open pages, send again, let be."""

from .outbox import (
    CannotDismiss,
    CannotResend,
    NoSuchNotification,
    dismiss,
    notify,
    resend,
)
from .push import forget_pushes, frame_of, push, push_chain_status
from .sending import claim_next, record_failure, record_sent

__all__ = [
    "CannotDismiss",
    "CannotResend",
    "NoSuchNotification",
    "claim_next",
    "dismiss",
    "forget_pushes",
    "frame_of",
    "notify",
    "push",
    "push_chain_status",
    "record_failure",
    "record_sent",
    "resend",
]
