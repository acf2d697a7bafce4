"""What the owners of a Safe are asked to sign, and their signatures."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.chain.models.sending import Transaction
from apps.core.fields import AddressField, HashField


class ProposalStatus(models.TextChoices):
    """The life of a proposal. One that is EXECUTED has used its Safe nonce up."""

    OPEN = "OPEN", _("Waits for signatures")
    READY = "READY", _("Signed, being carried out")
    EXECUTED = "EXECUTED", _("Executed")
    WITHDRAWN = "WITHDRAWN", _("Withdrawn")


LIVE = (ProposalStatus.OPEN, ProposalStatus.READY)
"""Proposals that hold their nonce and may still be executed by us."""


class SafeProposal(models.Model):
    """One transaction of a Safe under one of its nonces; ``safe_tx_hash`` is computed by us.

    ``owners`` and ``threshold`` are as last read from the chain, at ``checked_at``. ``carried`` is
    the calldata of ``execTransaction`` with the signatures that counted, fixed before the executor
    takes a nonce, so that every attempt carries the same bytes.
    """

    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="proposals")
    chain_id = models.BigIntegerField()
    safe = AddressField()
    safe_nonce = models.BigIntegerField()
    to = AddressField()
    data = models.TextField()
    safe_tx_hash = HashField()
    owners = models.JSONField(help_text="As last read from the chain")
    threshold = models.IntegerField(help_text="As last read from the chain")
    checked_at = models.DateTimeField(help_text="When owners and threshold were last read")
    carried = models.TextField(blank=True, default="", help_text="execTransaction with signatures")
    status = models.CharField(
        max_length=10, choices=ProposalStatus.choices, default=ProposalStatus.OPEN
    )
    waits_because = models.TextField(blank=True, default="", help_text="Beside missing signatures")
    proposed_block = models.BigIntegerField(help_text="The newest block when it was proposed")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    outcome = models.TextField(blank=True, default="", help_text="How and why it ended")

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
        indexes: ClassVar = [
            models.Index(
                fields=["chain_id", "safe"],
                condition=Q(status__in=["OPEN", "READY"]),
                name="proposal_live",
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
