"""Messages in Telegram: what is read there, and what its answers lead to."""

import json
import logging
from datetime import timedelta

import pytest
from django.conf import LazySettings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from apps.notifications.delivery import telegram, wire
from apps.notifications.models import Notification
from apps.notifications.rules import Channel, FailureType, Severity, Shared, Status
from devstack import chat_services
from devstack.chat import Answer, Chat
from devstack.ports import free_port
from tests.notifications.helpers import NOON, announce, deliver, later, only

pytestmark = pytest.mark.django_db(transaction=True)


def row() -> Notification:
    return only(Channel.TELEGRAM)


def refused(code: int, words: str, **parameters: int) -> Answer:
    body = {"ok": False, "error_code": code, "description": words, "parameters": parameters}
    return Answer(code, json.dumps(body))


class TestArrival:
    def test_arrives_with_its_figures_and_its_link(self, chat: Chat) -> None:
        announce(Shared.TELEGRAM, severity=Severity.CRITICAL)

        assert deliver() == {"sent": 1, "failed": 0}

        [message] = chat.messages("telegram")
        assert message["to"] == chat.keys.telegram_chat
        assert message["read"].startswith("CRITICAL: Decision needed: redemption 7\n")
        assert "Amount: 31,200.00 USDT" in message["read"]
        link = '<a href="https://paimon.example/admin/tickets/7">Open in Paimon</a>'
        assert link in message["body"]["text"]
        assert message["body"]["link_preview_options"] == {"is_disabled": True}
        assert row().provider_id == message["provider_id"]

    def test_nothing_of_others_is_markup(self, chat: Chat) -> None:
        announce(Shared.TELEGRAM, subject="<b>x</b> & y", body="<a href='evil'>z \u202e")

        assert deliver() == {"sent": 1, "failed": 0}

        [message] = chat.messages()
        assert "<b>x</b> & y" in message["read"]
        assert "<a href='evil'>z [U+202E]" in message["read"]

    def test_ten_megabytes_of_reason_are_cut_and_the_link_stays(self, chat: Chat) -> None:
        announce(Shared.TELEGRAM, subject="😀<&" * 10_000, body="<&> " * 2_500_000)

        assert deliver() == {"sent": 1, "failed": 0}  # the server counts what is read

        [message] = chat.messages()
        assert "…" in message["read"]
        assert "Open in Paimon" in message["read"]


class TestText:
    @hypothesis_settings(max_examples=150, deadline=None)
    @given(
        title=st.text(max_size=300),
        paragraphs=st.lists(st.text(alphabet='<&>😀 aé"\n', max_size=3_000), max_size=4),
        link=st.sampled_from(["", 'https://paimon.example/?a=1&b="2"']),
    )
    def test_always_fits_and_is_never_torn(
        self, title: str, paragraphs: list[str], link: str
    ) -> None:
        message = Notification(
            pk=7,
            severity="INFO",
            link=link,
            content={
                "title": title,
                "paragraphs": paragraphs,
                "details": [["label", "v<" * 2_000]],
                "link_text": "Open",
            },
        )

        text = telegram.text_of(message)

        keys = chat_services.Keys()
        body = {"chat_id": keys.telegram_chat, "text": text, "parse_mode": "HTML"}
        verdict = chat_services.telegram(keys, keys.telegram_token, body, 1)
        assert verdict.status == 200, verdict.answer


class TestRefusals:
    @pytest.mark.parametrize(
        ("answer", "status", "failure_type"),
        [
            (refused(400, "Bad Request: chat not found"), "FAILED", "INVALID_RECIPIENT"),
            (refused(403, "Forbidden: bot was blocked"), "FAILED", "INVALID_RECIPIENT"),
            (refused(400, "Bad Request: can't parse entities"), "FAILED", "BOUNCED"),
            (refused(401, "Unauthorized"), "RETRY", "SERVER_ERROR"),
            (refused(429, "Too Many Requests", retry_after=90), "RETRY", "RATE_LIMITED"),
            (refused(500, "Internal Server Error"), "RETRY", "SERVER_ERROR"),
            (Answer(502, "<html>Bad Gateway</html>"), "RETRY", "SERVER_ERROR"),
            (Answer(504, ""), "RETRY", "TIMEOUT"),
            (Answer(200, '{"ok": false}'), "RETRY", "SERVER_ERROR"),
            (Answer(cut=True), "RETRY", "SERVER_ERROR"),
        ],
    )
    def test_each_has_its_type(
        self, chat: Chat, answer: Answer, status: str, failure_type: str
    ) -> None:
        announce(Shared.TELEGRAM)
        chat.answers["telegram"].append(answer)

        deliver()

        assert (row().status, row().failure_type) == (status, failure_type)
        assert row().error

    def test_what_it_asks_to_wait_is_waited_but_no_more_than_an_hour(self, chat: Chat) -> None:
        announce(Shared.TELEGRAM)
        chat.answers["telegram"].append(refused(429, "Too Many", retry_after=1_000_000))

        deliver()

        again_at = row().next_attempt_at
        assert again_at is not None
        assert timedelta(hours=1) <= again_at - NOON <= timedelta(hours=1, minutes=1)


class TestSecrets:
    @pytest.mark.parametrize("trouble", ["refused", "echo", "cut", "slow", "no name", "bad url"])
    def test_the_token_in_the_url_is_nowhere(
        self,
        chat: Chat,
        settings: LazySettings,
        caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch,
        trouble: str,
    ) -> None:
        caplog.set_level(logging.DEBUG)
        monkeypatch.setattr(wire, "SECONDS_MAX", 0.5)
        token = settings.TELEGRAM_TOKEN
        announce(Shared.TELEGRAM)
        if trouble == "refused":
            settings.TELEGRAM_API_URL = f"http://127.0.0.1:{free_port()}"
        elif trouble == "no name":
            settings.TELEGRAM_API_URL = "http://nowhere.invalid"
        elif trouble == "bad url":
            settings.TELEGRAM_API_URL = "http://127.0.0.1:99999"
        elif trouble == "echo":
            chat.answers["telegram"].append(refused(404, f"Not Found: /bot{token}/sendMessage"))
        elif trouble == "cut":
            chat.answers["telegram"].append(Answer(cut=True))
        else:
            chat.answers["telegram"].append(Answer(delay_seconds=5))

        assert deliver() == {"sent": 0, "failed": 1}

        kept = " ".join(str(value) for value in row().__dict__.values())
        assert row().error
        assert token not in kept + caplog.text
        assert token.split(":")[1] not in kept + caplog.text

    def test_a_later_try_arrives(self, chat: Chat) -> None:
        announce(Shared.TELEGRAM)
        chat.answers["telegram"].append(Answer(cut=True))
        deliver()

        deliver(later(minutes=1))

        assert (row().status, row().failure_type) == (Status.SENT, "")
        assert FailureType.SERVER_ERROR.value not in row().error
