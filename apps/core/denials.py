"""Somebody was refused what they may not do; the audit trail, above this app, writes it down."""

from typing import Any

from django.dispatch import Signal

access_denied = Signal()
"""Sent with ``request`` and ``reason``."""


def tell_denied(request: Any, reason: str) -> None:
    """Say that the request was refused for want of a right; never fails the answer itself."""
    access_denied.send_robust(sender=None, request=request, reason=reason)
