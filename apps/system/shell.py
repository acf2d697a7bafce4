"""What every admin page shows around its content: names, files, environment, the live strip."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.templatetags.static import static

from apps.chain import queries as chain
from apps.core import clock
from apps.core.cached import cached
from apps.fund import queries as fund
from apps.notifications import queries as notifications
from apps.risk import queries as risk

STRIP_SECONDS = 2
NAV_STALE_AFTER = timedelta(minutes=5)
LAG_BLOCKS_WARN = 30
POLL_LATE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """The open incident, as every page names it."""

    pk: int
    summary: str
    phase: str
    opened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """The line above each page. A tone is "", "warn" or "bad"."""

    chain_name: str
    head_number: int | None
    lag_text: str
    chain_tone: str
    nav_per_share: int | None
    nav_at: datetime | None
    nav_tone: str
    level: str
    level_at: datetime | None
    level_tone: str


def context(request: HttpRequest) -> dict[str, Any]:
    """Added to the context of every admin page."""
    shown: dict[str, Any] = {
        "environment_name": settings.ENVIRONMENT,
        "environment_class": settings.ENVIRONMENT.lower(),
        "ws_url": settings.WS_URL,
        "dev_wallet_url": settings.DEV_WALLET_URL if settings.DEMO else "",
        "is_inside": False,
    }
    user: Any = request.user
    if user.is_authenticated and user.is_verified():
        shown["is_inside"] = True
        if user.is_staff:
            shown["bell"] = notifications.bell(user)
    if shown["is_inside"] and user.has_perms(["chain.view_cursor", "fund.view_snapshot"]):
        try:
            shown["strip"] = cached("system:strip", STRIP_SECONDS, lambda: strip(clock.now()))
            shown["incident_open"] = _incident()
        except ImproperlyConfigured as error:
            shown["strip_error"] = str(error)
    return shown


def strip(at: datetime) -> Strip:
    """Head, lag and NAV age as stored rows say it."""
    status = chain.status(chain.fund_chain().chain_id, at=at)
    overview = fund.latest_overview()
    stands = risk.level_now(at=at)
    return Strip(
        chain_name=status.name,
        head_number=status.head_number,
        lag_text=_lag(status, at),
        chain_tone=_chain_tone(status, at),
        nav_per_share=overview.nav_per_share if overview else None,
        nav_at=overview.block_at if overview else None,
        nav_tone="warn" if overview and at - overview.taken_at > NAV_STALE_AFTER else "",
        level=stands.level if stands else "",
        level_at=stands.at if stands else None,
        level_tone=_level_tone(stands),
    )


def _incident() -> Incident | None:
    row = risk.open_incident(chain_id=chain.fund_chain().chain_id)
    if row is None:
        return None
    return Incident(pk=row.pk, summary=row.summary, phase=row.phase, opened_at=row.opened_at)


def _level_tone(stands: risk.LevelNow | None) -> str:
    if stands is None:
        return ""
    if stands.level in ("HIGH", "CRITICAL"):
        return "bad"
    return "warn" if stands.overdue or stands.level == "ELEVATED" else ""


def _lag(status: chain.ChainStatus, at: datetime) -> str:
    if status.halted_reason:
        return "halted"
    if status.polled_at is None:
        return "not read yet"
    if at - status.polled_at > POLL_LATE:
        return "listener silent"
    return f"{status.lag_blocks:,} behind" if status.lag_blocks else "in step"


def _chain_tone(status: chain.ChainStatus, at: datetime) -> str:
    if status.halted_reason:
        return "bad"
    silent = status.polled_at is None or at - status.polled_at > POLL_LATE
    return "warn" if silent or (status.lag_blocks or 0) > LAG_BLOCKS_WARN else ""


def title_prefix(_request: HttpRequest) -> str:
    """Before a page's title in the browser's tab, except in production."""
    return "" if settings.ENVIRONMENT == "PRODUCTION" else f"[{settings.ENVIRONMENT}]"


def icon_url(_request: HttpRequest) -> str:
    """The mark in the sidebar."""
    return static("img/mark.svg")


def favicon_url(_request: HttpRequest) -> str:
    """The mark in the browser's tab."""
    return static("img/mark.svg")


def stylesheet_url(_request: HttpRequest) -> str:
    """Our stylesheet."""
    return static("css/paimon.css")


def shell_script_url(_request: HttpRequest) -> str:
    """Times, copying, keyboard, the strip."""
    return static("js/shell.js")


def charts_script_url(_request: HttpRequest) -> str:
    """Line charts."""
    return static("js/charts.js")
