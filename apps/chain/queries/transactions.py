"""Our own transactions, and what a call would do now."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from apps.chain import config as chain_config
from apps.chain import contracts
from apps.chain.calls import Call
from apps.chain.client import ChainUnavailable, RpcRefused
from apps.chain.client.blocks import NodeLied, header_of
from apps.chain.contracts import abi
from apps.chain.models import UNFINISHED, Cursor, SignerAccount, Transaction
from apps.chain.queries.nodes import web_client


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
class DryRun:
    """What a call would do now. ``error`` is in words; ``gas`` is None unless ok."""

    ok: bool
    gas: int | None
    error: str
    block_number: int
    block_time: datetime


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


def dry_run(call: Call) -> DryRun:
    """Try a call at the newest block from the signer's account, without sending anything.

    Raises:
        ChainUnavailable: no node answers.
    """
    config = chain_config.chain(call.chain_id)
    client = web_client(config)
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
