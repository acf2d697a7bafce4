"""By which parameters the fund is rebalanced."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Policy(models.Model):
    """The parameters of rebalancing (``rules.figures.Parameters`` as JSON); a change is a new
    version, approved by a second person."""

    version = models.PositiveIntegerField(unique=True)
    active = models.BooleanField(default=True)
    values = models.JSONField()
    ticket_id = models.BigIntegerField(
        null=True, help_text="Who approved it; empty for the one that came with the installation"
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-version"]
        verbose_name_plural = "policies"
        permissions: ClassVar = [("propose_policy", "Can propose parameters of rebalancing")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["active"], condition=Q(active=True), name="policy_one_active"
            ),
            models.UniqueConstraint(fields=["ticket_id"], name="policy_ticket_once"),
            models.CheckConstraint(
                condition=Q(version=1) | Q(ticket_id__isnull=False), name="policy_has_ticket"
            ),
        ]

    def __str__(self) -> str:
        return f"rebalancing policy v{self.version}"
