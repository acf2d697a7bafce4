"""Checks of our rows, against themselves and against the chain; what differs becomes a finding.

Each check takes our rows as of one moment, then asks a node about that moment's final block, and
writes down what differs. A check that cannot be made now (history is being applied, no node
answers) says nothing, and closes nothing.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar

from apps.chain import operations as chain_operations
from apps.chain import queries as chain
from apps.chain.queries import Difference, FindingKind
from apps.core.actor import Actor
from apps.core.locks import one_snapshot
from apps.fund import queries as fund
from apps.redemptions import queries as redemptions

from .replaying import rehearse

_ACTOR = Actor.system("consistency check")
_BATCH = 500
_Item = TypeVar("_Item")


class NotNow(chain.ChainUnavailable):
    """The check needs rows that reflect the final block, and events are still being read or
    applied."""


def check_rows(*, chain_id: int, at: datetime) -> list[Difference]:
    """What must always hold in our own rows; a break that endangers money stops the sender.

    Once people have lifted that stop, the same break stops nothing more: they judged it.
    """
    with one_snapshot():
        found = chain.broken_invariants(chain_id, at=at)
    judged = chain.let_go(chain_id, FindingKind.INVARIANTS)
    grave = [
        difference
        for difference in found
        if difference.endangers_money and difference.subject not in judged
    ]
    if grave:
        chain_operations.stop_sending(
            scope=f"chain:{chain_id}",
            reason="A check found: "
            + "; ".join(f"{difference.subject}: {difference.detail}" for difference in grave)[:400],
            actor=_ACTOR,
            at=at,
        )
    _write_down(chain_id, [FindingKind.INVARIANTS], found, at)
    return found


def check_state(*, chain_id: int, at: datetime) -> list[Difference]:
    """The vault, the tiers, the register, the fees, and every open request, against the chain.

    Raises:
        NotNow, ChainUnavailable: nothing was compared.
    """
    with _applied(chain_id) as block:
        rows = fund.fund_rows(chain_id=chain_id)
        requests = redemptions.request_rows(chain_id=chain_id)
    found = [
        *fund.state_differences(rows, chain.read_fund_state(block)),
        *redemptions.request_differences(
            requests,
            chain.read_request_book(block),
            chain.read_requests(block, list(requests.open_rows)),
        ),
    ]
    _write_down(chain_id, [FindingKind.STATE, FindingKind.REQUESTS], found, at, block)
    return found


def check_holders_and_roles(*, chain_id: int, at: datetime) -> list[Difference]:
    """Everybody's shares, what the vault keeps of some holders in turn, and every role, against
    the chain.

    Raises:
        NotNow, ChainUnavailable: nothing was compared.
    """
    vault = chain.fund_chain().contract("vault").address
    with _applied(chain_id) as block:
        held = fund.holdings(chain_id=chain_id, vault=vault)
        kept = fund.set_aside_sample(chain_id=chain_id, vault=vault, at=at)
        asked = fund.role_questions(chain_id=chain_id)
    balances: dict[str, int | None] = {}
    for accounts in _batches(list(held)):
        balances |= chain.read_balances(block, accounts)
    said: dict[str, chain.SharesSetAside] = {}
    for accounts in _batches(list(kept)):
        said |= chain.read_shares_set_aside(block, accounts)
    roles: list[bool | None] = []
    for questions in _batches([question for question, _ in asked]):
        roles += chain.read_roles(block, questions)
    found = [
        *fund.balance_differences(held=held, balances=balances),
        *fund.set_aside_differences(ours=kept, theirs=said),
        *fund.role_differences(asked=asked, answers=roles),
    ]
    _write_down(chain_id, [FindingKind.HOLDERS, FindingKind.ROLES], found, at, block)
    return found


def check_refold(*, chain_id: int, at: datetime) -> list[Difference]:
    """Every row that follows the chain, made again from the stored events beside the real ones."""
    try:
        rebuilt = rehearse(chain_id=chain_id, progress=lambda _done, _total: None, at=at)
    except chain_operations.FoldFailed as failed:
        found = [Difference(kind=FindingKind.REFOLD, subject="events", detail=failed.message)]
    else:
        found = [
            Difference(
                kind=FindingKind.REFOLD,
                subject=table.name,
                detail=f"{table.before.rows} rows ({table.before.sha256[:16]}), made again "
                f"{table.after.rows} ({table.after.sha256[:16]}).",
            )
            for table in rebuilt.tables
            if not table.is_equal
        ]
    _write_down(chain_id, [FindingKind.REFOLD], found, at)
    return found


@contextmanager
def _applied(chain_id: int) -> Iterator[chain.BlockRef]:
    """Rows inside the block are as of the final block that it is given.

    Raises:
        NotNow: not everything final is read and applied.
    """
    with one_snapshot():
        block = chain.final_block(chain_id)
        if block is None or not chain.is_applied(chain_id):
            raise NotNow(f"Events of chain {chain_id} are still being applied.")
        if chain.has_holes(chain_id):
            raise NotNow(f"Past blocks of chain {chain_id} are still being read.")
        yield block


def _write_down(
    chain_id: int,
    kinds: Collection[FindingKind],
    found: Sequence[Difference],
    at: datetime,
    block: chain.BlockRef | None = None,
) -> None:
    chain_operations.settle_findings(
        chain_id=chain_id,
        kinds=kinds,
        seen=found,
        block_number=block.number if block else None,
        at=at,
    )


def _batches(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    return (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))
