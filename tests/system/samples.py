"""A fund with a month of history, written as rows: what the dashboard shows on an ordinary day."""

from datetime import UTC, datetime, timedelta
from typing import Any

from apps.approvals.models import Rule, Ticket
from apps.approvals.rules import facts_hash
from apps.chain.models import Cursor, Log
from apps.core.units import WAD
from apps.fund.models import Holder, Snapshot, Subscription
from apps.oracle.models import Price
from apps.rebalance.models import Plan
from apps.redemptions.models import Redemption, redemption_key

CHAIN = 31337
USDT = WAD
VAULT = "0x" + "b1" * 20
MANAGER = "0x" + "b2" * 20
ALICE = "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"
BOB = "0xfb6916095ca1df60bb79ce92ce3ea74c37c5d359"
BLOCKS_PER_HOUR = 3600
_NAV_STEPS = (0, 4, 9, 7, 12, 18, 21, 19, 26, 31, 37, 41, 39, 46, 52)


def fill(at: datetime) -> None:
    """Everything below, with ``at`` as now."""
    cursor(at)
    holders(at)
    for hours_ago in range(24 * 15, -1, -1):
        snapshot(at - timedelta(hours=hours_ago), hours_ago)
    for days_ago, assets in ((12, 400_000), (5, 85_000), (3, 120_500), (1, 42_250)):
        subscription(at - timedelta(days=days_ago), assets * USDT)
    redemption(41, at, status="PENDING", gross=18_400, settles_in=timedelta(hours=5))
    redemption(42, at, status="APPROVED", gross=96_000, settles_in=timedelta(days=2, hours=3))
    redemption(43, at, status="PENDING_APPROVAL", gross=310_000, channel="STANDARD")
    redemption(44, at, status="PENDING_APPROVAL", gross=45_250, channel="EMERGENCY")
    redemption(45, at, status="PENDING", gross=7_120, settles_in=timedelta(days=6))
    ticket(43, at, amount=310_000, left=timedelta(hours=21))
    ticket(44, at, amount=45_250, kind="EMERGENCY_REDEMPTION", left=timedelta(minutes=38))
    events(at)


def cursor(at: datetime) -> Cursor:
    """The listener is in step."""
    return Cursor.objects.create(
        chain_id=CHAIN,
        next_block=1_284_512,
        tip_hash=_hash(1),
        tip_at=at,
        head_number=1_284_511,
        head_seen_at=at,
        polled_at=at,
        final_number=1_284_496,
        final_hash=_hash(2),
        final_at=at - timedelta(seconds=15),
        provider="http://127.0.0.1:1",
    )


def holders(at: datetime) -> None:
    """Two investors."""
    for number, (address, shares) in enumerate(((ALICE, 1_620_000), (BOB, 412_000))):
        Holder.objects.create(
            chain_id=CHAIN,
            vault=VAULT,
            address=address,
            balance_shares=shares * WAD,
            first_activity_at=at - timedelta(days=30),
            last_activity_at=at - timedelta(days=number),
        )


def snapshot(slot: datetime, hours_ago: int = 0) -> Snapshot:
    """The fund at an instant; NAV creeps up."""
    day = 15 - hours_ago // 24
    nav = WAD + (_NAV_STEPS[min(day, 14)] * 10**15) + (24 - hours_ago % 24) * 10**13
    aum = 2_154_000 * USDT + day * 3_000 * USDT
    return Snapshot.objects.create(
        chain_id=CHAIN,
        kind="HOURLY",
        slot=slot.replace(minute=0, second=0, microsecond=0) if hours_ago else slot,
        status="OK",
        taken_at=slot,
        block_number=1_284_496 - hours_ago * BLOCKS_PER_HOUR,
        block_hash=_hash(10_000 + hours_ago),
        block_at=slot.replace(minute=0, second=0, microsecond=0) if hours_ago else slot,
        total_assets=aum - 476_770 * USDT,
        total_supply=2_032_000 * WAD,
        nav_per_share=nav,
        aum_assets=aum,
        l1_assets=aum * 13 // 100,
        l2_assets=aum * 29 // 100,
        l3_assets=aum - aum * 13 // 100 - aum * 29 // 100,
        liability_assets=476_770 * USDT,
        locked_shares=452_000 * WAD,
        emergency_mode=False,
        holders=2,
        effective_supply=1_580_000 * WAD,
        paused=False,
        tiers=[
            {"tier": 0, "target_bps": 1000, "min_bps": 500, "max_bps": 2000},
            {"tier": 1, "target_bps": 3000, "min_bps": 2000, "max_bps": 4000},
            {"tier": 2, "target_bps": 6000, "min_bps": 4000, "max_bps": 7500},
        ],
    )


def subscription(at: datetime, assets: int) -> Subscription:
    """Money came in."""
    serial = Subscription.objects.count() + 1
    return Subscription.objects.create(
        chain_id=CHAIN,
        contract=VAULT,
        block_number=1_000_000 + serial,
        at=at,
        tx_hash=_hash(500 + serial),
        position=0,
        log_index=0,
        sender=ALICE,
        receiver=ALICE,
        assets=assets,
        shares=assets,
    )


