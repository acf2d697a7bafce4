"""What the contracts are set to: tiers, switches, references, roles; and their alarms."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.fields import AddressField, HashField, Uint256Field

from .assets import TIERS
from .log_row import LogRow


class TierConfig(LogRow):
    """A tier's target and band from this log on (bps of assets); the latest row counts."""

    tier = models.SmallIntegerField(choices=TIERS)
    target_bps = Uint256Field()
    min_bps = Uint256Field()
    max_bps = Uint256Field()

    class Meta(LogRow.Meta):
        verbose_name = "tier target"

    def __str__(self) -> str:
        return f"tier {self.get_tier_display()} from block {self.block_number}"


class SwitchName(models.TextChoices):
    """What can be on or off."""

    EMERGENCY_MODE = "EMERGENCY_MODE", _("Emergency mode")
    PAUSED = "PAUSED", _("Paused")


class ContractSwitch(LogRow):
    """A switch of a contract was thrown; the latest row of (contract, name) counts."""

    contract_kind = models.CharField(max_length=32)
    name = models.CharField(max_length=16, choices=SwitchName.choices)
    is_on = models.BooleanField()
    account = AddressField(blank=True, default="")

    class Meta(LogRow.Meta):
        verbose_name = "pause or emergency mode"
        verbose_name_plural = "pauses and emergency mode"

    def __str__(self) -> str:
        return f"{self.contract_kind} {self.name}: {'on' if self.is_on else 'off'}"


class ContractReference(LogRow):
    """A contract points at another address from this log on; ``subject`` is a token, if any."""

    contract_kind = models.CharField(max_length=32)
    name = models.CharField(max_length=64)
    subject = AddressField(blank=True, default="")
    old_address = AddressField()
    new_address = AddressField()

    class Meta(LogRow.Meta):
        verbose_name = "linked contract"

    def __str__(self) -> str:
        return f"{self.name} of {self.contract_kind}"


class ContractParameter(LogRow):
    """A number that a contract works by, from this log on; the latest row of (contract, name)
    counts. Its unit is the parameter's own: base units, bps or seconds."""

    contract_kind = models.CharField(max_length=32)
    name = models.CharField(max_length=64)
    old_value = Uint256Field()
    new_value = Uint256Field()

    class Meta(LogRow.Meta):
        verbose_name = "contract setting"

    def __str__(self) -> str:
        return f"{self.name} of {self.contract_kind}: {self.new_value}"


class AlertLevel(models.TextChoices):
    """Which threshold liquidity fell below."""

    LOW = "LOW", _("Low")
    CRITICAL = "CRITICAL", _("Critical")


class LiquidityAlert(LogRow):
    """The contract raised a liquidity alarm; its "available" ignores open liabilities."""

    level = models.CharField(max_length=8, choices=AlertLevel.choices)
    ratio_bps = Uint256Field()
    threshold_bps = Uint256Field()
    available_assets = Uint256Field()
    total_assets = Uint256Field(null=True)

    class Meta(LogRow.Meta):
        pass

    def __str__(self) -> str:
        return f"{self.level} liquidity in block {self.block_number}"


class ChainRole(models.Model):
    """Whether an account holds a role of a contract, as of the log it reflects."""

    chain_id = models.BigIntegerField()
    contract = AddressField()
    contract_kind = models.CharField(max_length=32)
    role = HashField()
    account = AddressField()
    held = models.BooleanField()
    granted_at = models.DateTimeField(null=True)
    granted_by = AddressField(blank=True, default="")
    revoked_at = models.DateTimeField(null=True)
    revoked_by = AddressField(blank=True, default="")
    tx_hash = HashField()
    as_of_block = models.BigIntegerField()
    as_of_log_index = models.IntegerField()

    class Meta:
        verbose_name = "on-chain role"
        ordering: ClassVar = ["contract_kind", "role", "-held", "account"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["chain_id", "contract", "role", "account"], name="chainrole_once"
            ),
            models.CheckConstraint(
                condition=Q(held=True, granted_at__isnull=False)
                | Q(held=False, revoked_at__isnull=False),
                name="chainrole_says_since_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} in {self.role}"
