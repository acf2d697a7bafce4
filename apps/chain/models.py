"""What we know of each chain, and what we ask of it.

IN: ``Cursor``, ``Block``, ``Log``, ``Reading``, ``Reaction``, ``ReorgEvent``.
OUT: ``SignerAccount``, ``Transaction``, ``Attempt``.
"""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from apps.core.fields import AddressField, HashField


class Cursor(models.Model):
    """How far a chain was read. Everything a tick writes goes with its move, in one transaction."""

    chain_id = models.BigIntegerField(primary_key=True)
    next_block = models.BigIntegerField()
    tip_hash = HashField(blank=True, default="")
    tip_at = models.DateTimeField(null=True)
    tip_seen_at = models.DateTimeField(null=True)
    final_number = models.BigIntegerField(null=True)
    final_hash = HashField(blank=True, default="")
    final_at = models.DateTimeField(null=True)
    head_number = models.BigIntegerField(null=True)
    head_at = models.DateTimeField(null=True, help_text="The head's own timestamp")
    head_seen_at = models.DateTimeField(null=True)
    polled_at = models.DateTimeField(null=True)
    provider = models.CharField(max_length=200, blank=True, default="")
    epoch = models.BigIntegerField(default=0)
    suspect_hash = models.CharField(max_length=66, blank=True, default="")
    halted_reason = models.TextField(blank=True, default="")
    halted_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "chain cursor"

    def __str__(self) -> str:
        return f"chain {self.chain_id} at {self.next_block}"


class Block(models.Model):
    """A block we read. Linked to its parent by hash; at most one canonical block per height."""

    chain_id = models.BigIntegerField()
    number = models.BigIntegerField()
    hash = HashField()
    parent_hash = HashField()
    at = models.DateTimeField(help_text="The block's own timestamp")
    seen_at = models.DateTimeField(help_text="When we stored it")
    canonical = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["chain_id", "hash"], name="block_hash_once"),
            models.UniqueConstraint(
                fields=["chain_id", "number"],
                condition=Q(canonical=True),
                name="block_one_canonical_per_height",
            ),
        ]

    def __str__(self) -> str:
        return f"block {self.number}"


class LogStatus(models.TextChoices):
    """The life of a log: SEEN → FINAL → APPLIED, or one of the side tracks."""

    SEEN = "SEEN", _("Seen, not final")
    FINAL = "FINAL", _("Final, to be applied")
    APPLIED = "APPLIED", _("Applied")
    IGNORED = "IGNORED", _("Known, without effect")
    ORPHANED = "ORPHANED", _("Orphaned by a reorg")
    UNKNOWN = "UNKNOWN", _("Unknown event")
    UNDECODABLE = "UNDECODABLE", _("Known event, cannot be decoded")
    FAILED = "FAILED", _("Failed, waits for a retry")


class Log(models.Model):
    """One log of a watched contract, as the node gave it; never deleted.

    ``position`` is its place within its transaction: (tx_hash, position) survives a reorg,
    ``log_index`` does not. ``args`` holds the decoded arguments, integers as decimal strings.
    """

    chain_id = models.BigIntegerField()
    block_number = models.BigIntegerField()
    block_hash = HashField()
    block_at = models.DateTimeField()
    tx_hash = HashField()
    tx_index = models.IntegerField()
    log_index = models.IntegerField()
    position = models.IntegerField()
    address = AddressField()
    contract_kind = models.CharField(max_length=32)
    topics = models.JSONField()
    data = models.TextField()
    event = models.CharField(max_length=64, blank=True, default="")
    args = models.JSONField(null=True)
    status = models.CharField(max_length=12, choices=LogStatus.choices)
    key = models.CharField(max_length=160, blank=True, default="")
    seen_at = models.DateTimeField()
    final_at = models.DateTimeField(null=True)
    applied_at = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True, default="")

    class Meta:
        verbose_name = "event"
        permissions: ClassVar = [("retry_log", "Can retry a parked event")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["chain_id", "block_hash", "log_index"], name="log_once_per_block"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["chain_id", "block_number", "log_index"], name="log_chain_order"),
            models.Index(
                fields=["chain_id", "block_number", "log_index"],
                condition=Q(status__in=["SEEN", "FINAL", "FAILED"]),
                name="log_to_do",
            ),
            models.Index(fields=["tx_hash"], name="log_by_transaction"),
            models.Index(fields=["event", "-block_number"], name="log_by_event"),
        ]

    def __str__(self) -> str:
        return f"{self.event or 'unknown event'} in block {self.block_number}"


