"""Which wallet carries a call, and what it may still move.

One key of a chain carries calls of a kind: the first that may send it. What is above its limits
goes by the warm wallet, where there is one that may send it.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Sum

from apps.chain import config as chain_config
from apps.chain.config import ChainConfig, SignerConfig, SignerTier
from apps.chain.models import SignerAccount
from apps.chain.queries.signers import counting
from apps.chain.queries.stops import is_stopped
from apps.chain.rules.limits import Limits, Spent
from apps.core.units import WAD


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a wallet may still move; amounts are base units of the fund's currency."""

    name: str
    tier: SignerTier
    per_transaction_assets: int
    left_today_assets: int
    calls_left_today: int


def signing_room(*, chain_id: int, kind: str, at: datetime) -> tuple[Room, ...]:
    """The wallets by which calls of a kind can leave now, the hot one first.

    Empty when a stop covers them all.
    """
    config = chain_config.chain(chain_id)
    key, safe = key_for(config, kind), config.signer(SignerTier.WARM)
    if key is None or is_stopped(chain_id, key.address, kind):
        return ()  # even for the warm wallet the key decides first
    return tuple(
        _room(config, signer, at)
        for signer in (key, safe)
        if signer is not None
        and signer.may_send(kind)
        and not is_stopped(chain_id, signer.address, kind)
    )


def key_for(config: ChainConfig, kind: str) -> SignerConfig | None:
    """The key whose queue calls of a kind are in: the first that may send it, else the first, which
    can only hand it to the warm wallet. None when the chain has no key."""
    keys = [signer for signer in config.signers if signer.tier is SignerTier.HOT]
    return next((key for key in keys if key.may_send(kind)), keys[0] if keys else None)


def acting_account(config: ChainConfig, kind: str, assets: int) -> str | None:
    """The address from which contracts would see a call that moves so much come, whatever is left
    of today's limits; None when the chain has no key."""
    key, safe = key_for(config, kind), config.signer(SignerTier.WARM)
    if key is None:
        return None
    fits = key.may_send(kind) and assets <= limits_in_force(config, key).per_transaction_assets
    return safe.address if safe is not None and not fits else key.address


def limits_in_force(config: ChainConfig, signer: SignerConfig) -> Limits:
    """A signer's limits as they count now; the chain file's before the sender first ran."""
    account = _account(config, signer)
    return first_limits(signer) if account is None else limits_of(account)


def limits_of(row: SignerAccount) -> Limits:
    """A signer's limits as its row has them."""
    return Limits(
        per_transaction_assets=row.per_transaction_assets,
        per_day_assets=row.per_day_assets,
        calls_per_day=row.calls_per_day,
    )


def first_limits(signer: SignerConfig) -> Limits:
    """What the chain file allows a signer, before people change it by a ticket."""
    return Limits(
        per_transaction_assets=signer.per_transaction_units * WAD,
        per_day_assets=signer.per_day_units * WAD,
        calls_per_day=signer.calls_per_day,
    )


def spent_by(account: SignerAccount, *, at: datetime, besides: int | None = None) -> Spent:
    """What counts against a signer's limits now, without the share of one transaction."""
    taken = (
        counting(at=at)
        .filter(signer=account)
        .exclude(transaction=besides)
        .aggregate(assets=Sum("assets"), calls=Count("pk"))
    )
    return Spent(assets=int(taken["assets"] or 0), calls=taken["calls"])


def _room(config: ChainConfig, signer: SignerConfig, at: datetime) -> Room:
    account = _account(config, signer)
    limits = limits_in_force(config, signer)
    spent = Spent(assets=0, calls=0) if account is None else spent_by(account, at=at)
    return Room(
        name=signer.name,
        tier=signer.tier,
        per_transaction_assets=limits.per_transaction_assets,
        left_today_assets=max(limits.per_day_assets - spent.assets, 0),
        calls_left_today=max(limits.calls_per_day - spent.calls, 0),
    )


def _account(config: ChainConfig, signer: SignerConfig) -> SignerAccount | None:
    """A signer's row, None while it has no limits yet."""
    row = SignerAccount.objects.filter(chain_id=config.chain_id, address=signer.address).first()
    return None if row is None or _never_seeded(row) else row


def _never_seeded(row: SignerAccount) -> bool:
    limits = (row.per_transaction_assets, row.per_day_assets, row.calls_per_day)
    return row.limits_ticket_id is None and not any(limits)
