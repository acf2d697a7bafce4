"""How long REST answers take, from the request to the last byte, on a database that has grown.

Through Django's own stack in this process, throttling and rights included; without a network. Each
endpoint is asked as a user of its own, since nobody may ask more than a hundred times a minute.
"""

from __future__ import annotations

import tempfile
import time
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path

from django.core.cache import cache
from django.test import override_settings

from apps.core import clock
from apps.rebalance.models import Plan
from apps.risk.models import RiskEvent
from tests.accounts.people import api_client, person
from tests.benchmarks.database import fresh_database
from tests.benchmarks.filling import CHAIN, fill
from tests.benchmarks.filling_risk import fill_risk
from tests.benchmarks.report import Report, spread
from tests.redemptions.helpers import write_chain_file

REQUESTS = 60
_SECONDS_MAX = 0.5


class Refused(Exception):
    """An endpoint did not answer with what was asked for."""


def run(report: Report) -> None:
    """Ask every endpoint that has much to read or to write."""
    import_module("paimon.wsgi")  # everything is loaded, as in the process that answers
    with tempfile.TemporaryDirectory() as name, fresh_database():
        chain_file = str(write_chain_file(Path(name)))
        # With DEBUG Django notes every query, which production does not.
        with override_settings(CHAIN_FILE=chain_file, DEBUG=False):
            at = clock.now()
            fill(at)
            fill_risk(at)
            for case, path in _paths(at).items():
                cache.clear()
                by_wall, by_processor = _asked(path)
                report.spread("GET", case, by_wall, p99_seconds_max=_SECONDS_MAX)
                report.add("GET, processor time", case, spread(by_processor))


def _paths(at: datetime) -> dict[str, str]:
    plan = Plan.objects.filter(chain_id=CHAIN, status="COMPLETED").latest("id")
    event = RiskEvent.objects.latest("id")
    year, two_years = (f"startDate={at - timedelta(days=days):%Y-%m-%d}" for days in (365, 729))
    return {
        "fund/overview": "fund/overview",
        "fund/nav/history, a year of hours": f"fund/nav/history?interval=hourly&{year}",
        "fund/nav/history, a month of days": "fund/nav/history",
        "fund/assets, 50": "fund/assets?pageSize=100",
        "fund/fees, two years": f"fund/fees?{two_years}",
        "fund/holders, of 10,000": "fund/holders?pageSize=100",
        "fund/holders, the last page": "fund/holders?pageSize=100&page=100",
        "redemptions, of 2,000": "redemptions?pageSize=100",
        "rebalance/status": "rebalance/status",
        "rebalance/history, of 500": "rebalance/history?pageSize=100",
        "rebalance/plans/{id}": f"rebalance/plans/{plan.pk}",
        "approvals, of 1,000": "approvals?pageSize=100",
        "risk/status": "risk/status",
        "risk/events, of 2,000": "risk/events?pageSize=100",
        "risk/events/{id}": f"risk/events/{event.pk}",
        "risk/liquidity-forecast": "risk/liquidity-forecast?horizon=30d",
        "risk/metrics/history, a week": "risk/metrics/history?indicator=l1_ratio",
        "risk/metrics/history, two years": f"risk/metrics/history?indicator=l1_ratio&{two_years}",
        "risk/incidents": "risk/incidents",
    }


def _asked(path: str) -> tuple[list[float], list[float]]:
    """Ask again and again; how long each answer took, the first one, without a cache, included,
    and how much of that was processor time of this process, which a busy machine distorts less."""
    client = api_client(person("ADMIN"))
    client.defaults["SERVER_NAME"] = "localhost"
    by_wall, by_processor = [], []
    for _ in range(REQUESTS):
        wall, processor = time.perf_counter(), time.process_time()
        response = client.get(f"/api/v1/{path}")
        by_wall.append(time.perf_counter() - wall)
        by_processor.append(time.process_time() - processor)
        if response.status_code != 200:
            raise Refused(f"{path}: {response.status_code} {response.content[:200]!r}")
    return by_wall, by_processor
