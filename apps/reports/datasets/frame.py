"""What every dataset begins with: which report, of what, made when, from which blocks."""

from datetime import datetime
from typing import Any

from apps.reports.rules import Period

from .values import time

SCHEMA = 2


def frame(
    *,
    kind: str,
    run_id: int,
    period: Period,
    chain: tuple[int, str],
    read_at: datetime,
    as_of: dict[str, Any],
    missing: list[str],
) -> dict[str, Any]:
    """The head of a dataset; ``chain`` is its number and name."""
    return {
        "schema": SCHEMA,
        "kind": kind,
        "run_id": run_id,
        "period": {"start": time(period.start), "end": time(period.end)},
        "time_zone": "UTC",
        "currency": "USDT",
        "share_symbol": "PPT",
        "generated_at": time(read_at),
        "chain": {"chain_id": chain[0], "name": chain[1]},
        "as_of": as_of,
        "missing": missing,
    }


def block(number: int, at: datetime) -> dict[str, Any]:
    """A block that figures are of."""
    return {"block_number": number, "block_time": time(at)}
