"""Facts about reports, published in the transaction that made them true."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportReady:
    """The data of a report is stored; its files can be made. ``kind`` is the report's."""

    run_id: int
    kind: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFailed:
    """A report could not be made, after its retries; ``error`` says why in words."""

    run_id: int
    kind: str
    error: str
    at: datetime
