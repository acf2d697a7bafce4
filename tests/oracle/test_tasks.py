"""Asking every source: in parallel, outside transactions, one run at a time."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection

from apps.chain import queries as chain
from apps.oracle import tasks
from apps.oracle.client import HttpAnswer
from apps.oracle.models import Price, Quote, Source
from tests.oracle.price_server import PriceServer, serving
from tests.oracle.readings import FEED, MMF, ONE, http_source, reading, source

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("chain_file", "facts")]


@pytest.fixture
def server(settings: LazySettings) -> Iterator[PriceServer]:
    settings.ORACLE_ALLOW_HTTP = True
    with serving() as told:
        yield told


@pytest.fixture
def asked_chain(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, Any]]:
    """The chain says 1 for MMF, whatever it is asked; returns what it was asked."""
    asked: list[tuple[Any, Any]] = []

    def answer(feeds: Any, tokens: Any) -> chain.PriceReading:
        asked.append((feeds, tokens))
        return reading({MMF: ONE}, {FEED: ONE})

    monkeypatch.setattr(chain, "read_prices", answer)
    return asked


class TestObserve:
    def test_asks_the_chain_and_the_servers(
        self, server: PriceServer, asked_chain: list[tuple[Any, Any]]
    ) -> None:
        source()
        vendor = http_source(url=server.says('{"price": 1.01}'))

        tasks.observe()

        assert asked_chain == [({MMF: [FEED]}, {MMF})]
        assert Price.objects.get().sources_used == 3
        assert Quote.objects.get(source=vendor).price == 101 * 10**16
        vendor.refresh_from_db()
        assert vendor.latency_ms is not None

    def test_does_not_ask_who_is_off(
        self, server: PriceServer, asked_chain: list[tuple[Any, Any]]
    ) -> None:
        http_source(url=server.says("{}"), active=False)

        tasks.observe()

        assert server.asked == []

    def test_records_nothing_while_no_node_answers(
        self, monkeypatch: pytest.MonkeyPatch, server: PriceServer
    ) -> None:
        http_source(url=server.says('{"price": 1}'))

        def nobody(*_: Any) -> None:
            raise chain.ChainUnavailable("No node answers.")

        monkeypatch.setattr(chain, "read_prices", nobody)

        tasks.observe()

        assert not Price.objects.exists()
        assert server.asked == []


@pytest.mark.django_db(transaction=True)
class TestOutside:
    def test_nobody_is_asked_inside_a_transaction(
        self, monkeypatch: pytest.MonkeyPatch, server: PriceServer
    ) -> None:
        http_source(url=server.says('{"price": 1}'))
        states: list[bool] = []

        def answer(*_: Any) -> chain.PriceReading:
            states.append(connection.in_atomic_block)
            return reading({MMF: ONE})

        monkeypatch.setattr(chain, "read_prices", answer)
        real = tasks.ask_all

        def noted(sources: list[Source]) -> dict[int, HttpAnswer]:
            states.append(connection.in_atomic_block)
            return real(sources)

        monkeypatch.setattr(tasks, "ask_all", noted)

        tasks.observe()

        assert states == [False, False]
        assert Price.objects.count() == 1

    def test_one_run_at_a_time(
        self, monkeypatch: pytest.MonkeyPatch, asked_chain: list[tuple[Any, Any]]
    ) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        inside, go_on = threading.Event(), threading.Event()

        def slow(*_: Any) -> chain.PriceReading:
            inside.set()
            assert go_on.wait(10)
            return reading({MMF: ONE})

        monkeypatch.setattr(chain, "read_prices", slow)

        def first() -> None:
            tasks.observe()
            connection.close()

        thread = threading.Thread(target=first)
        thread.start()
        assert inside.wait(10)
        tasks.observe()  # would wait for ever in ``slow``
        before = Price.objects.count()
        go_on.set()
        thread.join(10)

        assert before == 0
        assert Price.objects.count() == 1


class TestAskAll:
    def test_many_are_asked_at_a_time(self, server: PriceServer) -> None:
        together = threading.Barrier(8, timeout=10)

        def answer(handler: Any) -> None:
            together.wait()
            handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"price": 1}')

        rows = [http_source(name=f"V{n}", url=server.does(answer)) for n in range(8)]

        answers = tasks.ask_all(rows)

        assert [answers[row.pk].price for row in rows] == [ONE] * 8

    def test_whoever_takes_too_long_is_missing(self, server: PriceServer) -> None:
        slow = http_source(name="Slow", url=server.drips(b"", path="/slow"))
        quick = http_source(name="Quick", url=server.says('{"price": 1}'))
        began = time.monotonic()

        answers = tasks.ask_all([slow, quick], seconds=1.0)

        assert set(answers) == {quick.pk}
        assert time.monotonic() - began < 4

    def test_a_private_host_is_refused_without_the_setting(
        self, server: PriceServer, settings: LazySettings
    ) -> None:
        row = http_source(url=server.says('{"price": 1}'))
        settings.ORACLE_ALLOW_HTTP = False

        assert tasks.ask_all([row])[row.pk].error == "Only https is asked."
        assert server.asked == []
