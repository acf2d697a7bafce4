"""What the fund holds besides cash: the register, trades, buffer moves."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.fields import AddressField, Uint256Field
from apps.core.units import mul_div_floor

from .log_row import LogRow

TIERS = [(0, "L1"), (1, "L2"), (2, "L3")]


class Asset(models.Model):
    """One asset of the register. ``listed`` is whether the contract still counts it.

    The log it reflects is (``as_of_block``, ``as_of_log_index``); an older one changes nothing.
    """

    chain_id = models.BigIntegerField()
    contract = AddressField()
    token = AddressField()
    name = models.CharField(max_length=200)
    symbol = models.CharField(max_length=64)
    decimals = models.SmallIntegerField()
    tier = models.SmallIntegerField(choices=TIERS)
    target_bps = Uint256Field(help_text="Share of its tier, basis points")
    listed = models.BooleanField(default=True)
    listed_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)
    as_of_block = models.BigIntegerField()
    as_of_log_index = models.IntegerField()

    class Meta:
        verbose_name = "asset"
        ordering: ClassVar = ["tier", "symbol", "token"]
        permissions: ClassVar = [("propose_assets", "Can propose assets, targets and terms")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["chain_id", "contract", "token"], name="asset_once"),
        ]

    def __str__(self) -> str:
        return self.symbol or self.token


class TradeKind(models.TextChoices):
    """How tokens came or went."""

    PURCHASE = "PURCHASE", _("Purchase")
    ALLOCATION = "ALLOCATION", _("Allocation to a tier")
    REDEMPTION = "REDEMPTION", _("Redemption")
    LIQUIDATION = "LIQUIDATION", _("Waterfall liquidation")
    YIELD = "YIELD", _("Yield compounded")


class AssetTrade(LogRow):
    """One act on an asset, whatever number of logs told of it.

    A purchase is told by a routing log and a purchase log; the second found sets
    ``pair_position``. A routing log alone is an allocation. Both amounts are zero when a purchase
    was below the asset's minimum.
    """

    kind = models.CharField(max_length=11, choices=TradeKind.choices)
    token = AddressField()
    tier = models.SmallIntegerField(choices=TIERS, null=True)
    method = models.SmallIntegerField(
        choices=[(0, "OTC"), (1, "Swap"), (2, "Automatic")], null=True
    )
    assets = Uint256Field(help_text="USDT base units spent or received")
    tokens = Uint256Field(help_text="Token base units received or spent")
    pair_position = models.IntegerField(null=True)

    class Meta(LogRow.Meta):
        verbose_name = "trade"
        constraints: ClassVar = [
            *LogRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["chain_id", "tx_hash", "pair_position"], name="assettrade_pair_once"
            ),
        ]
        indexes: ClassVar = [
            *LogRow.Meta.indexes,
            models.Index(fields=["token"], name="assettrade_token"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.token}"

    def price(self, decimals: int) -> int | None:
        """Base units of assets per whole token, floor; None when no tokens moved."""
        return mul_div_floor(self.assets, 10**decimals, self.tokens) if self.tokens else None


class BufferMove(LogRow):
    """The L1 buffer was moved towards its target."""

    old_buffer_assets = Uint256Field()
    new_buffer_assets = Uint256Field()
    target_buffer_assets = Uint256Field()

    class Meta(LogRow.Meta):
        pass

    def __str__(self) -> str:
        return f"buffer {self.old_buffer_assets} → {self.new_buffer_assets}"