class Reading(models.Model):
    """What a projection needed beyond its log, read from the node at the log's block.

    Keyed by the log's identity so that a replay uses the same values; ``derived`` marks a value
    computed from the log because the node could not answer.
    """

    chain_id = models.BigIntegerField()
    tx_hash = HashField()
    position = models.IntegerField()
    values = models.JSONField()
    derived = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["chain_id", "tx_hash", "position"], name="reading_once_per_log"
            ),
        ]

    def __str__(self) -> str:
        return f"reading for {self.tx_hash}:{self.position}"


class Reaction(models.Model):
    """The mark that the reactions to a log have run: once ever, whatever is replayed."""

    chain_id = models.BigIntegerField()
    tx_hash = HashField()
    position = models.IntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["chain_id", "tx_hash", "position"], name="reaction_once_per_log"
            ),
        ]

    def __str__(self) -> str:
        return f"reaction to {self.tx_hash}:{self.position}"


class ReorgEvent(models.Model):
    """One switch to another branch: what was left, what was taken, how deep."""

    chain_id = models.BigIntegerField()
    ancestor_number = models.BigIntegerField()
    depth = models.IntegerField()
    old_tip = HashField()
    new_tip = HashField()
    orphaned_logs = models.IntegerField()
    adopted_logs = models.IntegerField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"reorg of depth {self.depth} at {self.ancestor_number}"


class SignerAccount(models.Model):
    """An account that signs for us, with the next nonce as only we count it."""

    chain_id = models.BigIntegerField()
    address = AddressField()
    name = models.CharField(max_length=64)
    next_nonce = models.BigIntegerField(
        null=True, help_text="Empty until first read from the chain"
    )
    epoch = models.BigIntegerField(default=0)
    paused_reason = models.TextField(blank=True, default="")

    class Meta:
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
    requested_by = models.CharField(max_length=150)
    status = FSMField(
        choices=TransactionStatus.choices, default=TransactionStatus.QUEUED, protected=True
    )
    signer = AddressField(blank=True, default="")
    nonce = models.BigIntegerField(null=True)
    gas_limit = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    not_before = models.DateTimeField(null=True, help_text="Next try after trouble with the node")
    signed_at = models.DateTimeField(null=True)
    broadcast_at = models.DateTimeField(null=True)
    mined_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    mined_hash = HashField(blank=True, default="")
    mined_block = models.BigIntegerField(null=True)
    mined_block_hash = HashField(blank=True, default="")
    gas_used = models.BigIntegerField(null=True)
    error = models.TextField(blank=True, default="")

    class Meta:
        permissions: ClassVar = [("manage_transaction", "Can retry or cancel a transaction")]
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
        ]

    def __str__(self) -> str:
        return f"{self.sentence} ({self.status})"

    @transition(
        status,
        source=[TransactionStatus.QUEUED, TransactionStatus.SIMULATED],
        target=TransactionStatus.SIMULATED,
    )
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
        self.mined_hash = self.mined_block_hash = ""
        self.mined_block = self.mined_at = self.gas_used = None

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

    @transition(
        status,
        source=[TransactionStatus.QUEUED, TransactionStatus.SIMULATED],
        target=TransactionStatus.FAILED,
    )
    def failed(self, *, error: str, at: datetime) -> None:
        """It would revert, or may no longer be sent; nothing was signed, no nonce was spent."""
        self.error = error
        self.finished_at = at

    @transition(
        status,
        source=[TransactionStatus.QUEUED, TransactionStatus.SIMULATED],
        target=TransactionStatus.CANCELLED,
    )
    def cancelled(self, *, error: str, at: datetime) -> None:
        """A person took it back before it was signed."""
        self.error = error
        self.finished_at = at


class Attempt(models.Model):
    """Signed bytes for a transaction, stored before they are sent; every hash ever sent counts."""

    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="attempts")
    kind = models.CharField(max_length=10, default="ORIGINAL")
    tx_hash = HashField(unique=True)
    raw = models.TextField()
    nonce = models.BigIntegerField()
    max_fee_per_gas = models.BigIntegerField()
    max_priority_fee_per_gas = models.BigIntegerField()
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    sends = models.IntegerField(default=0)
    last_error = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return f"attempt {self.tx_hash}"
