"""The fields of a signed form."""

from collections.abc import Mapping
from datetime import datetime
from typing import TypedDict

from apps.core import clock
from apps.core.errors import Invalid


class BadField(Invalid):
    """A field of the signed form is missing or malformed."""


class VoteFields(TypedDict):
    """What the page sends with a vote."""

    decision: str
    reason: str
    facts_hash_shown: str
    signature: str
    nonce: str
    expires_at: datetime


def vote_fields(form: Mapping[str, str]) -> VoteFields:
    """The vote's fields from a form.

    Raises:
        BadField: the expiry is not Unix seconds; the rest is checked where it is used.
    """
    seconds = form.get("expires_at", "")
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 12):
        raise BadField("The vote was not signed. Reload the page and try again.")
    return VoteFields(
        decision=form.get("decision", ""),
        reason=form.get("reason", ""),
        facts_hash_shown=form.get("facts_hash", ""),
        signature=form.get("signature", ""),
        nonce=form.get("nonce", ""),
        expires_at=clock.from_timestamp(int(seconds)),
    )
