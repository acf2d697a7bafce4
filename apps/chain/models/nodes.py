"""The nodes we ask, what of each contract was read, and what a check found wrong."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.fields import AddressField, MultiRangeField


class Provider(models.Model):
    """How one node has served us, written by the process that leads the chain.

    ``latency_ms`` and ``error_rate`` (0…1) are moving averages; ``range_blocks`` is how many blocks
    of logs it gives at once.
    """

    chain_id = models.BigIntegerField()
    key = models.CharField(max_length=16, help_text="Stands for its URL, which may hold a secret")
    label = models.CharField(max_length=200)
    place = models.IntegerField(help_text="Its place in the chain file; 0 is preferred")
    head_number = models.BigIntegerField(null=True)
    head_seen_at = models.DateTimeField(null=True)
    latency_ms = models.FloatField(null=True)
    error_rate = models.FloatField(default=0)
    calls = models.BigIntegerField(default=0)
    failures = models.BigIntegerField(default=0)
    range_blocks = models.IntegerField(default=2000)
    last_error = models.TextField(blank=True, default="")
    last_error_at = models.DateTimeField(null=True)
    benched_until = models.DateTimeField(null=True)
    benched_reason = models.TextField(blank=True, default="")
    checked_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["chain_id", "key"], name="provider_once_per_chain"),
        ]

    def __str__(self) -> str:
        return f"{self.label} of chain {self.chain_id}"


class Coverage(models.Model):
    """Which blocks were read for a contract's logs: half-open ranges, up to the cursor."""

    chain_id = models.BigIntegerField()
    address = AddressField()
    kind = models.CharField(max_length=32)
    covered = MultiRangeField()
    updated_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "coverage"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["chain_id", "address"], name="coverage_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.address}"


class FindingKind(models.TextChoices):
    """What a check compares."""

    LOGS = "LOGS", _("Logs, against another node")
    STATE = "STATE", _("Contract state, against our rows")
    REQUESTS = "REQUESTS", _("Open requests, against our rows")
    HOLDERS = "HOLDERS", _("Holders' balances, against our rows")
    ROLES = "ROLES", _("Roles, against our rows")
    REFOLD = "REFOLD", _("Our rows, against the stored events")
    BLOOM = "BLOOM", _("Blooms, against logs")
    INVARIANTS = "INVARIANTS", _("What must always hold in our rows")


class Finding(models.Model):
    """A difference between the chain and our rows; open until a later check no longer sees it."""

    chain_id = models.BigIntegerField()
    kind = models.CharField(max_length=12, choices=FindingKind.choices)
    subject = models.CharField(max_length=200, help_text="What differs, by name")
    detail = models.TextField(help_text="What each side says")
    block_number = models.BigIntegerField(null=True)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    times_seen = models.IntegerField(default=1)
    closed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["chain_id", "kind", "subject"],
                condition=Q(closed_at__isnull=True),
                name="finding_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.subject}"
