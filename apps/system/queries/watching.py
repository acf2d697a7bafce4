"""Whether risk is being watched: the judgement, the forecast, and the ways to people."""

from datetime import datetime, timedelta

from apps.core import display
from apps.notifications import queries as notifications
from apps.risk import queries as risk
from apps.system.queries.component import Component
from apps.system.rules import State

FORECAST_LATE = timedelta(hours=2)
"""A forecast is made every hour; an older one is not counted by the indicators either."""

HORIZON = "7d"


def risk_state(at: datetime) -> Component:
    """When the fund was judged last, and its level."""
    now = risk.level_now(at=at)
    if now is None:
        return Component(name="risk", state=State.UNKNOWN, sentence="Not judged yet")
    figures = {"assessed_at": now.at, "level": str(now.level)}
    judged = display.relative_text(now.at, at)
    if now.overdue:
        return Component(
            name="risk",
            state=State.DOWN,
            sentence=f"Nobody has judged the fund since {judged}; it was {now.level.lower()}",
            figures=figures,
        )
    return Component(
        name="risk", state=State.UP, sentence=f"Level {now.level}, judged {judged}", figures=figures
    )


def forecast_state(at: datetime) -> Component:
    """When liquidity was forecast last."""
    newest = risk.forecasts.latest(HORIZON)
    if newest is None:
        return Component(name="forecast", state=State.UNKNOWN, sentence="None has been made yet")
    late = at - newest.made_at > FORECAST_LATE
    return Component(
        name="forecast",
        state=State.DEGRADED if late else State.UP,
        sentence=f"Liquidity forecast {display.relative_text(newest.made_at, at)}",
        figures={"made_at": newest.made_at},
    )


def messages_state() -> Component:
    """The mail server and the shared places: which are set up, and which fail."""
    places = notifications.destinations()
    broken = [place for place in places if place.configured and place.in_trouble]
    absent = [place.title for place in places if not place.configured]
    figures = {
        "places": [
            {
                "title": place.title,
                "configured": place.configured,
                "sent_at": place.sent_at,
                "failed_at": place.failed_at,
                "error": place.error,
                "waiting": place.waiting,
            }
            for place in places
        ]
    }
    if broken:
        more = f" and {len(broken) - 1} more" if len(broken) > 1 else ""
        sentence = f"{broken[0].title}{more} fails: {broken[0].error}"
        return Component(
            name="messages", state=State.DEGRADED, sentence=sentence[:200], figures=figures
        )
    sentence = "All places take messages"
    if absent:
        sentence = f"Not configured: {', '.join(absent)}"
    return Component(name="messages", state=State.UP, sentence=sentence, figures=figures)
