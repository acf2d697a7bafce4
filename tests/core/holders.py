"""Rows of one table, to be written in bulk, compared and hidden."""

from datetime import UTC, datetime
from typing import Any

from apps.core.bulk import insert_rows
from apps.fund.models import Holder

CHAIN = 7
VAULT = "0x" + "aa" * 20
AT = datetime(2026, 3, 2, tzinfo=UTC)


def holder(number: int, **values: Any) -> Holder:
    defaults = {"chain_id": CHAIN, "vault": VAULT, "address": f"0x{number:040x}"}
    return Holder(**{**defaults, **values}, first_activity_at=AT, last_activity_at=AT)


def write(*rows: Holder) -> list[tuple[Any, ...]]:
    return insert_rows(
        rows,
        on_conflict="(chain_id, vault, address) DO UPDATE SET"
        " balance_shares = excluded.balance_shares",
        returning=("address", "balance_shares"),
    )
