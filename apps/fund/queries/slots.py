"""Which instants have a snapshot, which are gaps, and which of these to look at again."""

from dataclasses import dataclass
from datetime import datetime

from apps.fund.models import Snapshot, SnapshotStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """An instant for which nobody can say how the fund stood, and why."""

    kind: str
    slot: datetime
    reason: str


def gaps(*, start: datetime, end: datetime, kind: str | None = None) -> list[Gap]:
    """Gaps in [start, end), oldest first."""
    rows = Snapshot.objects.filter(status=SnapshotStatus.GAP, slot__gte=start, slot__lt=end)
    if kind is not None:
        rows = rows.filter(kind=kind)
    return [
        Gap(kind=row.kind, slot=row.slot, reason=row.gap_reason)
        for row in rows.order_by("slot", "kind")
    ]


def slots_present(*, chain_id: int, kind: str, start: datetime) -> set[datetime]:
    """Slots from ``start`` on that are taken or known to be gaps."""
    rows = Snapshot.objects.filter(chain_id=chain_id, kind=kind, slot__gte=start)
    return set(rows.values_list("slot", flat=True))


def gaps_to_look_at(
    *, chain_id: int, kind: str, start: datetime, looked_before: datetime, count_max: int
) -> list[datetime]:
    """Gaps from ``start`` on that nobody looked at since ``looked_before``, the longest first: a
    node that keeps old state may have come."""
    rows = Snapshot.objects.filter(
        chain_id=chain_id,
        kind=kind,
        status=SnapshotStatus.GAP,
        slot__gte=start,
        taken_at__lt=looked_before,
    )
    return list(rows.order_by("taken_at", "-slot").values_list("slot", flat=True)[:count_max])
