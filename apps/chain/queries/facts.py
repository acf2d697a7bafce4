"""Stored logs as the facts that they state."""

from collections.abc import Iterable, Sequence

from apps.chain import contracts
from apps.chain.events import ChainFact
from apps.chain.models import Log, Reaction, Reading
from apps.chain.queries.events import source_of

Identity = tuple[int, str, int]
"""Chain, transaction and place within it: what a log is called across reorgs."""


class NotReadable(LookupError):
    """A fact needs more than its log says, and no node told it yet."""


def identity_of(row: Log | Reading | Reaction) -> Identity:
    """What the log is called across reorgs."""
    return (row.chain_id, row.tx_hash, row.position)


def readings_of(rows: Iterable[Log]) -> dict[Identity, Reading]:
    """What was read for those of the logs that need a reading."""
    hashes = {row.tx_hash for row in rows if contracts.needs_reading(row.event)}
    if not hashes:
        return {}
    return {identity_of(row): row for row in Reading.objects.filter(tx_hash__in=hashes)}


def facts_of(rows: Sequence[Log]) -> list[ChainFact | None]:
    """The fact of each log, None where an event is known and means nothing to us.

    Raises:
        NotReadable: a reading is missing.
    """
    readings = readings_of(rows)
    return [_fact_of(row, readings) for row in rows]


def _fact_of(row: Log, readings: dict[Identity, Reading]) -> ChainFact | None:
    contract = contracts.speaker(row.chain_id, row.address, row.contract_kind)
    if contracts.is_ignored(contract, row.event):
        return None
    values: dict[str, object] = {}
    if contracts.needs_reading(row.event):
        reading = readings.get(identity_of(row))
        if reading is None:
            raise NotReadable(f"No node says what {row.event} needs beyond its log.")
        values = {**reading.values, "derived": reading.derived}
    return contracts.fact_of(contract, row.event, source_of(row), row.args or {}, values)
