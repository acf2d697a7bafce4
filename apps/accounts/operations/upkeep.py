"""Forgetting what can have no effect any more."""

from datetime import datetime, timedelta

from django.db import transaction

from apps.accounts.models import ApiSession, Nonce

_KEPT = timedelta(days=1)


@transaction.atomic
def forget_expired(at: datetime) -> int:
    """Delete nonces and sessions that ended more than a day ago; return how many rows."""
    nonces, _ = Nonce.objects.filter(expires_at__lt=at - _KEPT).delete()
    sessions, _ = ApiSession.objects.filter(expires_at__lt=at - _KEPT).delete()
    return nonces + sessions
