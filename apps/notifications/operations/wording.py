"""From subject, body and details to the text and HTML of a mail; others' text is escaped."""

from collections.abc import Sequence
from typing import NamedTuple

from django.conf import settings
from django.template.loader import render_to_string

from apps.core.text import visible, visible_line
from apps.notifications import rules


class Wording(NamedTuple):
    """A message as it will be read."""

    subject: str
    text: str
    html: str


def word(
    *,
    severity: str,
    subject: str,
    body: str,
    details: Sequence[tuple[str, str]],
    link: str,
    link_text: str,
) -> Wording:
    """Render one message.

    Args:
        subject: a sentence without prefix.
        body: paragraphs, parted by blank lines.
        details: label and value, shown as a table.
        link: an absolute URL, or empty.
    """
    name = "Paimon" if settings.ENVIRONMENT == "PRODUCTION" else f"Paimon {settings.ENVIRONMENT}"
    context = {
        "environment": name,
        "severity": severity,
        "title": visible_line(subject),
        "paragraphs": [part for part in visible(body).split("\n\n") if part.strip()],
        "details": [(visible_line(label), visible_line(value)) for label, value in details],
        "link": link,
        "link_text": link_text,
        "base_url": settings.BASE_URL,
    }
    return Wording(
        subject=rules.subject_line(subject, name),
        text=render_to_string("mail/message.txt", context),
        html=render_to_string("mail/message.html", context),
    )
