"""What each indicator is: its unit, which side is the worse one, and what it says in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

from .figures import Group, Indicator, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One indicator. ``worse`` is the side on which it warns; a threshold that is inclusive warns
    with the value exactly on it.

    ``sentence`` holds ``{value}``; ``otherwise`` takes its place for a value of zero or less.
    ``when_infinite`` is said where there is nothing to divide by.
    """

    group: Group
    unit: Unit
    title: str
    sentence: str
    worse: Literal["below", "above"] = "above"
    warning_inclusive: bool = False
    critical_inclusive: bool = False
    otherwise: str = ""
    when_infinite: str = ""

    def is_beyond(self, value: Decimal, limit: Decimal, *, inclusive: bool) -> bool:
        """Whether the value is on the worse side of a limit."""
        if value == limit:
            return inclusive
        return value < limit if self.worse == "below" else value > limit

    def said(self, text: str, value: Decimal) -> str:
        """The sentence with the value's text (of its size, without a sign), without its full
        stop."""
        sentence = self.otherwise if self.otherwise and value <= 0 else self.sentence
        return sentence.format(value=text)


SPECS: Mapping[Indicator, Spec] = MappingProxyType(
    {
        Indicator.L1_RATIO: Spec(
            group=Group.LIQUIDITY,
            unit=Unit.SHARE,
            title="L1 ratio",
            sentence="L1 is {value} of gross assets",
            worse="below",
        ),
        Indicator.L1_L2_RATIO: Spec(
            group=Group.LIQUIDITY,
            unit=Unit.SHARE,
            title="L1 + L2 ratio",
            sentence="L1 and L2 together are {value} of gross assets",
            worse="below",
        ),
        Indicator.REDEMPTION_COVERAGE: Spec(
            group=Group.LIQUIDITY,
            unit=Unit.SHARE,
            title="Redemption coverage",
            sentence="L1 and L2 are {value} of what is owed to redemptions",
            worse="below",
            when_infinite="Nothing is owed to redemptions, so everything is covered.",
        ),
        Indicator.LIQUIDITY_GAP_7D: Spec(
            group=Group.LIQUIDITY,
            unit=Unit.SHARE,
            title="Liquidity gap, 7 days",
            sentence="The next 7 days are expected to need more than there will be, by {value} of"
            " gross assets",
            otherwise="What will be available in the next 7 days exceeds the expected outflow by"
            " {value} of gross assets",
        ),
        Indicator.NAV_VOLATILITY_24H: Spec(
            group=Group.PRICE,
            unit=Unit.SHARE,
            title="NAV volatility, 24 hours",
            sentence="The NAV per share moved by {value} of its mean within 24 hours",
            warning_inclusive=True,
        ),
        Indicator.ASSET_PRICE_DEVIATION: Spec(
            group=Group.PRICE,
            unit=Unit.SHARE,
            title="Price deviation",
            sentence="The contracts trade an asset at a price {value} from the median of its"
            " sources",
            otherwise="The contracts trade every asset at the median of its sources",
            warning_inclusive=True,
        ),
        Indicator.ORACLE_STALENESS: Spec(
            group=Group.PRICE,
            unit=Unit.SECONDS,
            title="Age of prices",
            sentence="The oldest price in use is {value} old",
            warning_inclusive=True,
        ),
        Indicator.SINGLE_ASSET_CONCENTRATION: Spec(
            group=Group.CONCENTRATION,
            unit=Unit.SHARE,
            title="Largest asset",
            sentence="The largest asset is {value} of gross assets",
            warning_inclusive=True,
        ),
        Indicator.TOP3_CONCENTRATION: Spec(
            group=Group.CONCENTRATION,
            unit=Unit.SHARE,
            title="Three largest assets",
            sentence="The three largest assets together are {value} of gross assets",
            warning_inclusive=True,
        ),
        Indicator.COUNTERPARTY_CONCENTRATION: Spec(
            group=Group.CONCENTRATION,
            unit=Unit.SHARE,
            title="Largest counterparty",
            sentence="What one issuer stands behind is {value} of gross assets",
            warning_inclusive=True,
        ),
        Indicator.DAILY_REDEMPTION_RATE: Spec(
            group=Group.REDEMPTION,
            unit=Unit.SHARE,
            title="Redemptions of a day",
            sentence="Redemptions asked for within 24 hours are {value} of gross assets",
            warning_inclusive=True,
        ),
        Indicator.PENDING_APPROVAL_RATIO: Spec(
            group=Group.REDEMPTION,
            unit=Unit.SHARE,
            title="Waiting for approval",
            sentence="Redemptions that wait for approval are {value} of L1 and L2",
            warning_inclusive=True,
        ),
        Indicator.REDEMPTION_VELOCITY: Spec(
            group=Group.REDEMPTION,
            unit=Unit.FACTOR,
            title="Pace of redemptions",
            sentence="The redemptions asked for in 7 days are {value} those of the 7 days before",
            warning_inclusive=True,
        ),
        Indicator.TX_FAILURE_RATE: Spec(
            group=Group.OPERATIONAL,
            unit=Unit.SHARE,
            title="Failed transactions",
            sentence="{value} of the transactions sent within 24 hours failed",
            warning_inclusive=True,
        ),
        Indicator.EVENT_LAG: Spec(
            group=Group.OPERATIONAL,
            unit=Unit.SECONDS,
            title="Lag of events",
            sentence="An event takes up to {value} from when it is first seen until it is applied",
            otherwise="Events are applied at once",
        ),
        Indicator.REBALANCE_DELAY: Spec(
            group=Group.OPERATIONAL,
            unit=Unit.SECONDS,
            title="Rebalancing delay",
            sentence="An approved plan has waited {value} to begin",
            otherwise="No approved plan waits to begin",
        ),
    }
)
