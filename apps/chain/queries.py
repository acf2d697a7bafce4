"""What others may know about the chain: rows we hold, and reads of a node at one block."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.db.models import Count, Q

from apps.chain import config as chain_config
from apps.chain import contracts
from apps.chain.blocks import NodeLied, header_of
from apps.chain.calls import Call
from apps.chain.client import ChainUnavailable, Client, RpcRefused
from apps.chain.config import ChainConfig
from apps.chain.contracts import abi, fund_state
from apps.chain.contracts.fund_state import BlockRef, FundState, VaultState
from apps.chain.events import ChainFact, Source
from apps.chain.models import UNFINISHED, Cursor, Log, LogStatus, SignerAccount, Transaction

__all__ = [
    "BlockRef",
    "ChainConfig",
    "ChainStatus",
    "ChainUnavailable",
    "DryRun",
    "EventView",
    "FundState",
    "TransactionView",
    "VaultState",
    "calls_hash",
    "chain_ids",
    "dry_run",
    "explorer_address_url",
    "explorer_tx_url",
    "final_block",
    "fund_chain",
    "latest_events",
    "open_transaction",
    "read_fund_state",
    "read_vault_state",
    "status",
    "transactions",
]

WEB_TIMEOUT_SECONDS = 2.0
"""A page must not hang on a node."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainStatus:
    """How far a chain is read. Counts are blocks; ``lag_seconds`` is since the node was asked."""

    chain_id: int
    name: str
    head_number: int | None
    head_seen_at: datetime | None
    processed_number: int | None
    final_number: int | None
    final_hash: str
    final_time: datetime | None
    lag_blocks: int | None
    polled_at: datetime | None
    lag_seconds: float | None
    halted_reason: str
    providers: tuple[str, ...]
    logs_by_status: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionView:
    """One of our transactions as people see it."""

    id: int
    kind: str
    status: str
    sentence: str
    tx_hash: str
    error: str
    created_at: datetime
    broadcast_at: datetime | None
    mined_at: datetime | None
    finished_at: datetime | None
    confirmations: int | None
    confirmations_needed: int | None
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """One stored log as people see it; ``args`` by name, integers as decimal strings."""

    id: int
    chain_id: int
    block_number: int
    at: datetime
    contract_kind: str
    name: str
    args: Mapping[str, Any]
    tx_hash: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What a call would do now. ``error`` is in words; ``gas`` is None unless ok."""

    ok: bool
    gas: int | None
    error: str
    block_number: int
    block_time: datetime


def fund_chain() -> ChainConfig:
    """The chain that the fund's vault lives on.

    Raises:
        config.BadChainFile: none is configured.
    """
    return chain_config.fund_chain()


def chain_ids() -> tuple[int, ...]:
    """Every configured chain's id."""
    return tuple(config.chain_id for config in chain_config.chains())


def explorer_tx_url(chain_id: int, tx_hash: str) -> str:
    """Where people can look a transaction up; empty when the chain has no explorer."""
    return _explorer(chain_id, f"/tx/{tx_hash}")


def explorer_address_url(chain_id: int, address: str) -> str:
    """Where people can look an account up; empty when the chain has no explorer."""
    return _explorer(chain_id, f"/address/{address}")


def status(chain_id: int, *, at: datetime) -> ChainStatus:
    """How far the chain is read, from stored rows only."""
    config = chain_config.chain(chain_id)
    cursor = Cursor.objects.filter(chain_id=chain_id).first()
    counts = dict(
        Log.objects.filter(chain_id=chain_id)
        .values_list("status")
        .annotate(count=Count("id"))
        .order_by()
    )
    processed = cursor.next_block - 1 if cursor and cursor.tip_hash else None
    head = cursor.head_number if cursor else None
    lag_blocks = max(head - processed, 0) if head is not None and processed is not None else None
    polled_at = cursor.polled_at if cursor else None
    return ChainStatus(
        chain_id=chain_id,
        name=config.name,
        head_number=head,
        head_seen_at=cursor.head_seen_at if cursor else None,
        processed_number=processed,
        final_number=cursor.final_number if cursor else None,
        final_hash=cursor.final_hash if cursor else "",
        final_time=cursor.final_at if cursor else None,
        lag_blocks=lag_blocks,
        polled_at=polled_at,
        lag_seconds=(at - polled_at).total_seconds() if polled_at else None,
        halted_reason=cursor.halted_reason if cursor else "",
        providers=(cursor.provider,) if cursor and cursor.provider else (),
        logs_by_status=counts,
    )


def final_block(chain_id: int) -> BlockRef | None:
    """The newest block that is final for us, None before the first."""
    cursor = Cursor.objects.filter(chain_id=chain_id, final_number__isnull=False).first()
    if cursor is None or cursor.final_number is None or cursor.final_at is None:
        return None
    return BlockRef(cursor.final_number, cursor.final_hash, cursor.final_at)


