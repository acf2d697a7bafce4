"""What a report says, as data: read at one instant, put in order by plain arithmetic."""

from .build import build
from .sources import collect

__all__ = ["build", "collect"]
