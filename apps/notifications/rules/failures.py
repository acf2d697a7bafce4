"""What the other side's answer means: which kind of failure, and whether another try may help.

What people can mend at our own account there (a password, a token) is tried again and then failed;
what lies in the message or its address is not tried again.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from apps.core.text import visible_line

from .life import RETRY_AFTER_MAX, FailureType

ERROR_CHARACTERS_MAX = 500
NAME_CHARACTERS_MAX = 200


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed, and whether another may help.

    ``retry_after``: how long the other side asks to be left alone. ``unreachable``: it is not this
    message; the next one to the same place would fare no better now.
    """

    type: FailureType
    permanent: bool
    error: str
    retry_after: timedelta | None = None
    unreachable: bool = False


def may_pass(failure_type: FailureType, error: str, *, unreachable: bool = False) -> Failure:
    """A failure worth another try."""
    return Failure(failure_type, permanent=False, error=_short(error), unreachable=unreachable)


def for_good(failure_type: FailureType, error: str) -> Failure:
    """A failure that no further try changes."""
    return Failure(failure_type, permanent=True, error=_short(error))


def of_smtp_answer(code: int, text: str) -> Failure:
    """What an SMTP refusal means: 4xx may pass, 5xx will not."""
    words = text.lower()
    error = f"{code} {text}"
    if code in {421, 450, 451, 452} and re.search(r"rate|too many|throttl|limit", words):
        return may_pass(FailureType.RATE_LIMITED, error)
    if code < 500:
        return may_pass(FailureType.SERVER_ERROR, error)
    if code in {530, 534, 535, 538}:
        return may_pass(FailureType.SERVER_ERROR, error, unreachable=True)
    if re.search(r"spam|blocked|blacklist|blocklist|policy|reputation|dmarc|5\.7\.", words):
        return for_good(FailureType.SPAM_FILTERED, error)
    if code in {550, 551, 553, 501} and re.search(
        r"user|recipient|mailbox|address|unknown|no such|5\.1\.", words
    ):
        return for_good(FailureType.INVALID_RECIPIENT, error)
    return for_good(FailureType.BOUNCED, error)


_SLACK_OUR_TOKEN = frozenset(
    {
        "not_authed", "invalid_auth", "account_inactive", "token_revoked", "token_expired",
        "missing_scope", "no_permission", "org_login_required", "ekm_access_denied",
        "accesslimited", "access_denied", "not_allowed_token_type",
    }
)  # fmt: skip
_SLACK_NO_SUCH_PLACE = frozenset(
    {
        "channel_not_found", "not_in_channel", "is_archived", "restricted_action",
        "restricted_action_read_only_channel", "user_not_found", "team_not_found",
    }
)  # fmt: skip
_SLACK_THE_MESSAGE = frozenset(
    {
        "msg_too_long", "no_text", "invalid_blocks", "invalid_blocks_format", "invalid_arguments",
        "invalid_metadata_format", "too_many_attachments", "messages_tab_disabled",
        "markdown_text_conflict",
    }
)  # fmt: skip
_SLACK_SLOW_DOWN = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})


def of_slack_answer(
    status: int, headers: Mapping[str, str], body: str, *, at: datetime
) -> str | Failure:
    """The message's ``ts``, or what Slack says against it; a 200 may hold an error as well."""
    answer = _object(body)
    if status == 200 and answer.get("ok") is True:
        return _name(answer.get("ts"))
    word = answer.get("error")
    if status != 200 or not isinstance(word, str):
        return of_http_answer("Slack", status, headers, at=at)
    error = f"Slack says: {word}"
    if word in _SLACK_SLOW_DOWN:
        return _slow_down(error, _retry_after(headers, at))
    if word in _SLACK_NO_SUCH_PLACE:
        return for_good(FailureType.INVALID_RECIPIENT, error)
    if word in _SLACK_THE_MESSAGE:
        return for_good(FailureType.BOUNCED, error)
    return may_pass(FailureType.SERVER_ERROR, error, unreachable=word in _SLACK_OUR_TOKEN)


