"""Messages in Slack: how they look there, and what its answers lead to."""

import json
import logging
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings

from apps.notifications import operations
from apps.notifications.delivery import wire
from apps.notifications.models import Notification
from apps.notifications.rules import ATTEMPTS_MAX, Channel, FailureType, Severity, Shared, Status
from devstack.chat import Answer, Chat
from tests.notifications.helpers import NOON, announce, deliver, later, only, tell
from tests.notifications.lanes import taken

pytestmark = pytest.mark.django_db(transaction=True)


def row() -> Notification:
    return only(Channel.SLACK)


def texts(body: dict[str, Any]) -> list[str]:
    """Every text of the message's blocks."""
    found: list[str] = []
    for block in body["blocks"]:
        parts = [block["text"]] if "text" in block else []
        parts += [*block.get("fields", []), *block.get("elements", [])]
        found += [part["text"] for part in parts]
    return found


class TestArrival:
    def test_arrives_in_blocks_with_its_figures_and_its_link(self, chat: Chat) -> None:
        announce(Shared.SLACK, severity=Severity.WARNING)

        assert deliver() == {"sent": 1, "failed": 0}

        [message] = chat.messages("slack")
        assert message["to"] == "#operations"
        assert message["body"]["text"] == "Warning: Decision needed: redemption 7"
        assert "Amount\n31,200.00 USDT" in texts(message["body"])
        assert "<https://paimon.example/admin/tickets/7|Open in Paimon>" in texts(message["body"])
        assert (row().status, row().provider_id) == (Status.SENT, message["provider_id"])

    def test_what_is_critical_has_a_channel_of_its_own(
        self, chat: Chat, settings: LazySettings
    ) -> None:
        announce(Shared.SLACK_CRITICAL)
        deliver()
        settings.SLACK_CRITICAL_CHANNEL = ""
        announce(Shared.SLACK_CRITICAL, dedupe_key="test:2")
        deliver()

        assert [message["to"] for message in chat.messages()] == ["#critical", "#operations"]

    def test_nothing_of_others_is_markup_or_calls_anybody(self, chat: Chat) -> None:
        announce(
            Shared.SLACK,
            subject="<!channel> & <script>",
            body="<https://evil.example|click> \u202e",
            details=[("<@U1>", "<!here> *bold* &amp;")],
        )

        deliver()

        [message] = chat.messages()
        body = message["body"]
        ours = "<https://paimon.example/admin/tickets/7|Open in Paimon>"
        others = "".join(text for text in [body["text"], *texts(body)] if text != ours)
        assert "<" not in others
        assert "&lt;!channel&gt; &amp; &lt;script&gt;" in others
        assert "&lt;!here&gt; *bold* &amp;amp;" in others
        assert "[U+202E]" in others
        kinds = {block["text"]["type"] for block in body["blocks"] if "text" in block}
        assert kinds == {"plain_text", "mrkdwn"}  # our link alone is markup
        assert body["unfurl_links"] is body["unfurl_media"] is body["link_names"] is False
        assert (body["parse"], body["mrkdwn"]) == ("none", False)

    def test_ten_megabytes_of_reason_are_cut_to_what_slack_takes(self, chat: Chat) -> None:
        announce(
            Shared.SLACK,
            subject="&" * 10_000_000,
            body="<&>\n\n" * 2_000_000,
            details=[("Reason", "&" * 10_000_000)] * 200,
        )

        assert deliver() == {"sent": 1, "failed": 0}  # the server measures every block
        [message] = chat.messages()
        assert len(json.dumps(message["body"])) < 400_000
        assert any(text.endswith("…") for text in texts(message["body"]))

    def test_a_place_that_nobody_configured_is_left_out(self) -> None:
        assert announce(*Shared) == []
        assert not Notification.objects.exists()

    def test_one_that_is_not_configured_any_more_says_so(
        self, chat: Chat, settings: LazySettings
    ) -> None:
        announce(Shared.SLACK)
        settings.SLACK_TOKEN = ""

        deliver()

        assert (row().status, row().failure_type) == (Status.FAILED, FailureType.INVALID_RECIPIENT)


