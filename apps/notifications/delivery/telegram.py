"""One message by Telegram's Bot API: sendMessage in its HTML, at most 4096 characters."""

import json
from datetime import datetime
from html import escape
from urllib.parse import quote

from django.conf import settings

from apps.notifications.models import Notification
from apps.notifications.queries import installation, is_configured
from apps.notifications.rules import (
    Failure,
    FailureType,
    Severity,
    Shared,
    for_good,
    may_pass,
    of_telegram_answer,
)

from .wire import NoAnswer, post

TEXT_UNITS_MAX = 4096
_CUT = "…"


def send(row: Notification, at: datetime) -> str | Failure:
    """Try once: the message's number in its chat, or why it did not go."""
    if not is_configured(Shared.TELEGRAM):
        return for_good(FailureType.INVALID_RECIPIENT, "Telegram is not configured any more.")
    token = quote(settings.TELEGRAM_TOKEN, safe=":")
    body = {
        "chat_id": settings.TELEGRAM_CHAT,
        "text": text_of(row),
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }
    try:
        answer = post(
            f"{settings.TELEGRAM_API_URL.rstrip('/')}/bot{token}/sendMessage",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
    except NoAnswer as nothing:
        return may_pass(nothing.type, f"Telegram: {nothing.sentence}", unreachable=True)
    return of_telegram_answer(answer.status, answer.headers, answer.body, at=at)


def text_of(row: Notification) -> str:
    """The message in Telegram's HTML.

    Whole lines while there is room, then one cut short; each is escaped after it was cut, so that
    no tag is ever torn. The link at the end always has its room. Telegram counts what is read, in
    UTF-16 units, without tags.
    """
    parts = row.parts
    mark = "" if row.severity == Severity.INFO else f"{row.get_severity_display().upper()}: "
    body = [*parts["paragraphs"], *(f"{label}: {value}" for label, value in parts["details"])]
    end, end_html = _end(row)
    room = TEXT_UNITS_MAX - _units(end)
    title = _cut_to(f"{mark}{parts['title']}", room)
    html, room = [f"<b>{escape(title, quote=False)}</b>"], room - _units(title)
    for line in body:
        room -= 1  # the end of the line before
        if room <= _units(_CUT):
            break
        kept = _cut_to(line, room)
        html.append(escape(kept, quote=False))
        room -= _units(kept)
        if kept != line:
            break
    return "\n".join(html) + end_html


def _end(row: Notification) -> tuple[str, str]:
    """The last lines as they are read, and as they are written."""
    about = f"\n{installation()} · message {row.pk}"
    if not row.link:
        return about, escape(about, quote=False)
    words = row.parts["link_text"]
    anchor = f'<a href="{escape(row.link)}">{escape(words, quote=False)}</a>'
    return f"\n{words}{about}", f"\n{anchor}{escape(about, quote=False)}"


def _cut_to(text: str, units_max: int) -> str:
    """The text, or as many of its words as fit, with an ellipsis."""
    if _units(text) <= units_max:
        return text
    kept = text.encode("utf-16-le")[: 2 * (units_max - _units(_CUT))]
    shortened = kept.decode("utf-16-le", "ignore")  # half of a pair is dropped
    words = shortened.rsplit(None, 1)[0] if " " in shortened[-60:] else shortened
    return words + _CUT


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
