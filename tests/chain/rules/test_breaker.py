"""The breaker opens on a few failures together, and asks again by and by."""

import pytest

from apps.chain.rules.breaker import PAUSE_SECONDS, Breaker, BreakerState


def failing(times: int, *, at: float = 1000.0, every: float = 0.0) -> tuple[Breaker, float]:
    breaker = Breaker()
    for number in range(times):
        breaker.failed(at + number * every)
    return breaker, at + times * every


class TestOpening:
    def test_three_failures_together_open_it(self) -> None:
        breaker, now = failing(2)
        before = breaker.state(now)

        opened = breaker.failed(now)

        assert (before, opened) == (BreakerState.CLOSED, True)
        assert breaker.state(now) is BreakerState.OPEN
        assert breaker.pause_seconds(now) == PAUSE_SECONDS[0]

    def test_failures_far_apart_do_not(self) -> None:
        breaker, now = failing(50, every=25.0)

        assert breaker.state(now) is BreakerState.CLOSED

    def test_light_failures_count_less(self) -> None:
        breaker = Breaker()

        opened = [breaker.failed(0.0, weight=0.5) for _ in range(5)]

        assert opened == [False, False, False, False, True]

    def test_one_failure_is_held_against_it_for_a_minute(self) -> None:
        breaker, now = failing(1)

        assert breaker.is_unsteady(now)
        assert breaker.is_unsteady(now + 60)
        assert not breaker.is_unsteady(now + 75)


class TestPauses:
    def test_half_open_lets_one_trial_through(self) -> None:
        breaker, now = failing(3)
        now += PAUSE_SECONDS[0]
        before = breaker.state(now)

        breaker.asked(now, seconds=3.0)

        assert before is BreakerState.HALF_OPEN
        assert breaker.state(now) is BreakerState.OPEN
        assert breaker.state(now + 3.0) is BreakerState.HALF_OPEN

    def test_a_trial_that_answers_closes_it(self) -> None:
        breaker, now = failing(3)
        breaker.asked(now + 5, seconds=3.0)

        closed = breaker.succeeded()

        assert closed
        assert breaker.state(now + 5) is BreakerState.CLOSED
        assert not breaker.failed(now + 6)

    def test_each_failed_trial_doubles_the_pause_up_to_a_minute(self) -> None:
        breaker, now = failing(3)
        pauses = []

        for _ in range(6):
            pauses.append(breaker.pause_seconds(now))
            now += pauses[-1]
            breaker.asked(now, seconds=3.0)
            breaker.failed(now)

        assert pauses == [5, 10, 20, 40, 60, 60]

    def test_requests_under_way_when_it_opens_do_not_prolong_it(self) -> None:
        breaker, now = failing(3)

        news = [breaker.failed(now + 1) for _ in range(20)]

        assert not any(news)
        assert breaker.pause_seconds(now + 1) == 4

    def test_after_a_good_while_pauses_are_short_again(self) -> None:
        breaker, now = failing(3)
        breaker.asked(now + 5, seconds=3.0)
        breaker.failed(now + 5)
        breaker.asked(now + 15, seconds=3.0)
        breaker.succeeded()

        for _ in range(3):
            breaker.failed(now + 500)

        assert breaker.pause_seconds(now + 500) == PAUSE_SECONDS[0]

    @pytest.mark.parametrize(("asked", "pause"), [(0.0, 5.0), (42.0, 42.0), (1e9, 600.0)])
    def test_an_endpoint_may_ask_for_a_longer_pause_in_reason(
        self, asked: float, pause: float
    ) -> None:
        breaker = Breaker()

        breaker.open(100.0, at_least_seconds=asked)

        assert breaker.pause_seconds(100.0) == pause
