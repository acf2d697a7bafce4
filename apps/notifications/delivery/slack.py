"""One message by Slack's Web API: chat.postMessage, as blocks of plain text.

slack-sdk puts the request together; it goes over our own wire, since the SDK's would follow
redirects with the token, read an answer of any size and try again by itself.
"""

import json
import logging
from collections.abc import Callable
from datetime import datetime
from html import escape
from typing import Any

from django.conf import settings
from slack_sdk import WebClient

from apps.notifications.models import Notification
from apps.notifications.queries import installation, is_configured
from apps.notifications.rules import (
    SHARED_AT,
    Failure,
    FailureType,
    Severity,
    Shared,
    for_good,
    may_pass,
    of_slack_answer,
)

from .wire import Answer, NoAnswer, post

_TITLE_MAX, _PARAGRAPH_MAX, _FIELD_MAX = 150, 3_000, 2_000
_FIELDS_PER_BLOCK, _PARAGRAPHS_MAX = 10, 20

# The SDK would write down answers that it cannot read, and our whole request when debugging.
_silent = logging.getLogger("paimon.slack_sdk")
_silent.setLevel(logging.CRITICAL + 1)


def send(row: Notification, at: datetime) -> str | Failure:
    """Try once: the message's ``ts``, or why it did not go."""
    place = SHARED_AT[row.address]
    if not is_configured(place):
        return for_good(FailureType.INVALID_RECIPIENT, "Slack is not configured any more.")
    client = _Client(
        token=settings.SLACK_TOKEN,
        base_url=settings.SLACK_API_URL,
        logger=_silent,
        retry_handlers=[],
    )
    try:
        client.chat_postMessage(
            channel=_channel(place),
            text=_fit(_title(row), _PARAGRAPH_MAX),
            blocks=_blocks(row),
            mrkdwn=False,
            parse="none",
            link_names=False,
            unfurl_links=False,
            unfurl_media=False,
        )
    except NoAnswer as nothing:
        return may_pass(nothing.type, f"Slack: {nothing.sentence}", unreachable=True)
    answer = client.answer
    return of_slack_answer(answer.status, answer.headers, answer.body, at=at)


class _Client(WebClient):
    """The SDK's client over our wire; what came back is kept for our own rules to read."""

    answer: Answer

    def _perform_urllib_http_request(self, *, url: str, args: dict[str, Any]) -> dict[str, Any]:
        body = json.dumps(args["json"]).encode()
        headers = args["headers"] | {"Content-Type": "application/json;charset=utf-8"}
        self.answer = post(url, body, headers)
        return {"status": 200, "headers": {}, "body": '{"ok": true}'}


def _channel(place: Shared) -> str:
    if place is Shared.SLACK_CRITICAL and settings.SLACK_CRITICAL_CHANNEL:
        return str(settings.SLACK_CRITICAL_CHANNEL)
    return str(settings.SLACK_CHANNEL)


def _title(row: Notification) -> str:
    mark = "" if row.severity == Severity.INFO else f"{row.get_severity_display()}: "
    return f"{mark}{row.parts['title']}"


def _blocks(row: Notification) -> list[dict[str, Any]]:
    parts = row.parts
    paragraphs = parts["paragraphs"]
    if len(paragraphs) > _PARAGRAPHS_MAX:
        paragraphs = [
            *paragraphs[: _PARAGRAPHS_MAX - 1],
            "\n\n".join(paragraphs[_PARAGRAPHS_MAX - 1 :]),
        ]
    fields = [_plain(f"{label}\n{value}", _FIELD_MAX) for label, value in parts["details"]]
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": _plain(_title(row), _TITLE_MAX)},
        *({"type": "section", "text": _plain(text, _PARAGRAPH_MAX)} for text in paragraphs),
        *(
            {"type": "section", "fields": fields[start : start + _FIELDS_PER_BLOCK]}
            for start in range(0, len(fields), _FIELDS_PER_BLOCK)
        ),
    ]
    if row.link:
        words = _fit(parts["link_text"].replace("|", "/"), _TITLE_MAX)
        link = f"<{escape(row.link, quote=False)}|{words}>"
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": link}})
    about = f"{installation()} · message {row.pk} · times are in UTC"
    return [*blocks, {"type": "context", "elements": [_plain(about, _FIELD_MAX)]}]


def _plain(text: str, characters_max: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": _fit(text, characters_max), "emoji": False}


def _fit(text: str, characters_max: int) -> str:
    """Escaped as Slack asks for every text (& < >), and not longer than it takes."""
    return fitted(text, characters_max, lambda part: escape(part, quote=False))


def fitted(text: str, units_max: int, written: Callable[[str], str]) -> str:
    """The text as it is written, cut with "…" where it would be longer; no escape is cut apart."""
    whole = written(text)
    if len(whole) <= units_max:
        return whole
    low, high = 0, min(len(text), units_max)
    while low < high:  # the longest beginning that fits
        middle = (low + high + 1) // 2
        if len(written(text[:middle])) < units_max:
            low = middle
        else:
            high = middle - 1
    return written(text[:low]) + "…"
