"""Rows that can be made again: compared by digest, and made a second time beside the first."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, models


@dataclass(frozen=True, slots=True)
class Digest:
    """So many rows, and a SHA-256 over all of them in an order of their own."""

    rows: int
    sha256: str


def digest(model: type[models.Model], *, chain_id: int) -> Digest:
    """What a chain's rows of a table say, whatever their ids and whenever they were written."""
    row = f"ROW({_columns(model)})::text"
    line = f"sha256(convert_to({row}, 'UTF8'))"
    every = "coalesce(string_agg(line, '' ORDER BY line), '')"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*), encode(sha256({every}), 'hex') "  # noqa: S608
            f"FROM (SELECT {line} AS line FROM {_table(model)} WHERE chain_id = %s) AS lines",
            [chain_id],
        )
        count, sha256 = cursor.fetchone()
    return Digest(count, sha256)


@contextmanager
def shadowed(tables: Sequence[type[models.Model]]) -> Iterator[None]:
    """Inside the block the models' tables are empty copies that only this transaction sees.

    Temporary tables of the same names hide the real ones, which are neither read, nor written, nor
    locked: whoever works with them meanwhile notices nothing. Triggers are not copied.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        schema = connection.ops.quote_name(cursor.fetchone()[0])
        for model in tables:
            cursor.execute(
                f"CREATE TEMPORARY TABLE {_table(model)} "
                f"(LIKE {schema}.{_table(model)} INCLUDING ALL) ON COMMIT DROP"
            )
    yield
    with connection.cursor() as cursor:
        for model in tables:
            cursor.execute(f"DROP TABLE pg_temp.{_table(model)}")


def _table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)  # noqa: SLF001 - public in all but name


def _columns(model: type[models.Model]) -> str:
    """Every column but a number that the database gave the row."""
    return ", ".join(
        connection.ops.quote_name(str(field.column))
        for field in model._meta.concrete_fields  # noqa: SLF001
        if not isinstance(field, models.AutoField)
    )
