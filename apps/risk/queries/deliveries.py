"""Who was told of an event, and whether it arrived: an upper app's knowledge for our pages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message about an event by one channel: to how many it went, how many of them it reached,
    how many it did not and why, and how many still wait."""

    at: datetime
    subject: str
    channel: str
    addressed: int
    arrived: int
    lost: int
    waiting: int
    error: str


Provider = Callable[[int], Sequence[Delivery]]
_providers: list[Provider] = []


def use_deliveries(provider: Provider) -> None:
    """Say who knows what became of the messages about an event; the composition root does it."""
    _providers[:] = [provider]


def deliveries(event_id: int) -> Sequence[Delivery]:
    """Every message about an event, the oldest first."""
    return [delivery for provider in _providers for delivery in provider(event_id)]
