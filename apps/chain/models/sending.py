"""OUT: who signs for us, what we want done, and the bytes that do it."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from apps.chain.config import SignerTier
from apps.core.fields import AddressField, HashField, Uint256Field


class SignerAccount(models.Model):
    """An account that signs for us, with the next nonce as only we count it (a Safe's own nonce
    where the account is a Safe), and how much it may move.

    Limits are base units of the fund's currency, and transactions, in any 24 hours; they are seeded
    from the chain file and changed by a ticket afterwards (a trigger holds this). ``epoch`` refuses
    the writes of a former leader.
    """

    chain_id = models.BigIntegerField()
    address = AddressField()
    name = models.CharField(max_length=64)
    next_nonce = models.BigIntegerField(
        null=True, help_text="Empty until first read from the chain"
    )
    tier = models.CharField(
        max_length=4,
        choices=[(tier.value, tier.value) for tier in SignerTier],
        default=SignerTier.HOT.value,
    )
    per_transaction_assets = Uint256Field(default=0)
    per_day_assets = Uint256Field(default=0)
    calls_per_day = models.IntegerField(default=0)
    limits_ticket_id = models.BigIntegerField(null=True, help_text="Who approved these limits")
    epoch = models.BigIntegerField(default=0)
    trouble = models.TextField(blank=True, default="", help_text="Why its key cannot be used")

    class Meta:
        permissions: ClassVar = [("propose_limits", "Can propose limits of signers")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["chain_id", "address"], name="signer_once_per_chain"),
        ]

    def __str__(self) -> str:
        return f"{self.name} on chain {self.chain_id}"


class TransactionStatus(models.TextChoices):
    """The life of an intent, in order; the second block is how it can end otherwise."""

    QUEUED = "QUEUED", _("Queued")
    SIMULATED = "SIMULATED", _("Simulated")
    SIGNING = "SIGNING", _("Being signed")
    SIGNED = "SIGNED", _("Signed")
    BROADCAST = "BROADCAST", _("Broadcast")
    MINED = "MINED", _("Mined, waiting for final")
    FINAL = "FINAL", _("Final")
    REVERTED = "REVERTED", _("Reverted on chain")
    MISMATCH = "MISMATCH", _("Mined without the expected effect")
    FAILED = "FAILED", _("Failed before sending")
    CANCELLED = "CANCELLED", _("Cancelled")
    EXPIRED = "EXPIRED", _("Expired")


UNFINISHED = (
    TransactionStatus.QUEUED,
    TransactionStatus.SIMULATED,
    TransactionStatus.SIGNING,
    TransactionStatus.SIGNED,
    TransactionStatus.BROADCAST,
    TransactionStatus.MINED,
)
BEFORE_NONCE = (TransactionStatus.QUEUED, TransactionStatus.SIMULATED)
HAS_NONCE = (
    TransactionStatus.SIGNING,
    TransactionStatus.SIGNED,
    TransactionStatus.BROADCAST,
    TransactionStatus.MINED,
)


class Transaction(models.Model):
    """One thing we want done on chain, exactly once: an intent, and then its signed carrier."""

    chain_id = models.BigIntegerField()
    key = models.CharField(max_length=200, unique=True, help_text="Asking twice returns the first")
    kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=80)
    sentence = models.CharField(max_length=300)
    ticket_id = models.BigIntegerField(null=True)
    to = AddressField()
    calldata = models.TextField()
    call_hash = HashField(help_text="What a vote signed: hash over chain, contract and calldata")
    expects = models.JSONField(help_text="The event that must come with success")
    moved_assets = Uint256Field(default=0, help_text="Value that the call itself moves")
    trades = models.BooleanField(default=False, help_text="Must not be seen before it is mined")
    requested_by = models.CharField(max_length=150)
    status = FSMField(
        choices=TransactionStatus.choices, default=TransactionStatus.QUEUED, protected=True
    )
    tier = models.CharField(max_length=4, blank=True, default="", help_text="Hot or warm wallet")
    simulation = models.JSONField(null=True, help_text="The last dry run: block, gas, effects")
    signer = AddressField(blank=True, default="")
    nonce = models.BigIntegerField(null=True)
    gas_limit = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    deadline_at = models.DateTimeField(null=True, help_text="Not signed after this")
    not_before = models.DateTimeField(null=True, help_text="Next try after trouble with the node")
    signed_at = models.DateTimeField(null=True)
    broadcast_at = models.DateTimeField(null=True)
    mined_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    mined_hash = HashField(blank=True, default="")
    mined_block = models.BigIntegerField(null=True)
    mined_block_hash = HashField(blank=True, default="")
    gas_used = models.BigIntegerField(null=True)
    bump_asked = models.BooleanField(default=False, help_text="A person wants a higher fee now")
    cancel_reason = models.TextField(
        blank=True, default="", help_text="Why its nonce is to be spent on nothing"
    )
    error = models.TextField(blank=True, default="")

    class Meta:
        permissions: ClassVar = [("manage_transaction", "Can retry, bump or cancel a transaction")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["chain_id", "signer", "nonce"],
                condition=Q(nonce__isnull=False),
                name="transaction_nonce_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["kind", "subject_id"], name="transaction_by_subject"),
            models.Index(
                fields=["chain_id", "id"],
                condition=Q(status__in=[str(status) for status in UNFINISHED]),
                name="transaction_unfinished",
            ),
            models.Index(
                fields=["ticket_id", "call_hash"],
                condition=Q(ticket_id__isnull=False),
                name="transaction_by_ticket",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sentence} ({self.status})"

    @transition(status, source=list(BEFORE_NONCE), target=TransactionStatus.SIMULATED)
    def simulated(self, *, gas_limit: int) -> None:
        """The call would succeed now; no nonce is spent yet."""
        self.gas_limit = gas_limit
        self.error = ""

    @transition(status, source=TransactionStatus.SIMULATED, target=TransactionStatus.SIGNING)
    def take_nonce(self, *, signer: str, nonce: int) -> None:
        """The nonce is ours, under the signer's row lock; from here on it must be used."""
        self.signer, self.nonce = signer, nonce

    @transition(status, source=TransactionStatus.SIGNING, target=TransactionStatus.SIGNED)
    def signed(self, *, at: datetime) -> None:
        """The bytes are stored (see ``Attempt``); nothing was sent yet."""
        self.signed_at = at

    @transition(status, source=TransactionStatus.SIGNED, target=TransactionStatus.BROADCAST)
    def broadcast(self, *, at: datetime) -> None:
        """A node has the bytes, or may have them."""
        self.broadcast_at = at

    @transition(
        status,
        source=[TransactionStatus.SIGNED, TransactionStatus.BROADCAST],
        target=TransactionStatus.MINED,
    )
    def mined(
        self, *, tx_hash: str, block_number: int, block_hash: str, gas_used: int, at: datetime
    ) -> None:
        """A receipt was seen in a canonical block of ours; provisional until final."""
        self.mined_hash, self.mined_block, self.mined_block_hash = tx_hash, block_number, block_hash
        self.gas_used = gas_used
        self.mined_at = at

    @transition(status, source=TransactionStatus.MINED, target=TransactionStatus.BROADCAST)
    def unmined(self) -> None:
        """A reorg dropped its block: the same bytes go out again."""
        self.attempts.filter(status=AttemptStatus.MINED).update(status=AttemptStatus.DROPPED)
        self.attempts.filter(status=AttemptStatus.REPLACED).update(status=AttemptStatus.SENT)
        self.mined_hash = self.mined_block_hash = ""
        self.mined_block = self.mined_at = self.gas_used = None

    @transition(
        status,
        source=[TransactionStatus.SIGNED, TransactionStatus.BROADCAST],
        target=TransactionStatus.QUEUED,
    )
    def displaced(self, *, error: str) -> None:
        """Its nonce was spent by a stranger for good, so its bytes can never be mined: begin anew.

        The signer is stopped in the same transaction; nothing is signed before people lift that.
        """
        self.attempts.update(status=AttemptStatus.DROPPED)
        self.signer, self.nonce, self.gas_limit = "", None, None
        self.bump_asked = False
        self.signed_at = self.broadcast_at = None
        self.error = error

    @transition(status, source=TransactionStatus.MINED, target=TransactionStatus.FINAL)
    def finalised(self, *, at: datetime) -> None:
        """Final, with the expected event."""
        self.error = ""
        self.finished_at = at

    @transition(status, source=TransactionStatus.MINED, target=TransactionStatus.REVERTED)
    def reverted(self, *, error: str, at: datetime) -> None:
        """Final, and the contract refused."""
        self.error = error
        self.finished_at = at

    @transition(status, source=TransactionStatus.MINED, target=TransactionStatus.MISMATCH)
    def mismatched(self, *, error: str, at: datetime) -> None:
        """Final and successful, but the expected event did not come: a person must look."""
        self.error = error
        self.finished_at = at

    @transition(status, source=list(BEFORE_NONCE), target=TransactionStatus.FAILED)
    def failed(self, *, error: str, at: datetime) -> None:
        """It would revert, or may no longer be sent; nothing was signed, no nonce was spent."""
        self.error = error
        self.finished_at = at

    @transition(status, source=list(BEFORE_NONCE), target=TransactionStatus.CANCELLED)
    def cancelled(self, *, error: str, at: datetime) -> None:
        """A person took it back before it was signed."""
        self.error = error
        self.finished_at = at

    @transition(status, source=TransactionStatus.MINED, target=TransactionStatus.CANCELLED)
    def cancelled_on_chain(self, *, error: str, at: datetime) -> None:
        """Final: its nonce was spent on nothing, so its bytes can never be mined."""
        self.error = error
        self.finished_at = at

    @transition(status, source=list(BEFORE_NONCE), target=TransactionStatus.EXPIRED)
    def expired(self, *, error: str, at: datetime) -> None:
        """Its deadline passed before it was signed."""
        self.error = error
        self.finished_at = at


