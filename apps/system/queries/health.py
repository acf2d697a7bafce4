"""How each part of the system is, with figures; nothing here waits long for a part that is gone."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import redis
from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from kombu.exceptions import KombuError

from apps.chain import queries as chain
from apps.core import display
from apps.system.queries.component import Component
from apps.system.queries.tasks import last_success
from apps.system.queries.trading import oracle_state, rebalancing_state
from apps.system.queries.watching import forecast_state, messages_state, risk_state
from apps.system.rules import HEARTBEAT, State, overall

_STARTED = time.monotonic()
_REDIS_TIMEOUT_SECONDS = 1.0
_WORKER_TIMEOUT_SECONDS = 0.7
HEARTBEAT_LATE = timedelta(seconds=90)
POLL_LATE = timedelta(seconds=30)
POLL_DEAD = timedelta(minutes=5)
LAG_BLOCKS_WARN = 30
STUCK_AFTER = timedelta(minutes=10)
FINDINGS_SHOWN_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The whole. Blocks are numbers of the fund's chain, None while unknown."""

    status: str
    version: str
    uptime_seconds: int
    components: list[Component]
    last_block_processed: int | None
    block_lag: int | None

    def component(self, name: str) -> Component:
        """The part of that name."""
        return next(component for component in self.components if component.name == name)


def health(at: datetime, *, ask_workers: bool = True) -> Health:
    """Ask every part; takes at most a few seconds when all of them are gone.

    Workers are asked one by one and given time to answer: leave them out where anyone may ask.
    """
    status: chain.ChainStatus | None = None
    database = database_state()
    components = [database, redis_state()]
    if database.state is State.UP:
        status = chain.status(chain.fund_chain().chain_id, at=at)
        components += [
            *([workers_state()] if ask_workers else []),
            beat_state(at),
            chain_state(status, at),
            listener_state(status, at),
            sender_state(at),
            checks_state(),
            oracle_state(at),
            rebalancing_state(at),
            risk_state(at),
            forecast_state(at),
            messages_state(),
        ]
    return Health(
        status=overall(
            [component.state for component in components],
            essential=[component.state for component in components[:2]],
        ),
        version=settings.VERSION,
        uptime_seconds=int(time.monotonic() - _STARTED),
        components=components,
        last_block_processed=status.processed_number if status else None,
        block_lag=status.lag_blocks if status else None,
    )


def readiness() -> dict[str, bool]:
    """Whether this process could answer a request: the stores answer and the schema is ours."""
    database = database_state().state is State.UP
    return {
        "database": database,
        "redis": redis_state().state is State.UP,
        "migrations": database and not _unapplied_migrations(),
    }


def database_state() -> Component:
    """PostgreSQL, by a query."""

    def ask() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    return _asked("database", ask, DatabaseError)


def redis_state() -> Component:
    """Redis, by a ping."""

    def ask() -> None:
        client = redis.Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=_REDIS_TIMEOUT_SECONDS,
            socket_connect_timeout=_REDIS_TIMEOUT_SECONDS,
        )
        with client:
            client.ping()

    return _asked("redis", ask, redis.RedisError)


def workers_state() -> Component:
    """Celery workers, by asking who is there; every one of them answers by itself."""
    try:
        with current_app.connection_for_write(connect_timeout=_REDIS_TIMEOUT_SECONDS) as wire:
            wire.ensure_connection(max_retries=1, timeout=1)
            answers = current_app.control.ping(timeout=_WORKER_TIMEOUT_SECONDS, connection=wire)
    except (OSError, redis.RedisError, KombuError) as error:
        return Component(
            name="workers", state=State.UNKNOWN, sentence=f"Cannot be asked: {_short(error)}"
        )
    names = sorted(name for answer in answers or () for name in answer)
    if not names:
        return Component(
            name="workers", state=State.DOWN, sentence="No worker answers", figures={"count": 0}
        )
    return Component(
        name="workers",
        state=State.UP,
        sentence=f"{len(names)} answer" if len(names) > 1 else "1 answers",
        figures={"count": len(names), "names": names},
    )


def beat_state(at: datetime) -> Component:
    """Beat, by the last heartbeat that a worker carried out."""
    beaten_at = last_success(HEARTBEAT)
    if beaten_at is None:
        return Component(name="beat", state=State.DOWN, sentence="No heartbeat yet")
    late = at - beaten_at > HEARTBEAT_LATE
    return Component(
        name="beat",
        state=State.DOWN if late else State.UP,
        sentence=f"Heartbeat {display.relative_text(beaten_at, at)}",
        figures={"last_heartbeat_at": beaten_at},
    )


