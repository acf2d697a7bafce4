"""What a server's answer means, when to try again, what a subject may hold."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.text import visible, visible_line
from apps.notifications.rules import (
    ATTEMPTS_MAX,
    SUBJECT_CHARACTERS_MAX,
    TRANSITIONS,
    Failure,
    FailureType,
    Severity,
    Shared,
    Status,
    is_stale_alert,
    of_http_answer,
    of_pagerduty_answer,
    of_slack_answer,
    of_smtp_answer,
    of_telegram_answer,
    shared_for,
    subject_line,
    wait_after,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class TestSmtpAnswers:
    @pytest.mark.parametrize(
        ("code", "text", "failure_type", "permanent"),
        [
            (421, "4.3.2 Service shutting down", FailureType.SERVER_ERROR, False),
            (421, "4.7.0 Too many messages, slow down", FailureType.RATE_LIMITED, False),
            (451, "4.3.0 Local error", FailureType.SERVER_ERROR, False),
            (452, "4.2.2 Rate limit exceeded", FailureType.RATE_LIMITED, False),
            (535, "5.7.8 Bad credentials", FailureType.SERVER_ERROR, False),
            (550, "5.1.1 User unknown", FailureType.INVALID_RECIPIENT, True),
            (553, "5.1.3 Bad recipient address syntax", FailureType.INVALID_RECIPIENT, True),
            (550, "5.7.1 Message blocked as spam", FailureType.SPAM_FILTERED, True),
            (552, "5.2.2 Mailbox full", FailureType.BOUNCED, True),
            (554, "5.0.0 Transaction failed", FailureType.BOUNCED, True),
        ],
    )
    def test_four_may_pass_and_five_will_not(
        self, code: int, text: str, failure_type: FailureType, permanent: bool
    ) -> None:
        failure = of_smtp_answer(code, text)

        assert (failure.type, failure.permanent) == (failure_type, permanent)
        assert str(code) in failure.error


class TestBackoff:
    def test_grows_fourfold_and_never_beyond_half_more(self) -> None:
        calm = [wait_after(n, None, 0) for n in range(1, ATTEMPTS_MAX)]
        shaken = [wait_after(n, None, 100) for n in range(1, ATTEMPTS_MAX)]

        assert calm == [timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=8)]
        assert shaken == [wait * 3 / 2 for wait in calm]

    def test_what_is_asked_for_is_granted_and_no_less_when_it_is_asked_again(self) -> None:
        second, minute, hour = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)

        assert [wait_after(n, second, 0) for n in (1, 2, 3)] == [second, 30 * second, 2 * minute]
        assert wait_after(1, second, 100) == 6 * second
        assert wait_after(3, hour, 0) == hour


class TestAge:
    def test_an_hour_is_told_and_a_second_more_is_not(self) -> None:
        assert not is_stale_alert(NOON, NOON + timedelta(hours=1))
        assert is_stale_alert(NOON, NOON + timedelta(hours=1, seconds=1))


class TestText:
    @given(st.text())
    def test_a_subject_is_one_short_line_whatever_comes(self, text: str) -> None:
        line = subject_line(text, "Paimon")

        assert len(line) <= SUBJECT_CHARACTERS_MAX
        assert len(line.splitlines()) == 1
        assert line.startswith("[Paimon]")

    def test_what_turns_the_reading_order_is_written_out(self) -> None:
        assert visible_line("safe\u202egnp.exe\x00") == "safe[U+202E]gnp.exe[U+0000]"
        assert visible("a\r\nb\u2028c") == "a\nb[U+2028]c"


class TestTransitions:
    def test_every_status_has_its_row_and_what_was_sent_only_bounces(self) -> None:
        assert set(TRANSITIONS) == set(Status)
        assert TRANSITIONS[Status.SENT] == {Status.FAILED}
        assert not TRANSITIONS[Status.GATHERED]
        assert not TRANSITIONS[Status.RECORDED]


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("header", "wait"),
        [
            ("30", timedelta(seconds=30)),
            (" 0 ", timedelta(0)),
            ("999999", timedelta(hours=1)),
            ("Mon, 02 Mar 2026 12:05:00 GMT", timedelta(minutes=5)),
            ("Mon, 02 Mar 2026 11:00:00 GMT", timedelta(0)),
            ("Mon, 02 Mar 2099 12:05:00 GMT", timedelta(hours=1)),
            ("-5", None),
            ("soon", None),
            ("1e3", None),
            ("٣", None),
            ("", None),
        ],
    )
    def test_is_seconds_or_a_date_and_an_hour_at_most(
        self, header: str, wait: timedelta | None
    ) -> None:
        failure = of_http_answer("Slack", 429, {"retry-after": header}, at=NOON)

        assert failure.type is FailureType.RATE_LIMITED
        assert (failure.retry_after, failure.permanent, failure.unreachable) == (wait, False, True)

    def test_telegram_says_it_in_the_body(self) -> None:
        body = '{"ok": false, "description": "Too Many", "parameters": {"retry_after": 7}}'

        failure = of_telegram_answer(429, {"Retry-After": "9"}, body, at=NOON)

        assert isinstance(failure, Failure)
        assert failure.retry_after == timedelta(seconds=7)


class TestAnswers:
    @given(
        status=st.sampled_from([200, 202, 302, 400, 401, 403, 404, 408, 429, 500, 504]),
        body=st.one_of(
            st.text(max_size=200),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.text(max_size=9),
                lambda inner: st.dictionaries(
                    st.sampled_from(
                        [
                            "ok",
                            "error",
                            "ts",
                            "description",
                            "parameters",
                            "result",
                            "errors",
                            "status",
                            "dedup_key",
                        ]
                    ),
                    inner,
                ),
            ).map(json.dumps),
        ),
        retry_after=st.text(max_size=40),
    )
    def test_whatever_comes_is_understood_as_something(
        self, status: int, body: str, retry_after: str
    ) -> None:
        headers = {"Retry-After": retry_after}

        for read in (of_slack_answer, of_telegram_answer, of_pagerduty_answer):
            outcome = read(status, headers, body, at=NOON)
            if isinstance(outcome, Failure):
                assert 0 < len(outcome.error) <= 500
                assert visible_line(outcome.error) == outcome.error
            else:
                assert status in {200, 202}
                assert len(outcome) <= 200
                assert visible_line(outcome) == outcome


class TestShared:
    def test_the_graver_the_more_places(self) -> None:
        assert shared_for(Severity.INFO) == (Shared.SLACK,)
        assert shared_for(Severity.WARNING) == (Shared.SLACK, Shared.TELEGRAM)
        assert shared_for(Severity.CRITICAL) == (
            Shared.SLACK_CRITICAL,
            Shared.TELEGRAM,
            Shared.PAGERDUTY,
        )
