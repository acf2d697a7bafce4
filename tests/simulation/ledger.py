"""What the simulated contracts hold and say: a small fund with shares and redemption requests.

An independent second implementation of the events' encoding, so that it can disagree with ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak

VAULT = "0x" + "a1" * 20
MANAGER = "0x" + "b2" * 20
CONTROLLER = "0x" + "c3" * 20
NOBODY = "0x" + "00" * 20
STANDARD_DELAY_SECONDS = 600
ONE = 10**18

PENDING, PENDING_APPROVAL, APPROVED, SETTLED, CANCELLED = range(5)


class Reverted(Exception):
    """The contract refuses; ``data`` are its revert bytes."""

    def __init__(self, signature: str, *args: int) -> None:
        super().__init__(signature)
        types = signature[signature.index("(") + 1 : -1].split(",")
        body = encode(types, list(args)) if args else b""
        self.data = "0x" + (keccak(text=signature)[:4] + body).hex()


@dataclass(frozen=True, slots=True)
class Request:
    """One redemption request as the manager holds it."""

    id: int
    owner: str
    shares: int
    gross: int
    fee: int
    status: int
    requested_at: int
    settles_at: int
    needs_approval: bool


@dataclass(slots=True)
class State:
    """Everything the contracts hold after a block."""

    balances: dict[str, int] = field(default_factory=dict)
    locked: dict[str, int] = field(default_factory=dict)
    requests: dict[int, Request] = field(default_factory=dict)
    nonces: dict[str, int] = field(default_factory=dict)

    def clone(self) -> State:
        """A copy that can be changed."""
        return State(dict(self.balances), dict(self.locked), dict(self.requests), dict(self.nonces))


@dataclass(frozen=True, slots=True)
class LogDraft:
    """A log before it has a place."""

    address: str
    topics: tuple[str, ...]
    data: str


Effect = Callable[[State, int], list[LogDraft]]
"""Changes the state at a block's time and says the logs, or raises ``Reverted``."""


@dataclass(frozen=True, slots=True)
class Tx:
    """A transaction that a block may hold. ``nonce`` is None where nobody counts."""

    hash: str
    sender: str
    nonce: int | None
    effect: Effect


def event(address: str, signature: str, indexed: list[Any], plain: list[Any]) -> LogDraft:
    """A log of an event whose indexed arguments come first in the signature."""
    types = signature[signature.index("(") + 1 : -1].split(",")
    count = len(indexed)
    topics = [keccak(text=signature)] + [
        encode([kind], [value]) for kind, value in zip(types[:count], indexed, strict=True)
    ]
    data = encode(types[count:], plain)
    return LogDraft(address, tuple("0x" + topic.hex() for topic in topics), "0x" + data.hex())


def transfer(sender: str, recipient: str, shares: int) -> LogDraft:
    """The share token's ``Transfer``."""
    return event(VAULT, "Transfer(address,address,uint256)", [sender, recipient], [shares])


def subscribe(owner: str, shares: int) -> Effect:
    """Mint shares at a price of one."""

    def effect(state: State, _now: int) -> list[LogDraft]:
        state.balances[owner] = state.balances.get(owner, 0) + shares
        return [
            transfer(NOBODY, owner, shares),
            event(
                VAULT,
                "DepositProcessed(address,address,uint256,uint256)",
                [owner, owner],
                [shares, shares],
            ),
        ]

    return effect


def move(owner: str, to: str, shares: int) -> Effect:
    """Transfer shares that are not locked."""

    def effect(state: State, _now: int) -> list[LogDraft]:
        free = state.balances.get(owner, 0) - state.locked.get(owner, 0)
        if shares > free:
            raise Reverted("InsufficientShares(uint256,uint256)", free, shares)
        state.balances[owner] -= shares
        state.balances[to] = state.balances.get(to, 0) + shares
        return [transfer(owner, to, shares)]

    return effect


def request(owner: str, shares: int, *, needs_approval: bool) -> Effect:
    """Ask for redemption; the shares are locked."""

    def effect(state: State, now: int) -> list[LogDraft]:
        free = state.balances.get(owner, 0) - state.locked.get(owner, 0)
        if shares > free:
            raise Reverted("InsufficientShares(uint256,uint256)", free, shares)
        number = len(state.requests) + 1
        fee = shares // 1000
        settles_at = 0 if needs_approval else now + STANDARD_DELAY_SECONDS
        state.locked[owner] = state.locked.get(owner, 0) + shares
        state.requests[number] = Request(
            number,
            owner,
            shares,
            shares,
            fee,
            PENDING_APPROVAL if needs_approval else PENDING,
            now,
            settles_at,
            needs_approval,
        )
        return [
            event(VAULT, "SharesLocked(address,uint256)", [owner], [shares]),
            event(
                MANAGER,
                "RedemptionRequested(uint256,address,address,uint256,uint256,uint256,uint8,bool,"
                "uint256,uint256)",
                [number, owner],
                [owner, shares, shares, fee, 0, needs_approval, settles_at, 0],
            ),
        ]

    return effect


