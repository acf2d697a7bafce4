"""What happened lately counts, what happened long ago fades."""

import pytest

from apps.chain.rules.decay import DecayingMean, DecayingSum


class TestDecayingSum:
    def test_halves_every_half_life(self) -> None:
        total = DecayingSum(10.0)
        total.add(4.0, 0.0)

        assert [total.value(at) for at in (0.0, 10.0, 20.0)] == [4.0, 2.0, 1.0]

    def test_a_clock_that_goes_back_adds_nothing(self) -> None:
        total = DecayingSum(10.0)
        total.add(4.0, 100.0)

        assert total.value(0.0) == 4.0


class TestDecayingMean:
    def test_of_nothing_is_what_it_started_with(self) -> None:
        assert DecayingMean(10.0).value(0.0) is None
        assert DecayingMean(10.0, 0.3).value(0.0) == 0.3

    def test_recent_samples_outweigh_old_ones(self) -> None:
        mean = DecayingMean(10.0)
        mean.add(0.0, 0.0)
        mean.add(1.0, 20.0)

        assert mean.value(20.0) == pytest.approx(0.8)

    def test_what_it_started_with_counts_as_one_sample(self) -> None:
        mean = DecayingMean(10.0, 1.0)

        mean.add(0.0, 5.0)

        assert mean.value(5.0) == pytest.approx(0.5)

    def test_stays_when_nothing_happens(self) -> None:
        mean = DecayingMean(10.0)
        mean.add(0.25, 0.0)

        assert mean.value(100.0) == pytest.approx(0.25)
