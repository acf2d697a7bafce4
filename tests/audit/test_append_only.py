"""The database itself refuses to change the log."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from apps.audit.models import OperationLog, Seal
from apps.audit.operations import record, seal
from apps.core.actor import Actor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("row")]


@pytest.fixture
def row() -> OperationLog:
    """One sealed row."""
    record(
        actor=Actor.system("test"),
        action="ticket.opened",
        object_type="ticket",
        object_id="1",
        at=timezone.now(),
    )
    seal(timezone.now())
    return OperationLog.objects.get()


class TestTriggers:
    def test_refuse_update(self) -> None:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            OperationLog.objects.update(action="ticket.approved")

        assert OperationLog.objects.get().action == "ticket.opened"

    def test_refuse_delete(self) -> None:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            Seal.objects.all().delete()
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("DELETE FROM audit_operationlog")

        assert OperationLog.objects.count() == Seal.objects.count() == 1

    def test_refuse_changing_a_seal(self) -> None:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            Seal.objects.update(hash="0x" + "11" * 32)

    @pytest.mark.parametrize("table", ["audit_operationlog", "audit_seal"])
    def test_refuse_truncate(self, table: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
                cursor.execute(f"TRUNCATE {table} CASCADE")
