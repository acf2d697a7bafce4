"""A past of 50 000 events: stored, applied through the real handlers, and the same by Ponder."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from apps.chain.models import Log, LogStatus
from tests.benchmarks import bare, ours, ponder_run
from tests.benchmarks.database import fresh_database
from tests.benchmarks.history import EVENTS, Past, past
from tests.benchmarks.ponder_run import PonderUnavailable, Sync
from tests.benchmarks.report import Report

LOGS_PER_BLOCK = (20, 200)
STORED_PER_SECOND = 8_000
APPLIED_PER_SECOND = 2_000
APPLYING_SECONDS_MAX = 60.0


class Incomplete(Exception):
    """Events are missing or were not applied: the time it took means nothing."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Events a second; `both` is stored and applied one after the other."""

    stored: float
    both: float
    replayed: float


def run(report: Report) -> None:
    """Measure at both densities."""
    with_ponder = _installed(report)
    for logs_per_block in LOGS_PER_BLOCK:
        case = f"{logs_per_block} logs a block"
        with (
            tempfile.TemporaryDirectory() as folder,
            past(Path(folder), logs_per_block=logs_per_block) as history,
        ):
            rates = _ours(report, case, history)
            with fresh_database() as database_url:
                report.work("bare Python + COPY", case, bare.copy_all(history, database_url))
            if with_ponder:
                _ponder(report, case, history, rates)


def _installed(report: Report) -> bool:
    try:
        ponder_run.install()
    except PonderUnavailable as reason:
        report.skip("Ponder", str(reason))
        return False
    return True


def _ours(report: Report, case: str, history: Past) -> Rates:
    with ours.reader(history.chain_file) as lead:
        stored = ours.store_all(lead)
        if stored.events < EVENTS:
            raise Incomplete(f"only {stored.events} events were stored")
        report.work("back-fill stored", case, stored, aim_per_second=STORED_PER_SECOND)
        applied = ours.apply_for(lead, APPLYING_SECONDS_MAX)
        done = Log.objects.filter(status__in=[LogStatus.APPLIED, LogStatus.IGNORED]).count()
        if done != applied.events:
            raise Incomplete(f"{applied.events} events were taken, {done} applied")
        part = case if done == stored.events else f"{case}, the first {done:,}"
        report.work("back-fill applied", part, applied, aim_per_second=APPLIED_PER_SECOND)
        replayed = ours.replay(lead)
        report.work("replay, proven equal", part, replayed)
    return Rates(stored.rate, 1 / (1 / stored.rate + 1 / applied.rate), replayed.rate)


def _ponder(report: Report, case: str, history: Past, rates: Rates) -> None:
    with fresh_database() as database_url:
        try:
            cold, replay = (
                _complete(ponder_run.sync(history, database_url, schema=schema))
                for schema in ("cold", "replay")
            )
        except PonderUnavailable as reason:
            report.skip(f"Ponder, {case}", str(reason))
            return
    report.add("Ponder cold", case, f"{cold.rate:,.0f} events/s")
    report.add("Ponder replay from its cache", case, f"{replay.rate:,.0f} events/s")
    report.add("ours stored : Ponder cold", case, f"{rates.stored / cold.rate:.1f} ×")
    report.add("ours stored and applied : Ponder cold", case, f"{rates.both / cold.rate:.1f} ×")
    report.add("ours replay : Ponder replay", case, f"{rates.replayed / replay.rate:.2f} ×")


def _complete(sync: Sync) -> Sync:
    if sync.events < EVENTS:
        raise Incomplete(f"Ponder stored {sync.events} events")
    return sync