def redemption(
    number: int,
    at: datetime,
    *,
    status: str,
    gross: int,
    channel: str = "STANDARD",
    settles_in: timedelta | None = None,
) -> Redemption:
    """A request; ``gross`` in whole USDT."""
    approved = status == "APPROVED"
    row = Redemption.objects.create(
        key=redemption_key(CHAIN, number),
        chain_id=CHAIN,
        request_id=number,
        manager=MANAGER,
        owner=ALICE if number % 2 else BOB,
        receiver=ALICE if number % 2 else BOB,
        shares=gross * WAD,
        gross_assets=gross * USDT,
        locked_nav_per_share=WAD,
        locked_nav_is_derived=False,
        estimated_fee_assets=gross * USDT // 100,
        channel=channel,
        requires_approval=status in ("PENDING_APPROVAL", "APPROVED"),
        window_id=0,
        requested_at=at - timedelta(hours=number % 7 + 1),
        settles_at=at + settles_in if settles_in and not approved else None,
        status="PENDING_APPROVAL" if approved else status,
        block_number=1_284_000 + number,
        block_hash=_hash(900 + number),
        tx_hash=_hash(800 + number),
        position=0,
        log_index=0,
    )
    if approved and settles_in:
        row.approve(
            approver=MANAGER, settles_at=at + settles_in, at=at, tx_hash=_hash(600 + number)
        )
        row.save()
    return row


def ticket(
    number: int,
    at: datetime,
    *,
    amount: int,
    left: timedelta,
    kind: str = "STANDARD_REDEMPTION",
) -> Ticket:
    """A ticket about a request, with that much time left."""
    rule = Rule.objects.get(kind=kind, active=True)
    facts = {"requestId": number}
    return Ticket.objects.create(
        kind=kind,
        subject_id=str(number),
        chain_id=CHAIN,
        idempotency_key=f"sample:{number}",
        title=f"Redemption {number}: {amount:,} USDT",
        requester_name="Holder",
        amount=amount * USDT,
        currency="USDT",
        facts=facts,
        facts_hash=facts_hash(facts),
        calls_hash=_hash(number),
        conditions=[{"text": f"{amount:,} USDT is above the limit of the channel", "met": True}],
        rule_version=rule.version,
        role=rule.role,
        required_approvals=rule.required_approvals,
        escalation_role=rule.escalation_role,
        auto_reject=False,
        maker_may_cancel=False,
        opened_at=at - timedelta(hours=3),
        warn_at=at - timedelta(hours=1),
        escalate_at=at + left / 2,
        deadline_at=at + left,
    )


def events(at: datetime) -> None:
    """The newest logs, one of them of hostile text and one not final."""
    told = [
        (
            "DepositProcessed",
            {
                "sender": BOB,
                "receiver": BOB,
                "assets": str(42_250 * USDT),
                "shares": str(41_980 * WAD),
            },
        ),
        (
            "NavUpdated",
            {"oldNav": str(WAD + 51 * 10**15), "newNav": str(WAD + 52 * 10**15), "timestamp": "1"},
        ),
        (
            "RedemptionRejected",
            {"requestId": "40", "rejector": ALICE, "reason": "<script>alert(1)</script>"},
        ),
        (
            "RedemptionSettled",
            {
                "requestId": "39",
                "owner": BOB,
                "receiver": BOB,
                "grossAmount": str(9_000 * USDT),
                "fee": str(90 * USDT),
                "netAmount": str(8_910 * USDT),
                "channel": "0",
            },
        ),
        (
            "LowLiquidityAlert",
            {"currentRatio": "1180", "threshold": "1500", "available": str(1), "total": str(2)},
        ),
        ("SomethingNew", {"what": "7"}),
        (
            "RedemptionRequested",
            {
                "requestId": "44",
                "owner": BOB,
                "receiver": BOB,
                "shares": str(45_250 * WAD),
                "lockedAmount": str(45_250 * USDT),
                "estimatedFee": str(1),
                "channel": "1",
                "requiresApproval": True,
                "settlementTime": "0",
                "windowId": "0",
            },
        ),
    ]
    for number, (name, args) in enumerate(told):
        last = number == len(told) - 1
        Log.objects.create(
            chain_id=CHAIN,
            block_number=1_284_400 + number * 15,
            block_hash=_hash(300 + number),
            block_at=at - timedelta(minutes=9 * (len(told) - number)),
            tx_hash=_hash(400 + number),
            tx_index=0,
            log_index=number,
            position=0,
            address=VAULT,
            contract_kind="vault",
            topics=[],
            data="0x",
            event=name,
            args=args,
            status="SEEN" if last else "APPLIED",
            seen_at=at,
        )


def _hash(number: int) -> str:
    return f"0x{number:064x}"


NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def price(at: datetime, token: str, **changes: Any) -> Price:
    """What the sources agreed on: a price that the contracts trade at, too."""
    values: dict[str, Any] = {
        "chain_id": CHAIN,
        "token": token,
        "at": at,
        "block_number": 1_284_496,
        "block_hash": _hash(2),
        "price": WAD,
        "sources_used": 3,
        "oldest_at": at,
        "spread_bps": 2,
        "traded_price": WAD,
        "deviation_bps": 0,
    }
    return Price.objects.create(**values | changes)


def plan(at: datetime, *, approved: bool = True) -> Plan:
    """A plan so small that nobody has to approve it."""
    row = Plan.objects.create(
        chain_id=CHAIN,
        trigger="LIQUIDITY",
        trigger_reason="L1 is 7.00 % of assets, below 8.00 %.",
        aim="LIQUIDITY",
        planner="RULES",
        amount_assets=12_000 * USDT,
        slippage_assets=12 * USDT,
        gas_assets=USDT,
        situation={},
        blueprint={},
        policy_version=1,
        calls_hash=_hash(3),
        created_by_name="clock",
        created_at=at,
        expires_at=at + timedelta(days=1),
    )
    if approved:
        row.approve(why="Below 50,000.00 USDT.", at=at)
        row.save()
    return row