def strange() -> Effect:
    """Logs that nobody can read: an unknown event, and a known one with another shape."""

    def effect(_state: State, _now: int) -> list[LogDraft]:
        known = "0x" + keccak(text="NavUpdated(uint256,uint256,uint256)").hex()
        return [
            event(VAULT, "Unheard(uint256)", [], [7]),
            LogDraft(VAULT, (known,), "0x01"),
        ]

    return effect


def call(calldata: str, sender: str) -> Effect:
    """What the manager does when one of our calls reaches it."""
    raw = bytes.fromhex(calldata[2:])
    selector, body = raw[:4], raw[4:]
    if selector == _APPROVE:
        return _approve(int(decode(["uint256"], body)[0]), sender)
    if selector == _REJECT:
        number, reason = decode(["uint256", "string"], body)
        return _reject(int(number), str(reason), sender)
    if selector == _SETTLE:
        return _settle(int(decode(["uint256"], body)[0]))
    return _nothing


def view(state: State, calldata: str) -> str:
    """What ``getRedemptionRequest`` returns.

    Raises:
        Reverted: there is no such request.
    """
    raw = bytes.fromhex(calldata[2:])
    if raw[:4] != _VIEW:
        return "0x"
    number = int(decode(["uint256"], raw[4:])[0])
    asked = state.requests.get(number)
    if asked is None:
        raise Reverted("RequestNotFound(uint256)", number)
    fields = (
        asked.id,
        asked.owner,
        asked.owner,
        asked.shares,
        asked.gross,
        ONE,
        asked.fee,
        asked.requested_at,
        asked.settles_at,
        asked.status,
        0,
        asked.needs_approval,
        0,
    )
    kinds = (
        "(uint256,address,address,uint256,uint256,uint256,uint256,uint256,uint256,uint8,uint8,bool,"
        "uint256)"
    )
    return "0x" + encode([kinds], [fields]).hex()


def _approve(number: int, approver: str) -> Effect:
    def effect(state: State, now: int) -> list[LogDraft]:
        asked = _waiting(state, number)
        settles_at = now + STANDARD_DELAY_SECONDS
        state.requests[number] = replace(asked, status=APPROVED, settles_at=settles_at)
        return [
            event(
                MANAGER,
                "RedemptionApproved(uint256,address,uint256)",
                [number, approver],
                [settles_at],
            )
        ]

    return effect


def _reject(number: int, reason: str, rejector: str) -> Effect:
    def effect(state: State, _now: int) -> list[LogDraft]:
        asked = _waiting(state, number)
        state.requests[number] = replace(asked, status=CANCELLED)
        state.locked[asked.owner] -= asked.shares
        return [
            event(VAULT, "SharesUnlocked(address,uint256)", [asked.owner], [asked.shares]),
            event(
                MANAGER,
                "RedemptionRejected(uint256,address,string)",
                [number, rejector],
                [reason],
            ),
        ]

    return effect


def _settle(number: int) -> Effect:
    def effect(state: State, now: int) -> list[LogDraft]:
        asked = state.requests.get(number)
        if asked is None:
            raise Reverted("RequestNotFound(uint256)", number)
        if asked.status not in (PENDING, APPROVED):
            raise Reverted("InvalidRequestStatus(uint256)", number)
        if now < asked.settles_at:
            raise Reverted("SettlementTimeNotReached(uint256,uint256)", asked.settles_at, now)
        state.requests[number] = replace(asked, status=SETTLED)
        state.locked[asked.owner] -= asked.shares
        state.balances[asked.owner] -= asked.shares
        return [
            event(VAULT, "SharesBurned(address,uint256)", [asked.owner], [asked.shares]),
            transfer(asked.owner, NOBODY, asked.shares),
            event(
                MANAGER,
                "RedemptionSettled(uint256,address,address,uint256,uint256,uint256,uint8)",
                [number, asked.owner],
                [asked.owner, asked.gross, asked.fee, asked.gross - asked.fee, 0],
            ),
        ]

    return effect


def _nothing(_state: State, _now: int) -> list[LogDraft]:
    return []


def _waiting(state: State, number: int) -> Request:
    asked = state.requests.get(number)
    if asked is None:
        raise Reverted("RequestNotFound(uint256)", number)
    if asked.status != PENDING_APPROVAL:
        raise Reverted("NotPendingApproval(uint256)", number)
    return asked


_APPROVE = keccak(text="approveRedemption(uint256)")[:4]
_REJECT = keccak(text="rejectRedemption(uint256,string)")[:4]
_SETTLE = keccak(text="settleRedemption(uint256)")[:4]
_VIEW = keccak(text="getRedemptionRequest(uint256)")[:4]
