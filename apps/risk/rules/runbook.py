"""What each indicator is computed from, why it matters, and what people do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from .figures import EventType, Indicator


@dataclass(frozen=True, slots=True)
class Entry:
    """One indicator in words: its formula, why it matters, and what to do, first things first."""

    formula: str
    why: str
    steps: tuple[str, ...]


RUNBOOK: Mapping[Indicator, Entry] = MappingProxyType(
    {
        Indicator.L1_RATIO: Entry(
            "L1 ÷ gross assets (L1 + L2 + L3)",
            "L1 is what redemptions are paid from without selling anything.",
            (
                "Preview a plan that refills L1 from L2.",
                "See which redemptions fall due this week.",
                "Below the critical threshold: consider pausing new standard redemptions.",
            ),
        ),
        Indicator.L1_L2_RATIO: Entry(
            "(L1 + L2) ÷ gross assets",
            "L1 and L2 together are what can be paid out within days.",
            ("Preview a plan that raises cash from L3.", "Look at the forecast of 7 and 30 days."),
        ),
        Indicator.REDEMPTION_COVERAGE: Entry(
            "(L1 + L2) ÷ what the contracts owe to redemptions",
            "Below 100 % the fund owes more than it can pay within days.",
            (
                "Raise cash for what falls due first.",
                "Decide the redemptions that wait for approval with this figure in mind.",
                "Below 100 %: open an emergency ticket.",
            ),
        ),
        Indicator.LIQUIDITY_GAP_7D: Entry(
            "(predicted net outflow of 7 days − what is available in 7 days) ÷ gross assets",
            "Above zero the next week is expected to need more cash than there will be.",
            ("Read the forecast of 7 days.", "Preview a plan over the gap that it names."),
        ),
        Indicator.NAV_VOLATILITY_24H: Entry(
            "(highest − lowest NAV per share) ÷ their mean, over 24 hours",
            "The fund's assets should not move by percents in a day; a wrong price may be behind"
            " it.",
            ("Look at the NAV updates of the day.", "Compare the prices of its assets."),
        ),
        Indicator.ASSET_PRICE_DEVIATION: Entry(
            "largest distance, over all assets, of the price that the contracts trade at from the"
            " median of its sources, ÷ that median",
            "Whoever trades at a wrong price takes value from the other holders.",
            (
                "Open the asset's prices: which source is off?",
                "Stop sending trades until contracts and sources agree.",
            ),
        ),
        Indicator.ORACLE_STALENESS: Entry(
            "age of the oldest price in use",
            "Old prices make NAV, ratios and trades wrong without anybody noticing.",
            ("See which source is silent.", "Ask its operator, or propose another source."),
        ),
        Indicator.SINGLE_ASSET_CONCENTRATION: Entry(
            "largest asset ÷ gross assets; cash is not an asset here",
            "One issuer's trouble should not become the fund's.",
            ("Preview a plan back to asset weights.",),
        ),
        Indicator.TOP3_CONCENTRATION: Entry(
            "three largest assets ÷ gross assets; cash is not an asset here",
            "Few large positions are hard to sell at once.",
            ("Preview a plan back to asset weights.",),
        ),
        Indicator.COUNTERPARTY_CONCENTRATION: Entry(
            "largest sum of one issuer's assets ÷ gross assets",
            "Several assets of one issuer fail together.",
            ("See which issuer it is.", "Preview a plan that sells some of its assets."),
        ),
        Indicator.DAILY_REDEMPTION_RATE: Entry(
            "gross value of the redemptions asked for in 24 hours ÷ gross assets",
            "A run begins with a busy day.",
            (
                "See who asks: one large holder, or many?",
                "Look at the forecast; raise cash before it is due.",
            ),
        ),
        Indicator.PENDING_APPROVAL_RATIO: Entry(
            "value of the redemptions that wait for approval ÷ (L1 + L2)",
            "What waits becomes due at once when it is approved.",
            ("Decide what waits, the oldest first.", "Check that cash covers what is approved."),
        ),
        Indicator.REDEMPTION_VELOCITY: Entry(
            "redemptions asked for in 7 days ÷ those of the 7 days before; needs 5 of them",
            "More and more people leave.",
            ("Compare with subscriptions.", "Look at the forecast of 30 days."),
        ),
        Indicator.TX_FAILURE_RATE: Entry(
            "failed ÷ sent transactions over 24 hours; needs 5 of them; 3 failures in a row are"
            " critical whatever the rate",
            "What the office decides does not reach the chain.",
            (
                "Read why the last ones failed.",
                "See that the wallets have gas and that no stop is in force.",
            ),
        ),
        Indicator.EVENT_LAG: Entry(
            "seconds from when an event was first seen until it was applied",
            "Every figure of the office is older than it looks.",
            ("Open the health page: node, listener and parked events.",),
        ),
        Indicator.REBALANCE_DELAY: Entry(
            "age of the oldest plan that is approved and not begun",
            "Liquidity that was decided on is not being raised.",
            ("Open the plan: it says what it waits for.",),
        ),
    }
)

OF_EVENT: Mapping[EventType, tuple[str, ...]] = MappingProxyType(
    {
        EventType.LEVEL: (
            "Read on the board what set the level.",
            "At CRITICAL the emergency protocol opens by itself: follow the incident.",
        ),
        EventType.CHAIN_ALERT: (
            "The contracts raised this by themselves: compare L1 with what falls due.",
            "Preview a plan that refills L1.",
        ),
        EventType.FORECAST: (
            "Read the forecast: when the first gap is, and how large.",
            "Preview a plan over the amount that it names.",
        ),
    }
)


def steps_for(event_type: EventType, indicator: str) -> tuple[str, ...]:
    """What to do about an event, first things first."""
    if event_type is EventType.INDICATOR and indicator in set(Indicator):
        return RUNBOOK[Indicator(indicator)].steps
    return OF_EVENT.get(event_type, ())
