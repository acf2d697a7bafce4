"""Emergencies made by hand: judgements, the fund's figures, what contracts say, people's votes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db import transaction

from apps.approvals.models import Ticket
from apps.chain import events
from apps.chain.models import Cursor, Transaction
from apps.core import bus, clock
from apps.fund.models import SnapshotKind
from apps.fund.operations import take_snapshot
from apps.risk import operations
from apps.risk.models import Assessment, Incident, Reading
from apps.risk.rules.figures import Indicator, Level, Status
from apps.risk.rules.protocol import TicketCause
from apps.risk.rules.switches import Switch, subject_of
from tests.accounts.people import Person, person
from tests.approvals import helpers
from tests.fund.states import block, state
from tests.rebalance.running import end
from tests.redemptions.helpers import CHAIN, MANAGER

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
VAULT = "0x" + "b1" * 20
USDT = 10**18
_LIQUIDITY = (Indicator.L1_RATIO, Indicator.L1_L2_RATIO, Indicator.REDEMPTION_COVERAGE)


def after(**passed: float) -> datetime:
    """Noon and some time: ``after(minutes=5)``."""
    return NOON + timedelta(**passed)


def team() -> list[Person]:
    """Four administrators: one may ask, and three are left who could vote."""
    return [person("ADMIN") for _ in range(4)]


def judge(
    level: str,
    *,
    at: datetime = NOON,
    figures: str | None = None,
    raw: str | None = None,
    unknown: bool = False,
    follow: bool = True,
) -> Assessment:
    """A judgement, followed by the protocol. ``figures`` is the level by the indicators alone,
    ``raw`` the one that this run alone calls for."""
    before = Assessment.objects.order_by("-at").first()
    row = Assessment.objects.create(
        at=at,
        level=level,
        raw_level=raw or level,
        level_changed=before is None or before.level != level,
        score=Decimal(50),
        reasons=[] if level == Level.NORMAL else [f"Something is {level}."],
        figures={"indicator_level": figures or level},
        policy_version=1,
        duration_ms=1,
    )
    for indicator in _LIQUIDITY:
        Reading.objects.create(
            assessment=row,
            at=at,
            indicator=indicator,
            value=None if unknown else Decimal("0.5"),
            status=Status.UNKNOWN if unknown else Status.NORMAL,
            unknown="No node answers." if unknown else "",
            unknown_since=at if unknown else None,
            warning=Decimal("0.1"),
            critical=Decimal("0.08"),
            weight=1,
            share=Decimal(0),
            meaning=f"{indicator} as it is",
        )
    if follow:
        operations.follow_assessment(assessment=row, at=at)
    return row


def opened(cause: TicketCause = TicketCause.LEVEL_CRITICAL, *, at: datetime = NOON) -> Incident:
    """An incident that has just begun."""
    return operations.open_incident(
        cause=cause, summary="Cash is gone", actor=helpers.SYSTEM, at=at
    )


def fund_stands(*, at: datetime = NOON, **figures: int) -> None:
    """The newest reading of the fund, in whole USDT: ``l1=``, ``l2=``, ``l3=``, ``owed=``,
    ``available=``."""
    names = {
        "l1": "layer1_liquidity",
        "l2": "layer2_liquidity",
        "l3": "layer3_value",
        "owed": "total_redemption_liability",
        "available": "available_liquidity",
    }
    figures = {"l1": 100_000, "l2": 300_000, "l3": 600_000, "owed": 40_000} | figures
    figures.setdefault("available", figures["l1"] + figures["l2"])
    said = {names[name]: value * USDT for name, value in figures.items()}
    take_snapshot(
        kind=SnapshotKind.LIVE,
        chain_id=CHAIN,
        slot=at,
        state=replace(
            state(number=int(at.timestamp()), at=at, **said), block=block(int(at.timestamp()), at)
        ),
        at=at,
    )


def source(
    serial: int, *, contract: str = VAULT, kind: str = "vault", at: datetime = NOON
) -> events.Source:
    """A log of a contract of the fund."""
    return events.Source(
        log_id=serial,
        chain_id=CHAIN,
        address=contract,
        contract_kind=kind,
        block_number=1_000 + serial,
        block_hash=f"0x{serial:064x}",
        block_time=at,
        tx_hash=f"0x{serial + 10**6:064x}",
        position=0,
        log_index=0,
    )


def head_at(time: datetime) -> None:
    """The newest block the listener knows of."""
    Cursor.objects.update_or_create(
        chain_id=CHAIN,
        defaults={
            "next_block": 9_001,
            "tip_hash": "0x" + "77" * 32,
            "head_number": 9_000,
            "head_at": time,
            "final_number": 8_990,
            "final_hash": "0x" + "66" * 32,
            "final_at": time,
        },
    )


def final(fact: events.ChainFact) -> None:
    """A log is final: projections, then reactions, in one transaction."""
    with transaction.atomic():
        bus.project(fact)
        bus.react(fact)


def thrown(switch: Switch, on: bool, *, serial: int, at: datetime | None = None) -> None:
    """A switch was thrown on chain, just now."""
    at = at or clock.now()
    if switch is Switch.MODE:
        final(events.EmergencyModeChanged(source=source(serial, at=at), enabled=on))
        return
    of_pause = events.ContractPaused if on else events.ContractUnpaused
    where = source(serial, contract=MANAGER, kind="redemption_manager", at=at)
    final(of_pause(source=where, account="0x" + "ad" * 20))


def alert(*, serial: int = 900, at: datetime | None = None) -> events.CriticalLiquidityAlert:
    """The redemption manager's alarm."""
    where = source(serial, contract=MANAGER, kind="redemption_manager", at=at or clock.now())
    return events.CriticalLiquidityAlert(
        source=where, ratio_bps=900, threshold_bps=1_000, available_assets=90_000 * USDT
    )


def ticket_about(switch: Switch, on: bool = True) -> Ticket:
    """The newest ticket about a switch."""
    found = Ticket.objects.filter(subject_id=subject_of(switch, on=on)).order_by("-id").first()
    assert found is not None
    return found


def approve(ticket: Ticket, people: list[Person], *, at: datetime) -> Ticket:
    """Two people say yes."""
    for who in people[:2]:
        ticket = helpers.decide(who, Ticket.objects.get(pk=ticket.pk), at=at)
    return Ticket.objects.get(pk=ticket.pk)


def sent(ticket: Ticket) -> list[Transaction]:
    """The transactions of a ticket, oldest first."""
    return list(Transaction.objects.filter(ticket_id=ticket.pk).order_by("id"))


def ended(row: Transaction, status: str = "FINAL", *, error: str = "", at: datetime) -> None:
    """A transaction of ours came to its end."""
    end(row, status, error=error, at=at)


def lines(incident: Incident, kind: str | None = None) -> list[str]:
    """What the timeline says, oldest first."""
    rows = incident.entries.order_by("at", "id")
    return [row.text for row in (rows.filter(kind=kind) if kind else rows)]


def open_emergency(who: Person, *, at: datetime = NOON) -> Ticket:
    """Somebody asks for the protocol."""
    return operations.propose_emergency(reason="A run on the fund", actor=who.actor, at=at)
