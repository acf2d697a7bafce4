"""What other apps may ask about reports."""

from .files import NotReady, UnknownFormat, file
from .runs import (
    NoSuchReport,
    Recipients,
    daily_on,
    key_figures,
    last_daily_end,
    last_liquidity_end,
    latest_ready,
    period_text,
    recipients,
    run,
    title,
)

__all__ = [
    "NoSuchReport",
    "NotReady",
    "Recipients",
    "UnknownFormat",
    "daily_on",
    "file",
    "key_figures",
    "last_daily_end",
    "last_liquidity_end",
    "latest_ready",
    "period_text",
    "recipients",
    "run",
    "title",
]
