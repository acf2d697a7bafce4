"""Facts of a redemption as the chain tells them, and a chain file that no node stands behind."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from apps.chain import events
from apps.chain.models import Cursor
from apps.chain.terms import Channel
from apps.core import bus
from apps.redemptions.models import Redemption, redemption_key

CHAIN = 31337
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
USDT = 10**18
OWNER = "0x" + "a1" * 20
RECEIVER = "0x" + "a2" * 20
MANAGER = "0x" + "b2" * 20
APPROVER = "0x" + "c3" * 20
BLOCK = 1_000

CHAIN_TOML = f"""
[[chains]]
name = "Test chain"
chain_id = {CHAIN}
rpc_urls = ["http://127.0.0.1:1"]
confirmations = 15
block_time_seconds = 1.0
explorer_url = "https://explorer.example"

[[chains.contracts]]
kind = "vault"
address = "0x{"b1" * 20}"
start_block = 0
generation = "v1"

[[chains.contracts]]
kind = "redemption_manager"
address = "{MANAGER}"
start_block = 0
generation = "v1"

[[chains.contracts]]
kind = "asset_controller"
address = "0x{"b3" * 20}"
start_block = 0
generation = "v1"
"""


def write_chain_file(folder: Path) -> Path:
    path = folder / "chain.toml"
    path.write_text(CHAIN_TOML)
    return path


def final_at(time: datetime, number: int = BLOCK + 5, *, head: int | None = None) -> None:
    """Let the listener's final head stand at this block and time."""
    Cursor.objects.update_or_create(
        chain_id=CHAIN,
        defaults={
            "next_block": (head or number + 15) + 1,
            "tip_hash": "0x" + "77" * 32,
            "head_number": head or number + 15,
            "final_number": number,
            "final_hash": "0x" + "66" * 32,
            "final_at": time,
        },
    )


def source(serial: int, *, at: datetime = NOON, block: int = BLOCK) -> events.Source:
    """A log of the redemption manager; ``serial`` makes its transaction unique."""
    return events.Source(
        log_id=serial,
        chain_id=CHAIN,
        address=MANAGER,
        contract_kind="redemption_manager",
        block_number=block,
        block_hash="0x" + f"{block:064x}",
        block_time=at,
        tx_hash="0x" + f"{serial:064x}",
        position=0,
        log_index=0,
    )


def requested(request_id: int = 1, **changes: Any) -> events.RedemptionRequested:
    at = changes.pop("at", NOON)
    block = changes.pop("block", BLOCK)
    approval = changes.setdefault("requires_approval", True)
    values: dict[str, Any] = {
        "source": source(request_id * 10, at=at, block=block),
        "request_id": request_id,
        "owner": OWNER,
        "receiver": RECEIVER,
        "shares": 100_000 * USDT,
        "gross_assets": 120_000 * USDT,
        "estimated_fee_assets": 600 * USDT,
        "channel": Channel.STANDARD,
        "requested_at": at,
        "settles_at": None if approval else at + timedelta(days=7),
        "window_id": 0,
        "locked_nav_per_share": 12 * 10**17,
        "locked_nav_is_derived": False,
    }
    return events.RedemptionRequested(**values | changes)


def approved(request_id: int = 1, at: datetime = NOON) -> events.RedemptionApproved:
    return events.RedemptionApproved(
        source=source(request_id * 10 + 1, at=at),
        request_id=request_id,
        approver=APPROVER,
        settles_at=at + timedelta(days=7),
    )


def rejected(request_id: int = 1, reason: str = "No") -> events.RedemptionRejected:
    return events.RedemptionRejected(
        source=source(request_id * 10 + 2), request_id=request_id, rejector=APPROVER, reason=reason
    )


def cancelled(request_id: int = 1) -> events.RedemptionCancelled:
    return events.RedemptionCancelled(
        source=source(request_id * 10 + 3), request_id=request_id, owner=OWNER
    )


def settled(request_id: int = 1, at: datetime = NOON) -> events.RedemptionSettled:
    return events.RedemptionSettled(
        source=source(request_id * 10 + 4, at=at),
        request_id=request_id,
        owner=OWNER,
        receiver=RECEIVER,
        gross_assets=120_000 * USDT,
        fee_assets=500 * USDT,
        net_assets=119_500 * USDT,
        channel=Channel.STANDARD,
    )


def apply(*facts: Any) -> Redemption:
    """Apply facts as the dispatcher does: projections, then reactions, in one transaction each."""
    for fact in facts:
        with transaction.atomic():
            bus.project(fact)
            bus.react(fact)
    return Redemption.objects.get(key=redemption_key(CHAIN, facts[-1].request_id))


def project(*facts: Any) -> None:
    """Apply facts as a replay does."""
    for fact in facts:
        with transaction.atomic():
            bus.project(fact)
