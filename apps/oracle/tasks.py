"""The clock's work: ask every source, keep what they said. Nothing is asked in a transaction."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait

from celery import shared_task
from django.conf import settings

from apps.chain import queries as chain
from apps.core import clock
from apps.core.locks import exclusive
from apps.oracle import operations
from apps.oracle.client import HttpAnswer, ask
from apps.oracle.models import Source, SourceKind
from apps.oracle.queries.sources import active_sources

log = logging.getLogger(__name__)

ANSWER_SECONDS = 5.0
ASKED_AT_ONCE = 8
ALL_SECONDS = 30.0
"""However many sources there are: who has not answered by then has failed."""


@shared_task(name="oracle.observe")
def observe() -> None:
    """Ask every price source once and keep what they agree on; one run at a time."""
    chain_id = chain.fund_chain().chain_id
    with exclusive(f"oracle:observe:{chain_id}") as ours:
        if not ours:
            return
        sources = active_sources(chain_id)
        try:
            reading = chain.read_prices(_feeds(sources), {source.token for source in sources})
        except chain.ChainUnavailable as error:
            log.warning("prices were not observed: %s", error)
            return
        http_answers = ask_all([one for one in sources if one.kind == SourceKind.HTTP])
        try:
            operations.record(
                chain_id=chain_id, reading=reading, http_answers=http_answers, at=clock.now()
            )
        except operations.NotNewer as refusal:
            log.warning("prices were not recorded: %s", refusal)


@shared_task(name="oracle.prune")
def prune() -> None:
    """Forget what is older than people look at."""
    operations.prune(at=clock.now())


def ask_all(sources: Sequence[Source], *, seconds: float = ALL_SECONDS) -> dict[int, HttpAnswer]:
    """What HTTP sources say, several asked at a time; those that take too long are missing.

    A look-up of a name cannot be ended, so a thread may be left behind in one.
    """
    if not sources:
        return {}
    pool = ThreadPoolExecutor(max_workers=ASKED_AT_ONCE, thread_name_prefix="oracle")
    try:
        asked = {pool.submit(_ask, source): source.pk for source in sources}
        done, _ = wait(asked, timeout=seconds)
        return {asked[future]: future.result() for future in done}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _ask(source: Source) -> HttpAnswer:
    return ask(
        url=source.url,
        price_path=source.price_path,
        time_path=source.time_path,
        seconds=ANSWER_SECONDS,
        allow_private=settings.ORACLE_ALLOW_HTTP,
    )


def _feeds(sources: Sequence[Source]) -> dict[str, list[str]]:
    feeds: dict[str, list[str]] = {}
    for source in sources:
        if source.kind == SourceKind.AGGREGATOR:
            feeds.setdefault(source.token, []).append(source.address)
    return feeds
