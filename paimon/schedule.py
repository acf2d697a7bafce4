"""What comes by the clock (UTC). Every task is idempotent and safe late, twice, or lost."""

from typing import Any

SCHEDULE: dict[str, dict[str, Any]] = {}
