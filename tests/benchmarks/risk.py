"""How long one run takes, from the figures to the level and what follows, on a fund that has grown:
50 assets, 100 000 snapshots, 144 000 prices, 100 000 events, two years of runs.

The contracts' answer is ready: how long a node takes is the node's affair. Everything else is as in
production, the risk events and the written level included.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from unittest import mock

from django.db import connection
from django.test import override_settings

from apps.chain import queries as chain
from apps.chain.models import Cursor
from apps.chain.queries import FundState
from apps.core import clock
from apps.fund.models import Asset
from apps.risk import operations, queries
from tests.benchmarks.database import fresh_database
from tests.benchmarks.filling import ASSETS, CHAIN, fill
from tests.benchmarks.filling_risk import fill_risk
from tests.benchmarks.report import Report, spread
from tests.fund.facts import USDT
from tests.fund.states import asset, state
from tests.redemptions.helpers import write_chain_file

RUNS = 200
SNAPSHOTS, LOGS, MINUTES_OF_PRICES = 100_000, 100_000, 2_880
_SECONDS_MAX = 1.0
_MINUTE = timedelta(minutes=1)

_SNAPSHOTS = """
    INSERT INTO fund_snapshot ({names}, slot, block_at, kind, block_number)
    SELECT {names}, slot - number * interval '1 hour', block_at - number * interval '1 hour',
        'HOURLY', block_number - number
    FROM (SELECT * FROM fund_snapshot WHERE kind = 'HOURLY' ORDER BY slot LIMIT 1) AS oldest,
        generate_series(1, %s) AS number
"""
_PRICES = """
    INSERT INTO oracle_price (chain_id, token, at, block_number, block_hash, price, reason,
        sources_used, oldest_at, traded_price, deviation_bps, spread_bps)
    SELECT %s, token, %s - minute * interval '1 minute', 1, '0x' || repeat('0', 64),
        1000000000000000000, '', 3, %s - (minute + 1) * interval '1 minute',
        1000000000000000000, 0, 0
    FROM unnest(%s::text[]) AS token, generate_series(0, %s - 1) AS minute
"""
_LOGS = """
    INSERT INTO chain_log (chain_id, block_number, block_hash, block_at, tx_hash, tx_index,
        log_index, position, address, contract_kind, topics, data, event, status, key, seen_at,
        applied_at, attempts, error)
    SELECT %s, number, '0x' || lpad(to_hex(number), 64, '0'), %s,
        '0x' || lpad(to_hex(number), 64, '1'), 0, number, 0, '0x' || repeat('b', 40), 'vault',
        '[]', '0x', 'Transfer', 'APPLIED', 'vault', %s, %s, 0, ''
    FROM generate_series(1, %s) AS number
"""


def run(report: Report) -> None:
    """Judge again and again, a minute apart: in order, and with half of the indicators bad."""
    at = clock.now()
    with tempfile.TemporaryDirectory() as name, fresh_database():
        chain_file = str(write_chain_file(Path(name)))
        # With DEBUG Django notes every query, which production does not.
        with override_settings(CHAIN_FILE=chain_file, DEBUG=False):
            _fill(at)
            for case, stands in (("in order", _state(at)), ("in trouble", _state(at, l1=1))):
                by_wall, by_processor = _judged(stands, since=at)
                report.spread("assess", case, by_wall, p99_seconds_max=_SECONDS_MAX)
                report.add("assess, processor time", case, spread(by_processor))
                at += RUNS * _MINUTE
            _queries(report, at)


def _fill(at: datetime) -> None:
    fill(at)
    fill_risk(at - timedelta(hours=1))
    tokens = list(Asset.objects.values_list("token", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns"
            " WHERE table_name = 'fund_snapshot'"
            " AND column_name NOT IN ('id', 'slot', 'block_at', 'kind', 'block_number')"
        )
        names = cursor.fetchone()[0]
        cursor.execute(_SNAPSHOTS.format(names=names), [SNAPSHOTS])
        cursor.execute(_PRICES, [CHAIN, at, at, tokens, MINUTES_OF_PRICES])
        cursor.execute(_LOGS, [CHAIN, at, at - 2 * _MINUTE, at - _MINUTE, LOGS])
        cursor.execute("ANALYZE")
    Cursor.objects.filter(chain_id=CHAIN).update(polled_at=at)


def _state(at: datetime, *, l1: int = 100_000) -> FundState:
    """A fund of 50 assets; with hardly any L1 it is in an emergency."""
    tokens = Asset.objects.order_by("token").values_list("token", "symbol")
    return state(
        number=100_000,
        at=at,
        layer1_liquidity=l1 * USDT,
        assets=tuple(
            asset(token=token, symbol=symbol, value_assets=1_000_000 // ASSETS * USDT, price=USDT)
            for token, symbol in tokens
        ),
    )


def _judged(stands: FundState, *, since: datetime) -> tuple[list[float], list[float]]:
    by_wall, by_processor = [], []
    with mock.patch.object(chain, "read_fund_state", return_value=stands):
        for number in range(RUNS):
            wall, processor = time.perf_counter(), time.process_time()
            operations.assess(at=since + number * _MINUTE)
            by_wall.append(time.perf_counter() - wall)
            by_processor.append(time.process_time() - processor)
    return by_wall, by_processor


def _queries(report: Report, at: datetime) -> None:
    """What pages ask of two years of runs."""
    indicator = next(iter(queries.latest_assessment().readings)).indicator  # type: ignore[union-attr]
    for case, days in (("a day", 1), ("two years", 730)):
        seconds = []
        for _ in range(20):
            with _timed(seconds):
                queries.metrics_history(
                    indicator=indicator, start=at - timedelta(days=days), end=at
                )
        report.spread("metrics_history", case, seconds, p99_seconds_max=_SECONDS_MAX)
    seconds = []
    for _ in range(50):
        with _timed(seconds):
            queries.latest_assessment()
    report.spread("latest_assessment", "the newest run", seconds, p99_seconds_max=0.1)


@contextmanager
def _timed(seconds: list[float]) -> Iterator[None]:
    began = time.perf_counter()
    yield
    seconds.append(time.perf_counter() - began)
