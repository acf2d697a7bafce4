"""Who holds the share token, and every movement that made it so."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.core.fields import AddressField, Uint256Field

from .log_row import LogRow


class HolderQuerySet(models.QuerySet["Holder"]):
    """Holders, as a question about them is asked."""

    def invested(self) -> "HolderQuerySet":
        """Those who own shares now, free or kept for them by the vault. The vault's own account
        only keeps shares of others."""
        kept_for_them = Q(locked_shares__gt=0) | Q(pending_shares__gt=0)
        return self.exclude(address=F("vault")).filter(
            Q(balance_shares__gt=0) | Q(in_escrow=True) & kept_for_them
        )


class Holder(models.Model):
    """One account's shares.

    In v1 locked shares are part of the balance; between the two logs of a settlement (burn, then
    "burned") they may exceed it, so that is no constraint. In v2 the vault's own account holds what
    is locked or waits for approval (``in_escrow``), and the balance is free.
    """

    chain_id = models.BigIntegerField()
    vault = AddressField()
    address = AddressField()
    balance_shares = Uint256Field(default=0)
    locked_shares = Uint256Field(default=0)
    pending_shares = Uint256Field(default=0, help_text="Wait for approval of a redemption")
    in_escrow = models.BooleanField(
        default=False, help_text="Locked and pending shares are not part of the balance"
    )
    first_activity_at = models.DateTimeField()
    last_activity_at = models.DateTimeField()

    objects = HolderQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-balance_shares", "address"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["chain_id", "vault", "address"], name="holder_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-balance_shares", "address"], name="holder_by_balance"),
            models.Index(
                fields=["chain_id"], condition=Q(balance_shares__gt=0), name="holder_invested"
            ),
            models.Index(fields=["address"], name="holder_by_address"),
        ]

    def __str__(self) -> str:
        return self.address

    @property
    def free_shares(self) -> int:
        """Shares that can move or be redeemed; never negative."""
        if self.in_escrow:
            return self.balance_shares
        return max(self.balance_shares - self.locked_shares, 0)

    @property
    def owned_shares(self) -> int:
        """What the account has a claim to: its balance, and what the vault holds for it."""
        if self.in_escrow:
            return self.balance_shares + self.locked_shares + self.pending_shares
        return self.balance_shares


class MovementKind(models.TextChoices):
    """What happened to shares."""

    MINT = "MINT", _("Minted")
    BURN = "BURN", _("Burned")
    TRANSFER = "TRANSFER", _("Transferred")
    LOCK = "LOCK", _("Locked for a redemption")
    UNLOCK = "UNLOCK", _("Unlocked")
    RELEASE = "RELEASE", _("Locked shares burned at settlement")
    PEND = "PEND", _("Set aside until approved")
    UNPEND = "UNPEND", _("Given back, not approved")
    CONVERT = "CONVERT", _("Approved: pending became locked")


class ShareMovement(LogRow):
    """One movement of shares; all but MINT, BURN and TRANSFER have the owner as both."""

    kind = models.CharField(max_length=8, choices=MovementKind.choices)
    sender = AddressField()
    recipient = AddressField()
    shares = Uint256Field()

    class Meta(LogRow.Meta):
        indexes: ClassVar = [
            *LogRow.Meta.indexes,
            models.Index(fields=["sender"], name="sharemovement_sender"),
            models.Index(fields=["recipient"], name="sharemovement_recipient"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.shares} shares"
