"""One act that two logs tell of: the first makes the row, the second is noted as its pair."""

from typing import Any

from django.db.models import Q, QuerySet

from apps.chain.events import Source
from apps.fund.models import AssetTrade, FeeEntry

from .identity import same_transaction


def is_known(rows: QuerySet[AssetTrade] | QuerySet[FeeEntry], source: Source) -> bool:
    """Whether this log made a row or is a row's pair already."""
    return rows.filter(
        Q(position=source.position) | Q(pair_position=source.position), **same_transaction(source)
    ).exists()


def pair(rows: QuerySet[AssetTrade] | QuerySet[FeeEntry], source: Source, **changes: Any) -> bool:
    """Note the log as the pair of the nearest unpaired one of ``rows`` in its transaction.

    False when there is none: the log tells of an act of its own, so far.
    """
    row = (
        rows.filter(pair_position=None, **same_transaction(source))
        .order_by("-position")
        .values_list("pk", flat=True)
        .first()
    )
    if row is None:
        return False
    rows.filter(pk=row).update(pair_position=source.position, **changes)
    return True
