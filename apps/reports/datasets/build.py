"""From inputs to the stored dataset: plain arithmetic, no database, no clock.

In the dataset amounts are strings of digits (base units; 18 decimals), NAV per share is 1e18 fixed
point, ratios are basis points, times ISO 8601 in UTC. Totals are the sums of their items, exactly.
What is not known is null, and ``missing`` says why in words.
"""

from collections.abc import Callable, Iterable
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from apps.core.units import BPS_ONE, WAD, bps_of
from apps.reports.rules import Period

from .inputs import FundPoint, Inputs, Payout, Request, Ticket

SCHEMA = 1
CHANNELS = ("STANDARD", "EMERGENCY", "SCHEDULED")
FEE_KINDS = ("MANAGEMENT", "PERFORMANCE", "REDEMPTION")
_POINT_AGE_MAX = timedelta(hours=1)


def build(inputs: Inputs, *, kind: str, run_id: int) -> dict[str, Any]:
    """The dataset of a report: JSON, complete, never changed later."""
    return {
        "schema": SCHEMA,
        "kind": kind,
        "run_id": run_id,
        "period": {"start": _time(inputs.period.start), "end": _time(inputs.period.end)},
        "time_zone": "UTC",
        "currency": "USDT",
        "share_symbol": "PPT",
        "generated_at": _time(inputs.read_at),
        "chain": {"chain_id": inputs.chain_id, "name": inputs.chain_name},
        "as_of": {
            "opening": _block(inputs.opening),
            "closing": _block(inputs.closing),
            "final": _final(inputs),
        },
        "missing": missing(inputs),
        "fund": _fund(inputs),
        "nav_points": [_row(point) for point in inputs.nav_points],
        "tiers": _tiers(inputs),
        "flows": _flows(inputs),
        "subscriptions": _subscriptions(inputs),
        "redemptions": _redemptions(inputs),
        "approvals": _approvals(inputs.tickets, inputs.period),
        "transactions": _transactions(inputs),
        "alerts": [_row(alert) for alert in inputs.alerts],
        "switches": [_row(switch) for switch in inputs.switches],
        "fees": _fees(inputs),
    }


# -- What is missing -----------------------------------------------------------------------------------


def missing(inputs: Inputs) -> list[str]:
    """What the report could not know, each in a sentence."""
    period, found = inputs.period, []
    for name, point, at in (
        ("opening", inputs.opening, period.start),
        ("closing", inputs.closing, period.end),
    ):
        if point is None:
            found.append(f"No reading of the fund at the {name} of the period, {_words(at)}.")
        elif at - point.slot > _POINT_AGE_MAX:
            found.append(f"The {name} figures are of {_words(point.slot)}, before {_words(at)}.")
    if inputs.final_block_time is None:
        found.append("No block of the chain is final yet.")
    elif inputs.final_block_time < period.end:
        found.append(
            f"The chain was final only up to block {inputs.final_block_number:,} of "
            f"{_words(inputs.final_block_time)}; what came later in the period is not included."
        )
    if inputs.unapplied_logs:
        found.append(f"{inputs.unapplied_logs} events of the chain wait to be applied.")
    found += [
        f"No hourly snapshot for {_words(gap.slot)}: {gap.reason.rstrip('.')}."
        for gap in inputs.gaps
    ]
    return found


# -- The fund ------------------------------------------------------------------------------------------


def _fund(inputs: Inputs) -> dict[str, Any]:
    figures = (
        "nav_per_share",
        "aum_assets",
        "total_assets",
        "total_supply_shares",
        "liability_assets",
        "locked_shares",
    )
    rows: dict[str, Any] = {
        name: _change(
            getattr(inputs.opening, name) if inputs.opening else None,
            getattr(inputs.closing, name) if inputs.closing else None,
        )
        for name in figures
    }
    for name in ("holders", "emergency_mode"):
        rows[name] = {
            "opening": getattr(inputs.opening, name) if inputs.opening else None,
            "closing": getattr(inputs.closing, name) if inputs.closing else None,
        }
    return rows


def _change(opening: int | None, closing: int | None) -> dict[str, Any]:
    change = None if opening is None or closing is None else closing - opening
    return {
        "opening": _digits(opening),
        "closing": _digits(closing),
        "change": _digits(change),
        "change_bps": None if change is None else _signed_bps(change, opening or 0),
    }


def _signed_bps(change: int, opening: int) -> int | None:
    """Rounded towards zero, so that a fall never looks larger than it was."""
    size = bps_of(abs(change), opening)
    return None if size is None else size if change >= 0 else -size


def _tiers(inputs: Inputs) -> list[dict[str, Any]]:
    before = {tier.tier: tier.assets for tier in inputs.opening.tiers} if inputs.opening else {}
    if inputs.closing is None:
        return []
    return [
        {
            "tier": tier.tier,
            "opening_assets": _digits(before.get(tier.tier)),
            "closing_assets": _digits(tier.assets),
            "ratio_bps": tier.ratio_bps,
            "target_bps": tier.target_bps,
            "min_bps": tier.min_bps,
            "max_bps": tier.max_bps,
            "within_band": _within(tier.ratio_bps, tier.min_bps, tier.max_bps),
        }
        for tier in inputs.closing.tiers
    ]


def _within(ratio: int | None, low: int | None, high: int | None) -> bool | None:
    return None if ratio is None or low is None or high is None else low <= ratio <= high


# -- Flows ---------------------------------------------------------------------------------------------


