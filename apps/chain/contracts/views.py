"""What single requests, accounts and roles are by the contracts, at one block; for checks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.chain.client import Reader
from apps.chain.config import ContractConfig
from apps.chain.contracts import abi
from apps.chain.contracts.fund_state import BlockRef
from apps.chain.contracts.returned import decoded, returned_at
from apps.chain.terms import Channel

_HAS_ROLE = abi.FunctionAbi(
    "hasRole",
    bytes.fromhex("91d14854"),
    (("role", "bytes32"), ("account", "address")),
    ("bool",),
)

REQUEST_STATUSES = ("PENDING", "PENDING_APPROVAL", "APPROVED", "SETTLED", "CANCELLED")
"""As the contract numbers them; one that was rejected is CANCELLED to it."""


@dataclass(frozen=True, slots=True)
class RequestState:
    """``getRedemptionRequest``: amounts in base units, times in Unix seconds."""

    owner: str
    receiver: str
    shares: int
    gross_assets: int
    locked_nav_per_share: int
    estimated_fee_assets: int
    settles_at: int
    status: str
    channel: str
    requires_approval: bool


@dataclass(frozen=True, slots=True)
class RequestBook:
    """How many requests the manager counts, and which wait for approval."""

    count: int | None
    pending_approvals: tuple[int, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SharesSetAside:
    """An account's shares that are locked (``lockedShares``) and that wait for approval
    (``pendingApprovalShares``, second generation), base units; None where the vault has no such
    view or does not answer."""

    locked: int | None
    pending: int | None


@dataclass(frozen=True, slots=True)
class RoleQuestion:
    """Whether an account holds a role (its 32-byte hash) of a contract."""

    contract: str
    role: str
    account: str


def read_requests(
    client: Reader, manager: ContractConfig, block: BlockRef, request_ids: Sequence[int]
) -> dict[int, RequestState | None]:
    """Requests by number, None where the manager knows none.

    Raises:
        ChainUnavailable: no node answers.
    """
    function = abi.function("redemption_manager", "getRedemptionRequest", manager.generation)
    calls = [(manager.address, function.encode(number)) for number in request_ids]
    answers = _call(client, block, function, calls)
    return {
        number: _request(answer[0]) if answer else None
        for number, answer in zip(request_ids, answers, strict=True)
    }


def read_request_book(client: Reader, manager: ContractConfig, block: BlockRef) -> RequestBook:
    """The manager's own count and list; None for what it does not answer.

    Raises:
        ChainUnavailable: no node answers.
    """
    kind, generation = "redemption_manager", manager.generation
    count = abi.function(kind, "getRequestCount", generation)
    waiting = abi.function(kind, "getPendingApprovals", generation)
    [counted] = _call(client, block, count, [(manager.address, count.encode())])
    [listed] = _call(client, block, waiting, [(manager.address, waiting.encode())])
    return RequestBook(
        counted[0] if counted else None, tuple(sorted(listed[0])) if listed else None
    )


def read_balances(
    client: Reader, token: str, block: BlockRef, accounts: Sequence[str]
) -> dict[str, int | None]:
    """``balanceOf`` by account, in base units.

    Raises:
        ChainUnavailable: no node answers.
    """
    function = abi.function("erc20", "balanceOf")
    answers = _call(client, block, function, [(token, function.encode(who)) for who in accounts])
    return {
        account: answer[0] if answer else None
        for account, answer in zip(accounts, answers, strict=True)
    }


def read_shares_set_aside(
    client: Reader, vault: ContractConfig, block: BlockRef, accounts: Sequence[str]
) -> dict[str, SharesSetAside]:
    """What the vault keeps of each account.

    Raises:
        ChainUnavailable: no node answers.
    """
    locked = _of_each(client, vault, block, "lockedShares", accounts)
    pending = _of_each(client, vault, block, "pendingApprovalShares", accounts)
    return {
        account: SharesSetAside(locked=locked[account], pending=pending[account])
        for account in accounts
    }


def read_roles(
    client: Reader, block: BlockRef, questions: Sequence[RoleQuestion]
) -> list[bool | None]:
    """``hasRole``, in order.

    Raises:
        ChainUnavailable: no node answers.
    """
    calls = [
        (asked.contract, _HAS_ROLE.encode(bytes.fromhex(asked.role[2:]), asked.account))
        for asked in questions
    ]
    answers = _call(client, block, _HAS_ROLE, calls)
    return [answer[0] if answer else None for answer in answers]


def _of_each(
    client: Reader, vault: ContractConfig, block: BlockRef, view: str, accounts: Sequence[str]
) -> dict[str, int | None]:
    try:
        function = abi.function("vault", view, vault.generation)
    except abi.UnknownFunction:
        return dict.fromkeys(accounts)
    calls = [(vault.address, function.encode(account)) for account in accounts]
    answers = _call(client, block, function, calls)
    return {
        account: answer[0] if answer else None
        for account, answer in zip(accounts, answers, strict=True)
    }


def _call(
    client: Reader,
    block: BlockRef,
    function: abi.FunctionAbi,
    calls: Sequence[tuple[str, str]],
) -> list[tuple[Any, ...] | None]:
    return [decoded(function, data) for data in returned_at(client, block.hash, calls)]


def _request(fields: Sequence[Any]) -> RequestState:
    (_, owner, receiver, shares, gross, nav, fee, _, settles_at, status, channel, asks, _) = fields
    known = status < len(REQUEST_STATUSES)
    return RequestState(
        owner=owner.lower(),
        receiver=receiver.lower(),
        shares=shares,
        gross_assets=gross,
        locked_nav_per_share=nav,
        estimated_fee_assets=fee,
        settles_at=settles_at,
        status=REQUEST_STATUSES[status] if known else str(status),
        channel=Channel(channel).name if channel < len(Channel) else str(channel),
        requires_approval=asks,
    )
