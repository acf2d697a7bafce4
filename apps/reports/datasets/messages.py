"""What people were told, from whoever keeps it: an upper app, which this one does not know."""

from collections.abc import Callable, Sequence
from datetime import datetime

from .incident_inputs import Message

Provider = Callable[[datetime, datetime], Sequence[Message]]
_provider: list[Provider] = []


def use_messages(provider: Provider) -> None:
    """Have messages of [start, end) told by this; called once, when the product is put together."""
    _provider[:] = [provider]


def messages_between(start: datetime, end: datetime) -> list[Message]:
    """What people were told in [start, end), oldest first."""
    return list(_provider[0](start, end))