def _flows(inputs: Inputs) -> dict[str, Any]:
    came = sum(row.assets for row in inputs.subscriptions)
    left = sum(row.net_assets for row in inputs.payouts)
    return {
        "subscribed_assets": str(came),
        "paid_net_assets": str(left),
        "net_flow_assets": str(came - left),
    }


def _subscriptions(inputs: Inputs) -> dict[str, Any]:
    rows = inputs.subscriptions
    return {
        "count": len(rows),
        "assets": str(sum(row.assets for row in rows)),
        "shares": str(sum(row.shares for row in rows)),
        "items": [
            _row(row)
            | {"nav_per_share": _digits(row.assets * WAD // row.shares if row.shares else None)}
            for row in rows
        ],
    }


def _redemptions(inputs: Inputs) -> dict[str, Any]:
    statuses = sorted({row.status for row in inputs.requests})
    return {
        "requested": {
            **_requested(inputs.requests),
            "by_channel": _by_channel(inputs.requests, _requested),
            "by_status": [
                {"status": status, **_requested([r for r in inputs.requests if r.status == status])}
                for status in statuses
            ],
            "items": [_row(row) for row in inputs.requests],
        },
        "settled": {
            **_settled(inputs.payouts),
            "by_channel": _by_channel(inputs.payouts, _settled),
            "items": [_row(row) for row in inputs.payouts],
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


# -- Operations ----------------------------------------------------------------------------------------


def _approvals(tickets: list[Ticket], period: Period) -> dict[str, Any]:
    return {
        **_ticket_counts(tickets, period),
        "by_kind": [
            {"kind": kind, **_ticket_counts([t for t in tickets if t.kind == kind], period)}
            for kind in sorted({ticket.kind for ticket in tickets})
        ],
        "items": [
            _row(ticket) | {"within_sla": _in_time(ticket), "decide_seconds": _decide_seconds(ticket)}
            for ticket in tickets
        ],
    }


def _ticket_counts(tickets: list[Ticket], period: Period) -> dict[str, Any]:
    opened = [t for t in tickets if period.start <= t.opened_at < period.end]
    closed = [t for t in tickets if t.decided_at and period.start <= t.decided_at < period.end]
    decided = [t for t in closed if t.status in {"APPROVED", "REJECTED", "EXPIRED"}]
    in_time = [t for t in decided if _in_time(t)]
    seconds = sorted(filter(None, (_decide_seconds(t) for t in decided)))
    return {
        "opened": len(opened),
        "decided": len(decided),
        "approved": sum(t.status == "APPROVED" for t in decided),
        "rejected": sum(t.status == "REJECTED" for t in decided),
        "within_sla": len(in_time),
        "within_sla_bps": len(in_time) * BPS_ONE // len(decided) if decided else None,
        "median_decide_seconds": seconds[(len(seconds) - 1) // 2] if seconds else None,
    }


def _in_time(ticket: Ticket) -> bool | None:
    return None if ticket.decided_at is None else ticket.decided_at <= ticket.deadline_at


def _decide_seconds(ticket: Ticket) -> int | None:
    if ticket.decided_at is None:
        return None
    return int((ticket.decided_at - ticket.opened_at).total_seconds())


def _transactions(inputs: Inputs) -> dict[str, Any]:
    rows = inputs.transactions
    statuses = sorted({row.status for row in rows})
    return {
        "count": len(rows),
        "by_status": [
            {"status": status, "count": sum(row.status == status for row in rows)}
            for status in statuses
        ],
        "items": [_row(row) for row in rows],
    }


def _fees(inputs: Inputs) -> dict[str, Any]:
    def total(kind: str | None, direction: str) -> str:
        return str(
            sum(
                row.assets
                for row in inputs.fees
                if kind in {None, row.kind} and row.direction == direction
            )
        )

    return {
        "accrued_assets": total(None, "ACCRUED"),
        "withdrawn_assets": total(None, "WITHDRAWN"),
        "by_kind": [
            {
                "kind": kind,
                "accrued_assets": total(kind, "ACCRUED"),
                "withdrawn_assets": total(kind, "WITHDRAWN"),
            }
            for kind in FEE_KINDS
        ],
        "items": [_row(row) for row in inputs.fees],
    }


# -- Values --------------------------------------------------------------------------------------------

_AMOUNTS = {
    "assets", "shares", "gross_assets", "fee_assets", "net_assets", "estimated_fee_assets",
    "available_assets", "nav_per_share", "request_id",
}  # fmt: skip


def _row(value: Any) -> dict[str, Any]:
    """A value's fields as JSON; amounts and request ids, which may be any uint256, as digits."""
    row = {}
    for item in fields(value):
        content = getattr(value, item.name)
        if isinstance(content, datetime):
            content = _time(content)
        elif item.name in _AMOUNTS:
            content = _digits(content)
        row[item.name] = content
    return row


def _block(point: FundPoint | None) -> dict[str, Any] | None:
    if point is None:
        return None
    return {
        "block_number": point.block_number,
        "block_time": _time(point.block_time),
        "slot": _time(point.slot),
    }


def _final(inputs: Inputs) -> dict[str, Any] | None:
    if inputs.final_block_number is None or inputs.final_block_time is None:
        return None
    return {
        "block_number": inputs.final_block_number,
        "block_time": _time(inputs.final_block_time),
    }


def _digits(value: int | None) -> str | None:
    return None if value is None else str(value)


def _time(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _words(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC"
