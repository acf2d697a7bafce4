"""How Slack, Telegram and PagerDuty answer, as far as a sender of messages notices."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from typing import Any

_SLACK_BLOCKS_MAX = 50
_SLACK_LIMITS = {"header": 150, "section": 3_000, "context": 3_000}
_SLACK_FIELDS_MAX, _SLACK_FIELD_MAX = 10, 2_000
_TELEGRAM_UNITS_MAX = 4096
_TELEGRAM_TAGS = {"a", "b", "strong", "i", "em", "u", "s", "code", "pre", "blockquote"}
_TELEGRAM_ENTITIES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_PAGERDUTY_ACTIONS = {"trigger", "acknowledge", "resolve"}
_PAGERDUTY_SEVERITIES = {"critical", "error", "warning", "info"}


@dataclass(frozen=True, slots=True)
class Keys:
    """What opens each place, and which places there are."""

    slack_token: str = "xoxb-local-demo"  # noqa: S105 - opens nothing but this server
    slack_channels: frozenset[str] = frozenset({"#operations", "#critical"})
    telegram_token: str = "100200300:local-demo"  # noqa: S105
    telegram_chat: str = "-1001234567890"
    pagerduty_key: str = "0123456789abcdef0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is answered, and what is kept of a message that was taken (nothing secret)."""

    status: int
    answer: dict[str, Any]
    kept: dict[str, Any] | None = None


def slack(keys: Keys, headers: Mapping[str, str], body: dict[str, Any], number: int) -> Verdict:
    """chat.postMessage: always 200, what is wrong is in the body."""
    error = _slack_error(keys, headers.get("Authorization", ""), body)
    if error:
        return Verdict(200, {"ok": False, "error": error})
    ts = f"{time.time():.0f}.{number:06d}"
    answer = {"ok": True, "channel": body["channel"], "ts": ts, "message": {"text": body["text"]}}
    return Verdict(200, answer, {"to": body["channel"], "provider_id": ts, "body": body})


def telegram(keys: Keys, token: str, body: dict[str, Any], number: int) -> Verdict:
    """sendMessage; the token is in the path."""
    if token != keys.telegram_token:
        return _telegram_refuses(401, "Unauthorized")
    if str(body.get("chat_id")) != keys.telegram_chat:
        return _telegram_refuses(400, "Bad Request: chat not found")
    text = str(body.get("text", ""))
    if body.get("parse_mode") == "HTML":
        reader = _TelegramHtml()
        reader.feed(text)
        reader.close()
        if reader.torn or reader.open_tags:
            return _telegram_refuses(400, "Bad Request: can't parse entities")
        text = reader.text
    if not text.strip():
        return _telegram_refuses(400, "Bad Request: message text is empty")
    if len(text.encode("utf-16-le")) // 2 > _TELEGRAM_UNITS_MAX:
        return _telegram_refuses(400, "Bad Request: message is too long")
    result = {"message_id": number, "chat": {"id": keys.telegram_chat}, "text": text}
    kept = {"to": keys.telegram_chat, "provider_id": str(number), "body": body, "read": text}
    return Verdict(200, {"ok": True, "result": result}, kept)


def pagerduty(keys: Keys, body: dict[str, Any], number: int) -> Verdict:
    """The Events API v2."""
    errors = _pagerduty_errors(keys, body)
    if errors:
        answer = {"status": "invalid event", "message": "Event object is invalid", "errors": errors}
        return Verdict(400, answer)
    key = body.get("dedup_key") or f"{number:032x}"
    answer = {"status": "success", "message": "Event processed", "dedup_key": key}
    event = {name: value for name, value in body.items() if name != "routing_key"}
    return Verdict(202, answer, {"to": "service", "provider_id": key, "body": event})


def parsed(raw: bytes) -> dict[str, Any]:
    """The JSON object of a request; empty when it is none."""
    try:
        value = json.loads(raw)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _slack_error(keys: Keys, authorization: str, body: dict[str, Any]) -> str:
    if not authorization:
        return "not_authed"
    if authorization != f"Bearer {keys.slack_token}":
        return "invalid_auth"
    if body.get("channel") not in keys.slack_channels:
        return "channel_not_found"
    if not body.get("text") and not body.get("blocks"):
        return "no_text"
    blocks = body.get("blocks", [])
    if len(blocks) > _SLACK_BLOCKS_MAX or not all(map(_is_good_block, blocks)):
        return "invalid_blocks"
    return ""


def _is_good_block(block: dict[str, Any]) -> bool:
    most = _SLACK_LIMITS.get(block.get("type", ""))
    if most is None:
        return False
    fields = block.get("fields", [])
    texts = [block["text"]] if "text" in block else [*fields, *block.get("elements", [])]
    longest = _SLACK_FIELD_MAX if fields else most
    return (
        bool(texts)
        and len(fields) <= _SLACK_FIELDS_MAX
        and all(0 < len(text["text"]) <= longest for text in texts)
    )


def _telegram_refuses(status: int, words: str) -> Verdict:
    return Verdict(status, {"ok": False, "error_code": status, "description": words})


def _pagerduty_errors(keys: Keys, body: dict[str, Any]) -> list[str]:
    if body.get("routing_key") != keys.pagerduty_key:
        return ["'routing_key' is invalid"]
    if body.get("event_action") not in _PAGERDUTY_ACTIONS:
        return ["'event_action' is missing or unknown"]
    if body["event_action"] != "trigger":
        return [] if body.get("dedup_key") else ["'dedup_key' is missing"]
    payload = body.get("payload", {})
    missing = [
        f"'payload.{name}' is missing or blank"
        for name in ("summary", "source", "severity")
        if not payload.get(name)
    ]
    if missing or payload["severity"] in _PAGERDUTY_SEVERITIES:
        return missing
    return ["'payload.severity' is unknown"]


class _TelegramHtml(HTMLParser):
    """What is read of a text in Telegram's HTML, and whether its tags are whole."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.text = ""
        self.open_tags: list[str] = []
        self.torn = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.torn = self.torn or tag not in _TELEGRAM_TAGS
        self.open_tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.torn = self.torn or not self.open_tags or self.open_tags.pop() != tag

    def handle_data(self, data: str) -> None:
        self.torn = self.torn or "<" in data
        self.text += data

    def handle_entityref(self, name: str) -> None:
        self.torn = self.torn or name not in _TELEGRAM_ENTITIES
        self.text += _TELEGRAM_ENTITIES.get(name, "")

    def handle_charref(self, name: str) -> None:
        self.text += unescape(f"&#{name};")
