"""Tampering by somebody who owns the database shows."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from apps.audit.models import OperationLog, Seal
from apps.audit.operations import record, seal
from apps.audit.queries import verify
from apps.core.actor import Actor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("log")]


@pytest.fixture
def log() -> list[OperationLog]:
    """Five sealed rows."""
    for number in range(5):
        record(
            actor=Actor.system("test"),
            action="ticket.opened",
            object_type="ticket",
            object_id=str(number),
            after={"amount": 10**30 + number},
            at=timezone.now(),
        )
    seal(timezone.now())
    return list(OperationLog.objects.order_by("id"))


@pytest.fixture
def tamper() -> Callable[..., None]:
    """Execute SQL as the database's superuser with every trigger off."""

    def execute(sql: str, *values: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(sql, values)
            assert cursor.rowcount
            cursor.execute("SET LOCAL session_replication_role = origin")

    return execute


def kinds() -> set[str]:
    return {found.kind for found in verify(at=timezone.now()).breaks}


class TestVerify:
    def test_finds_nothing_in_an_honest_log(self) -> None:
        proof = verify(at=timezone.now())

        assert (proof.sealed, proof.unsealed, proof.breaks) == (5, 0, ())
        assert proof.head_hash == Seal.objects.get(sequence=5).hash

    @pytest.mark.parametrize(
        "change",
        [
            "action = 'ticket.approved'",
            "actor_name = 'somebody else'",
            "after = '{\"amount\": 1}'",
            "at = at + interval '1 microsecond'",
            "recorded_at = recorded_at - interval '1 day'",
            "level = 'LOW'",
            "actor_user_id = 1",
        ],
    )
    def test_finds_a_changed_row(self, log, tamper, change: str) -> None:
        tamper(
            f"UPDATE audit_operationlog SET {change} WHERE id = %s",  # noqa: S608 - from the list
            log[2].pk,
        )

        assert kinds() == {"CHANGED"}

    def test_finds_a_removed_row(self, log, tamper) -> None:
        tamper("DELETE FROM audit_operationlog WHERE id = %s", log[2].pk)

        assert kinds() == {"MISSING"}
        tamper("DELETE FROM audit_seal WHERE log_id = %s", log[2].pk)
        assert kinds() == {"MISSING"}

    def test_finds_rows_that_changed_places(self, log, tamper) -> None:
        one, two = log[1].pk, log[2].pk
        tamper("UPDATE audit_seal SET log_id = -1 WHERE log_id = %s", one)
        tamper("UPDATE audit_seal SET log_id = %s WHERE log_id = %s", one, two)
        tamper("UPDATE audit_seal SET log_id = %s WHERE log_id = -1", two)

        assert kinds() == {"CHANGED"}

    def test_finds_a_row_resealed_to_fit(self, log, tamper) -> None:
        tamper("UPDATE audit_operationlog SET action = 'x' WHERE id = %s", log[4].pk)
        proof_before = verify(at=timezone.now())
        tamper("DELETE FROM audit_seal WHERE log_id = %s", log[4].pk)
        tamper("INSERT INTO audit_unsealed (log_id) VALUES (%s)", log[4].pk)
        seal(timezone.now())

        # The chain fits again: only a head noted elsewhere gives it away.
        assert kinds() == set()
        anchored = verify(at=timezone.now(), anchor=(5, proof_before.head_hash))
        assert [found.kind for found in anchored.breaks] == ["CHANGED"]

    def test_finds_a_cut_off_end_by_its_anchor(self, log, tamper) -> None:
        head = verify(at=timezone.now())
        tamper("DELETE FROM audit_operationlog WHERE id = %s", log[4].pk)
        tamper("DELETE FROM audit_seal WHERE log_id = %s", log[4].pk)

        assert kinds() == set()
        anchored = verify(at=timezone.now(), anchor=(head.head_sequence, head.head_hash))
        assert [found.kind for found in anchored.breaks] == ["MISSING"]

    def test_finds_rows_that_nobody_sealed(self) -> None:
        record(
            actor=Actor.system("test"),
            action="late",
            object_type="ticket",
            object_id="9",
            at=timezone.now(),
        )

        assert verify(at=timezone.now()).breaks == ()
        late = verify(at=timezone.now() + timedelta(minutes=5)).breaks
        assert [found.kind for found in late] == ["UNSEALED"]


class TestCommand:
    def test_says_that_all_is_well_and_the_head(self) -> None:
        out = StringIO()

        call_command("verify_audit", stdout=out)

        assert "5 sealed records" in out.getvalue()
        assert "is intact" in out.getvalue()

    def test_fails_and_names_the_record(self, log, tamper) -> None:
        tamper("UPDATE audit_operationlog SET action = 'x' WHERE id = %s", log[2].pk)
        errors = StringIO()

        with pytest.raises(CommandError, match="broken in 1 places"):
            call_command("verify_audit", stdout=StringIO(), stderr=errors)

        assert f"CHANGED: Record {log[2].pk} (seal 3)" in errors.getvalue()

    def test_takes_an_anchor(self) -> None:
        head = verify(at=timezone.now())
        good = f"{head.head_sequence}:{head.head_hash}"

        call_command("verify_audit", "--anchor", good, stdout=StringIO())
        with pytest.raises(CommandError, match="broken"):
            call_command(
                "verify_audit",
                "--anchor",
                f"6:{head.head_hash}",
                stdout=StringIO(),
                stderr=StringIO(),
            )
        with pytest.raises(CommandError, match="SEQUENCE:HASH"):
            call_command("verify_audit", "--anchor", "nonsense", stdout=StringIO())
