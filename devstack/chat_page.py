"""A plain page of what arrived at the local chat servers, newest first."""

from datetime import UTC, datetime
from html import escape, unescape
from typing import Any

_NAMES = {"slack": "Slack", "telegram": "Telegram", "pagerduty": "PagerDuty"}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="5">
<title>What arrived: Slack, Telegram, PagerDuty</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #1b2432; background: #f3f5f8; }}
article {{ background: #fff; border: 1px solid #dde3ea; border-radius: 6px; padding: .8rem 1.1rem;
  margin: .8rem 0; }}
header {{ color: #5b6a7e; font-size: 13px; }}
h2 {{ font-size: 16px; margin: .2rem 0 .4rem; overflow-wrap: anywhere; }}
pre {{ font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; }}
.alarm {{ border-left: 5px solid #a4161a; }} .over {{ border-left: 5px solid #2a7d4f; }}
</style></head><body>
<h1>What arrived</h1>
<p>Local stand-ins for Slack, Telegram and PagerDuty: nothing here left this machine.
{count} messages, {alarms} open on the pager. The page looks again every five seconds.</p>
{articles}
</body></html>
"""
_ARTICLE = """<article class="{tone}"><header>{service} · {to} · {when} UTC</header>
<h2>{title}</h2><pre>{text}</pre></article>"""
SHOWN_MAX = 200


def page(messages: list[dict[str, Any]]) -> str:
    """The page for these messages, oldest first."""
    shown = reversed(messages[-SHOWN_MAX:])
    return _PAGE.format(
        count=len(messages),
        alarms=len(open_alarms(messages)),
        articles="\n".join(map(_article, shown)) or "<p>Nothing yet.</p>",
    )


def open_alarms(messages: list[dict[str, Any]]) -> list[str]:
    """The keys of alarms that were raised and have not ended, as the pager would show them."""
    alarms: dict[str, None] = {}
    for message in messages:
        if message["service"] != "pagerduty":
            continue
        key = message["provider_id"]
        if message["body"]["event_action"] == "resolve":
            alarms.pop(key, None)
        else:
            alarms[key] = None
    return list(alarms)


def _article(message: dict[str, Any]) -> str:
    title, text, tone = {"slack": _slack, "telegram": _telegram, "pagerduty": _pagerduty}[
        message["service"]
    ](message)
    when = datetime.fromtimestamp(message["at"], UTC)
    return _ARTICLE.format(
        tone=tone,
        service=_NAMES[message["service"]],
        to=escape(message["to"]),
        when=f"{when:%Y-%m-%d %H:%M:%S}",
        title=escape(title),
        text=escape(text),
    )


def _slack(message: dict[str, Any]) -> tuple[str, str, str]:
    lines = []
    for block in message["body"].get("blocks", []):
        if block["type"] == "header":
            continue
        texts = [block["text"]] if "text" in block else []
        texts += [*block.get("fields", []), *block.get("elements", [])]
        lines += [
            unescape(one["text"]).replace("\n", ": ", bool("fields" in block)) for one in texts
        ]
    tone = "alarm" if message["to"] == "#critical" else ""
    return unescape(message["body"].get("text", "")), "\n".join(lines), tone


def _telegram(message: dict[str, Any]) -> tuple[str, str, str]:
    title, _, text = message["read"].partition("\n")
    return title, text, "alarm" if title.startswith("CRITICAL") else ""


def _pagerduty(message: dict[str, Any]) -> tuple[str, str, str]:
    body = message["body"]
    key = message["provider_id"]
    if body["event_action"] != "trigger":
        return f"Over: {key}", "", "over"
    details = body["payload"].get("custom_details", {})
    text = "\n".join([f"{name}: {value}" for name, value in details.items()] + [f"Key: {key}"])
    return body["payload"]["summary"], text, "alarm"
