"""Bursts: of one kind to one address so many messages in a row, and the rest in one."""

from datetime import datetime

from apps.notifications import rules
from apps.notifications.models import Notification
from apps.notifications.rules import Channel, Severity, Status

_NOT_COUNTED = (Status.HELD.value, Status.GATHERED.value, Status.RECORDED.value)


def is_burst(
    *, kind: str, severity: Severity, channel: Channel, address: str, at: datetime
) -> bool:
    """Whether this address has heard enough of this kind for now.

    What is less grave does not count: no critical message waits behind a hundred warnings. Causes
    that commit at the same moment do not see each other: a few more may pass.
    """
    if channel is Channel.IN_APP:
        return False
    most = rules.BURST_MAX[channel]
    lately = Notification.objects.filter(
        kind=kind,
        channel=channel.value,
        address=address,
        priority__lte=rules.PRIORITY[severity],
        created_at__gt=at - rules.BURST_SPAN,
    ).exclude(status__in=_NOT_COUNTED)
    return lately[:most].count() >= most
