"""A redemption's life, why it needs people, how risky it is, when it may be paid. Plain Python."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from apps.core.units import BPS_ONE, format_amount, format_bps


class Status(StrEnum):
    """As the chain's events tell it."""

    PENDING = "PENDING"
    PENDING_APPROVAL = "PENDING_APPROVAL"
    APPROVED = "APPROVED"
    SETTLED = "SETTLED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"


# The database trigger of migration 0002 holds the same table.
TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.SETTLED}),
    Status.PENDING_APPROVAL: frozenset({Status.APPROVED, Status.REJECTED, Status.CANCELLED}),
    Status.APPROVED: frozenset({Status.SETTLED}),
    Status.SETTLED: frozenset(),
    Status.REJECTED: frozenset(),
    Status.CANCELLED: frozenset(),
}
PAYABLE = (Status.PENDING, Status.APPROVED)
ACTIVE = (Status.PENDING, Status.PENDING_APPROVAL, Status.APPROVED)

EMERGENCY_TICKET = "EMERGENCY_REDEMPTION"
STANDARD_TICKET = "STANDARD_REDEMPTION"
TICKET_KINDS = (EMERGENCY_TICKET, STANDARD_TICKET)

RETRY_FIRST = timedelta(minutes=1)
RETRY_LONGEST = timedelta(hours=1)


def ticket_kind(channel: str) -> str:
    """The kind of ticket for a channel: EMERGENCY has its own, SCHEDULED uses STANDARD's."""
    return EMERGENCY_TICKET if channel == "EMERGENCY" else STANDARD_TICKET


@dataclass(frozen=True, slots=True, kw_only=True)
class Liquidity:
    """The fund's liquidity at one block, in asset base units; None where nobody could say."""

    l1_assets: int | None = None
    l2_assets: int | None = None
    total_assets: int | None = None
    liability_assets: int | None = None
    emergency_mode: bool | None = None
    as_of: datetime | None = None

    @property
    def payable_assets(self) -> int | None:
        """What a settlement can raise: L1 and L2, which the contract's waterfall sells."""
        if self.l1_assets is None or self.l2_assets is None:
            return None
        return self.l1_assets + self.l2_assets


# -- Why approval ----------------------------------------------------------------------------------


def explain(
    thresholds: Iterable[Mapping[str, str]],
    *,
    gross_assets: int,
    channel: str,
    liquidity: Liquidity,
) -> list[dict[str, Any]]:
    """The rule's thresholds against this request, in words, each met, not met or unknown.

    They only explain: that an approval is needed is the contract's decision. Shares are compared
    exactly, by cross-multiplication, as the contract does.
    """
    rows: list[dict[str, Any]] = [
        {"text": "The contract asks for an approval of this request", "met": True}
    ]
    for threshold in thresholds:
        limit, operator = int(threshold["value"]), threshold["operator"]
        if threshold["figure"] == "amount":
            met = _compare(gross_assets, operator, limit)
            text = (
                f"{short_amount(gross_assets)} USDT {_sign(operator, met)} "
                f"{short_amount(limit)} for the {channel.lower()} channel"
            )
            rows.append({"text": text, "met": met})
            continue
        name, whole = {
            "share_of_l1_bps": ("L1", liquidity.l1_assets),
            "share_of_l1_l2_bps": ("L1 + L2", liquidity.payable_assets),
        }[threshold["figure"]]
        rows.append(_explain_share(gross_assets, name, whole, operator, limit))
    return rows


