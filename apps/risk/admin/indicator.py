"""One indicator: its line against its thresholds, what it means, what is behind it, its events."""

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from apps.core import clock
from apps.core.admin import require
from apps.risk import queries
from apps.risk.rules.figures import EventType, Indicator
from apps.risk.rules.runbook import RUNBOOK
from apps.risk.rules.specs import SPECS

from .base import VIEW, show, site
from .charts import indicator_chart

EVENTS_SHOWN = 10
RANGES = {"24h": ("24 hours", 1), "7d": ("7 days", 7), "30d": ("30 days", 30)}


@require_safe
def indicator_page(request: HttpRequest, name: str) -> HttpResponse:
    """Everything about one indicator."""
    require(request, VIEW)
    if name not in set(Indicator):
        raise Http404
    indicator, at = Indicator(name), clock.now()
    chosen = request.GET.get("range", "24h")
    chosen = chosen if chosen in RANGES else "24h"
    words, days = RANGES[chosen]
    try:
        _version, parameters = queries.policy(at=at)
    except queries.NoPolicy:
        return HttpResponseRedirect(reverse("admin:risk_board"))  # which says so
    start = at - timedelta(days=days)
    events = queries.events(event_type=EventType.INDICATOR, indicator=name)
    now = queries.board_now(at=at)
    context: dict[str, Any] = {
        "at": at,
        "now": now,
        "reading": next(
            (one for one in now.run.readings if one.indicator is indicator) if now else iter(()),
            None,
        ),
        "indicator": name,
        "spec": SPECS[indicator],
        "book": RUNBOOK[indicator],
        "ranges": [(key, title, key == chosen) for key, (title, _days) in RANGES.items()],
        "range_words": words,
        "chart": indicator_chart(
            indicator,
            start=start,
            end=at,
            threshold=parameters.thresholds[indicator],
            events=events.filter(opened_at__gte=start)[:EVENTS_SHOWN],
        ),
        "events": events[:EVENTS_SHOWN],
        "others": [(str(one), SPECS[one].title) for one in Indicator],
    }
    return show(request, "indicator", SPECS[indicator].title, context)


site.add_page("risk/indicator/<str:name>/", indicator_page, "risk_indicator")
