"""Long lists are the same bytes as if each row had been serialised and named by itself."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from djangorestframework_camel_case.util import camelize
from rest_framework.renderers import JSONRenderer
from rest_framework.serializers import DateTimeField

from apps.core.api import EnvelopeRenderer
from apps.core.units import UINT256_MAX
from apps.fund.api import serializers
from apps.fund.queries import FeeEntryView, NavPoint

INSTANTS = [
    datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
    datetime(2026, 3, 2, 9, 30, 0, 12_345, tzinfo=UTC),
    datetime(2026, 3, 2, 9, 30, tzinfo=timezone(timedelta(hours=8))),
]
POINTS = [
    NavPoint(
        at=at,
        nav_per_share=nav,
        total_assets=total,
        aum_assets=total,
        block_number=number,
        source="event" if total is None else "snapshot",
    )
    for number, at in enumerate(INSTANTS)
    for nav, total in ((0, None), (105 * 10**16 + 1, 0), (UINT256_MAX, UINT256_MAX))
]
FEES = [
    FeeEntryView(
        at=at,
        kind="MANAGEMENT",
        direction="ACCRUED",
        assets=UINT256_MAX,
        basis_assets=None,
        period_seconds=1,
        high_water_mark_assets=None,
        recipient="",
        block_number=7,
        chain_id=1,
        tx_hash="0x" + "ab" * 32,
    )
    for at in INSTANTS
]


@pytest.mark.parametrize(
    ("shape", "rows"), [(serializers.NavPoint, POINTS), (serializers.FeeEntry, FEES)]
)
def test_the_same_bytes_as_row_by_row(shape: Any, rows: list[Any]) -> None:
    one_by_one = [{**shape(row).data, "timestamp": shown(row.at)} for row in rows]

    many = EnvelopeRenderer().render(shape(rows, many=True).data)

    assert JSONRenderer().render(camelize(one_by_one)) in many


def shown(at: datetime) -> str | None:
    """As every other field of this kind shows it."""
    return DateTimeField().to_representation(at)
