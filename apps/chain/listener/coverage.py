"""Which blocks were read for each contract, kept in the transactions that read them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from apps.chain.config import ChainConfig
from apps.chain.models import Coverage
from apps.chain.rules import spans
from apps.chain.rules.spans import Span


@dataclass(frozen=True, slots=True)
class Hole:
    """Blocks that were not read for some contracts, though they should have been."""

    span: Span
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Covered:
    """Which blocks were read, by contract."""

    spans: Mapping[str, spans.Spans]

    def covers(self, address: str, number: int) -> bool:
        """Whether this block was read for this contract."""
        return not spans.missing(self.spans.get(address, ()), (number, number + 1))


def read_for(chain_id: int) -> Covered:
    """What was read of a chain."""
    rows = Coverage.objects.filter(chain_id=chain_id)
    return Covered(dict(rows.values_list("address", "covered")))


def ensure_rows(config: ChainConfig) -> None:
    """Give every watched contract its row; a new one starts with nothing read."""
    Coverage.objects.bulk_create(
        [
            Coverage(chain_id=config.chain_id, address=contract.address, kind=contract.kind)
            for contract in config.watched
        ],
        ignore_conflicts=True,
    )


def extend(chain_id: int, addresses: Iterable[str], span: Span, at: datetime) -> None:
    """Note that a range of blocks was read for these contracts."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE chain_coverage"
            " SET covered = covered + int8multirange(int8range(%s, %s)), updated_at = %s"
            " WHERE chain_id = %s AND address = ANY(%s)",
            [*span, at, chain_id, list(addresses)],
        )


def cut_above(chain_id: int, number: int, at: datetime) -> None:
    """Forget that anything above a height was read."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE chain_coverage"
            " SET covered = covered * int8multirange(int8range(NULL, %s)), updated_at = %s"
            " WHERE chain_id = %s",
            [number + 1, at, chain_id],
        )


def first_hole(config: ChainConfig, *, below: int, blocks_max: int) -> Hole | None:
    """The lowest blocks under ``below`` not read for some contract, with all it is true of."""
    rows = {row.address: row.covered for row in Coverage.objects.filter(chain_id=config.chain_id)}
    holes = [
        (hole, contract.address)
        for contract in config.watched
        for hole in spans.missing(rows.get(contract.address, ()), (contract.start_block, below))
    ]
    if not holes:
        return None
    start = min(span[0] for span, _ in holes)
    here = [(span, address) for span, address in holes if span[0] == start]
    later_starts = [span[0] for span, _ in holes if span[0] > start]
    stop = min([*(span[1] for span, _ in here), *later_starts, start + blocks_max])
    return Hole((start, stop), tuple(address for _, address in here))
