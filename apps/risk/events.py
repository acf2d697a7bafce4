"""Facts about risk, published in the transaction that made them true."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelChanged:
    """The fund's level of risk is another one. ``old`` is empty at the first judgement ever.

    ``reasons`` are sentences, the gravest first; ``score`` is text, 0 … 100.
    """

    old: str
    new: str
    score: str
    reasons: tuple[str, ...]
    assessment_id: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskEventOpened:
    """A risk event was opened, or one that had resolved itself shortly before is back (``again``).

    ``severity`` is INFO, WARNING or CRITICAL. ``quiet``: it flaps; nobody needs to be told again.
    """

    event_id: int
    severity: str
    again: bool
    quiet: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskEventWorsened:
    """An open risk event is graver than it was told."""

    event_id: int
    old_severity: str
    severity: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskEventEscalated:
    """Nobody has acknowledged it: ``step`` 1 tells again and by email, 2 the critical list and the
    pager."""

    event_id: int
    step: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskEventAcknowledged:
    """Somebody takes care of it: escalation stops."""

    event_id: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskEventResolved:
    """It is over; ``by_itself`` when the figures say so and no person. ``quiet``: it flaps."""

    event_id: int
    by_itself: bool
    quiet: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentOpened:
    """The emergency protocol began."""

    incident_id: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentMoved:
    """An incident is in another phase: ALARM, LIQUIDITY, PEOPLE or RECOVERY."""

    incident_id: int
    phase: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentClosed:
    """An incident is over; its report can be made."""

    incident_id: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastMade:
    """A forecast of one horizon ("1d", "7d", "30d") with its advice."""

    forecast_id: int
    horizon: str
    advice: str
    at: datetime
