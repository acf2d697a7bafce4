"""By which thresholds, weights and times risk is judged."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Policy(models.Model):
    """The parameters of risk (``rules.figures.Parameters`` as JSON). A change is a new version,
    approved by a second person; the highest version whose ``effective_at`` has come is in force.
    """

    version = models.PositiveIntegerField(unique=True)
    values = models.JSONField()
    effective_at = models.DateTimeField()
    ticket_id = models.BigIntegerField(
        null=True, help_text="Who approved it; empty for the one that came with the installation"
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-version"]
        verbose_name_plural = "policies"
        permissions: ClassVar = [("propose_policy", "Can propose thresholds and weights of risk")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ticket_id"], name="risk_policy_ticket_once"),
            models.CheckConstraint(
                condition=Q(version=1) | Q(ticket_id__isnull=False), name="risk_policy_has_ticket"
            ),
        ]

    def __str__(self) -> str:
        return f"risk policy v{self.version}"
