"""What outlives a process: the nodes' records as rows."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.chain.client import Client, NodeTrouble
from apps.chain.client.health import Grade
from apps.chain.client.pool import SAVE_SECONDS
from apps.chain.models import Provider
from tests.chain.client.conftest import HandClock, chain_of

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
URLS = ("http://a.test/secret", "http://b.test/secret")


def down(_url: str, _requests: list[object]) -> list[dict[str, str]]:
    raise NodeTrouble("it is down")


def make(clock: HandClock, *urls: str, **options: object) -> Client:
    return Client(chain_of(*(urls or URLS)), clock=clock, transport=down, **options)  # type: ignore[arg-type]


class TestSaving:
    def test_writes_a_row_for_each_node(self, clock: HandClock) -> None:
        client = make(clock)
        first, second = client.nodes
        first.health.succeeded(clock.now, seconds=0.25)
        first.note_head(100)
        second.note_head(90)
        first.range_refused(2000)
        with pytest.raises(NodeTrouble):
            first.call("eth_chainId")
        clock.sleep(1.5)

        client.save_health(AT)

        row, lagging = Provider.objects.order_by("place")
        seen_at = AT - timedelta(seconds=1.5)
        assert (row.chain_id, row.label, row.place) == (31_337, "http://a.test", 0)
        assert (row.head_number, row.head_seen_at) == (100, seen_at)
        assert (row.calls, row.failures, row.error_rate) == (2, 1, pytest.approx(0.5, abs=0.01))
        assert row.latency_ms == pytest.approx(250)
        assert row.range_blocks == 1000
        assert (row.last_error, row.last_error_at) == ("it is down", seen_at)
        assert (row.checked_at, row.benched_until, row.benched_reason) == (seen_at, None, "")
        assert lagging.benched_reason == "its head is 10 blocks behind"

    def test_at_most_every_two_seconds(self, clock: HandClock) -> None:
        client = make(clock)
        client.save_health(AT)
        client.nodes[0].note_head(7)

        client.save_health(AT)
        too_soon = Provider.objects.get(place=0).head_number
        clock.sleep(SAVE_SECONDS)
        client.save_health(AT)

        assert too_soon is None
        assert Provider.objects.get(place=0).head_number == 7

    def test_a_bench_has_its_time_and_reason(self, clock: HandClock) -> None:
        client = make(clock)
        client.bench(client.nodes[0], "it omitted a log")

        client.save_health(AT)

        row = Provider.objects.get(place=0)
        assert row.benched_until == AT + timedelta(seconds=60)
        assert row.benched_reason == "it omitted a log"


class TestLoading:
    def test_a_restart_knows_what_was_learnt(self, clock: HandClock) -> None:
        before = make(clock)
        before.nodes[0].range_refused(2000)
        before.nodes[0].range_refused(1000)
        before.bench(before.nodes[0], "it lied")
        before.nodes[1].health.succeeded(clock.now, seconds=0.5)
        before.save_health(AT)

        later = HandClock()
        later.sleep(5_000_000)
        after = make(later)
        after.load_health(AT + timedelta(seconds=20))

        first, second = after.nodes
        assert first.range_blocks == 500
        assert first.health.grade(later.now + 39) is Grade.BENCHED
        assert first.health.grade(later.now + 41) is Grade.GOOD
        assert first.health.last_error == "it lied"
        assert second.health.calls == 1
        assert second.health.latency_seconds.value(later.now) == pytest.approx(0.5)

    def test_a_bench_that_is_over_is_over(self, clock: HandClock) -> None:
        before = make(clock)
        before.bench(before.nodes[0], "it lied")
        before.save_health(AT)
        after = make(clock)

        after.load_health(AT + timedelta(seconds=61))

        assert after.nodes[0].health.bench is None

    def test_nodes_no_longer_configured_are_forgotten(self, clock: HandClock) -> None:
        before = make(clock)
        before.save_health(AT)
        same_door = before.nodes[0].key
        Provider.objects.create(chain_id=56, key=same_door, label="of another chain", place=0)

        make(clock, URLS[1]).load_health(AT)

        assert list(Provider.objects.order_by("label").values_list("label", flat=True)) == [
            "http://b.test",
            "of another chain",
        ]
