"""Requests of a period, for reports."""

from datetime import datetime

from apps.redemptions.models import Redemption


def requested_between(*, start: datetime, end: datetime) -> list[Redemption]:
    """Requests made in [start, end) by block time, oldest first."""
    rows = Redemption.objects.filter(requested_at__gte=start, requested_at__lt=end)
    return list(rows.order_by("requested_at", "request_id"))
