"""The redemption request, and its voucher, as the chain tells them. Only final events move them."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django_fsm import FSMField, transition

from apps.core.fields import AddressField, HashField, Uint256Field

from .rules import Status

ZERO_ADDRESS = "0x" + "00" * 20


class Redemption(models.Model):
    """One request. Its key is the same after a replay, so links to it live on.

    Assets and shares in base units (18 decimals); times are block times.
    """

    key = models.CharField(max_length=100, primary_key=True)
    chain_id = models.PositiveBigIntegerField()
    request_id = Uint256Field("request")
    manager = AddressField()

    owner = AddressField()
    receiver = AddressField()
    shares = Uint256Field()
    gross_assets = Uint256Field("value")
    locked_nav_per_share = Uint256Field("locked NAV")
    locked_nav_is_derived = models.BooleanField()
    estimated_fee_assets = Uint256Field("estimated fee")
    channel = models.CharField(
        max_length=10,
        choices=[(name, name.capitalize()) for name in ("STANDARD", "EMERGENCY", "SCHEDULED")],
    )
    requires_approval = models.BooleanField()
    window_id = Uint256Field()
    requested_at = models.DateTimeField("requested")
    settles_at = models.DateTimeField("settles", null=True)

    status = FSMField(
        default=Status.PENDING.value,
        protected=True,
        choices=[(item.value, item.value.replace("_", " ").capitalize()) for item in Status],
    )
    block_number = models.PositiveBigIntegerField()
    block_hash = HashField()
    tx_hash = HashField()
    position = models.PositiveIntegerField(help_text="Of the log within its transaction.")
    log_index = models.PositiveIntegerField()

    decided_by = AddressField(blank=True)
    decided_at = models.DateTimeField(null=True)
    decision_tx_hash = HashField(blank=True)
    rejection_reason = models.TextField(blank=True)
    cancelled_at = models.DateTimeField(null=True)
    cancel_tx_hash = HashField(blank=True)
    settled_at = models.DateTimeField(null=True)
    settle_tx_hash = HashField(blank=True)
    fee_assets = Uint256Field("fee", null=True)
    net_assets = Uint256Field("net", null=True)

    class Meta:
        ordering = ("-requested_at", "-request_id")
        permissions = [
            ("settle_redemption", "Can settle due redemptions"),
            ("export_redemption", "Can export redemptions"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["chain_id", "request_id"], name="redemption_request"),
            models.UniqueConstraint(
                fields=["chain_id", "tx_hash", "position"], name="redemption_source"
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.PENDING_APPROVAL.value) | Q(requires_approval=True),
                name="redemption_waits_if_asked",
            ),
            models.CheckConstraint(
                condition=Q(
                    status=Status.SETTLED.value,
                    settled_at__isnull=False,
                    fee_assets__isnull=False,
                    net_assets__isnull=False,
                )
                | ~Q(status=Status.SETTLED.value) & Q(settled_at__isnull=True),
                name="redemption_settled_has_figures",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "settles_at"], name="redemption_due"),
            models.Index(fields=["owner", "-requested_at"], name="redemption_by_owner"),
            models.Index(fields=["-requested_at", "-request_id"], name="redemption_newest"),
        ]

    def __str__(self) -> str:
        return f"Redemption {self.request_id}"

    @property
    def subject_id(self) -> str:
        """How tickets, transactions and the audit log name it."""
        return str(self.request_id)

    @property
    def payout_assets(self) -> int:
        """What is paid: the actual net; before settlement the gross less the estimated fee."""
        if self.net_assets is not None:
            return self.net_assets
        return max(self.gross_assets - self.estimated_fee_assets, 0)

    @transition(field=status, source=Status.PENDING_APPROVAL.value, target=Status.APPROVED.value)
    def approve(self, *, approver: str, settles_at: datetime, at: datetime, tx_hash: str) -> None:
        """``RedemptionApproved``: the waiting time runs."""
        self.decided_by, self.decided_at, self.decision_tx_hash = approver, at, tx_hash
        self.settles_at = settles_at

    @transition(field=status, source=Status.PENDING_APPROVAL.value, target=Status.REJECTED.value)
    def reject(self, *, rejector: str, reason: str, at: datetime, tx_hash: str) -> None:
        """``RedemptionRejected``: the shares are free again."""
        self.decided_by, self.decided_at, self.decision_tx_hash = rejector, at, tx_hash
        self.rejection_reason = reason

    @transition(field=status, source=Status.PENDING_APPROVAL.value, target=Status.CANCELLED.value)
    def cancel(self, *, at: datetime, tx_hash: str) -> None:
        """``RedemptionCancelled``: the owner took it back."""
        self.cancelled_at, self.cancel_tx_hash = at, tx_hash

    @transition(
        field=status,
        source=[Status.PENDING.value, Status.APPROVED.value],
        target=Status.SETTLED.value,
    )
    def settle(self, *, fee_assets: int, net_assets: int, at: datetime, tx_hash: str) -> None:
        """``RedemptionSettled``: paid, with the fee as it was then."""
        self.fee_assets, self.net_assets = fee_assets, net_assets
        self.settled_at, self.settle_tx_hash = at, tx_hash


class Voucher(models.Model):
    """The right to settle a request, as a token that can change hands: whoever owns it may settle
    the request and is paid. The zero address owns it once it is burned, at settlement.

    ``request_id`` is None until the manager has said which request the token stands for;
    ``contract`` is empty until the voucher contract itself spoke of it. The log it reflects is
    (``as_of_block``, ``as_of_log_index``); an older one changes no owner.
    """

    chain_id = models.PositiveBigIntegerField()
    token_id = Uint256Field("voucher")
    request_id = Uint256Field("request", null=True)
    contract = AddressField(blank=True, default="")
    owner = AddressField()
    minted_at = models.DateTimeField("minted")
    moved_at = models.DateTimeField("last moved")
    tx_hash = HashField(help_text="That last moved it")
    as_of_block = models.PositiveBigIntegerField()
    as_of_log_index = models.PositiveIntegerField()

    class Meta:
        ordering = ("-token_id",)
        constraints = [
            models.UniqueConstraint(fields=["chain_id", "token_id"], name="voucher_once"),
            models.UniqueConstraint(fields=["chain_id", "request_id"], name="voucher_of_request"),
        ]

    def __str__(self) -> str:
        return f"Voucher {self.token_id}"

    @property
    def is_live(self) -> bool:
        """Whether somebody owns it."""
        return self.owner != ZERO_ADDRESS


def redemption_key(chain_id: int, request_id: int) -> str:
    """The key of a request: ``56-123``."""
    return f"{chain_id}-{request_id}"
