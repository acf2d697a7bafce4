"""The operation log, its seals, and what still waits for a seal.

Triggers refuse every UPDATE, DELETE and TRUNCATE of the log and of its seals. Actors are kept by
value: the log outlives the people in it.
"""

from django.db import models
from django.db.models.functions import Now

from apps.core.fields import HashField


class OperationLog(models.Model):
    """One thing that somebody did, or was refused."""

    class Level(models.TextChoices):
        """How long the row must be kept: 90 days, one year, seven years."""

        LOW = "LOW", "Low"
        MEDIUM = "MEDIUM", "Medium"
        HIGH = "HIGH", "High"

    at = models.DateTimeField(help_text="When it happened, by the clock of the process that did it")
    recorded_at = models.DateTimeField(
        db_default=Now(), editable=False, help_text="When it was written, by the database's clock"
    )
    actor_kind = models.CharField(max_length=10)
    actor_name = models.CharField(max_length=150)
    actor_user_id = models.BigIntegerField(null=True)
    actor_role = models.CharField(max_length=200, blank=True)
    actor_wallet = models.CharField(max_length=42, blank=True)
    ip = models.CharField("IP", max_length=64, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    action = models.CharField(max_length=80)
    object_type = models.CharField(max_length=40)
    object_id = models.CharField(max_length=120)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    result = models.CharField(max_length=300)
    level = models.CharField(max_length=6, choices=Level)

    class Meta:
        verbose_name = "audit record"
        indexes = [
            models.Index(fields=["object_type", "object_id", "id"], name="audit_log_by_object"),
            models.Index(fields=["actor_user_id", "id"], name="audit_log_by_actor"),
            models.Index(fields=["action", "id"], name="audit_log_by_action"),
            models.Index(fields=["recorded_at"], name="audit_log_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name}: {self.action} {self.object_type} {self.object_id}"


class Seal(models.Model):
    """The place of one log row in the hash chain."""

    sequence = models.BigIntegerField(primary_key=True, help_text="1, 2, 3 … without gaps")
    log = models.OneToOneField(OperationLog, on_delete=models.PROTECT, related_name="seal")
    previous_hash = HashField()
    hash = HashField()
    sealed_at = models.DateTimeField()

    class Meta:
        db_table = "audit_seal"
        constraints = [
            models.CheckConstraint(condition=models.Q(sequence__gte=1), name="audit_seal_from_one")
        ]

    def __str__(self) -> str:
        return f"{self.sequence}: {self.hash}"


class Unsealed(models.Model):
    """A log row that waits for the sealer; a trigger adds it with the row itself."""

    log = models.OneToOneField(OperationLog, on_delete=models.PROTECT, primary_key=True)

    class Meta:
        db_table = "audit_unsealed"
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.pk)
