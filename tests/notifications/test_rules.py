"""What a server's answer means, when to try again, what a subject may hold."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.text import visible, visible_line
from apps.notifications.rules import (
    ATTEMPTS_MAX,
    SUBJECT_CHARACTERS_MAX,
    TRANSITIONS,
    FailureType,
    Status,
    backoff,
    is_stale_alert,
    of_smtp_answer,
    subject_line,
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
        calm = [backoff(n, 0) for n in range(1, ATTEMPTS_MAX)]
        shaken = [backoff(n, 100) for n in range(1, ATTEMPTS_MAX)]

        assert calm == [timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=8)]
        assert shaken == [wait * 3 / 2 for wait in calm]


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
    def test_every_status_has_its_row_and_nothing_leaves_the_sent(self) -> None:
        assert set(TRANSITIONS) == set(Status)
        assert not TRANSITIONS[Status.SENT]
        assert not TRANSITIONS[Status.RECORDED]
