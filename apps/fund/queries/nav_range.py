"""Every NAV per share that was in force in a time: for how far it moved, nothing thinned."""

from datetime import datetime, timedelta

from apps.fund.models import NavUpdate, Snapshot, SnapshotStatus

from .periods import in_order, within

_BEFORE_MAX = timedelta(hours=24)
"""The NAV that a time begins with may be so much older than it."""


def navs_between(start: datetime, end: datetime) -> list[int]:
    """NAV per share (1e18 fixed point) by block time, oldest first: the last one known at
    ``start``, then every one that was read or published up to ``end``, the end included."""
    taken = Snapshot.objects.filter(status=SnapshotStatus.OK)
    read = taken.filter(slot__gt=start, slot__lte=end).values_list(
        "slot", "block_number", "nav_per_share"
    )
    told = within(NavUpdate.objects.all(), start, end + timedelta(microseconds=1))
    found = [(at, number or 0, nav or 0) for at, number, nav in read]
    found += told.values_list("at", "block_number", "new_nav_per_share")
    found.sort()
    return [*_in_force_at(start), *(nav for _, _, nav in found)]


def _in_force_at(start: datetime) -> list[int]:
    read = (
        Snapshot.objects.filter(
            status=SnapshotStatus.OK, slot__lte=start, slot__gte=start - _BEFORE_MAX
        )
        .order_by("-slot", "-block_number")
        .values_list("slot", "nav_per_share")
        .first()
    )
    told = (
        in_order(within(NavUpdate.objects.all(), start - _BEFORE_MAX, start))
        .values_list("at", "new_nav_per_share")
        .last()
    )
    known = [one for one in (read, told) if one is not None]
    return [nav for _, nav in sorted(known)[-1:] if nav is not None]
