"""Asking for reports, making them, handing them out."""

from .making import generate_due
from .requests import (
    BadPeriod,
    download,
    request,
    request_due_liquidity,
    request_incident,
    request_liquidity,
    request_missing_daily,
)

__all__ = [
    "BadPeriod",
    "download",
    "generate_due",
    "request",
    "request_due_liquidity",
    "request_incident",
    "request_liquidity",
    "request_missing_daily",
]
