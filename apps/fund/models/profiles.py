"""What the contracts do not say of an asset: who stands behind it, and on what terms."""

from typing import ClassVar

from django.db import models

from apps.core.fields import AddressField


class AssetProfile(models.Model):
    """Issuer, contact and terms of one asset, as two people agreed.

    ``ticket_id`` names the approved ticket that says so (the database asks for it); it is empty
    where the profile came with the installation.
    """

    chain_id = models.BigIntegerField()
    token = AddressField()
    issuer = models.CharField(max_length=200, help_text="The counterparty whose failure loses it")
    otc_contact = models.CharField(max_length=200, blank=True, default="")
    matures_at = models.DateTimeField(null=True, help_text="Empty when it has no end")
    notice_days = models.PositiveSmallIntegerField(
        default=0, help_text="Days between asking to sell and being paid"
    )
    ticket_id = models.BigIntegerField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["chain_id", "token"], name="assetprofile_once"),
        ]

    def __str__(self) -> str:
        return f"{self.token} of {self.issuer}"
