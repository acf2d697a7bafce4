"""When the clock looks whether a plan is wanted: the same times as the schedule's, in UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
_MONDAY = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """One check that comes by the clock: what it looks at, how often from an even instant, and the
    task that does it, by which its real runs are found."""

    name: str
    task: str
    looks_at: str
    every: timedelta

    def last(self, at: datetime) -> datetime:
        """The newest instant, not after ``at``, at which it was due."""
        return at - (at - _MONDAY) % self.every

    def next(self, at: datetime) -> datetime:
        """When it is due next, after ``at``."""
        return self.last(at) + self.every


CADENCES = (
    Cadence(
        name="Daily",
        task="rebalance.consider_daily",
        looks_at="tiers off their target, at 00:00 UTC",
        every=DAY,
    ),
    Cadence(
        name="Weekly",
        task="rebalance.consider_daily",
        looks_at="weights of assets, Monday 00:00 UTC",
        every=WEEK,
    ),
    Cadence(
        name="Hourly",
        task="rebalance.consider_thresholds",
        looks_at="a tier or an asset beyond its limit",
        every=HOUR,
    ),
    Cadence(
        name="Liquidity",
        task="rebalance.consider_liquidity",
        looks_at="L1, and redemptions falling due",
        every=MINUTE,
    ),
    Cadence(
        name="Prices and windows",
        task="rebalance.consider_windows",
        looks_at="prices that moved, assets that open or mature",
        every=MINUTE,
    ),
)


def next_scheduled(at: datetime) -> datetime:
    """The next check of the calendar (daily, and on Mondays weekly)."""
    return CADENCES[0].next(at)