def chain_state(status: chain.ChainStatus, at: datetime) -> Component:
    """The node and what it says: halted, silent, or fine."""
    figures = {
        "chain_id": status.chain_id,
        "name": status.name,
        "head_number": status.head_number,
        "final_number": status.final_number,
        "providers": list(status.providers),
    }
    if status.halted_reason:
        state, sentence = State.DOWN, f"Halted: {status.halted_reason}"
    elif status.head_number is None or status.head_seen_at is None:
        state, sentence = State.UNKNOWN, "No block seen yet"
    elif at - status.head_seen_at > POLL_DEAD:
        state = State.DEGRADED
        sentence = f"No new block since {display.relative_text(status.head_seen_at, at)}"
    else:
        state, sentence = State.UP, f"{status.name}: head {status.head_number:,}"
    return Component(name="chain", state=state, sentence=sentence, figures=figures)


def listener_state(status: chain.ChainStatus, at: datetime) -> Component:
    """Whether blocks are being read, and how far behind; parked events count as trouble."""
    parked = sum(status.logs_by_status.get(kind, 0) for kind in ("FAILED", "UNDECODABLE"))
    figures = {
        "processed_number": status.processed_number,
        "lag_blocks": status.lag_blocks,
        "polled_at": status.polled_at,
        "parked_events": parked,
        "logs_by_status": dict(status.logs_by_status),
    }
    if status.polled_at is None:
        state, sentence = State.DOWN, "Never ran"
    elif at - status.polled_at > POLL_DEAD:
        state = State.DOWN
        sentence = f"Silent since {display.relative_text(status.polled_at, at)}"
    elif at - status.polled_at > POLL_LATE:
        state = State.DEGRADED
        sentence = f"Last read {display.relative_text(status.polled_at, at)}"
    elif (status.lag_blocks or 0) > LAG_BLOCKS_WARN:
        state, sentence = State.DEGRADED, f"{status.lag_blocks:,} blocks behind"
    elif parked:
        state, sentence = State.DEGRADED, f"{parked} event{'s'[: parked > 1]} parked"
    else:
        lag = status.lag_blocks
        state, sentence = State.UP, "In step" if not lag else f"{lag} behind"
    return Component(name="listener", state=state, sentence=sentence, figures=figures)


def sender_state(at: datetime) -> Component:
    """Outbound transactions: what people or the sender stopped, keys out of reach, stuck ones."""
    stuck = chain.stuck_transactions(before=at - STUCK_AFTER)
    stops, shut = chain.stops_in_force(), chain.unreachable_signers()
    figures = {
        "stuck_transactions": stuck,
        "stops": [stop.scope for stop in stops],
        "unreachable_signers": [name for name, _why in shut],
    }
    if stops:
        # One kind of call, or one signer, is not everything that leaves.
        wide = [stop for stop in stops if stop.scope == "all" or stop.scope.startswith("chain:")]
        stops = wide or stops
        state = State.DOWN if wide else State.DEGRADED
        sentence = f"Stopped ({chain.scope_in_words(stops[0].scope)}): {stops[0].reason}"
    elif shut:
        state, sentence = State.DOWN, shut[0][1]
    elif stuck:
        state = State.DEGRADED
        sentence = f"{stuck} transaction{'s'[: stuck > 1]} unfinished for over 10 min"
    else:
        state, sentence = State.UP, "Nothing stuck"
    return Component(name="sender", state=state, sentence=sentence, figures=figures)


def checks_state() -> Component:
    """What the checks of our rows find: nothing, or what differs and since when."""
    found = chain.open_findings()
    figures = {
        "open": len(found),
        "findings": [
            {
                "id": finding.id,
                "chain_id": finding.chain_id,
                "kind": str(finding.kind),
                "subject": finding.subject,
                "detail": finding.detail,
                "since": finding.first_seen_at,
                "times_seen": finding.times_seen,
            }
            for finding in found[:FINDINGS_SHOWN_MAX]
        ],
    }
    if not found:
        return Component(
            name="checks", state=State.UP, sentence="No differences found", figures=figures
        )
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return Component(
        name="checks",
        state=State.DEGRADED,
        sentence=f"{found[0].kind}: {found[0].subject}{more}",
        figures=figures,
    )


def _asked(name: str, ask: Callable[[], None], failure: type[Exception]) -> Component:
    started = time.perf_counter()
    try:
        ask()
    except failure as error:
        return Component(name=name, state=State.DOWN, sentence=f"Does not answer: {_short(error)}")
    milliseconds = round((time.perf_counter() - started) * 1000, 1)
    return Component(
        name=name,
        state=State.UP,
        sentence=f"Answers in {milliseconds:g} ms",
        figures={"latency_ms": str(milliseconds)},
    )


def _unapplied_migrations() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _short(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