def happened_at(source: Source, *, at: datetime) -> datetime:
    """When a log was made, by our clock: as long before ``at`` as its block is behind the head.

    A chain's own clock may be off (a development chain's is, on purpose); its blocks' times are
    compared with each other only.
    """
    cursor = Cursor.objects.filter(chain_id=source.chain_id, head_at__isnull=False).first()
    if cursor is None or cursor.head_at is None:
        return source.block_time
    return at - max(cursor.head_at - source.block_time, timedelta(0))


def is_news(fact: ChainFact, *, within_blocks: int) -> bool:
    """Whether a final fact is the last word on its aggregate and near the head that we know of.

    False while history is being caught up with: what the fact asks for may be long decided, in a
    log that is not applied, or not even read, yet.
    """
    source = fact.source
    cursor = Cursor.objects.filter(chain_id=source.chain_id).first()
    if cursor is None or cursor.final_number is None:
        return False
    head = max(cursor.head_number or 0, cursor.final_number)
    if head - source.block_number > within_blocks:
        return False
    later = Q(block_number__gt=source.block_number) | Q(
        block_number=source.block_number, log_index__gt=source.log_index
    )
    return (
        not Log.objects.filter(later, chain_id=source.chain_id, key=fact.key)
        .exclude(status=LogStatus.ORPHANED)
        .exists()
    )


def latest_events(limit: int, *, tx_hash: str = "") -> list[EventView]:
    """The newest events with an effect, newest first; all those of one transaction if given."""
    rows = Log.objects.exclude(status=LogStatus.ORPHANED)
    if not tx_hash:
        rows = rows.exclude(event__in=contracts.IGNORED_EVENTS)
    if tx_hash:
        rows = rows.filter(tx_hash=tx_hash.lower())
    return [
        EventView(
            id=row.pk,
            chain_id=row.chain_id,
            block_number=row.block_number,
            at=row.block_at,
            contract_kind=row.contract_kind,
            name=row.event,
            args=row.args or {},
            tx_hash=row.tx_hash,
            status=row.status,
        )
        for row in rows.order_by("-block_number", "-log_index")[:limit]
    ]


def is_caught_up(chain_id: int) -> bool:
    """Whether all final logs are applied up to the head the listener last saw."""
    cursor = Cursor.objects.filter(chain_id=chain_id).first()
    if cursor is None or cursor.head_number is None or cursor.final_number is None:
        return False
    depth = chain_config.chain(chain_id).confirmations or 250
    near = cursor.head_number - cursor.final_number <= depth + 1
    return near and is_applied(chain_id)


def is_applied(chain_id: int) -> bool:
    """Whether every final log is applied, save those that are parked or wait behind one."""
    parked = Log.objects.filter(chain_id=chain_id, status=LogStatus.FAILED).values("key")
    return (
        not Log.objects.filter(chain_id=chain_id, status=LogStatus.FINAL)
        .exclude(key__in=parked)
        .exists()
    )


def calls_hash(calls: Sequence[Call]) -> str:
    """The ordered hash of planned calls, which votes sign and the sender checks."""
    return contracts.calls_hash(calls)


def transactions(kinds: Collection[str], subject_id: str) -> list[TransactionView]:
    """Our transactions of these kinds about a subject, oldest first."""
    rows = (
        Transaction.objects.filter(kind__in=list(kinds), subject_id=subject_id)
        .annotate(attempt_count=Count("attempts"))
        .order_by("id")
    )
    cursors = {cursor.chain_id: cursor for cursor in Cursor.objects.all()}
    return [_view(row, row.attempt_count, cursors.get(row.chain_id)) for row in rows]


def open_transaction(kinds: Collection[str], subject_id: str) -> TransactionView | None:
    """The transaction in flight about a subject, None when there is none."""
    unfinished = {str(status_) for status_ in UNFINISHED}
    found = [view for view in transactions(kinds, subject_id) if view.status in unfinished]
    return found[-1] if found else None


def transactions_finished(*, start: datetime, end: datetime) -> list[TransactionView]:
    """Our transactions that came to their end in [start, end), oldest first."""
    rows = Transaction.objects.filter(finished_at__gte=start, finished_at__lt=end)
    rows = rows.annotate(attempt_count=Count("attempts")).order_by("finished_at", "id")
    return [_view(row, row.attempt_count, None) for row in rows]


def stuck_transactions(*, before: datetime) -> int:
    """How many unfinished transactions were asked for before that instant."""
    return Transaction.objects.filter(status__in=list(UNFINISHED), created_at__lt=before).count()


