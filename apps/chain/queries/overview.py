"""One chain as its page shows it: nodes, contracts, what was read, what went wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Q

from apps.chain import config as chain_config
from apps.chain.config import ChainConfig, ContractConfig
from apps.chain.models import Coverage, Cursor, Finding, Log, LogStatus, Provider, ReorgEvent
from apps.chain.rules import spans

_PARKED = (LogStatus.FAILED, LogStatus.UNKNOWN, LogStatus.UNDECODABLE)
_REORGS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderView:
    """One node as it served us. ``error_rate`` is 0…1; ``state`` is a word, ``tone`` its colour."""

    label: str
    in_use: bool
    state: str
    tone: str
    reason: str
    head_number: int | None
    lag_blocks: int | None
    latency_ms: int | None
    error_percent: float
    range_blocks: int
    calls: int
    failures: int
    last_error: str
    last_error_at: datetime | None
    checked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractView:
    """One contract of the chain file. ``holes`` are half-open ranges of blocks not read yet."""

    kind: str
    address: str
    generation: str
    start_block: int
    watched: bool
    covered_blocks: int
    holes: spans.Spans
    logs: int
    parked: int
    newest_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainOverview:
    """A chain's page."""

    providers: list[ProviderView]
    contracts: list[ContractView]
    reorgs: list[ReorgEvent]
    findings: list[Finding]


def overview(chain_id: int, *, at: datetime) -> ChainOverview:
    """Everything the page of a chain shows beside its cursor, from stored rows only.

    Raises:
        config.UnknownChain: it is no longer configured.
    """
    config = chain_config.chain(chain_id)
    cursor = Cursor.objects.filter(chain_id=chain_id).first()
    return ChainOverview(
        providers=_providers(config, cursor, at),
        contracts=_contracts(config, cursor),
        reorgs=list(ReorgEvent.objects.filter(chain_id=chain_id).order_by("-id")[:_REORGS]),
        findings=list(
            Finding.objects.filter(chain_id=chain_id, closed_at__isnull=True).order_by(
                "-last_seen_at"
            )
        ),
    )


def _providers(config: ChainConfig, cursor: Cursor | None, at: datetime) -> list[ProviderView]:
    rows = Provider.objects.filter(chain_id=config.chain_id).order_by("place")
    in_use = cursor.provider if cursor else ""
    best = max((row.head_number for row in rows if row.head_number is not None), default=None)
    return [_provider(row, in_use, best, at) for row in rows]


def _provider(row: Provider, in_use: str, best: int | None, at: datetime) -> ProviderView:
    state, tone = "Ready", "neutral"
    if row.benched_until is not None and row.benched_until > at:
        state, tone = "Benched", "bad"
    elif row.benched_reason:
        state, tone = "Behind", "warn"
    elif row.checked_at is None:
        state = "Never asked"
    elif row.label == in_use:
        state, tone = "In use", "good"
    lag = best - row.head_number if best is not None and row.head_number is not None else None
    return ProviderView(
        label=row.label,
        in_use=row.label == in_use,
        state=state,
        tone=tone,
        reason=row.benched_reason,
        head_number=row.head_number,
        lag_blocks=lag,
        latency_ms=None if row.latency_ms is None else round(row.latency_ms),
        error_percent=round(row.error_rate * 100, 1),
        range_blocks=row.range_blocks,
        calls=row.calls,
        failures=row.failures,
        last_error=row.last_error,
        last_error_at=row.last_error_at,
        checked_at=row.checked_at,
    )


def has_holes(chain_id: int) -> bool:
    """Whether final blocks were not read yet for a contract that is watched now."""
    cursor = Cursor.objects.filter(chain_id=chain_id, final_number__isnull=False).first()
    if cursor is None or cursor.final_number is None:
        return False
    covered = {row.address: row.covered for row in Coverage.objects.filter(chain_id=chain_id)}
    end = cursor.final_number + 1
    return any(
        spans.missing(covered.get(contract.address, ()), (contract.start_block, end))
        for contract in chain_config.chain(chain_id).watched
        if contract.start_block < end
    )


def _contracts(config: ChainConfig, cursor: Cursor | None) -> list[ContractView]:
    covered = {
        row.address: row.covered for row in Coverage.objects.filter(chain_id=config.chain_id)
    }
    counted = {
        row["address"]: row
        for row in Log.objects.filter(chain_id=config.chain_id)
        .exclude(status=LogStatus.ORPHANED)
        .values("address")
        .annotate(
            logs=Count("id"),
            parked=Count("id", filter=Q(status__in=_PARKED)),
            newest=Max("block_at"),
        )
        .order_by()
    }
    # Blocks above what is final are read by the tail, and counted once they are final.
    end = cursor.final_number + 1 if cursor and cursor.final_number is not None else None
    watched = {contract.address for contract in config.watched}
    return [
        _contract(contract, covered, counted, end, watched=contract.address in watched)
        for contract in config.contracts
    ]


def _contract(
    contract: ContractConfig,
    covered: dict[str, spans.Spans],
    counted: Mapping[str, Any],
    end: int | None,
    *,
    watched: bool,
) -> ContractView:
    held = covered.get(contract.address, ())
    holes: spans.Spans = ()
    if watched and end is not None and end > contract.start_block:
        holes = tuple(spans.missing(held, (contract.start_block, end)))
    row: Mapping[str, Any] = counted.get(contract.address, {})
    return ContractView(
        kind=contract.kind,
        address=contract.address,
        generation=contract.generation,
        start_block=contract.start_block,
        watched=watched,
        covered_blocks=sum(stop - start for start, stop in held),
        holes=holes,
        logs=row.get("logs", 0),
        parked=row.get("parked", 0),
        newest_at=row.get("newest"),
    )
