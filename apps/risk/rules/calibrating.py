"""Forecasts against what happened: whether the intervals hold what they promise to hold."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from .figures import Horizon

PROMISED = Decimal("0.90")
"""From the 5th to the 95th percentile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The net flow that was forecast, the interval, and what came (base units of USDT)."""

    net_assets: int
    low_net_assets: int
    high_net_assets: int
    came_assets: int

    @property
    def inside(self) -> bool:
        """Whether what came lies in the interval, ends included."""
        return self.low_net_assets <= self.came_assets <= self.high_net_assets


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """All outcomes of a horizon. ``below`` and ``above`` count those outside the interval: below,
    less was left than 95 % of the paths had. ``bias_assets`` is the mean of forecast less outcome:
    negative when more was left than forecast. ``width_assets`` is the intervals' mean width.
    """

    horizon: Horizon
    count: int
    inside: int
    below: int
    above: int
    mean_error_assets: int
    bias_assets: int
    width_assets: int

    @property
    def inside_share(self) -> Decimal:
        """Of all outcomes, those inside; 0.90 is promised."""
        return Decimal(self.inside) / self.count


def calibrate(horizon: Horizon, outcomes: Iterable[Outcome]) -> Calibration | None:
    """The calibration of a horizon; None without any outcome. Means are rounded towards zero."""
    rows = list(outcomes)
    if not rows:
        return None
    errors = [row.net_assets - row.came_assets for row in rows]
    widths = sum(row.high_net_assets - row.low_net_assets for row in rows)
    return Calibration(
        horizon=horizon,
        count=len(rows),
        inside=sum(row.inside for row in rows),
        below=sum(row.came_assets < row.low_net_assets for row in rows),
        above=sum(row.came_assets > row.high_net_assets for row in rows),
        mean_error_assets=sum(abs(error) for error in errors) // len(rows),
        bias_assets=int(Decimal(sum(errors)) / len(rows)),
        width_assets=widths // len(rows),
    )