def _explain_share(
    gross_assets: int, name: str, whole: int | None, operator: str, limit_bps: int
) -> dict[str, Any]:
    limit = _short_percent(limit_bps)
    if whole is None:
        sign = _sign(operator, True)
        text = f"Share of {name} {sign} {limit}: unknown, there is no reading of the fund"
        return {"text": text, "met": None}
    met = _compare(gross_assets * BPS_ONE, operator, whole * limit_bps)
    if whole == 0:
        text = f"{name} is empty, so any amount is {_sign(operator, met)} {limit} of it"
        return {"text": text, "met": met}
    share = _short_percent(gross_assets * BPS_ONE // whole)
    return {"text": f"{share} of {name} {_sign(operator, met)} {limit}", "met": met}


def _sign(operator: str, met: bool) -> str:
    """How the two figures really compare, as people write it."""
    return {(">=", True): "≥", (">=", False): "<", (">", True): ">", (">", False): "≤"}[
        operator, met
    ]


def _compare(left: int, operator: str, right: int) -> bool:
    if operator == ">":
        return left > right
    if operator == ">=":
        return left >= right
    raise ValueError(f"{operator!r} is not a comparison of a threshold")


# -- Assessment ------------------------------------------------------------------------------------


def assess(
    *,
    gross_assets: int,
    channel: str,
    requested_24h_assets: int,
    decide_within: timedelta,
    liquidity: Liquidity,
) -> dict[str, Any]:
    """The risk of paying this request: level, score 0–100 and the factors in words.

    ``requested_24h_assets`` is the gross sum of requests in the 24 hours up to this one, this one
    included. What is unknown counts 15 points and keeps the level from being LOW.
    """
    parts = [
        _liquidity_share(gross_assets, liquidity),
        _coverage_after(gross_assets, liquidity),
        _daily_rate(requested_24h_assets, liquidity),
        _mode(channel, liquidity),
        _pressure(decide_within),
    ]
    score = min(sum(points for points, _ in parts), 100)
    unknown = liquidity.payable_assets is None
    return {
        "level": _level(max(score, 25) if unknown else score),
        "score": score,
        "factors": [text for _, text in parts],
        "asOf": liquidity.as_of.isoformat() if liquidity.as_of else None,
    }


def _level(score: int) -> str:
    for bound, level in ((25, "LOW"), (50, "MEDIUM"), (75, "HIGH")):
        if score < bound:
            return level
    return "CRITICAL"


def _points(value: int, steps: tuple[tuple[int, int], ...]) -> int:
    return next((points for bound, points in steps if value >= bound), 0)


def _liquidity_share(gross: int, liquidity: Liquidity) -> tuple[int, str]:
    payable = liquidity.payable_assets
    if payable is None:
        return 15, "Share of L1 + L2: unknown, there is no reading of the fund"
    if payable == 0:
        return 45, "L1 + L2 is empty"
    share = gross * BPS_ONE // payable
    points = _points(share, ((5000, 45), (2000, 30), (1000, 20), (500, 10)))
    return points, f"{format_bps(share)} of L1 + L2"


def _coverage_after(gross: int, liquidity: Liquidity) -> tuple[int, str]:
    payable, liability = liquidity.payable_assets, liquidity.liability_assets
    if payable is None or liability is None:
        return 15, "Coverage after payout: unknown, there is no reading of the fund"
    left, owed = payable - gross, max(liability - gross, 0)
    if left < 0:
        return 35, f"L1 + L2 is {short_amount(-left)} USDT short of this payout"
    if owed == 0:
        text = f"After payout {short_amount(left)} USDT of L1 + L2 is left"
        return 0, f"{text} and nothing else is owed"
    coverage = left * BPS_ONE // owed
    points = 30 if coverage < 10_000 else 15 if coverage < 15_000 else 0
    return points, (
        f"After payout L1 + L2 covers {format_bps(coverage)} of the other open redemptions"
        f" ({short_amount(left)} of {short_amount(owed)} USDT)"
    )


def _daily_rate(requested: int, liquidity: Liquidity) -> tuple[int, str]:
    if not liquidity.total_assets:
        return 15, f"{short_amount(requested)} USDT requested in 24 h; share of assets unknown"
    rate = requested * BPS_ONE // liquidity.total_assets
    points = _points(rate, ((1000, 20), (500, 10), (300, 5)))
    return points, f"{format_bps(rate)} of assets requested in 24 h"


def _mode(channel: str, liquidity: Liquidity) -> tuple[int, str]:
    if liquidity.emergency_mode is None:
        return 0, f"{channel.capitalize()} channel; emergency mode unknown"
    mode = "on" if liquidity.emergency_mode else "off"
    return (10 if liquidity.emergency_mode else 0), (
        f"{channel.capitalize()} channel; emergency mode is {mode}"
    )


def _pressure(decide_within: timedelta) -> tuple[int, str]:
    hours = decide_within.total_seconds() // 3600
    return (10 if hours < 6 else 0), f"To be decided within {hours:.0f} h"


# -- Settling --------------------------------------------------------------------------------------


def why_not_payable(status: str, settles_at: datetime | None, chain_time: datetime | None) -> str:
    """Why a request cannot be settled at the final block's time; "" when it can."""
    if status not in PAYABLE:
        return f"A redemption that is {status.replace('_', ' ').lower()} is not settled."
    if settles_at is None:
        return "No settlement time is set."
    if chain_time is None:
        return "The chain's final time is unknown, so nobody can say whether it is due."
    if settles_at > chain_time:
        return (
            f"Not due: it settles at {settles_at:%Y-%m-%d %H:%M} UTC, and the chain's final time is"
            f" {chain_time:%Y-%m-%d %H:%M} UTC."
        )
    return ""


def retry_at(attempts: int, last_finished_at: datetime) -> datetime:
    """When the clock tries a failed settlement again: 1, 2, 4 … minutes after, at most an hour."""
    doublings = min(max(attempts - 1, 0), 10)
    wait: timedelta = RETRY_FIRST * (1 << doublings)
    return last_finished_at + min(wait, RETRY_LONGEST)


def short_amount(base_units: int) -> str:
    """Grouped whole units without needless decimals: ``31,200`` or ``31,200.50``."""
    return format_amount(base_units).removesuffix(".00")


def _short_percent(bps: int) -> str:
    return format_bps(bps).replace(".00 %", " %")
