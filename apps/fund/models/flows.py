"""Money in, money out, fees, and the NAV the contract published."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.fields import AddressField, Uint256Field
from apps.core.units import WAD, mul_div_floor

from .log_row import LogRow


class Subscription(LogRow):
    """Assets came in and shares were minted to ``receiver``."""

    sender = AddressField()
    receiver = AddressField()
    assets = Uint256Field(help_text="USDT base units")
    shares = Uint256Field(help_text="PPT base units")

    class Meta(LogRow.Meta):
        indexes: ClassVar = [
            *LogRow.Meta.indexes,
            models.Index(fields=["receiver"], name="subscription_receiver"),
        ]

    def __str__(self) -> str:
        return f"subscription of {self.assets} by {self.receiver}"

    @property
    def nav_per_share(self) -> int | None:
        """Assets per whole share as paid, floor; None when no shares were minted."""
        return mul_div_floor(self.assets, WAD, self.shares) if self.shares else None


class Payout(LogRow):
    """A redemption was paid: the fund's outflow. ``net_assets`` left; the fee stayed."""

    request_id = Uint256Field()
    owner = AddressField()
    receiver = AddressField()
    gross_assets = Uint256Field()
    fee_assets = Uint256Field()
    net_assets = Uint256Field()
    channel = models.SmallIntegerField(help_text="0 STANDARD, 1 EMERGENCY, 2 SCHEDULED")

    class Meta(LogRow.Meta):
        indexes: ClassVar = [
            *LogRow.Meta.indexes,
            models.Index(fields=["owner"], name="payout_owner"),
        ]

    def __str__(self) -> str:
        return f"payout of redemption {self.request_id}"


class NavUpdate(LogRow):
    """NAV per share as the contract published it (1e18 fixed point); old may equal new."""

    old_nav_per_share = Uint256Field()
    new_nav_per_share = Uint256Field()
    updated_at = models.DateTimeField(help_text="The instant the contract names")

    class Meta(LogRow.Meta):
        verbose_name = "NAV update"

    def __str__(self) -> str:
        return f"NAV {self.new_nav_per_share} in block {self.block_number}"


class FeeKind(models.TextChoices):
    """What a fee is for."""

    MANAGEMENT = "MANAGEMENT", _("Management")
    PERFORMANCE = "PERFORMANCE", _("Performance")
    REDEMPTION = "REDEMPTION", _("Redemption")


class FeeDirection(models.TextChoices):
    """Accrued is owed, withdrawn is paid out."""

    ACCRUED = "ACCRUED", _("Accrued")
    WITHDRAWN = "WITHDRAWN", _("Withdrawn")


class FeeEntry(LogRow):
    """One line of the fee ledger.

    A withdrawal of redemption fees is told by two logs, the vault's and the controller's: one line,
    whose ``pair_position`` is the second log. ``basis_assets`` is what a fee was taken on: total
    assets for management, profit for performance.
    """

    kind = models.CharField(max_length=11, choices=FeeKind.choices)
    direction = models.CharField(max_length=9, choices=FeeDirection.choices)
    assets = Uint256Field(help_text="USDT base units")
    basis_assets = Uint256Field(null=True)
    period_seconds = Uint256Field(null=True)
    high_water_mark_assets = Uint256Field(null=True)
    recipient = AddressField(blank=True, default="")
    pair_position = models.IntegerField(null=True)

    class Meta(LogRow.Meta):
        verbose_name = "line of the fee ledger"
        verbose_name_plural = "fees"
        permissions: ClassVar = [("propose_fees", "Can propose withdrawals of fees")]
        constraints: ClassVar = [
            *LogRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["chain_id", "tx_hash", "pair_position"], name="feeentry_pair_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} fee {self.direction} {self.assets}"
