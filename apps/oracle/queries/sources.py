"""Where figures come from, and how each source does: the health page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.oracle.models import Price, Quote, QuoteStatus, Source, SourceKind
from apps.oracle.queries.names import names_of, short
from apps.oracle.queries.prices import PriceView, newest_rows, view_of
from apps.oracle.rules.sources import SourceTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """A source and what it said in the newest observation; figures are None where it said none.

    ``status`` is a :class:`QuoteStatus`, "OFF" when switched off, "" when not asked yet.
    """

    id: int
    name: str
    kind: str
    active: bool
    status: str
    price: int | None
    as_of: datetime | None
    deviation_bps: int | None
    error: str
    stale_after: timedelta
    failures_in_a_row: int
    latency_ms: int | None
    last_answer_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetHealth:
    """An asset with its price and its sources."""

    token: str
    name: str
    price: PriceView
    sources: tuple[SourceHealth, ...]


def health_of(rows: Sequence[Source]) -> list[SourceHealth]:
    """What each of some sources said in the newest observation, in their order."""
    newest = [row for chain_id in {row.chain_id for row in rows} for row in newest_rows(chain_id)]
    return _said(rows, newest)


def health(*, chain_id: int, at: datetime) -> tuple[AssetHealth, ...]:
    """Every asset of the newest observation, by name, with each of its sources."""
    rows = newest_rows(chain_id)
    names = names_of(chain_id)
    tokens = [row.token for row in rows]
    listed = list(
        Source.objects.filter(chain_id=chain_id, token__in=tokens).order_by("kind", "name")
    )
    sources: dict[str, list[SourceHealth]] = {}
    for source, one in zip(listed, _said(listed, rows), strict=True):
        sources.setdefault(source.token, []).append(one)
    found = (
        AssetHealth(
            token=row.token,
            name=names.get(row.token, short(row.token)),
            price=view_of(row, at),
            sources=tuple(sources.get(row.token, ())),
        )
        for row in rows
    )
    return tuple(sorted(found, key=lambda asset: (asset.name, asset.token)))


def active_sources(chain_id: int) -> list[Source]:
    """The sources that are asked, the fund's adapter aside."""
    rows = Source.objects.filter(chain_id=chain_id, active=True)
    return list(rows.exclude(kind=SourceKind.ADAPTER).order_by("pk"))


def terms_of(row: Source) -> SourceTerms:
    """A source as it is now."""
    return SourceTerms(
        kind=row.kind,
        address=row.address,
        url=row.url,
        price_path=row.price_path,
        time_path=row.time_path,
        stale_after_seconds=row.stale_after_seconds,
        active=row.active,
    )


def _said(sources: Sequence[Source], newest: Sequence[Price]) -> list[SourceHealth]:
    quotes = {
        quote.source_id: quote
        for quote in Quote.objects.filter(price_row__in=[row.pk for row in newest])
    }
    return [_health(source, quotes.get(source.pk)) for source in sources]


def _health(source: Source, quote: Quote | None) -> SourceHealth:
    if not source.active:
        quote = None
    status = "OFF" if not source.active else "" if quote is None else QuoteStatus(quote.status)
    return SourceHealth(
        id=source.pk,
        name=source.name,
        kind=source.kind,
        active=source.active,
        status=status,
        price=None if quote is None else quote.price,
        as_of=None if quote is None else quote.as_of,
        deviation_bps=None if quote is None else quote.deviation_bps,
        error="" if quote is None else quote.error,
        stale_after=timedelta(seconds=source.stale_after_seconds),
        failures_in_a_row=source.failures_in_a_row,
        latency_ms=source.latency_ms,
        last_answer_at=source.last_answer_at,
    )
