"""Money that came in and went out, asked for and paid."""

from collections.abc import Callable, Iterable
from typing import Any

from apps.core.units import WAD

from .inputs import Inputs, Payout, Request
from .values import digits, fields_of

CHANNELS = ("STANDARD", "EMERGENCY", "SCHEDULED")


def flows(inputs: Inputs) -> dict[str, Any]:
    """What came, what left net of fees, and the difference."""
    came = sum(row.assets for row in inputs.subscriptions)
    left = sum(row.net_assets for row in inputs.payouts)
    return {
        "subscribed_assets": str(came),
        "paid_net_assets": str(left),
        "net_flow_assets": str(came - left),
    }


def subscriptions(inputs: Inputs) -> dict[str, Any]:
    """Each subscription with the NAV it paid, and their sums."""
    rows = inputs.subscriptions
    return {
        "count": len(rows),
        "assets": str(sum(row.assets for row in rows)),
        "shares": str(sum(row.shares for row in rows)),
        "items": [
            fields_of(row)
            | {"nav_per_share": digits(row.assets * WAD // row.shares if row.shares else None)}
            for row in rows
        ],
    }


def redemptions(inputs: Inputs) -> dict[str, Any]:
    """Requests of the period, and payments of the period: sums, by channel, one by one."""
    statuses = sorted({row.status for row in inputs.requests})
    return {
        "requested": {
            **_requested(inputs.requests),
            "by_channel": _by_channel(inputs.requests, _requested),
            "by_status": [
                {"status": status, **_requested([r for r in inputs.requests if r.status == status])}
                for status in statuses
            ],
            "items": [fields_of(row) for row in inputs.requests],
        },
        "settled": {
            **_settled(inputs.payouts),
            "by_channel": _by_channel(inputs.payouts, _settled),
            "items": [fields_of(row) for row in inputs.payouts],
        },
    }


def _requested(rows: Iterable[Request]) -> dict[str, Any]:
    rows = list(rows)
    return {
        "count": len(rows),
        "shares": str(sum(row.shares for row in rows)),
        "gross_assets": str(sum(row.gross_assets for row in rows)),
        "estimated_fee_assets": str(sum(row.estimated_fee_assets for row in rows)),
    }


def _settled(rows: Iterable[Payout]) -> dict[str, Any]:
    rows = list(rows)
    return {
        "count": len(rows),
        "gross_assets": str(sum(row.gross_assets for row in rows)),
        "fee_assets": str(sum(row.fee_assets for row in rows)),
        "net_assets": str(sum(row.net_assets for row in rows)),
    }


def _by_channel(rows: list[Any], total: Callable[[Any], dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"channel": channel, **total([row for row in rows if row.channel == channel])}
        for channel in CHANNELS
    ]
