"""What may be asked of the chain, and what people may do about what went wrong."""

from apps.chain.operations.parked import NotParked, retry_log
from apps.chain.operations.submitting import (
    CannotCancel,
    OtherCallUnderKey,
    cancel_transaction,
    submit,
)

__all__ = [
    "CannotCancel",
    "NotParked",
    "OtherCallUnderKey",
    "cancel_transaction",
    "retry_log",
    "submit",
]
