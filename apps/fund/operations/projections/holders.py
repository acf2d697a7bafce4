"""Balances and locked shares, exactly as the share token and the vault say."""

from datetime import datetime

from django.db.models import F, QuerySet, Value

from apps.chain.events import (
    ChainFact,
    SharesBurned,
    SharesLocked,
    SharesTransferred,
    SharesUnlocked,
    Source,
)
from apps.core.errors import Refused
from apps.core.fields import Uint256Field
from apps.fund.models import Holder, MovementKind, ShareMovement

from .identity import identity

ZERO_ADDRESS = "0x" + "00" * 20


class NegativeBalance(Refused):
    """More shares would leave an account than we know it to hold: an earlier log is missing."""


class NegativeLock(Refused):
    """More shares would be released than we know to be locked: an earlier log is missing."""


class LockWithoutHolder(Refused):
    """Shares of an account were locked that never held any, as far as we know."""


def record_transfer(fact: SharesTransferred) -> None:
    """Move shares between two accounts; the zero address mints and burns.

    A transfer of nothing is noted and touches nobody: anyone can make the token say it of anyone.

    Raises:
        NegativeBalance: the sender has fewer shares than leave.
    """
    kind = MovementKind.TRANSFER
    if fact.sender == ZERO_ADDRESS:
        kind = MovementKind.MINT
    elif fact.recipient == ZERO_ADDRESS:
        kind = MovementKind.BURN
    if not _note(fact, kind, fact.sender, fact.recipient, fact.shares) or fact.shares == 0:
        return
    if fact.sender != ZERO_ADDRESS:
        _debit(fact.source, fact.sender, fact.shares)
    if fact.recipient != ZERO_ADDRESS:
        _credit(fact.source, fact.recipient, fact.shares)


def record_lock(fact: SharesLocked) -> None:
    """Lock shares of a holder for a redemption.

    Raises:
        LockWithoutHolder: we know of no holding there.
    """
    noted = _note(fact, MovementKind.LOCK, fact.owner, fact.owner, fact.shares)
    if not noted or fact.shares == 0:
        return
    locked = F("locked_shares") + _amount(fact.shares)
    updated = _holder(fact.source, fact.owner).update(
        locked_shares=locked, last_activity_at=fact.source.block_time
    )
    if not updated:
        raise LockWithoutHolder(f"{fact.owner} has shares locked, but was never seen to hold any")


def record_unlock(fact: SharesUnlocked) -> None:
    """Free locked shares again.

    Raises:
        NegativeLock: fewer shares are locked than become free.
    """
    if _note(fact, MovementKind.UNLOCK, fact.owner, fact.owner, fact.shares):
        _release(fact.source, fact.owner, fact.shares)


def record_burn_of_locked(fact: SharesBurned) -> None:
    """Take settled shares out of the locked ones; the token's own transfer moves the balance.

    Raises:
        NegativeLock: fewer shares are locked than were burned.
    """
    if _note(fact, MovementKind.RELEASE, fact.owner, fact.owner, fact.shares):
        _release(fact.source, fact.owner, fact.shares)


def _note(fact: ChainFact, kind: str, sender: str, recipient: str, shares: int) -> bool:
    return ShareMovement(
        **identity(fact.source), kind=kind, sender=sender, recipient=recipient, shares=shares
    ).insert_once()


def _debit(source: Source, account: str, shares: int) -> None:
    holder = _holder(source, account)
    updated = holder.filter(balance_shares__gte=shares).update(
        balance_shares=F("balance_shares") - _amount(shares), last_activity_at=source.block_time
    )
    if not updated:
        held = holder.values_list("balance_shares", flat=True).first() or 0
        raise NegativeBalance(f"{account} holds {held} shares, but {shares} leave it")


def _credit(source: Source, account: str, shares: int) -> None:
    at: datetime = source.block_time
    updated = _holder(source, account).update(
        balance_shares=F("balance_shares") + _amount(shares), last_activity_at=at
    )
    if not updated:
        Holder.objects.create(
            chain_id=source.chain_id,
            vault=source.address,
            address=account,
            balance_shares=shares,
            first_activity_at=at,
            last_activity_at=at,
        )


def _release(source: Source, account: str, shares: int) -> None:
    if shares == 0:
        return
    holder = _holder(source, account)
    updated = holder.filter(locked_shares__gte=shares).update(
        locked_shares=F("locked_shares") - _amount(shares), last_activity_at=source.block_time
    )
    if not updated:
        locked = holder.values_list("locked_shares", flat=True).first() or 0
        raise NegativeLock(f"{account} has {locked} shares locked, but {shares} are released")


def _holder(source: Source, account: str) -> QuerySet[Holder]:
    return Holder.objects.filter(chain_id=source.chain_id, vault=source.address, address=account)


def _amount(shares: int) -> Value:
    return Value(shares, output_field=Uint256Field())