class TestRefusals:
    def test_429_is_tried_again_when_slack_says(self, chat: Chat) -> None:
        announce(Shared.SLACK)
        chat.answers["slack"].append(Answer(429, "slow down", {"Retry-After": "300"}))

        deliver()

        assert (row().status, row().failure_type) == (Status.RETRY, FailureType.RATE_LIMITED)
        again_at = row().next_attempt_at
        assert again_at is not None
        assert later(seconds=300) <= again_at <= later(seconds=310)
        assert deliver(later(seconds=299)) == {"sent": 0, "failed": 0}
        assert deliver(later(seconds=310)) == {"sent": 1, "failed": 0}

    def test_429_lets_the_whole_place_rest(self, chat: Chat) -> None:
        announce(Shared.SLACK)
        announce(Shared.SLACK_CRITICAL, dedupe_key="test:2", at=later(seconds=1))
        chat.answers["slack"].append(Answer(429, "", {"Retry-After": "60"}))

        deliver()
        announce(Shared.SLACK, dedupe_key="test:3", severity=Severity.CRITICAL, at=later(seconds=2))
        assert deliver(later(seconds=30)) == {"sent": 0, "failed": 0}

        assert len(chat.requests) == 1
        assert deliver(later(seconds=70)) == {"sent": 3, "failed": 0}

    def test_what_is_graver_does_not_wait_out_a_long_rest(self, chat: Chat) -> None:
        announce(Shared.SLACK)
        chat.answers["slack"].append(Answer(429, "", {"Retry-After": "3600"}))
        deliver()

        announce(Shared.SLACK, dedupe_key="test:2", at=later(seconds=1))
        announce(
            Shared.SLACK_CRITICAL,
            dedupe_key="test:3",
            severity=Severity.CRITICAL,
            at=later(seconds=2),
        )

        assert deliver(later(seconds=3)) == {"sent": 1, "failed": 0}
        assert Notification.objects.get(dedupe_key="test:3").status == Status.SENT

    def test_what_is_critical_rests_a_quarter_of_an_hour_at_most(self, chat: Chat) -> None:
        announce(Shared.SLACK_CRITICAL, severity=Severity.CRITICAL)
        chat.answers["slack"].append(Answer(429, "", {"Retry-After": "3600"}))

        deliver()

        assert deliver(later(minutes=14)) == {"sent": 0, "failed": 0}
        assert deliver(later(minutes=16)) == {"sent": 1, "failed": 0}

    def test_mail_does_not_wait_for_it(self, chat: Chat, mail_server: object) -> None:
        chat.answers["slack"].append(Answer(429, "", {"Retry-After": "60"}))
        tell(shared=[Shared.SLACK])

        assert deliver() == {"sent": 1, "failed": 1}
        assert only().status == Status.SENT

    @pytest.mark.parametrize(
        ("word", "status", "failure_type"),
        [
            ("channel_not_found", Status.FAILED, FailureType.INVALID_RECIPIENT),
            ("is_archived", Status.FAILED, FailureType.INVALID_RECIPIENT),
            ("msg_too_long", Status.FAILED, FailureType.BOUNCED),
            ("invalid_auth", Status.RETRY, FailureType.SERVER_ERROR),
            ("internal_error", Status.RETRY, FailureType.SERVER_ERROR),
            ("ratelimited", Status.RETRY, FailureType.RATE_LIMITED),
        ],
    )
    def test_200_with_an_error_is_an_error(
        self, chat: Chat, word: str, status: Status, failure_type: FailureType
    ) -> None:
        announce(Shared.SLACK)
        chat.answers["slack"].append(Answer(200, json.dumps({"ok": False, "error": word})))

        deliver()

        assert (row().status, row().failure_type) == (status, failure_type)
        assert word in row().error

    def test_the_server_itself_knows_wrong_tokens_and_channels(
        self, chat: Chat, settings: LazySettings
    ) -> None:
        settings.SLACK_CHANNEL = "#nowhere"
        announce(Shared.SLACK)
        deliver()
        assert row().error == "Slack says: channel_not_found"

        settings.SLACK_TOKEN = "xoxb-wrong"
        announce(Shared.SLACK, dedupe_key="test:2")
        deliver()
        assert Notification.objects.get(dedupe_key="test:2").error == "Slack says: invalid_auth"

    @pytest.mark.parametrize(
        "answer",
        [
            Answer(500, "oops"),
            Answer(503, "<html>Service Unavailable</html>"),
            Answer(200, "<html>Sign in to the proxy</html>"),
            Answer(200, "[" * 60_000),
            Answer(200, "42"),
            Answer(200, ""),
            Answer(302, "", {"Location": "https://evil.example/"}),
            Answer(cut=True),
            Answer(200, '{"ok": true, "ts": "1"}' + " " * 100_000),
        ],
    )
    def test_what_is_no_answer_is_tried_again(self, chat: Chat, answer: Answer) -> None:
        announce(Shared.SLACK)
        chat.answers["slack"].append(answer)

        assert deliver() == {"sent": 0, "failed": 1}

        assert (row().status, row().failure_type) == (Status.RETRY, FailureType.SERVER_ERROR)
        assert row().error
        assert deliver(later(minutes=1)) == {"sent": 1, "failed": 0}

    @pytest.mark.parametrize(
        "answer", [Answer(delay_seconds=5), Answer(body="x" * 99, drip_seconds=0.1)]
    )
    def test_a_slow_answer_is_a_timeout_however_it_drips(
        self, chat: Chat, answer: Answer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(wire, "SECONDS_MAX", 0.5)
        announce(Shared.SLACK)
        chat.answers["slack"].append(answer)

        deliver()

        assert (row().status, row().failure_type) == (Status.RETRY, FailureType.TIMEOUT)

    def test_gives_up_after_three_retries(self, chat: Chat) -> None:
        announce(Shared.SLACK)
        chat.always["slack"] = Answer(500)

        for attempt in range(ATTEMPTS_MAX):
            deliver(later(hours=attempt))

        assert (row().status, row().attempts) == (Status.FAILED, ATTEMPTS_MAX)
        assert deliver(later(days=1)) == {"sent": 0, "failed": 0}
        assert len(chat.requests) == ATTEMPTS_MAX


class TestSecrets:
    @pytest.mark.parametrize("status", [200, 400, 500])
    def test_the_token_is_nowhere_even_when_slack_says_it(
        self, chat: Chat, settings: LazySettings, caplog: pytest.LogCaptureFixture, status: int
    ) -> None:
        caplog.set_level(logging.DEBUG)
        token = settings.SLACK_TOKEN
        announce(Shared.SLACK)
        body = json.dumps({"ok": False, "error": f"{'x' * 480} {token} is bad"})
        chat.answers["slack"].append(Answer(status, body, {"X-Token": token}))

        deliver()

        kept = " ".join(str(value) for value in row().__dict__.values())
        assert row().error
        assert token not in kept + caplog.text
        assert token[:8] not in row().error
        assert "Bearer" not in caplog.text


class TestOthers:
    def test_a_dead_slack_does_not_hold_up_the_others(
        self, chat: Chat, mail_server: object, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(wire, "SECONDS_MAX", 2.0)
        chat.always["slack"] = Answer(delay_seconds=30)
        for number in range(5):
            tell(
                dedupe_key=f"test:{number}",
                shared=list(Shared),
                at=NOON + timedelta(seconds=number),
            )

        counts = deliver(later(minutes=1))

        # One attempt and no more: what is unreachable for one is for all.
        assert counts == {"sent": 5 + 5 + 5, "failed": 1}
        assert len([service for service, _ in chat.requests if service == "slack"]) == 1

    def test_nobody_waits_at_a_channel_that_another_process_serves(self, chat: Chat) -> None:
        announce(Shared.SLACK)
        with taken("notifications:SLACK"):
            assert deliver() == {"sent": 0, "failed": 0}
        assert operations.channels_due(NOON) == [Channel.SLACK]
        assert deliver() == {"sent": 1, "failed": 0}
