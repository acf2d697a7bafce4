"""Balances of the vault that its events do not explain, looked at over the last day.

Donations, emergency withdrawals and orders over the counter move balances without an event of the
fund. Such a difference is shown for a day and is then part of the balance that the next one is
counted from: it says so once, and stops nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.chain import queries as chain
from apps.chain.queries import Difference, FindingKind, FundState
from apps.core.units import format_amount
from apps.fund.models import Snapshot, SnapshotKind, SnapshotStatus

from .movements import Moved, fees_paid, moved

SPAN = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Balances:
    """The vault's cash and tokens in a snapshot of about a day ago (all zero before the fund's
    first block; None was not known), the fees taken before it that may not have been paid then
    (exactly what was not paid with ``unpaid_is_told``), and what events moved since, up to
    ``block_number``."""

    since: datetime | None
    cash_assets: int | None
    tokens: Mapping[str, int | None]
    unpaid_assets: int
    unpaid_is_told: bool
    block_number: int
    moved: Moved


def balance_rows(*, chain_id: int) -> Balances:
    """What our rows say of the last day's movements, up to the final block."""
    final = chain.final_block(chain_id)
    number = final.number if final else -1
    row = None
    if final is not None:
        rows = Snapshot.objects.filter(chain_id=chain_id, status=SnapshotStatus.OK)
        rows = rows.exclude(kind=SnapshotKind.LIVE).filter(slot__lte=final.time - SPAN)
        row = rows.order_by("-slot", "-block_number").first()
    after = row.block_number if row is not None and row.block_number is not None else -1
    return Balances(
        since=row.slot if row else None,
        cash_assets=row.l1_cash_assets if row else 0,
        tokens={asset.token: asset.balance for asset in row.assets.all()} if row else {},
        unpaid_assets=_unpaid(chain_id, after, row),
        unpaid_is_told=row is None or row.unpaid_fees_assets is not None,
        block_number=number,
        moved=moved(chain_id=chain_id, after_block=after, up_to_block=number),
    )


def unexplained(rows: Balances, state: FundState) -> Iterator[Difference]:
    """What moved without an event: cash beyond the fees taken by time, and tokens."""
    if state.block.number != rows.block_number:
        return  # another block: its events are not in the sums
    yield from _cash(rows, state)
    for asset in state.assets:
        # Of an asset that is listed only since then, nobody said what the vault held before.
        before = rows.tokens.get(asset.token) if rows.since else 0
        if before is None or asset.balance is None:
            continue
        expected = before + rows.moved.tokens.get(asset.token, 0)
        if asset.balance != expected:
            more = asset.balance > expected
            amount = format_amount(
                abs(asset.balance - expected), decimals=asset.decimals, places=asset.decimals
            )
            yield _said(f"balance of {asset.token}", amount, asset.symbol, rows.since, more=more)


def _cash(rows: Balances, state: FundState) -> Iterator[Difference]:
    if rows.cash_assets is None or state.breakdown is None:
        return
    most = rows.cash_assets + rows.moved.cash_assets
    least = most - rows.moved.accrued_assets - rows.unpaid_assets
    if state.unpaid_fees is not None:
        # What is owed still has not left; and where that was told then as well, the rest has.
        least = min(least + state.unpaid_fees, most)
        if rows.unpaid_is_told:
            most = least
    cash = state.breakdown.layer1_cash
    if cash > most:
        yield _said("cash of the vault", _usdt(cash - most), "USDT", rows.since, more=True)
    elif cash < least:
        yield _said("cash of the vault", _usdt(least - cash), "USDT", rows.since, more=False)


def _unpaid(chain_id: int, block_number: int, row: Snapshot | None) -> int:
    """Management and performance fees taken by a block and not paid then, at most."""
    if row is None:
        return 0
    if row.unpaid_fees_assets is not None:
        return int(row.unpaid_fees_assets)
    accrued = moved(chain_id=chain_id, after_block=-1, up_to_block=block_number).accrued_assets
    paid = fees_paid(
        chain_id=chain_id,
        block_number=block_number,
        cash_assets=row.l1_cash_assets,
        unpaid_assets=None,
    )
    return accrued - (paid or 0)


def _usdt(assets: int) -> str:
    return format_amount(assets, places=18)


def _said(
    subject: str, amount: str, symbol: str, since: datetime | None, *, more: bool
) -> Difference:
    when = f"since {since:%Y-%m-%d %H:%M} UTC" if since else "since the beginning"
    way = "came in" if more else "left"
    return Difference(
        kind=FindingKind.STATE,
        subject=subject,
        detail=f"{amount} {symbol} {way} {when} that no event of the fund tells of.",
    )
