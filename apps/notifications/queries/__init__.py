"""What other apps and pages may ask about messages."""

from .outbox import failed, failed_count, waiting_count
from .pushes import pushes_after

__all__ = ["failed", "failed_count", "pushes_after", "waiting_count"]