def paused_signers() -> list[tuple[str, str]]:
    """(name, why) of every signer that is paused."""
    return list(
        SignerAccount.objects.exclude(paused_reason="").values_list("name", "paused_reason")
    )


def read_vault_state(block: BlockRef | None = None) -> VaultState:
    """The vault's summary at a block (the newest final one unless given).

    Raises:
        ChainUnavailable: no node answers, or there is no final block yet.
    """
    try:
        return fund_state.read_vault_state(
            _client(fund_chain()), fund_chain(), _block_or_final(block)
        )
    except abi.Undecodable as error:
        raise ChainUnavailable(str(error)) from error


def read_fund_state(block: BlockRef | None = None) -> FundState:
    """Everything a snapshot needs at a block (the newest final one unless given).

    Raises:
        ChainUnavailable: no node answers, or the contract does not.
    """
    try:
        return fund_state.read_fund_state(
            _client(fund_chain()), fund_chain(), _block_or_final(block)
        )
    except abi.Undecodable as error:
        raise ChainUnavailable(str(error)) from error


def block_at_or_before(instant: datetime) -> BlockRef | None:
    """The fund chain's newest final block at or before an instant, by asking a node.

    None when the chain began later.

    Raises:
        ChainUnavailable: no node answers.
    """
    config = fund_chain()
    client = _client(config)
    newest = final_block(config.chain_id)
    if newest is None:
        raise ChainUnavailable("There is no final block yet.")
    if newest.time <= instant:
        return newest
    low, high = config.start_block, newest.number
    best: BlockRef | None = None
    while low <= high:
        middle = (low + high) // 2
        header = _header(client, middle)
        if header.time <= instant:
            best, low = header, middle + 1
        else:
            high = middle - 1
    return best


def dry_run(call: Call) -> DryRun:
    """Try a call at the newest block from the signer's account, without sending anything.

    Raises:
        ChainUnavailable: no node answers.
    """
    config = chain_config.chain(call.chain_id)
    client = _client(config)
    request = {
        "to": contracts.contract_of(call).address,
        "data": contracts.calldata_of(call),
        "from": config.signers[0].address if config.signers else "0x" + "00" * 20,
    }
    latest, answer, gas = client.batch(
        [
            ("eth_getBlockByNumber", ["latest", False]),
            ("eth_call", [request, "latest"]),
            ("eth_estimateGas", [request]),
        ]
    )
    try:
        header = header_of(latest)
    except NodeLied as error:
        raise ChainUnavailable(str(error)) from error
    refused = next((part for part in (answer, gas) if isinstance(part, RpcRefused)), None)
    words = ""
    if refused is not None:
        extra = contracts.contract_of(call).extra_abi
        words = abi.revert_in_words(refused.data, refused.message, extra)
    return DryRun(
        ok=refused is None,
        gas=int(gas, 16) if refused is None else None,
        error=words,
        block_number=header.number,
        block_time=header.at,
    )


def _view(row: Transaction, attempts: int, cursor: Cursor | None) -> TransactionView:
    confirmations = None
    if row.mined_block is not None and cursor is not None:
        confirmations = max(cursor.next_block - row.mined_block, 0)
    last = row.attempts.order_by("-id").first() if attempts else None
    return TransactionView(
        id=row.pk,
        kind=row.kind,
        status=row.status,
        sentence=row.sentence,
        tx_hash=row.mined_hash or (last.tx_hash if last else ""),
        error=row.error,
        created_at=row.created_at,
        broadcast_at=row.broadcast_at,
        mined_at=row.mined_at,
        finished_at=row.finished_at,
        confirmations=confirmations,
        confirmations_needed=chain_config.chain(row.chain_id).confirmations,
        attempts=attempts,
    )


def _explorer(chain_id: int, path: str) -> str:
    try:
        base = chain_config.chain(chain_id).explorer_url
    except chain_config.UnknownChain:
        return ""
    return base + path if base else ""


def _header(client: Client, number: int) -> BlockRef:
    try:
        header = header_of(client.call("eth_getBlockByNumber", hex(number), False), number=number)
    except (NodeLied, RpcRefused) as error:
        raise ChainUnavailable(f"Block {number} cannot be read: {error}.") from error
    return BlockRef(header.number, header.hash, header.at)


def _block_or_final(block: BlockRef | None) -> BlockRef:
    block = block or final_block(fund_chain().chain_id)
    if block is None:
        raise ChainUnavailable("There is no final block yet.")
    return block


@cache
def _client_of(config_key: tuple[int, tuple[str, ...]]) -> Client:
    return Client(chain_config.chain(config_key[0]), timeout_seconds=WEB_TIMEOUT_SECONDS)


def _client(config: ChainConfig) -> Client:
    return _client_of((config.chain_id, config.rpc_urls))
