"""What every step of the sender works with, and the ways a step can end early."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db import transaction

from apps.chain.client import Client
from apps.chain.config import ChainConfig, SignerConfig
from apps.chain.models import BEFORE_NONCE, SignerAccount, Transaction
from apps.chain.operations.ending import end
from apps.chain.queries.routes import first_limits
from apps.core.actor import Actor

ACTOR = Actor.system("sender")
WAIT_SECONDS = 3
"""What waits is tried again after this long."""


class Overtaken(Exception):
    """Another process sends for this signer; nothing was written."""


class Waits(Exception):
    """Nothing can be done for this transaction now, and that is no verdict on it."""


class Fails(Exception):
    """It may not or cannot be sent; no nonce was spent."""


class Expires(Exception):
    """Its deadline passed before it was signed."""


@dataclass(slots=True)
class Desk:
    """One signer of one chain at work. ``epoch`` is what its row must still say when we write."""

    config: ChainConfig
    client: Client
    signer: SignerConfig
    clock: Callable[[], datetime]
    epoch: int

    @contextmanager
    def writing(self) -> Iterator[SignerAccount]:
        """One database transaction with the lock of the signer's row; take other locks after it.

        Raises:
            Overtaken: another process took over; nothing may be written.
        """
        with transaction.atomic():
            account = SignerAccount.objects.select_for_update().get(
                chain_id=self.config.chain_id, address=self.signer.address
            )
            if account.epoch != self.epoch:
                raise Overtaken(f"another process sends for {account}")
            yield account

    def wait(self, row: Transaction, why: str) -> Transaction:
        """Try it again soon, and show why it waits."""
        with self.writing():
            row = locked(row)
            row.not_before = self.clock() + timedelta(seconds=WAIT_SECONDS)
            row.error = why.replace("\x00", "\ufffd")[:2000]
            row.save()
        return row

    def fail(self, row: Transaction, why: str, *, expired: bool = False) -> Transaction:
        """End it before it has a nonce."""
        with self.writing():
            row = locked(row)
            if row.status not in BEFORE_NONCE:
                return row
            settle = row.expired if expired else row.failed
            settle(error=why.replace("\x00", "\ufffd")[:2000], at=self.clock())
            end(row, actor=ACTOR, at=self.clock())
        return row


def locked(row: Transaction) -> Transaction:
    """The transaction as it is now, with its row's lock."""
    return Transaction.objects.select_for_update().get(pk=row.pk)


def take_over(config: ChainConfig, signer: SignerConfig) -> int:
    """Become the one that may write for a signer; a former leader's writes are refused from now on.

    The signer's row is made, with the chain file's limits, when there is none.
    """
    with transaction.atomic():
        account_for(config, signer)
        account = SignerAccount.objects.select_for_update().get(
            chain_id=config.chain_id, address=signer.address
        )
        account.epoch += 1
        account.save(update_fields=["epoch"])
        return account.epoch


def account_for(config: ChainConfig, signer: SignerConfig) -> SignerAccount:
    """A signer's row; its first limits are the chain file's."""
    limits = {"tier": signer.tier.value, **asdict(first_limits(signer))}
    account, created = SignerAccount.objects.get_or_create(
        chain_id=config.chain_id,
        address=signer.address,
        defaults={"name": signer.name, **limits},
    )
    never_seeded = SignerAccount.objects.filter(
        pk=account.pk,
        limits_ticket_id__isnull=True,
        per_transaction_assets=0,
        per_day_assets=0,
        calls_per_day=0,
    )
    if not created and never_seeded.update(**limits):
        account.refresh_from_db()
    return account
