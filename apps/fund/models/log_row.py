"""A row that exists because of one log, and at most once per log."""

from typing import ClassVar

from django.db import connection, models
from django.db.models import sql
from django.db.models.constants import OnConflict

from apps.core.errors import Refused
from apps.core.fields import AddressField, HashField


class FactContradicted(Refused):
    """A log that was recorded before now says something else; a person must look."""


class LogRow(models.Model):
    """What one log said. (chain_id, tx_hash, position) is the log's identity, across reorgs too."""

    chain_id = models.BigIntegerField()
    contract = AddressField()
    tx_hash = HashField()
    position = models.IntegerField(help_text="Place of the log within its transaction")
    block_number = models.BigIntegerField()
    log_index = models.IntegerField()
    at = models.DateTimeField(help_text="The block's time")

    class Meta:
        abstract = True
        ordering: ClassVar = ["-block_number", "-log_index"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["chain_id", "tx_hash", "position"], name="%(class)s_once_per_log"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-block_number", "-log_index"], name="%(class)s_order"),
            models.Index(fields=["-at"], name="%(class)s_at"),
        ]

    def insert_once(self) -> bool:
        """Insert the row unless its log has one; True when this call inserted it. One statement.

        Raises:
            FactContradicted: the log has a row, and that row says something else.
        """
        query = sql.InsertQuery(type(self), on_conflict=OnConflict.IGNORE)
        fields = [field for field in self._meta.concrete_fields if not field.primary_key]
        query.insert_values(fields, [self])
        [(statement, params)] = query.get_compiler(connection=connection).as_sql()
        with connection.cursor() as cursor:
            cursor.execute(statement, params)
            inserted = bool(cursor.rowcount)
        if not inserted:
            self._refuse_contradiction([field.attname for field in fields])
        return inserted

    def _refuse_contradiction(self, names: list[str]) -> None:
        identity = {name: getattr(self, name) for name in ("chain_id", "tx_hash", "position")}
        recorded = models.QuerySet(type(self)).filter(**identity).values(*names).get()
        differing = [name for name in names if recorded[name] != getattr(self, name)]
        if differing:
            raise FactContradicted(
                f"{self._meta.verbose_name} {self.tx_hash}:{self.position} is recorded with another"
                f" {', '.join(differing)}",
                **{name: str(value) for name, value in identity.items()},
            )
