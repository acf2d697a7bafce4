"""Who hears of what: shared destinations by severity, and what each person may choose."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from .life import Channel, Severity


class Shared(StrEnum):
    """A place of all staff that the environment configures."""

    SLACK = "SLACK"
    SLACK_CRITICAL = "SLACK_CRITICAL"
    TELEGRAM = "TELEGRAM"
    PAGERDUTY = "PAGERDUTY"


CHANNEL_OF: Mapping[Shared, Channel] = {
    Shared.SLACK: Channel.SLACK,
    Shared.SLACK_CRITICAL: Channel.SLACK,
    Shared.TELEGRAM: Channel.TELEGRAM,
    Shared.PAGERDUTY: Channel.PAGERDUTY,
}
# What a row keeps as its address: a name, never what opens the door.
ADDRESS_OF: Mapping[Shared, str] = {
    Shared.SLACK: "slack:operations",
    Shared.SLACK_CRITICAL: "slack:critical",
    Shared.TELEGRAM: "telegram",
    Shared.PAGERDUTY: "pagerduty",
}
SHARED_AT: Mapping[str, Shared] = {address: shared for shared, address in ADDRESS_OF.items()}

_SHARED_FOR: Mapping[Severity, tuple[Shared, ...]] = {
    Severity.INFO: (Shared.SLACK,),
    Severity.WARNING: (Shared.SLACK, Shared.TELEGRAM),
    Severity.CRITICAL: (Shared.SLACK_CRITICAL, Shared.TELEGRAM, Shared.PAGERDUTY),
}


def shared_for(severity: Severity) -> tuple[Shared, ...]:
    """Where everybody hears of something of this severity."""
    return _SHARED_FOR[severity]


class TopicGroup(StrEnum):
    """What a person chooses channels for."""

    RISK = "RISK"
    APPROVALS = "APPROVALS"
    REDEMPTIONS = "REDEMPTIONS"
    REBALANCING = "REBALANCING"
    PRICES = "PRICES"
    REPORTS = "REPORTS"
    SYSTEM = "SYSTEM"


GROUP_NAMES: Mapping[TopicGroup, str] = {
    TopicGroup.RISK: "Risk: alerts, levels, incidents, liquidity",
    TopicGroup.APPROVALS: "Tickets that wait for a decision, and decisions",
    TopicGroup.REDEMPTIONS: "Redemptions",
    TopicGroup.REBALANCING: "Rebalancing plans",
    TopicGroup.PRICES: "Prices and their sources",
    TopicGroup.REPORTS: "Reports",
    TopicGroup.SYSTEM: "Chain, transactions, contracts, checks",
}

# The first that fits. Whatever is not named is the system's.
_GROUP_BY_PREFIX: tuple[tuple[str, TopicGroup], ...] = (
    ("RISK_", TopicGroup.RISK),
    ("LEVEL_", TopicGroup.RISK),
    ("INCIDENT_", TopicGroup.RISK),
    ("FORECAST_", TopicGroup.RISK),
    ("LOW_LIQUIDITY", TopicGroup.RISK),
    ("CRITICAL_LIQUIDITY", TopicGroup.RISK),
    ("EMERGENCY_MODE", TopicGroup.RISK),
    ("TICKET_", TopicGroup.APPROVALS),
    ("REDEMPTION_", TopicGroup.REDEMPTIONS),
    ("PLAN_", TopicGroup.REBALANCING),
    ("PRICE_", TopicGroup.PRICES),
    ("REPORT_", TopicGroup.REPORTS),
)


def group_of(kind: str) -> TopicGroup:
    """Which of the groups a kind of message belongs to."""
    for prefix, group in _GROUP_BY_PREFIX:
        if kind.startswith(prefix):
            return group
    return TopicGroup.SYSTEM


class EmailChoice(StrEnum):
    """How a person wants one group's messages by email."""

    IMMEDIATE = "IMMEDIATE"
    DIGEST = "DIGEST"
    OFF = "OFF"


# A burst: so many messages of one kind to one address within so long, and the rest is held.
BURST_SPAN = timedelta(minutes=10)
BURST_MAX: Mapping[Channel, int] = {
    Channel.SLACK: 20,
    Channel.TELEGRAM: 20,
    Channel.PAGERDUTY: 20,
    Channel.EMAIL: 40,
}
