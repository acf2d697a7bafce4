"""Asking for reports, making them, handing them out."""

from .making import generate_due
from .requests import BadPeriod, download, request, request_missing_daily

__all__ = ["BadPeriod", "download", "generate_due", "request", "request_missing_daily"]
