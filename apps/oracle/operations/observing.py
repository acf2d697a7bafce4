"""One observation becomes rows: what each source said of each asset, and what they agree on."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction

from apps.chain.queries import PriceReading
from apps.core import bus
from apps.core.errors import Refused
from apps.core.locks import transaction_lock
from apps.core.units import format_bps
from apps.oracle.client import HttpAnswer
from apps.oracle.events import PriceFact, PriceLost, PriceRecovered, SourceFailed
from apps.oracle.models import Price, Quote, Source, SourceKind
from apps.oracle.queries.prices import newest_rows
from apps.oracle.rules.agreement import (
    PRICE_MAX,
    Agreement,
    Figure,
    Judged,
    Verdict,
    agree,
    bps_apart,
)
from apps.oracle.rules.sources import ADAPTER_NAME

FAILURES_TOLD = 5
"""People hear of a source after so many observations in a row that it gave no figure, or one that
was left out; once."""
_TEXT_MAX = 300
_HEALTH = ["failures_in_a_row", "last_error", "latency_ms", "last_answer_at"]
_BAD = (Verdict.FAILED, Verdict.INVALID)


class NotNewer(Refused):
    """An observation at this time, or a later one, is recorded already."""


@transaction.atomic
def record(
    *, chain_id: int, reading: PriceReading, http_answers: Mapping[int, HttpAnswer], at: datetime
) -> None:
    """Keep what sources said and what they agree on, for every asset of the register and every
    other one that has a source; new assets get their ADAPTER source.

    Publishes PriceLost and PriceRecovered for prices that changed between known and unknown, and
    SourceFailed for a source that was of no use, failed or left out, for the fifth time in a row.

    Args:
        reading: what the chain said at one block.
        http_answers: what HTTP sources said, by the source's id; one that is missing has failed.

    Raises:
        NotNewer: a later observation is there, so nothing is recorded.
    """
    transaction_lock(f"oracle:record:{chain_id}")
    before = {row.token: row for row in newest_rows(chain_id)}
    if any(row.at >= at for row in before.values()):
        raise NotNewer(f"An observation of {at:%H:%M:%S} UTC or later is recorded already.")
    by_token = _sources(chain_id, reading, at)
    changes: list[PriceFact] = []
    for token, sources in sorted(by_token.items()):
        agreed = agree([_figure(source, reading, http_answers, at) for source in sources])
        row = _keep(chain_id, token, agreed, reading, at)
        changes += _changes(before.get(token), row)
        for source, judged in zip(sources, agreed.judged, strict=True):
            answer, known = http_answers.get(source.pk), agreed.price is not None
            _note_health(source, judged, answer, at, is_price_known=known)
    # Together, so that whoever tells of them can do so in one message.
    bus.publish(*changes)
    asked = [source for sources in by_token.values() for source in sources]
    Source.objects.bulk_update(asked, _HEALTH)


def _sources(chain_id: int, reading: PriceReading, at: datetime) -> dict[str, list[Source]]:
    """Active sources by token, locked; assets whose sources are all off have an empty list."""
    listed = {token.lower() for token in reading.adapter}
    rows = Source.objects.filter(chain_id=chain_id)
    known = set(rows.filter(kind=SourceKind.ADAPTER).values_list("token", flat=True))
    Source.objects.bulk_create(
        Source(
            chain_id=chain_id,
            token=token,
            kind=SourceKind.ADAPTER,
            name=ADAPTER_NAME,
            created_at=at,
        )
        for token in sorted(listed - known)
    )
    found: dict[str, list[Source]] = {token: [] for token in listed}
    for source in rows.filter(active=True).select_for_update().order_by("pk"):
        if source.kind != SourceKind.ADAPTER or source.token in listed:
            found.setdefault(source.token, []).append(source)
    return found


def _figure(
    source: Source,
    reading: PriceReading,
    http_answers: Mapping[int, HttpAnswer],
    at: datetime,
) -> Figure:
    """What a source gave. What the chain says is as old as it is at the block that was read."""
    price: int | None
    now = reading.block.time
    if source.kind == SourceKind.ADAPTER:
        said = reading.adapter[source.token]
        price, as_of, error = said.price, said.updated_at, ""
    elif source.kind == SourceKind.AGGREGATOR:
        answer = reading.feeds.get(source.address)
        price = None if answer is None else answer.price
        as_of = None if answer is None else answer.updated_at
        error = "" if answer is None else answer.error
    else:
        http = http_answers.get(source.pk, HttpAnswer(error="It was not asked in time."))
        price, as_of, error, now = http.price, http.as_of, http.error, at
    return Figure(
        source_id=source.pk,
        price=price,
        as_of=as_of or now,
        now=now,
        stale_after=timedelta(seconds=source.stale_after_seconds),
        error=(error or "It gave no price.") if price is None else "",
    )


def _keep(
    chain_id: int, token: str, agreed: Agreement, reading: PriceReading, at: datetime
) -> Price:
    said = reading.adapter.get(token)
    traded = None if said is None or not said.price else said.price
    row = Price.objects.create(
        chain_id=chain_id,
        token=token,
        at=at,
        block_number=reading.block.number,
        block_hash=reading.block.hash,
        price=agreed.price,
        reason=agreed.reason[:_TEXT_MAX],
        sources_used=agreed.used if agreed.price is not None else 0,
        oldest_at=None if agreed.oldest is None else at - agreed.oldest,
        spread_bps=agreed.spread_bps,
        traded_price=traded,
        deviation_bps=(
            None
            if agreed.price is None or traded is None
            else bps_apart(traded, agreed.price, agreed.price)
        ),
    )
    Quote.objects.bulk_create(_quote(row, judged) for judged in agreed.judged)
    return row


def _quote(row: Price, judged: Judged) -> Quote:
    figure = judged.figure
    price = figure.price if figure.price is not None and 0 <= figure.price <= PRICE_MAX else None
    return Quote(
        price_row=row,
        source_id=figure.source_id,
        status=judged.verdict.value,
        price=price,
        as_of=None if figure.price is None else figure.as_of,
        deviation_bps=judged.deviation_bps,
        error=judged.error[:_TEXT_MAX],
    )


def _changes(before: Price | None, row: Price) -> list[PriceFact]:
    """What became of the price since the observation before: one fact, or none."""
    chain_id, token, at = row.chain_id, row.token, row.at
    if row.price is None and (before is None or before.price is not None):
        return [PriceLost(chain_id=chain_id, token=token, at=at, reason=row.reason)]
    if row.price is not None and before is not None and before.price is None:
        return [PriceRecovered(chain_id=chain_id, token=token, at=at, price=row.price)]
    return []


def _why_left_out(judged: Judged, *, is_price_known: bool) -> str:
    """Why a source was of no use; empty when it was. While all disagree nobody knows who is off."""
    if judged.verdict is Verdict.OUTLIER and is_price_known:
        return f"It is {format_bps(judged.deviation_bps)} off what the others agree on."
    left_out = judged.verdict is Verdict.STALE or judged.verdict in _BAD
    return judged.error if left_out else ""


def _note_health(
    source: Source,
    judged: Judged,
    http: HttpAnswer | None,
    at: datetime,
    *,
    is_price_known: bool,
) -> None:
    error = _why_left_out(judged, is_price_known=is_price_known)
    source.failures_in_a_row = source.failures_in_a_row + 1 if error else 0
    source.last_error = error[:_TEXT_MAX]
    source.latency_ms = None if http is None else http.latency_ms
    if judged.verdict not in _BAD:
        source.last_answer_at = at
    if error and source.failures_in_a_row == FAILURES_TOLD:
        bus.publish(
            SourceFailed(
                chain_id=source.chain_id,
                token=source.token,
                at=at,
                source_id=source.pk,
                name=source.name,
                error=source.last_error,
            )
        )
