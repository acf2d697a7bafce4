"""A row that exists because of one log, and at most once per log."""

from collections.abc import Sequence
from typing import Any, ClassVar, Self

from django.db import models

from apps.core.bulk import insert_rows
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
        return self.insert_each_once([self])[0]

    @classmethod
    def insert_each_once(cls, rows: Sequence[Self]) -> list[bool]:
        """Insert the rows whose logs have none; for each, whether it was inserted. One statement.

        Raises:
            FactContradicted: a log has a row, and that row says something else.
        """
        identity_columns = ("chain_id", "tx_hash", "position")
        new = set(insert_rows(rows, on_conflict="DO NOTHING", returning=identity_columns))
        inserted = []
        for row in rows:
            identity = (row.chain_id, row.tx_hash, row.position)
            inserted.append(identity in new)
            new.discard(identity)  # the same log again, later in the list, is not new
            if not inserted[-1]:
                cls._refuse_contradiction(row)
        return inserted

    def _refuse_contradiction(self) -> None:
        fields = [field for field in self._meta.concrete_fields if not field.primary_key]
        names = [field.attname for field in fields]
        identity: dict[str, Any] = {
            name: getattr(self, name) for name in ("chain_id", "tx_hash", "position")
        }
        recorded = models.QuerySet(type(self)).filter(**identity).values(*names).get()
        differing = [name for name in names if recorded[name] != getattr(self, name)]
        if differing:
            raise FactContradicted(
                f"{self._meta.verbose_name} {self.tx_hash}:{self.position} is recorded with another"
                f" {', '.join(differing)}",
                **{name: str(value) for name, value in identity.items()},
            )
