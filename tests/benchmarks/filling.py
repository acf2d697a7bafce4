"""A database of a fund that has lived for two years: rows in bulk, each a copy of one that the
product's own operations made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import Model

from apps.approvals.models import Ticket
from apps.chain.terms import Tier
from apps.fund import operations as fund
from apps.fund.models import Asset, AssetSnapshot, FeeEntry, Holder, NavUpdate, Snapshot
from apps.rebalance.models import Leg, Plan
from apps.redemptions.models import Redemption, redemption_key
from tests import installed
from tests.accounts.people import person
from tests.approvals.helpers import open_ticket
from tests.forcing import guards_off
from tests.fund.facts import USDT
from tests.fund.states import asset, state
from tests.rebalance import running
from tests.redemptions.helpers import apply, final_at, requested

CHAIN = running.CHAIN
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ASSETS, HOLDERS, SNAPSHOTS, LIVE_SNAPSHOTS = 50, 10_000, 8_760, 2_880
PLANS, LEGS, REDEMPTIONS, TICKETS, FEES_A_DAY = 500, 10, 2_000, 1_000, 3
_BATCH = 2_000
_VAULT = "0x" + "b1" * 20
_Row = TypeVar("_Row", bound=Model)


def fill(at: datetime) -> None:
    """All of it, the newest as of an instant."""
    installed.rules()
    installed.policy()
    for _ in range(3):
        person("ADMIN")  # somebody has to be able to vote
    final_at(at)
    _fund(at)
    _ledger(at)
    _holders(at)
    _redemptions(at)
    _plans(at)
    _tickets(at)


def _copies(row: _Row, numbers: Iterable[int], change: Callable[[_Row, int], object]) -> list[_Row]:
    """So many more rows like this one, each changed by its number; the rows as they were kept."""
    fields = [field.attname for field in row._meta.concrete_fields if not field.primary_key]
    made = []
    for number in numbers:
        copy = type(row)(**{name: getattr(row, name) for name in fields})
        change(copy, number)
        made.append(copy)
    with guards_off():
        kept: list[_Row] = type(row)._default_manager.bulk_create(made, batch_size=_BATCH)
    return kept


def _fund(at: datetime) -> None:
    """A register of many assets, a year of hours and of days, and two days of minutes."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    states = tuple(
        asset(
            token=f"0x{number + 1:040x}",
            symbol=f"A{number}",
            decimals=18,
            tier=Tier.L2 if number % 3 == 0 else Tier.L3,
            target_bps=10_000 // ASSETS,
            balance=9_000_000 * USDT,
            price=USDT + number,
            value_assets=9_000_000 * USDT,
        )
        for number in range(ASSETS)
    )
    Asset.objects.bulk_create(
        Asset(
            chain_id=CHAIN,
            contract="0x" + "b3" * 20,
            token=one.token,
            name=one.name,
            symbol=one.symbol,
            decimals=one.decimals,
            tier=one.tier,
            target_bps=one.target_bps,
            listed_at=at - 700 * DAY,
            as_of_block=1,
            as_of_log_index=number,
        )
        for number, one in enumerate(states)
    )
    first = fund.take_snapshot(
        kind="HOURLY",
        chain_id=CHAIN,
        slot=hour,
        state=state(number=100_000, at=hour, assets=states),
        at=hour,
    )

    def earlier(kind: str, newest: datetime, step: timedelta) -> Callable[[Snapshot, int], object]:
        def change(row: Snapshot, number: int) -> None:
            row.kind, row.slot = kind, newest - number * step
            row.block_at = row.taken_at = row.slot
            row.block_number = 100_000 - int((hour - row.slot) / timedelta(minutes=10))
            row.nav_per_share = 1_050_000_000_000_000_000 - number * 7_654_321_987

        return change

    hours = _copies(first, range(1, SNAPSHOTS), earlier("HOURLY", hour, HOUR))
    days = _copies(first, range(365), earlier("DAILY", hour.replace(hour=0), DAY))
    _copies(
        first,
        range(LIVE_SNAPSHOTS),
        earlier("LIVE", at.replace(microsecond=0), timedelta(minutes=1)),
    )
    held = list(first.assets.all())
    AssetSnapshot.objects.bulk_create(
        (
            AssetSnapshot(
                snapshot_id=snapshot.pk,
                **{
                    field.attname: getattr(one, field.attname)
                    for field in AssetSnapshot._meta.concrete_fields
                    if field.attname not in ("id", "snapshot_id")
                },
            )
            for snapshot in (*hours[:48], *days[:60])
            for one in held
        ),
        batch_size=_BATCH,
    )


