"""Keys in camelCase, exactly as the camel case package makes them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.utils.translation import gettext_lazy
from djangorestframework_camel_case.util import camelize
from rest_framework import serializers

from apps.core.api import camel
from apps.core.api.camel import camelised


class _Row(serializers.Serializer):
    nav_per_share = serializers.CharField()
    change24h = serializers.CharField()


@pytest.mark.parametrize(
    "data",
    [
        None,
        True,
        7,
        1.5,
        "left_alone",
        [],
        {},
        {"share_price": "1_000", "nav": None, "change_24h": "0", "change24h": 1, "_own": 2},
        {"request_id": 3, "a__b": 1, "L1_cash": 2, "trailing_": 3, "UPPER_CASE": 4, "x_1_y": 5},
        {"items": [{"block_number": 1}, {"block_number": 2, "legs": ({"tx_hash": "0x"},)}]},
        {1: {"in_side": 1}, 2.5: "a", None: "b"},
        {"when_at": datetime(2026, 3, 2, tzinfo=UTC), "so_much": Decimal("1.50")},
        {"is_lazy": gettext_lazy("not_a_key"), "a_set": {"in_it"}, "an_iterator": range(2)},
        [["deep_er", {"and_so": [{"on_and": "on_and"}]}]],
        _Row({"nav_per_share": "1", "change24h": "2"}).data,
        _Row([{"nav_per_share": "1", "change24h": "2"}] * 2, many=True).data,
    ],
    ids=repr,
)
def test_is_what_the_package_makes_of_it(data: Any) -> None:
    made, expected = camelised(data), camelize(data)

    assert made == expected
    assert repr(_plain(made)) == repr(_plain(expected))  # in the same order


def _plain(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _plain(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_plain(item) for item in data]
    return data


def test_names_that_are_data_do_not_pile_up() -> None:
    camelised({f"key_{number}": 1 for number in range(10_000)})

    assert camel._camel.cache_info().currsize <= 4_096
