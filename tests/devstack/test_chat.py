"""The local chat servers: as strict as the real ones where a sender would notice."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devstack.chat import Chat
from devstack.chat_page import open_alarms


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Chat]:
    server = Chat(tmp_path / "chat")
    server.start()
    yield server
    server.stop()


def post(url: str, body: dict[str, Any], **headers: str) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(  # noqa: S310 - our own server
        url, json.dumps(body).encode(), {"Content-Type": "application/json", **headers}
    )
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def alarm(chat: Chat, action: str, key: str) -> tuple[int, dict[str, Any]]:
    body: dict[str, Any] = {
        "routing_key": chat.keys.pagerduty_key,
        "event_action": action,
        "dedup_key": key,
    }
    if action == "trigger":
        body["payload"] = {"summary": f"<b>{key}</b>", "source": "x", "severity": "critical"}
    return post(f"{chat.url}/v2/enqueue", body)


class TestSlack:
    def test_asks_for_its_token_and_a_channel_that_it_has(self, chat: Chat) -> None:
        url = f"{chat.url}/api/chat.postMessage"
        ours = {"Authorization": f"Bearer {chat.keys.slack_token}"}

        assert post(url, {"channel": "#operations", "text": "x"})[1]["error"] == "not_authed"
        wrong = post(url, {"channel": "#operations", "text": "x"}, Authorization="Bearer no")
        assert wrong == (200, {"ok": False, "error": "invalid_auth"})
        assert post(url, {"channel": "#x", "text": "x"}, **ours)[1]["error"] == "channel_not_found"
        assert post(url, {"channel": "#operations"}, **ours)[1]["error"] == "no_text"
        long = [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]
        body = {"channel": "#operations", "text": "x", "blocks": long}
        assert post(url, body, **ours)[1]["error"] == "invalid_blocks"
        assert chat.messages() == []
        assert post(url, {"channel": "#operations", "text": "x"}, **ours)[1]["ok"] is True
        assert [message["service"] for message in chat.messages()] == ["slack"]


class TestTelegram:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("<b>torn", "can't parse entities"),
            ("<script>x</script>", "can't parse entities"),
            ("a < b", "can't parse entities"),
            ("<b>a</i>", "can't parse entities"),
            ("", "message text is empty"),
            ("x" * 4097, "message is too long"),
        ],
    )
    def test_refuses_what_telegram_refuses(self, chat: Chat, text: str, words: str) -> None:
        url = f"{chat.url}/bot{chat.keys.telegram_token}/sendMessage"
        body = {"chat_id": chat.keys.telegram_chat, "text": text, "parse_mode": "HTML"}

        status, answer = post(url, body)

        assert (status, answer["ok"]) == (400, False)
        assert words in answer["description"]

    def test_asks_for_its_token_and_chat(self, chat: Chat) -> None:
        assert post(f"{chat.url}/botwrong/sendMessage", {})[0] == 401
        url = f"{chat.url}/bot{chat.keys.telegram_token}/sendMessage"
        assert "chat not found" in post(url, {"chat_id": "1", "text": "x"})[1]["description"]


class TestPagerDuty:
    def test_keeps_one_alarm_for_a_key_until_it_is_resolved(self, chat: Chat) -> None:
        for action, key in [("trigger", "a"), ("trigger", "a"), ("trigger", "b"), ("resolve", "b")]:
            assert alarm(chat, action, key)[0] == 202

        assert open_alarms(chat.messages()) == ["a"]

    def test_refuses_a_wrong_key_and_an_event_without_its_fields(self, chat: Chat) -> None:
        url = f"{chat.url}/v2/enqueue"

        assert post(url, {"routing_key": "x"})[1]["errors"] == ["'routing_key' is invalid"]
        event = {"routing_key": chat.keys.pagerduty_key, "event_action": "trigger"}
        assert len(post(url, event)[1]["errors"]) == 3
        assert alarm(chat, "explode", "a")[0] == 400


class TestPage:
    def test_shows_what_arrived_escaped_and_no_secret(self, chat: Chat) -> None:
        alarm(chat, "trigger", "<script>")

        with urllib.request.urlopen(chat.url + "/") as answer:  # noqa: S310
            page = answer.read().decode()

        assert "&lt;b&gt;&lt;script&gt;&lt;/b&gt;" in page
        assert "<script>" not in page
        assert "1 messages, 1 open" in page
        kept = "".join(file.read_text() for file in chat.directory.rglob("*.json"))
        assert chat.keys.pagerduty_key not in kept + page
