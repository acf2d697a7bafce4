"""Facts the fund publishes."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotTaken:
    """The fund was read at one block. ``kind`` is LIVE, HOURLY or DAILY; ``slot`` the instant it
    stands for; ``nav_per_share`` 18-decimals fixed point. ``backfilled`` says it tells of the past.
    """

    kind: str
    snapshot_id: int
    slot: datetime
    block_number: int
    nav_per_share: int
    backfilled: bool
    at: datetime