def _ledger(at: datetime) -> None:
    """Published NAVs and fees of two years."""
    _bulk_logs(
        NavUpdate,
        at,
        count=730,
        step=DAY,
        old_nav_per_share=10**18,
        new_nav_per_share=10**18 + 123_456_789,
        updated_at=at,
    )
    for kind in ("MANAGEMENT", "REDEMPTION"):
        _bulk_logs(
            FeeEntry,
            at,
            count=730 * FEES_A_DAY,
            step=DAY / FEES_A_DAY,
            kind=kind,
            direction="ACCRUED",
            assets=1_234_567_890_123_456_789,
        )


def _bulk_logs(
    model: type[NavUpdate | FeeEntry],
    at: datetime,
    *,
    count: int,
    step: timedelta,
    **values: object,
) -> None:
    serial = model.objects.count()
    rows = [
        model(
            chain_id=CHAIN,
            contract=_VAULT,
            tx_hash=f"0x{serial + number:064x}",
            position=0,
            block_number=100_000 - number,
            log_index=serial + number,
            at=at - number * step,
            **values,
        )
        for number in range(1, count + 1)
    ]
    model._default_manager.bulk_create(rows, batch_size=_BATCH)


def _holders(at: datetime) -> None:
    Holder.objects.bulk_create(
        (
            Holder(
                chain_id=CHAIN,
                vault=_VAULT,
                address=f"0x{number + 1:040x}",
                balance_shares=(number * 7_919 % HOLDERS + 1) * USDT,
                first_activity_at=at - 300 * DAY,
                last_activity_at=at - HOUR,
            )
            for number in range(HOLDERS)
        ),
        batch_size=_BATCH,
    )


def _redemptions(at: datetime) -> None:
    """One in ten still waits for its time, the others were paid."""
    first = apply(requested(1, requires_approval=False, at=at - HOUR))

    def change(row: Redemption, number: int) -> None:
        row.key, row.request_id = redemption_key(CHAIN, number), number
        row.tx_hash = f"0x{number * 10:064x}"
        row.requested_at = at - number * HOUR
        row.settles_at = row.requested_at + 7 * DAY
        if number % 10:
            row.__dict__["status"] = "SETTLED"
            row.settled_at = row.settles_at
            row.fee_assets, row.net_assets = 600 * USDT, 119_400 * USDT

    _copies(first, range(2, REDEMPTIONS + 1), change)


def _plans(at: datetime) -> None:
    """Executed ones, each of so many legs."""
    plan = running.approved(
        *(running.sell(position, running.MTMM, 2_000) for position in range(1, LEGS + 1)), at=at
    )
    legs = list(plan.legs.all())

    def executed(row: Plan, number: int) -> None:
        row.__dict__["status"] = "COMPLETED"
        row.created_at = row.approved_at = row.begun_at = at - number * DAY
        row.finished_at = row.begun_at + timedelta(minutes=2)
        row.after = {"L1": str(60_000 * USDT), "L2": str(340_000 * USDT), "L3": str(600_000 * USDT)}
        row.deviation_bps = 3

    plans = _copies(plan, range(1, PLANS), executed)

    def done(row: Leg, number: int) -> None:
        row.plan_id = plans[number].pk
        row.__dict__["status"] = "DONE"
        row.sent_at, row.finished_at = plans[number].begun_at, plans[number].finished_at
        row.tx_hash = f"0x{plans[number].pk * LEGS + row.position:064x}"
        row.realised_assets = row.realised_tokens = 1_998 * USDT
        row.slippage_bps_realised, row.gas_used = 12, 210_000

    for leg in legs:
        _copies(leg, range(len(plans)), done)


def _tickets(at: datetime) -> None:
    first = open_ticket(subject_id="0", at=at)

    def change(row: Ticket, number: int) -> None:
        row.subject_id, row.idempotency_key = str(number), f"{row.kind}:{number}"
        row.opened_at = at - number * HOUR
        if number % 10:
            row.__dict__["status"] = "APPROVED"
            row.decided_at = row.opened_at + HOUR

    _copies(first, range(1, TICKETS), change)
