"""Our own transactions, and what a call would do now."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from apps.chain import config as chain_config
from apps.chain import contracts
from apps.chain.calls import Call
from apps.chain.client import ChainUnavailable, RpcRefused
from apps.chain.client.answers import quantity
from apps.chain.client.blocks import NodeLied, header_of
from apps.chain.models import UNFINISHED, Attempt, Cursor, SignerAccount, Transaction
from apps.chain.queries.nodes import web_client
from apps.chain.queries.trying import refusal_in_words, request_of


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionView:
    """One of our transactions as people see it."""

    id: int
    key: str
    ticket_id: int | None
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
    gas_used: int | None


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


def transactions(chain_id: int, kinds: Collection[str], subject_id: str) -> list[TransactionView]:
    """Our transactions of these kinds about a subject, oldest first."""
    return transactions_about(chain_id, kinds, [subject_id]).get(subject_id, [])


def transactions_of_ticket(ticket_id: int, call: Call) -> list[TransactionView]:
    """A ticket's transactions of one of its calls, oldest first."""
    about = transactions(call.chain_id, [call.kind], call.subject_id)
    return [one for one in about if one.ticket_id == ticket_id]


def transactions_about(
    chain_id: int, kinds: Collection[str], subject_ids: Collection[str]
) -> dict[str, list[TransactionView]]:
    """Our transactions of these kinds by subject, oldest first, read at once."""
    rows = _with_attempts().filter(
        chain_id=chain_id, kind__in=list(kinds), subject_id__in=list(subject_ids)
    )
    cursor = Cursor.objects.filter(chain_id=chain_id).first()
    found: dict[str, list[TransactionView]] = {}
    for row in rows.order_by("id"):
        found.setdefault(row.subject_id, []).append(_view(row, cursor))
    return found


def open_transaction(
    chain_id: int, kinds: Collection[str], subject_id: str
) -> TransactionView | None:
    """The transaction in flight about a subject, None when there is none."""
    return open_transactions(chain_id, kinds, [subject_id]).get(subject_id)


def open_transactions(
    chain_id: int, kinds: Collection[str], subject_ids: Collection[str]
) -> dict[str, TransactionView]:
    """The transactions in flight by subject, read at once."""
    return {
        subject_id: views[-1]
        for subject_id, found in transactions_about(chain_id, kinds, subject_ids).items()
        if (views := [view for view in found if view.status in UNFINISHED])
    }


def transactions_by_id(ids: Collection[int]) -> dict[int, TransactionView]:
    """Our transactions by number, read at once; a number that is none is left out."""
    rows = list(_with_attempts().filter(pk__in=list(ids)))
    chains = {row.chain_id for row in rows}
    cursors = {cursor.chain_id: cursor for cursor in Cursor.objects.filter(chain_id__in=chains)}
    return {row.pk: _view(row, cursors.get(row.chain_id)) for row in rows}


def transactions_by_key(key: str) -> list[TransactionView]:
    """The transaction of a key, and those that people sent again for it, oldest first.

    A later try has the first one's key with a colon and its number after it.
    """
    # Both halves have their index: the key's own, and its pattern's, which serves prefixes.
    rows = _with_attempts().filter(Q(key=key) | Q(key__startswith=f"{key}:"))
    tries = [
        row
        for row in rows.order_by("id")
        if row.key == key or row.key.removeprefix(f"{key}:").isdecimal()
    ]
    cursors = {
        cursor.chain_id: cursor
        for cursor in Cursor.objects.filter(chain_id__in={row.chain_id for row in tries})
    }
    return [_view(row, cursors.get(row.chain_id)) for row in tries]


def transactions_finished(*, start: datetime, end: datetime) -> list[TransactionView]:
    """Our transactions that came to their end in [start, end), oldest first."""
    rows = _with_attempts().filter(finished_at__gte=start, finished_at__lt=end)
    return [_view(row, None) for row in rows.order_by("finished_at", "id")]


def stuck_transactions(*, before: datetime) -> int:
    """How many unfinished transactions were asked for before that instant."""
    return Transaction.objects.filter(status__in=list(UNFINISHED), created_at__lt=before).count()


def unreachable_signers() -> list[tuple[str, str]]:
    """(name, why) of every signer whose key could not be reached when that was last tried."""
    return list(
        SignerAccount.objects.exclude(trouble="").order_by("id").values_list("name", "trouble")
    )


def dry_run(call: Call) -> DryRun:
    """Try a call at the newest block, from the account that would carry it, without sending it.

    Raises:
        ChainUnavailable: no node answers.
    """
    config = chain_config.chain(call.chain_id)
    client, request = web_client(config), request_of(config, call)
    latest, answer, gas = client.batch(
        [
            ("eth_getBlockByNumber", ["latest", False]),
            ("eth_call", [request, "latest"]),
            ("eth_estimateGas", [request]),
        ]
    )
    refused = next((part for part in (answer, gas) if isinstance(part, RpcRefused)), None)
    try:
        header = header_of(latest)
        gas_needed = quantity(gas) if refused is None else None
    except (NodeLied, TypeError, ValueError) as error:
        raise ChainUnavailable(f"The node's answer makes no sense: {error}.") from error
    return DryRun(
        ok=refused is None,
        gas=gas_needed,
        error=refusal_in_words(call, refused) if refused is not None else "",
        block_number=header.number,
        block_time=header.at,
    )


def _with_attempts() -> QuerySet[Any]:
    """Our transactions with their number of attempts and the newest one's hash."""
    newest = Attempt.objects.filter(transaction=OuterRef("pk")).order_by("-id")
    return Transaction.objects.annotate(
        attempt_count=Count("attempts"), newest_hash=Subquery(newest.values("tx_hash")[:1])
    )


def _view(row: Any, cursor: Cursor | None) -> TransactionView:
    confirmations = None
    if row.mined_block is not None and cursor is not None:
        confirmations = max(cursor.next_block - row.mined_block, 0)
    return TransactionView(
        id=row.pk,
        key=row.key,
        ticket_id=row.ticket_id,
        kind=row.kind,
        status=row.status,
        sentence=row.sentence,
        tx_hash=row.mined_hash or row.newest_hash or "",
        error=row.error,
        created_at=row.created_at,
        broadcast_at=row.broadcast_at,
        mined_at=row.mined_at,
        finished_at=row.finished_at,
        confirmations=confirmations,
        confirmations_needed=chain_config.chain(row.chain_id).confirmations,
        attempts=row.attempt_count,
        gas_used=row.gas_used,
    )
