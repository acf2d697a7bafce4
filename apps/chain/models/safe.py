"""What the owners of a Safe are asked to sign, and their signatures."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.chain.models.sending import Transaction
from apps.core.fields import AddressField, HashField


class ProposalStatus(models.TextChoices):
    """The life of a proposal."""

    OPEN = "OPEN", _("Waits for signatures")
    READY = "READY", _("Signed by enough owners")
    EXECUTED = "EXECUTED", _("Executed")
    WITHDRAWN = "WITHDRAWN", _("Withdrawn")


class SafeProposal(models.Model):
    """One transaction of a Safe under one of its nonces; ``safe_tx_hash`` is computed by us."""

    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="proposals")
    chain_id = models.BigIntegerField()
    safe = AddressField()
    safe_nonce = models.BigIntegerField()
    to = AddressField()
    data = models.TextField()
    safe_tx_hash = HashField(unique=True)
    owners = models.JSONField(help_text="The owners when it was proposed; read again to execute")
    threshold = models.IntegerField()
    status = models.CharField(
        max_length=10, choices=ProposalStatus.choices, default=ProposalStatus.OPEN
    )
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        permissions: ClassVar = [("confirm_safeproposal", "Can sign for the warm wallet")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["chain_id", "safe", "safe_nonce"],
                condition=~Q(status="WITHDRAWN"),
                name="proposal_one_per_safe_nonce",
            ),
            models.UniqueConstraint(
                fields=["transaction"],
                condition=~Q(status="WITHDRAWN"),
                name="proposal_one_per_transaction",
            ),
        ]

    def __str__(self) -> str:
        return f"Safe transaction {self.safe_nonce} of {self.safe}"


class SafeConfirmation(models.Model):
    """One owner's signature of a proposal, verified before it is stored."""

    proposal = models.ForeignKey(
        SafeProposal, on_delete=models.PROTECT, related_name="confirmations"
    )
    owner = AddressField()
    signature = models.CharField(max_length=132)
    user_id_by_value = models.BigIntegerField()
    user_name = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["proposal", "owner"], name="confirmation_once"),
        ]

    def __str__(self) -> str:
        return f"{self.owner} signs {self.proposal}"
