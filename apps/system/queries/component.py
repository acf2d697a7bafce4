"""What is said of one part of the system."""

from dataclasses import dataclass, field
from typing import Any

from apps.system.rules import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One part: its state, one sentence, and figures for the API."""

    name: str
    state: State
    sentence: str
    figures: dict[str, Any] = field(default_factory=dict)
