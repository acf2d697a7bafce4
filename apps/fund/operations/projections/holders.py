"""Balances and locked shares, exactly as the share token and the vault say.

Every fact that moves shares goes through one handler, many at a time: what it must know is read
once, the movements are carried out in order on what was read, and the outcome is written once.
"""

from collections.abc import Callable, Sequence

from apps.chain.events import (
    PendingApprovalSharesAdded,
    PendingApprovalSharesConverted,
    PendingApprovalSharesRemoved,
    SharesBurned,
    SharesLocked,
    SharesTransferred,
    SharesUnlocked,
)
from apps.core.bulk import insert_rows
from apps.core.bus import takes_many
from apps.core.errors import Refused
from apps.fund.models import Holder, MovementKind, ShareMovement

from .identity import identity

ZERO_ADDRESS = "0x" + "00" * 20

ShareFact = (
    SharesTransferred
    | SharesLocked
    | SharesUnlocked
    | SharesBurned
    | PendingApprovalSharesAdded
    | PendingApprovalSharesRemoved
    | PendingApprovalSharesConverted
)
Account = tuple[int, str, str]
"""Chain, vault and address."""


class NegativeBalance(Refused):
    """More shares would leave an account than we know it to hold: an earlier log is missing."""


class NegativeLock(Refused):
    """More shares would be released than we know to be set aside: an earlier log is missing."""


class LockWithoutHolder(Refused):
    """Shares of an account were locked that never held any, as far as we know."""


@takes_many
def record_shares(facts: Sequence[ShareFact]) -> None:
    """Note each movement of shares, and move them.

    A movement of nothing is noted and touches nobody: anyone can make the token say it of anyone.

    Raises:
        NegativeBalance: the sender has fewer shares than leave.
        LockWithoutHolder: shares are set aside where we know of no holding.
        NegativeLock: fewer shares are set aside than are released.
    """
    rows = [_movement(fact) for fact in facts]
    is_new = ShareMovement.insert_each_once(rows)
    new = [pair for pair, is_new in zip(facts, is_new, strict=True) if is_new and pair.shares]
    if not new:
        return
    holders = _holders(new)
    for fact in new:
        _EFFECTS[type(fact)](holders, fact)
    changed = (
        *("balance_shares", "locked_shares", "pending_shares", "in_escrow"),
        *("first_activity_at", "last_activity_at"),
    )
    insert_rows(
        list(holders.values()),
        on_conflict="(chain_id, vault, address) DO UPDATE SET "
        + ", ".join(f"{column} = excluded.{column}" for column in changed),
    )


def _movement(fact: ShareFact) -> ShareMovement:
    if isinstance(fact, SharesTransferred):
        kind, sender, recipient = MovementKind.TRANSFER, fact.sender, fact.recipient
        if sender == ZERO_ADDRESS:
            kind = MovementKind.MINT
        elif recipient == ZERO_ADDRESS:
            kind = MovementKind.BURN
    else:
        kind, sender, recipient = _KINDS[type(fact)], fact.owner, fact.owner
    return ShareMovement(
        **identity(fact.source), kind=kind, sender=sender, recipient=recipient, shares=fact.shares
    )


def _holders(facts: Sequence[ShareFact]) -> dict[Account, Holder]:
    """The known holders that the facts speak of, locked in one order."""
    known = Holder.objects.select_for_update().filter(
        chain_id__in={fact.source.chain_id for fact in facts},
        vault__in={fact.source.address for fact in facts},
        address__in={address for fact in facts for address in _parties(fact)},
    )
    return {
        (row.chain_id, row.vault, row.address): row
        for row in known.order_by("chain_id", "vault", "address")
    }


def _parties(fact: ShareFact) -> tuple[str, ...]:
    if isinstance(fact, SharesTransferred):
        return (fact.sender, fact.recipient)
    return (fact.owner,)


