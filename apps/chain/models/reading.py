"""IN: what was read of each chain."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

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
    final_moved_at = models.DateTimeField(null=True, help_text="When finality last rose, by us")
    head_number = models.BigIntegerField(null=True)
    head_at = models.DateTimeField(null=True, help_text="The head's own timestamp")
    head_seen_at = models.DateTimeField(null=True)
    polled_at = models.DateTimeField(null=True)
    provider = models.CharField(max_length=200, blank=True, default="")
    epoch = models.BigIntegerField(default=0)
    suspect_hash = models.CharField(max_length=66, blank=True, default="")
    halted_reason = models.TextField(blank=True, default="")
    halted_at = models.DateTimeField(null=True)
    replay_due = models.BooleanField(
        default=False, help_text="Events were forgotten whose effects are still in the rows"
    )

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
            models.Index(
                fields=["chain_id", "key"], condition=Q(status="FAILED"), name="log_parked"
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
