"""Sources of prices, what each of them said, and the price that they agreed on.

Triggers keep three promises whoever writes: a source is added or changed only by an approved ticket
about it (the first load excepted), what was observed is never rewritten, and no source is deleted.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from apps.core.fields import AddressField, HashField, Uint256Field
from apps.oracle.rules.sources import NAME_MAX, PATH_MAX, STALE_AFTER_SECONDS, URL_MAX


class SourceKind(models.TextChoices):
    """Where a source's figures come from."""

    ADAPTER = "ADAPTER", "The fund's oracle adapter"
    AGGREGATOR = "AGGREGATOR", "On-chain aggregator feed"
    HTTP = "HTTP", "HTTP"


class Source(models.Model):
    """One place that tells the price of one asset, in USDT per whole token.

    Every asset of the register has its ADAPTER source by itself; the others are rows that people
    propose and approve. ``address`` is the aggregator's; ``url`` answers JSON in which
    ``price_path`` (dotted) leads to a decimal price and ``time_path`` to its instant, Unix seconds,
    milliseconds or ISO 8601; where there is none, the answer's own time counts. A figure older than
    ``stale_after_seconds`` is not used.
    """

    chain_id = models.BigIntegerField()
    token = AddressField()
    kind = models.CharField(max_length=10, choices=SourceKind.choices)
    name = models.CharField(max_length=NAME_MAX)
    address = AddressField(blank=True, default="")
    url = models.CharField(max_length=URL_MAX, blank=True, default="")
    price_path = models.CharField(max_length=PATH_MAX, blank=True, default="")
    time_path = models.CharField(max_length=PATH_MAX, blank=True, default="")
    stale_after_seconds = models.PositiveIntegerField(default=STALE_AFTER_SECONDS)
    active = models.BooleanField(default=True)
    ticket_id = models.BigIntegerField(
        null=True, help_text="Who approved it as it is; empty when it came with the installation"
    )
    created_at = models.DateTimeField()
    loaded_in = models.BigIntegerField(
        null=True, editable=False, help_text="PostgreSQL's number of the first load's transaction"
    )

    last_answer_at = models.DateTimeField(null=True, help_text="It last gave a figure")
    last_error = models.CharField(max_length=300, blank=True, default="")
    failures_in_a_row = models.PositiveIntegerField(default=0)
    latency_ms = models.PositiveIntegerField(null=True)

    class Meta:
        ordering: ClassVar = ["token", "kind", "name"]
        permissions: ClassVar = [("propose_source", "Can propose price sources")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["chain_id", "token", "name"], name="source_once"),
            models.UniqueConstraint(
                fields=["chain_id", "token"], condition=Q(kind="ADAPTER"), name="source_one_adapter"
            ),
            models.CheckConstraint(
                condition=Q(kind="ADAPTER", address="", url="", price_path="", time_path="")
                | (Q(kind="AGGREGATOR", url="", price_path="", time_path="") & ~Q(address=""))
                | (Q(kind="HTTP", address="") & ~Q(url="") & ~Q(price_path="")),
                name="source_says_where",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.token}"


class QuoteStatus(models.TextChoices):
    """What was made of a source's figure."""

    USED = "USED", "Used"
    STALE = "STALE", "Too old"
    OUTLIER = "OUTLIER", "Off the median"
    INVALID = "INVALID", "Not a price"
    FAILED = "FAILED", "No price"


class Price(models.Model):
    """What the sources agreed on at one instant; ``price`` (18-decimals USDT per whole token) is
    empty when unknown, and ``reason`` says why. Rows of one observation share ``at``.

    ``traded_price`` is what the contracts trade at, ``deviation_bps`` how far that is from the
    agreed price (signed), ``spread_bps`` the distance between the lowest and the highest figure
    that was used.
    """

    chain_id = models.BigIntegerField()
    token = AddressField()
    at = models.DateTimeField()
    block_number = models.BigIntegerField()
    block_hash = HashField()
    price = Uint256Field(null=True)
    reason = models.CharField(max_length=300, blank=True, default="")
    sources_used = models.PositiveSmallIntegerField()
    oldest_at = models.DateTimeField(
        null=True, help_text="Of the figures that were used, by the wall clock"
    )
    spread_bps = models.BigIntegerField(null=True)
    traded_price = Uint256Field(null=True)
    deviation_bps = models.BigIntegerField(null=True)

    class Meta:
        ordering: ClassVar = ["-at", "token"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["chain_id", "token", "at"], name="price_once"),
            models.CheckConstraint(
                condition=Q(price__gt=0, reason="", oldest_at__isnull=False)
                | (Q(price__isnull=True) & ~Q(reason="")),
                name="price_or_reason",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-at", "token"], name="price_newest"),
        ]

    def __str__(self) -> str:
        return f"price of {self.token} at {self.at:%Y-%m-%d %H:%M:%S} UTC"


class Quote(models.Model):
    """What one source said at one instant, and what was made of it. ``price`` is empty when it gave
    none that a price could be."""

    price_row = models.ForeignKey(Price, on_delete=models.CASCADE, related_name="quotes")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="quotes")
    status = models.CharField(max_length=7, choices=QuoteStatus.choices)
    price = Uint256Field(null=True)
    as_of = models.DateTimeField(null=True, help_text="The instant that the source names")
    deviation_bps = models.BigIntegerField(null=True, help_text="From the median, signed")
    error = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["price_row", "source"], name="quote_once"),
        ]

    def __str__(self) -> str:
        return f"{self.status} quote of {self.source}"
