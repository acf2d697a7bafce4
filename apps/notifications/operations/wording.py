"""From subject, body and details to what is read; others' text is escaped and cut."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.conf import settings
from django.template.loader import render_to_string

from apps.core.text import visible, visible_line
from apps.notifications import rules
from apps.notifications.queries.installation import installation
from apps.notifications.rules import Channel

DETAILS_MAX = 100
_LABEL_CHARACTERS_MAX = 200
_VALUE_CHARACTERS_MAX = 2_000


class Item(NamedTuple):
    """One line of a list: when, what, and where to read on."""

    when: str
    title: str
    link: str


class Section(NamedTuple):
    """Lines under a heading."""

    heading: str
    items: list[Item]


class Wording(NamedTuple):
    """A message as it will be read: whole for mail, in parts for what lays them out itself."""

    subject: str
    title: str
    text: str
    html: str
    content: dict[str, Any]

    def fields(self, channel: Channel) -> dict[str, Any]:
        """What a row of this channel keeps of it."""
        if channel is Channel.EMAIL:
            return {"subject": self.subject, "text": self.text, "html": self.html}
        return {"subject": self.title, "text": self.text, "content": self.content}


def word(
    *,
    severity: str,
    subject: str,
    body: str,
    details: Sequence[tuple[str, str]],
    sections: Sequence[Section] = (),
    link: str,
    link_text: str,
) -> Wording:
    """Render one message.

    Args:
        subject: a sentence without prefix.
        body: paragraphs, parted by blank lines.
        details: label and value, shown as a table; the first hundred.
        sections: lists of other messages, by mail only.
        link: an absolute URL, or empty.
    """
    name = installation()
    content: dict[str, Any] = {
        "title": visible_line(subject),
        "paragraphs": [part for part in visible(body).split("\n\n") if part.strip()],
        "details": [
            [
                visible_line(label, characters_max=_LABEL_CHARACTERS_MAX),
                visible_line(value, characters_max=_VALUE_CHARACTERS_MAX),
            ]
            for label, value in details[:DETAILS_MAX]
        ],
        "link_text": link_text,
    }
    context = content | {
        "environment": name,
        "severity": severity,
        "sections": sections,
        "link": link,
        "base_url": settings.BASE_URL,
    }
    return Wording(
        subject=rules.subject_line(subject, name),
        title=rules.cut(content["title"], rules.SUBJECT_CHARACTERS_MAX),
        text=render_to_string("mail/message.txt", context),
        html=render_to_string("mail/message.html", context),
        content=content,
    )
