"""The lives of a risk event and of an incident; migrations 0003 and 0004 hold the same tables."""

from collections.abc import Mapping
from enum import StrEnum


class EventStatus(StrEnum):
    """Where a risk event stands."""

    OPEN = "OPEN"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    RESOLVED = "RESOLVED"


UNRESOLVED = (EventStatus.OPEN, EventStatus.ACKNOWLEDGED)

EVENT_TRANSITIONS: Mapping[EventStatus, frozenset[EventStatus]] = {
    EventStatus.OPEN: frozenset({EventStatus.ACKNOWLEDGED, EventStatus.RESOLVED}),
    EventStatus.ACKNOWLEDGED: frozenset({EventStatus.RESOLVED}),
    # Only one that resolved itself comes back; what a person resolved is another event.
    EventStatus.RESOLVED: frozenset({EventStatus.OPEN}),
}


class Phase(StrEnum):
    """Where an incident stands: alarm and stops (minutes 0–5), raising liquidity, what people do
    (from minute 30), waiting for calm, over."""

    ALARM = "ALARM"
    LIQUIDITY = "LIQUIDITY"
    PEOPLE = "PEOPLE"
    RECOVERY = "RECOVERY"
    CLOSED = "CLOSED"


PHASE_TRANSITIONS: Mapping[Phase, frozenset[Phase]] = {
    Phase.ALARM: frozenset({Phase.LIQUIDITY, Phase.RECOVERY}),
    Phase.LIQUIDITY: frozenset({Phase.PEOPLE, Phase.RECOVERY}),
    Phase.PEOPLE: frozenset({Phase.RECOVERY}),
    # What had calmed down may get worse again.
    Phase.RECOVERY: frozenset({Phase.PEOPLE, Phase.CLOSED}),
    Phase.CLOSED: frozenset(),
}
