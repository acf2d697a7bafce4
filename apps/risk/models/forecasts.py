"""Forecasts of liquidity, and what came of them."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from apps.core.fields import Uint256Field
from apps.risk.rules.figures import Advice, Horizon

from .choices import choices


def _signed(*, help_text: str = "", null: bool = False) -> "models.DecimalField[Any, Any]":
    """Whole base units that may be negative."""
    return models.DecimalField(max_digits=78, decimal_places=0, help_text=help_text, null=null)


class Forecast(models.Model):
    """One horizon seen from one hour. Amounts are base units of USDT; those that may be negative
    are whole decimals. ``inputs`` is everything it was computed from, so that it can be made again:
    the same inputs and ``seed`` give the same figures.

    ``days`` holds a dict for each UTC day of the horizon (``rules.forecasting.Day``): what is due,
    what matures or opens, and the 5th, 50th and 95th percentile of the liquidity left.
    """

    class Method(models.TextChoices):
        """How paths were drawn."""

        BOOTSTRAP = "BOOTSTRAP", "Bootstrap of daily flows"
        UNIFORM = "UNIFORM", "Uniform band (too little history)"

    made_at = models.DateTimeField()
    slot = models.DateTimeField(help_text="The hour, or five minutes, it was made for")
    horizon = models.CharField(max_length=3, choices=choices(Horizon))
    ends_at = models.DateTimeField()
    method = models.CharField(max_length=9, choices=Method.choices)
    history_days = models.PositiveSmallIntegerField()
    seed = models.BigIntegerField()
    paths = models.PositiveIntegerField()
    inputs = models.JSONField()
    duration_ms = models.PositiveIntegerField()

    l1_assets = Uint256Field()
    l2_assets = Uint256Field()
    available_assets = Uint256Field(help_text="L1 + L2 and what matures or opens in time")
    confirmed_outflow_assets = Uint256Field()
    probable_outflow_assets = Uint256Field()
    expected_outflow_assets = Uint256Field()
    expected_inflow_assets = Uint256Field()
    net_flow_assets = _signed()
    projected_assets = _signed(help_text="Liquidity expected at the end")
    lower_net_assets = _signed(help_text="5th percentile of the net flow")
    upper_net_assets = _signed(help_text="95th percentile of the net flow")
    shortfall_probability = models.DecimalField(max_digits=7, decimal_places=6)
    shortfall_assets = Uint256Field(help_text="Expected, over the paths that fall short")
    first_gap_day = models.DateField(null=True)
    days = models.JSONField(default=list)
    advice = models.CharField(max_length=20, choices=choices(Advice))
    advice_assets = Uint256Field(default=0)
    advice_reason = models.CharField(max_length=500)

    outcome_net_assets = _signed(null=True)
    outcome_at = models.DateTimeField(null=True)
    inside = models.BooleanField(null=True, help_text="The outcome lay within the 5–95 % interval")

    class Meta:
        ordering: ClassVar = ["-slot", "horizon"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["slot", "horizon"], name="forecast_once"),
            models.CheckConstraint(
                condition=Q(shortfall_probability__gte=0, shortfall_probability__lte=1),
                name="forecast_probability_in_range",
            ),
            models.CheckConstraint(
                condition=Q(
                    outcome_at__isnull=True, outcome_net_assets__isnull=True, inside__isnull=True
                )
                | Q(
                    outcome_at__isnull=False,
                    outcome_net_assets__isnull=False,
                    inside__isnull=False,
                ),
                name="forecast_outcome_whole",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["horizon", "-slot"], name="forecast_by_horizon"),
            models.Index(
                fields=["ends_at"], condition=Q(outcome_at__isnull=True), name="forecast_to_score"
            ),
        ]

    def __str__(self) -> str:
        return f"forecast of {self.horizon} from {self.slot:%Y-%m-%d %H:%M} UTC"
