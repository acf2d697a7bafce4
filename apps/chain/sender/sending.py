"""OUT: queued intents become mined transactions, each exactly once, through any crash.

The steps are separate and restartable, and no database transaction is open while a node or a key
is asked: decide (policy, limits) · simulate · take the nonce · sign and store the bytes · send
them · find the receipt in a canonical block of ours · finish when that block is final. Bytes are
stored before they are sent, so what may have left is always known.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from django.db import InterfaceError, OperationalError
from django.db.models import F

from apps.chain.client import Client, RpcRefused
from apps.chain.config import BadChainFile, ChainConfig, SignerConfig, SignerTier
from apps.chain.models import BEFORE_NONCE, UNFINISHED, Transaction, TransactionStatus
from apps.chain.sender import (
    broadcasting,
    finishing,
    nonces,
    policy,
    replacing,
    safes,
    signing,
    simulating,
    watching,
)
from apps.chain.sender.desk import Desk, Expires, Fails, Overtaken, Waits, take_over
from apps.chain.sender.safes import Carrier
from apps.chain.signer import SignedOtherwise, SignerUnavailable
from apps.core.errors import Refused, Unavailable

log = logging.getLogger(__name__)


class Sender:
    """Carries one chain's queue with one key. One at a time leads for each key (see ``leading``).

    Its first step takes over: what a former sender of the same key still tries to write is refused.
    """

    def __init__(
        self,
        config: ChainConfig,
        client: Client,
        *,
        clock: Callable[[], datetime],
        signer: SignerConfig | None = None,
    ) -> None:
        """``signer`` is the chain's first key unless given.

        Raises:
            BadChainFile: the chain has no key; nothing can be sent.
        """
        found = signer or config.signer(SignerTier.HOT)
        if found is None:
            raise BadChainFile(
                f"Chain {config.name} ({config.chain_id}) has no signer; nothing is sent."
            )
        self.config, self.client, self.signer, self._clock = config, client, found, clock
        self._desk: Desk | None = None

    @property
    def desk(self) -> Desk:
        """What the steps work with; taken over when first asked for."""
        if self._desk is None:
            epoch = take_over(self.config, self.signer)
            self._desk = Desk(self.config, self.client, self.signer, self._clock, epoch)
        return self._desk

    def step(self) -> int:
        """Take every unfinished transaction of this key one step further; returns how many moved.

        Raises:
            ChainUnavailable: no node answers; the rest is tried in the next step.
            Overtaken: another process sends for this key.
        """
        desk = self.desk
        nonces.first_nonce(desk)
        if self._executes_for_the_safe():
            safes.tidy(self.config, self.client, at=self._clock())
        return sum(self._advance_alone(row) for row in self._queue())

    def check_key(self) -> str:
        """See that the key answers before anything waits for it; why not, "" when it does."""
        return signing.check_key(self.desk)

    def _queue(self) -> list[Transaction]:
        """What is ours and due, in the order of its nonces; what has none yet comes last."""
        unfinished = Transaction.objects.filter(
            chain_id=self.config.chain_id, status__in=list(UNFINISHED)
        ).order_by(F("nonce").asc(nulls_last=True), "id")
        at = self._clock()
        return [
            row
            for row in unfinished
            if (row.not_before is None or row.not_before <= at)
            and policy.sender_of(self.config, row) == self.signer
        ]

    def _advance_alone(self, row: Transaction) -> bool:
        """One transaction's next steps; its own trouble makes it wait and stops no other."""
        desk = self.desk
        try:
            return self._advance_or_end(row)
        except (Overtaken, OperationalError, InterfaceError):
            raise  # nobody can do better now: all of it is tried again
        except RpcRefused as refused:
            desk.wait(row, f"The node refused: {refused.message}")
        except Waits as trouble:
            desk.wait(row, str(trouble))
        except (SignerUnavailable, SignedOtherwise) as trouble:
            signing.note_key(desk, trouble.message)
            desk.wait(row, trouble.message)
        except Unavailable as trouble:
            desk.wait(row, trouble.message)
            raise
        except Refused as refused:
            desk.wait(row, refused.message)
        except Exception as error:
            log.exception("transaction %s could not be taken further", row.pk)
            desk.wait(row, f"{type(error).__name__}: {error}")
        return False

    def _advance_or_end(self, row: Transaction) -> bool:
        """What may not be sent ends; whoever listens to that may have trouble with it, too."""
        try:
            return self._advance(row)
        except Fails as verdict:
            self.desk.fail(row, str(verdict))
        except Expires as verdict:
            self.desk.fail(row, str(verdict), expired=True)
        return True

    def _advance(self, row: Transaction) -> bool:
        """The life of a transaction, up to where something must be waited for."""
        desk, before = self.desk, row.status
        if row.status in BEFORE_NONCE:
            row = policy.decide(desk, row)
            if policy.sender_of(self.config, row) != self.signer:
                return True  # it goes by the warm wallet, whose executor is another key
            if row.tier == SignerTier.WARM:
                row = self._gather_owners(desk, row)
            row = simulating.simulate(desk, row, safes.carrier_of(row), sender=self.signer.address)
            row = nonces.take(desk, row)
        if row.status == TransactionStatus.SIGNING:
            row = signing.sign(desk, row)
        if row.status == TransactionStatus.SIGNED:
            row = replacing.cancel_when_lapsed(desk, row)
            if row.status == TransactionStatus.SIGNED:
                row = broadcasting.send(desk, row)
        elif row.status == TransactionStatus.BROADCAST:
            row = watching.watch(desk, row)
        if row.status == TransactionStatus.MINED:
            row = finishing.finish(desk, row)
        return bool(row.status != before)

    def _gather_owners(self, desk: Desk, row: Transaction) -> Transaction:
        """Try the call as the Safe, before its owners are asked and again when they have signed.

        Raises:
            Waits: they have not.
        """
        inner, safe = Carrier(to=row.to, data=row.calldata), safes.wallet(self.config).address
        if row.status == TransactionStatus.QUEUED:
            row = simulating.simulate(desk, row, inner, sender=safe)
        if not safes.prepare(row, self.config, self.client, at=self._clock()):
            raise Waits("It waits for the owners of the warm wallet to sign.")
        # Around the call, the Safe would say no more of its refusal than that there was one.
        return simulating.simulate(desk, row, inner, sender=safe)

    def _executes_for_the_safe(self) -> bool:
        safe = self.config.signer(SignerTier.WARM)
        return safe is not None and safes.executor(self.config) == self.signer
