"""The admin's first page: unfold's callback turns the figures into what its template shows."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from apps.core import clock
from apps.core.units import to_decimal
from apps.notifications import queries as notifications
from apps.reports import queries as reports
from apps.system import feed
from apps.system.queries import health, watching
from apps.system.queries.dashboard import NAV_DAYS, Dashboard, dashboard

SOON_SECONDS = 3600
NEEDED = ("fund.view_snapshot", "redemptions.view_redemption", "chain.view_log")
"""A new colleague without a role sees nothing yet."""


def context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """DASHBOARD_CALLBACK: the page's context with what this person should see."""
    at = clock.now()
    user: Any = request.user
    if not user.has_perms(NEEDED):
        raise PermissionDenied("The dashboard is for people with a role.")
    shown = dashboard(user_id=user.pk, may_decide=user.has_perm("approvals.decide_ticket"), at=at)
    return context | {
        "title": "Dashboard",
        "at": at,
        "board": shown,
        "nav_days": NAV_DAYS,
        "nav_chart": nav_chart(shown),
        "feed": feed.lines(shown.events),
        "soon_seconds": SOON_SECONDS,
        "listener": health.listener_state(shown.chain_status, at),
        "sender": health.sender_state(at),
        "failed_messages": notifications.failed_count(),
        "forecast_late": shown.forecast is not None
        and at - shown.forecast.made_at > watching.FORECAST_LATE,
        "last_report": reports.latest_ready(),
    }


def nav_chart(shown: Dashboard) -> dict[str, Any]:
    """The NAV line as JSON for the page: values are exact decimal text."""
    return {
        "unit": "USDT",
        "points": [
            {
                "at": point.at.isoformat(),
                "value": f"{to_decimal(point.nav_per_share).normalize():f}",
            }
            for point in shown.nav_points
        ],
        "marks": [{"at": mark.at.isoformat(), "text": mark.text} for mark in shown.marks],
    }
