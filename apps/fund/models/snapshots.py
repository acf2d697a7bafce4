"""The whole fund at one block, kept by the minute, hour and day."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.fields import AddressField, HashField, Uint256Field

from .assets import TIERS


class SnapshotKind(models.TextChoices):
    """How long a snapshot stands for; LIVE ones are pruned."""

    LIVE = "LIVE", _("Live")
    HOURLY = "HOURLY", _("Hourly")
    DAILY = "DAILY", _("Daily")


class SnapshotStatus(models.TextChoices):
    """GAP: nobody can say any more how the fund stood at that instant."""

    OK = "OK", _("Taken")
    GAP = "GAP", _("Gap")


class Snapshot(models.Model):
    """The fund as it stood at ``slot``: the figures of the last final block not later than that.

    All amounts are base units of assets (USDT) or shares (PPT); ``nav_per_share`` is 1e18 fixed
    point. What the contracts did not answer is empty: unknown, never zero. A GAP has no figures.
    """

    chain_id = models.BigIntegerField()
    kind = models.CharField(max_length=6, choices=SnapshotKind.choices)
    slot = models.DateTimeField()
    status = models.CharField(max_length=3, choices=SnapshotStatus.choices)
    gap_reason = models.CharField(max_length=300, blank=True, default="")
    backfilled = models.BooleanField(default=False)
    taken_at = models.DateTimeField()

    block_number = models.BigIntegerField(null=True)
    block_hash = HashField(blank=True, default="")
    block_at = models.DateTimeField(null=True)

    total_assets = Uint256Field(null=True, help_text="Net of liability and redemption fees")
    total_supply = Uint256Field(null=True)
    nav_per_share = Uint256Field(null=True)
    aum_assets = Uint256Field(null=True, help_text="Gross: L1 + L2 + L3")
    l1_assets = Uint256Field(null=True)
    l2_assets = Uint256Field(null=True)
    l3_assets = Uint256Field(null=True)
    l1_cash_assets = Uint256Field(null=True)
    l1_yield_assets = Uint256Field(null=True)
    liability_assets = Uint256Field(null=True)
    locked_shares = Uint256Field(null=True)
    emergency_mode = models.BooleanField(null=True)
    holders = models.IntegerField(null=True)
    available_assets = Uint256Field(null=True)
    effective_supply = Uint256Field(null=True)
    paused = models.BooleanField(null=True)
    tiers = models.JSONField(default=list, help_text="[{tier, target_bps, min_bps, max_bps}]")

    pending_management_fee_assets = Uint256Field(null=True)
    pending_performance_fee_assets = Uint256Field(null=True)
    unpaid_fees_assets = Uint256Field(
        null=True, help_text="Management and performance fees taken, and waiting for cash"
    )
    high_water_mark_assets = Uint256Field(null=True)
    fees_collected_at = models.DateTimeField(null=True)
    redemption_fees_assets = Uint256Field(null=True)
    redemption_fees_withdrawable_assets = Uint256Field(null=True)
    redemption_fees_withdrawn_assets = Uint256Field(null=True)
    buffer_assets = Uint256Field(null=True)
    buffer_target_assets = Uint256Field(null=True)

    class Meta:
        ordering: ClassVar = ["-slot", "kind"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["chain_id", "kind", "slot"], name="snapshot_once"),
            models.CheckConstraint(
                condition=Q(
                    status="OK",
                    gap_reason="",
                    block_number__isnull=False,
                    block_at__isnull=False,
                    total_assets__isnull=False,
                    total_supply__isnull=False,
                    nav_per_share__isnull=False,
                    aum_assets__isnull=False,
                    l1_assets__isnull=False,
                    l2_assets__isnull=False,
                    l3_assets__isnull=False,
                    liability_assets__isnull=False,
                    locked_shares__isnull=False,
                    emergency_mode__isnull=False,
                    holders__isnull=False,
                )
                | (Q(status="GAP", block_number__isnull=True) & ~Q(gap_reason="")),
                name="snapshot_figures_or_gap",
            ),
            models.CheckConstraint(
                condition=Q(status="GAP") | Q(block_at__lte=models.F("slot")) | Q(kind="LIVE"),
                name="snapshot_not_from_later",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["chain_id", "-block_number"], name="snapshot_by_block"),
            models.Index(fields=["kind", "-slot"], name="snapshot_by_slot"),
            models.Index(
                fields=["-block_number", "-taken_at"],
                condition=Q(status="OK"),
                name="snapshot_newest",
            ),
            models.Index(
                fields=["slot", "block_number"], condition=Q(status="OK"), name="snapshot_in_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} snapshot of {self.slot:%Y-%m-%d %H:%M} UTC"


class AssetSnapshot(models.Model):
    """One asset in a snapshot. ``price_assets``: assets per whole token; ``weight_bps`` of AUM."""

    snapshot = models.ForeignKey(Snapshot, on_delete=models.CASCADE, related_name="assets")
    token = AddressField()
    symbol = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    decimals = models.SmallIntegerField()
    tier = models.SmallIntegerField(choices=TIERS)
    target_bps = Uint256Field()
    active = models.BooleanField(help_text="Open for purchases")
    balance = Uint256Field(null=True, help_text="Token base units")
    price_assets = Uint256Field(null=True)
    value_assets = Uint256Field(null=True)
    weight_bps = Uint256Field(null=True)
    purchase_method = models.SmallIntegerField()
    max_slippage_bps = Uint256Field()
    min_purchase_assets = Uint256Field()
    subscription_starts_at = models.DateTimeField(null=True)
    subscription_ends_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["tier", "symbol", "token"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["snapshot", "token"], name="assetsnapshot_once"),
        ]

    def __str__(self) -> str:
        return f"{self.symbol} in {self.snapshot}"
