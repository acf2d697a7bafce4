"""The trades of a plan, and what really came of them."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from apps.core.fields import AddressField, HashField, Uint256Field

from .plans import Plan

TIERS = [(0, "L1"), (1, "L2"), (2, "L3")]
METHODS = [(0, "OTC"), (1, "Swap"), (2, "Automatic")]


class LegStatus(models.TextChoices):
    """The life of a leg."""

    PLANNED = "PLANNED", _("Planned")
    SENT = "SENT", _("On its way")
    DONE = "DONE", _("Done")
    FAILED = "FAILED", _("Failed")
    SKIPPED = "SKIPPED", _("Skipped")


class Leg(models.Model):
    """One trade of a plan (see ``rules.figures.Action``), with what really came of it.

    ``call_hash`` is the hash of its one call; ``realised_assets`` and ``realised_tokens`` are the
    event's; ``slippage_bps_realised`` is against the price it was planned at, positive for a loss.
    """

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="legs")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8)
    priority = models.PositiveSmallIntegerField()
    tier_from = models.SmallIntegerField(choices=TIERS)
    tier_to = models.SmallIntegerField(choices=TIERS)
    token = AddressField()
    symbol = models.CharField(max_length=64)
    decimals = models.SmallIntegerField()
    assets = Uint256Field()
    tokens = Uint256Field()
    assets_min = Uint256Field()
    tokens_min = Uint256Field()
    method = models.SmallIntegerField(choices=METHODS)
    slippage_bps = models.IntegerField()
    slippage_assets = Uint256Field()
    gas_assets = Uint256Field()
    reason = models.CharField(max_length=300)
    depends_on = models.JSONField(default=list)
    call_hash = HashField()

    status = FSMField(choices=LegStatus.choices, default=LegStatus.PLANNED, protected=True)
    transaction_id = models.BigIntegerField(null=True)
    sent_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    tx_hash = HashField(blank=True, default="")
    realised_assets = Uint256Field(null=True)
    realised_tokens = Uint256Field(null=True)
    slippage_bps_realised = models.IntegerField(null=True)
    gas_used = models.BigIntegerField(null=True)
    error = models.TextField(blank=True, default="")

    class Meta:
        ordering: ClassVar = ["plan", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["plan", "position"], name="leg_once"),
            models.UniqueConstraint(fields=["transaction_id"], name="leg_transaction_once"),
            models.CheckConstraint(
                condition=Q(status="DONE", realised_assets__isnull=False, tx_hash__gt="")
                | ~Q(status="DONE"),
                name="leg_done_has_figures",
            ),
        ]

    def __str__(self) -> str:
        return f"leg {self.position} of R-{self.plan_id}"

    @transition(status, source=LegStatus.PLANNED, target=LegStatus.SENT)
    def send(self, *, transaction_id: int, at: datetime) -> None:
        """Its call is queued with the sender."""
        self.transaction_id, self.sent_at = transaction_id, at

    @transition(status, source=LegStatus.SENT, target=LegStatus.DONE)
    def finish(
        self,
        *,
        assets: int,
        tokens: int,
        slippage_bps: int | None,
        tx_hash: str,
        gas_used: int | None,
        at: datetime,
    ) -> None:
        """Final, with the expected event; the amounts are the event's."""
        self.realised_assets, self.realised_tokens = assets, tokens
        self.slippage_bps_realised = slippage_bps
        self.tx_hash, self.gas_used, self.finished_at = tx_hash, gas_used, at

    @transition(status, source=LegStatus.SENT, target=LegStatus.FAILED)
    def fail(self, *, error: str, tx_hash: str, at: datetime) -> None:
        """It was not sent, reverted, or mined without doing what it should."""
        self.error, self.tx_hash, self.finished_at = error, tx_hash, at

    @transition(status, source=LegStatus.PLANNED, target=LegStatus.SKIPPED)
    def skip(self, *, error: str, at: datetime) -> None:
        """What it depends on did not succeed, or the plan was stopped."""
        self.error, self.finished_at = error, at