class AttemptKind(models.TextChoices):
    """Why bytes were made."""

    ORIGINAL = "ORIGINAL", _("Original")
    BUMP = "BUMP", _("Higher fee")
    CANCEL = "CANCEL", _("Cancels the nonce")


class AttemptStatus(models.TextChoices):
    """What became of the bytes."""

    SENT = "SENT", _("Sent, or about to be")
    MINED = "MINED", _("Mined")
    REPLACED = "REPLACED", _("Another attempt of the same nonce was mined")
    DROPPED = "DROPPED", _("Left by its block in a reorg, or forgotten by the nodes")


class Attempt(models.Model):
    """Signed bytes for a transaction, stored before they are sent; every hash ever sent counts."""

    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="attempts")
    kind = models.CharField(
        max_length=10, choices=AttemptKind.choices, default=AttemptKind.ORIGINAL
    )
    status = models.CharField(
        max_length=10, choices=AttemptStatus.choices, default=AttemptStatus.SENT
    )
    tx_hash = HashField(unique=True)
    raw = models.TextField()
    nonce = models.BigIntegerField()
    max_fee_per_gas = models.BigIntegerField()
    max_priority_fee_per_gas = models.BigIntegerField()
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, help_text="First")
    sent_again_at = models.DateTimeField(null=True, help_text="Last")
    sends = models.IntegerField(default=0)
    sent_to = models.CharField(max_length=200, blank=True, default="", help_text="Node or relay")
    last_error = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return f"attempt {self.tx_hash}"


class Reservation(models.Model):
    """A transaction's share of its signer's limits, from before it is signed.

    It counts until its transaction has ended and for 24 hours from ``at``, which is then when it
    was mined; unless released: nothing was or will be moved.
    """

    transaction = models.OneToOneField(
        Transaction, on_delete=models.PROTECT, related_name="reservation"
    )
    signer = models.ForeignKey(SignerAccount, on_delete=models.PROTECT)
    assets = Uint256Field()
    at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["signer", "at"],
                condition=Q(released_at__isnull=True),
                name="reservation_counting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assets} of {self.signer}"


class Stop(models.Model):
    """Nothing leaves within its scope until people lift it by a ticket.

    Scopes are in ``rules.scopes``. A trigger holds that only an approved ticket about this very
    stop lifts it, that it changes in no other way, and that it is never deleted.
    """

    scope = models.CharField(max_length=120)
    reason = models.TextField()
    set_by = models.CharField(max_length=150)
    set_at = models.DateTimeField()
    lift_ticket_id = models.BigIntegerField(null=True)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        permissions: ClassVar = [("stop_sending", "Can stop outbound transactions")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["scope"], condition=Q(lifted_at__isnull=True), name="stop_one_per_scope"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope}: {self.reason[:80]}"
