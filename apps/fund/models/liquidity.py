"""What the contracts keep back for redemptions, day by day, and where it was not enough."""

from datetime import UTC, date, datetime, timedelta
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.fields import Uint256Field

from .log_row import LogRow

_FIRST_DAY = date(1970, 1, 1)


class LiabilityEntry(LogRow):
    """A liability was added to the day it falls due, or taken off it when it was paid.

    ``day_index`` counts UTC days since 1970. ``was_overdue``: it was paid after its day.
    """

    day_index = Uint256Field()
    assets = Uint256Field(help_text="USDT base units")
    removed = models.BooleanField()
    was_overdue = models.BooleanField(default=False)

    class Meta(LogRow.Meta):
        verbose_name = "liability by day"
        verbose_name_plural = "liabilities by day"
        indexes: ClassVar = [
            *LogRow.Meta.indexes,
            models.Index(fields=["chain_id", "day_index"], name="liabilityentry_day"),
        ]

    def __str__(self) -> str:
        return f"liability of day {self.day_index} {'removed' if self.removed else 'added'}"

    @property
    def day(self) -> date | None:
        """The day it falls due; None when the contract named one beyond the calendar."""
        return day_of(self.day_index)


class QuotaEvent(models.TextChoices):
    """What happened to a quota."""

    EMERGENCY_REFRESHED = "EMERGENCY_REFRESHED", _("Emergency quota set")
    EMERGENCY_RESTORED = "EMERGENCY_RESTORED", _("Emergency quota given back")
    LOCKED_MINT_RESET = "LOCKED_MINT_RESET", _("Locked subscriptions released")


class QuotaChange(LogRow):
    """A quota of the vault was set, given back or released. Requests use it up without an event, so
    that what is left of it is the vault's to say."""

    name = models.CharField(max_length=19, choices=QuotaEvent.choices)
    assets = Uint256Field(help_text="USDT base units")

    class Meta(LogRow.Meta):
        pass

    def __str__(self) -> str:
        return f"{self.name} {self.assets}"


class SettlementShortfall(LogRow):
    """Cash was short when a redemption was to be paid.

    With ``sold``, the contract sold L1 assets: ``found_assets`` came in for ``needed_assets``.
    Without, the payout of ``needed_assets`` found only ``found_assets`` and did not happen.
    """

    request_id = Uint256Field()
    sold = models.BooleanField()
    needed_assets = Uint256Field(help_text="USDT base units")
    found_assets = Uint256Field(help_text="USDT base units")

    class Meta(LogRow.Meta):
        pass

    def __str__(self) -> str:
        return f"shortfall at redemption {self.request_id}"


def day_of(day_index: int) -> date | None:
    """The UTC day of an index; None beyond the calendar's last year."""
    try:
        return _FIRST_DAY + timedelta(days=day_index)
    except OverflowError:
        return None


def day_index_at(at: datetime) -> int:
    """The index of the UTC day of an instant."""
    return (at.astimezone(UTC).date() - _FIRST_DAY).days