def _transfer(holders: dict[Account, Holder], fact: SharesTransferred) -> None:
    if fact.sender != ZERO_ADDRESS:
        sender = holders.get(_account(fact, fact.sender))
        held = sender.balance_shares if sender else 0
        if sender is None or held < fact.shares:
            raise NegativeBalance(f"{fact.sender} holds {held} shares, but {fact.shares} leave it")
        sender.balance_shares -= fact.shares
        _note_activity(sender, fact)
    if fact.recipient != ZERO_ADDRESS:
        recipient = _holder_or_new(holders, fact)
        recipient.balance_shares += fact.shares
        _note_activity(recipient, fact)


def _lock(holders: dict[Account, Holder], fact: SharesLocked) -> None:
    owner = _owner(holders, fact)
    owner.locked_shares += fact.shares
    owner.in_escrow = fact.in_escrow


def _set_aside(holders: dict[Account, Holder], fact: PendingApprovalSharesAdded) -> None:
    owner = _owner(holders, fact)
    owner.pending_shares += fact.shares
    owner.in_escrow = True


def _release_locked(holders: dict[Account, Holder], fact: SharesUnlocked | SharesBurned) -> None:
    """Free again, or burned: then the token's own transfer moves the balance."""
    owner = holders.get(_account(fact, fact.owner))
    locked = owner.locked_shares if owner else 0
    if owner is None or locked < fact.shares:
        raise NegativeLock(
            f"{fact.owner} has {locked} shares locked, but {fact.shares} are released"
        )
    owner.locked_shares -= fact.shares
    _note_activity(owner, fact)


def _release_pending(
    holders: dict[Account, Holder],
    fact: PendingApprovalSharesRemoved | PendingApprovalSharesConverted,
) -> None:
    """Given back, or approved: then the lock has a log of its own."""
    owner = holders.get(_account(fact, fact.owner))
    pending = owner.pending_shares if owner else 0
    if owner is None or pending < fact.shares:
        raise NegativeLock(
            f"{fact.owner} has {pending} shares pending, but {fact.shares} are released"
        )
    owner.pending_shares -= fact.shares
    _note_activity(owner, fact)


def _owner(
    holders: dict[Account, Holder], fact: SharesLocked | PendingApprovalSharesAdded
) -> Holder:
    owner = holders.get(_account(fact, fact.owner))
    if owner is None:
        raise LockWithoutHolder(f"{fact.owner} has shares locked, but was never seen to hold any")
    _note_activity(owner, fact)
    return owner


def _holder_or_new(holders: dict[Account, Holder], fact: SharesTransferred) -> Holder:
    account = _account(fact, fact.recipient)
    if account not in holders:
        chain_id, vault, address = account
        holders[account] = Holder(
            chain_id=chain_id,
            vault=vault,
            address=address,
            first_activity_at=fact.source.block_time,
            last_activity_at=fact.source.block_time,
        )
    return holders[account]


def _note_activity(holder: Holder, fact: ShareFact) -> None:
    """A log that a node left out comes late, after newer ones: times do not go back for it."""
    at = fact.source.block_time
    holder.first_activity_at = min(holder.first_activity_at, at)
    holder.last_activity_at = max(holder.last_activity_at, at)


def _account(fact: ShareFact, address: str) -> Account:
    return (fact.source.chain_id, fact.source.address, address)


_KINDS = {
    SharesLocked: MovementKind.LOCK,
    SharesUnlocked: MovementKind.UNLOCK,
    SharesBurned: MovementKind.RELEASE,
    PendingApprovalSharesAdded: MovementKind.PEND,
    PendingApprovalSharesRemoved: MovementKind.UNPEND,
    PendingApprovalSharesConverted: MovementKind.CONVERT,
}
_EFFECTS: dict[type, Callable[..., None]] = {
    SharesTransferred: _transfer,
    SharesLocked: _lock,
    SharesUnlocked: _release_locked,
    SharesBurned: _release_locked,
    PendingApprovalSharesAdded: _set_aside,
    PendingApprovalSharesRemoved: _release_pending,
    PendingApprovalSharesConverted: _release_pending,
}
