"""One alarm, or its end, by PagerDuty's Events API v2."""

import json
from datetime import datetime
from typing import Any

from django.conf import settings

from apps.notifications import rules
from apps.notifications.models import Notification
from apps.notifications.queries import installation, is_configured
from apps.notifications.rules import (
    Failure,
    FailureType,
    Severity,
    Shared,
    for_good,
    may_pass,
    of_pagerduty_answer,
)

from .wire import NoAnswer, post

_SUMMARY_CHARACTERS_MAX = 1024
_SEVERITY = {
    Severity.INFO: "info",
    Severity.WARNING: "warning",
    Severity.CRITICAL: "critical",
}


def send(row: Notification, at: datetime) -> str | Failure:
    """Try once: the alarm's ``dedup_key``, or why it did not go."""
    if not is_configured(Shared.PAGERDUTY):
        return for_good(FailureType.INVALID_RECIPIENT, "PagerDuty is not configured any more.")
    event = {"routing_key": settings.PAGERDUTY_KEY, **_event(row)}
    try:
        answer = post(
            settings.PAGERDUTY_URL,
            json.dumps(event).encode(),
            {"Content-Type": "application/json"},
        )
    except NoAnswer as nothing:
        return may_pass(nothing.type, f"PagerDuty: {nothing.sentence}", unreachable=True)
    return of_pagerduty_answer(answer.status, answer.headers, answer.body, at=at)


def _event(row: Notification) -> dict[str, Any]:
    """An alarm per topic; a message without one is an alarm of its own."""
    about = {"dedup_key": row.topic or row.dedupe_key}
    if row.resolves:
        return {"event_action": "resolve", **about}
    return {
        "event_action": "trigger",
        **about,
        "client": installation(),
        "client_url": settings.BASE_URL,
        "links": [{"href": row.link, "text": row.parts["link_text"]}] if row.link else [],
        "payload": {
            "summary": rules.cut(row.parts["title"], _SUMMARY_CHARACTERS_MAX),
            "source": settings.BASE_URL,
            "severity": _SEVERITY[Severity(row.severity)],
            "timestamp": row.created_at.isoformat(),
            "class": row.kind,
            "custom_details": _details(row),
        },
    }


def _details(row: Notification) -> dict[str, str]:
    """Paragraphs and details; a label that comes twice is numbered."""
    details = {"message": "\n\n".join(row.parts["paragraphs"])}
    for label, value in row.parts["details"]:
        name, number = label, 2
        while name in details:
            name, number = f"{label} ({number})", number + 1
        details[name] = value
    return details