def of_telegram_answer(
    status: int, headers: Mapping[str, str], body: str, *, at: datetime
) -> str | Failure:
    """The message's number, or what Telegram says against it."""
    answer = _object(body)
    if status == 200 and answer.get("ok") is True:
        return _name(_inner(answer, "result").get("message_id"))
    words = answer.get("description")
    if not isinstance(words, str):
        return of_http_answer("Telegram", status, headers, at=at)
    error = f"Telegram says: {status} {words}"
    if status == 429:
        seconds = _inner(answer, "parameters").get("retry_after")
        told = _bounded(seconds) if isinstance(seconds, int) else None
        return _slow_down(error, told or _retry_after(headers, at))
    return _of_telegram_refusal(status, words, error)


def _of_telegram_refusal(status: int, words: str, error: str) -> Failure:
    if status in {401, 404}:  # the token is in the URL
        return may_pass(FailureType.SERVER_ERROR, error, unreachable=True)
    if status == 403 or re.search(r"chat|peer|user|group|topic|thread|rights", words.lower()):
        return for_good(FailureType.INVALID_RECIPIENT, error)
    if 400 <= status < 500:
        return for_good(FailureType.BOUNCED, error)
    return may_pass(FailureType.SERVER_ERROR, error, unreachable=True)


def of_pagerduty_answer(
    status: int, headers: Mapping[str, str], body: str, *, at: datetime
) -> str | Failure:
    """The alarm's ``dedup_key``, or what PagerDuty says against it."""
    answer = _object(body)
    if status == 202 and answer.get("status") == "success":
        return _name(answer.get("dedup_key"))
    if status != 400:
        return of_http_answer("PagerDuty", status, headers, at=at)
    told = answer.get("errors")
    words = "; ".join(str(one) for one in told) if isinstance(told, list) else ""
    error = f"PagerDuty says: {answer.get('message', 'refused')}. {words}"
    if re.search(r"routing|service_key|integration", words.lower()):
        return for_good(FailureType.INVALID_RECIPIENT, error)
    return for_good(FailureType.BOUNCED, error)


def of_http_answer(who: str, status: int, headers: Mapping[str, str], *, at: datetime) -> Failure:
    """What an answer means that is not in the protocol's own words (a proxy's, a page, nothing)."""
    if status == 429:
        return _slow_down(f"{who} takes no more for now (HTTP 429).", _retry_after(headers, at))
    if status in {408, 504}:
        return may_pass(
            FailureType.TIMEOUT, f"{who} did not manage in time (HTTP {status}).", unreachable=True
        )
    if status in {400, 413, 414, 415, 422}:
        return for_good(FailureType.BOUNCED, f"{who} does not take the message (HTTP {status}).")
    if 200 <= status < 300:
        return may_pass(
            FailureType.SERVER_ERROR,
            f"{who} answered with something else than its protocol (HTTP {status}).",
            unreachable=True,
        )
    return may_pass(FailureType.SERVER_ERROR, f"{who} answered HTTP {status}.", unreachable=True)


def _slow_down(error: str, retry_after: timedelta | None) -> Failure:
    return Failure(
        FailureType.RATE_LIMITED,
        permanent=False,
        error=_short(error),
        retry_after=retry_after,
        unreachable=True,
    )


def _retry_after(headers: Mapping[str, str], at: datetime) -> timedelta | None:
    """What the header asks for, as seconds or as a date: nothing negative, an hour at most."""
    text = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    text = text.strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return _bounded(int(text))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return _bounded((moment - at).total_seconds())


def _bounded(seconds: float) -> timedelta:
    return timedelta(seconds=max(min(seconds, RETRY_AFTER_MAX.total_seconds()), 0))


def _object(body: str) -> dict[str, Any]:
    """The JSON object that the text holds; an empty one when it holds none."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _inner(answer: dict[str, Any], name: str) -> dict[str, Any]:
    value = answer.get(name)
    return value if isinstance(value, dict) else {}


def _name(value: object) -> str:
    """What the other side calls the message, made fit to be kept."""
    return "" if value is None else visible_line(str(value))[:NAME_CHARACTERS_MAX]


def _short(error: str) -> str:
    return visible_line(error)[:ERROR_CHARACTERS_MAX]
