"""Making every row that follows the chain again from the stored events, and proving it equal."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, models, transaction

from apps.chain import operations as chain
from apps.core.errors import Refused
from apps.core.locks import exclusive
from apps.core.refolding import Digest, digest, shadowed
from apps.fund import operations as fund
from apps.redemptions import operations as redemptions


class ListenerLeads(Refused):
    """A process reads the chain and applies what is final; two may not write at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table before and after."""

    name: str
    before: Digest
    after: Digest

    @property
    def is_equal(self) -> bool:
        """Whether every row was made again as it was."""
        return self.before == self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What a replay made; ``kept`` is whether it stays."""

    tables: tuple[Table, ...]
    folded: chain.Folded
    kept: bool

    @property
    def is_equal(self) -> bool:
        """Whether every table is as it was."""
        return all(table.is_equal for table in self.tables)


def replay(
    *, chain_id: int, only_if_equal: bool, progress: chain.Progress, at: datetime
) -> Rebuilt:
    """Clear every row that follows the chain and make it again, all at once or not at all.

    With ``only_if_equal`` a difference undoes everything. What is kept lifts the halt of a chain
    that was rewound below applied events.

    Raises:
        ListenerLeads: stop the listener first.
        chain.FoldFailed: a handler refuses a log that was applied before; nothing was changed.
    """
    with exclusive(chain.listener_lock(chain_id)) as alone:
        if not alone:
            raise ListenerLeads(f"A listener reads chain {chain_id}: stop it first, or wait.")
        with transaction.atomic():
            _take_any_time()
            before = _digests(chain_id)
            fund.clear_projections(chain_id=chain_id)
            redemptions.clear_projections(chain_id=chain_id)
            folded = chain.fold(chain_id=chain_id, progress=progress, at=at)
            tables = _tables(before, _digests(chain_id))
            kept = not only_if_equal or all(table.is_equal for table in tables)
            if kept:
                chain.note_replayed(chain_id)
            transaction.set_rollback(not kept)
    return Rebuilt(tables=tables, folded=folded, kept=kept)


def rehearse(*, chain_id: int, progress: chain.Progress, at: datetime) -> Rebuilt:
    """Make every row that follows the chain again beside the real ones, compare, and keep nothing.

    Needs no lock, and nobody who reads or writes meanwhile notices.

    Raises:
        chain.FoldFailed: a handler refuses a log that was applied before.
    """
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        _take_any_time()
        before = _digests(chain_id)
        with shadowed(_PROJECTED):
            folded = chain.fold(chain_id=chain_id, progress=progress, at=at)
            tables = _tables(before, _digests(chain_id))
        transaction.set_rollback(True)
    return Rebuilt(tables=tables, folded=folded, kept=False)


_PROJECTED: tuple[type[models.Model], ...] = (*fund.PROJECTED, *redemptions.PROJECTED)


def _take_any_time() -> None:
    """A table of millions of rows is read, or cleared, in one statement that nobody waits for."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")


def _digests(chain_id: int) -> dict[str, Digest]:
    return {
        model._meta.label_lower: digest(model, chain_id=chain_id)  # noqa: SLF001 - Django's own API
        for model in _PROJECTED
    }


def _tables(before: dict[str, Digest], after: dict[str, Digest]) -> tuple[Table, ...]:
    return tuple(Table(name=name, before=before[name], after=after[name]) for name in before)
