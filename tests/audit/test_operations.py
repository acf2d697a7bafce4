"""Recording and sealing."""

import threading
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.audit import operations
from apps.audit.models import OperationLog, Seal, Unsealed
from apps.audit.operations import record, seal
from apps.audit.queries import trail, verify
from apps.core.actor import Actor

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def write(number: int = 1, **fields: object) -> None:
    given: dict[str, object] = {
        "actor": Actor(kind="user", name="ana", user_id=7, role="OPERATOR", ip="192.0.2.1"),
        "action": "redemption.settled",
        "object_type": "redemption",
        "object_id": str(number),
        "at": AT,
    }
    record(**{**given, **fields})  # type: ignore[arg-type]


@pytest.mark.django_db
class TestRecord:
    def test_keeps_who_what_and_both_sides(self) -> None:
        write(before={"status": "PENDING"}, after={"status": "SETTLED", "net": 2**255})

        row = trail("redemption", "1").get()

        assert (row.actor_name, row.actor_user_id, row.actor_role) == ("ana", 7, "OPERATOR")
        assert row.before == {"status": "PENDING"}
        assert row.after == {"status": "SETTLED", "net": 2**255}
        assert (row.at, row.level, row.result) == (AT, "MEDIUM", "OK")

    def test_vanishes_with_the_transaction_that_it_belongs_to(self) -> None:
        def fail_after_writing() -> None:
            with transaction.atomic():
                write()
                raise InterruptedError

        with pytest.raises(InterruptedError):
            fail_after_writing()

        assert not OperationLog.objects.exists()

    def test_survives_what_the_outside_sends(self) -> None:
        hostile = "a\x00b\ud800c\u202e<script>"

        write(
            object_id=hostile,
            result=hostile * 200,
            actor=Actor(kind="user", name=hostile, user_agent=hostile * 100),
            after={hostile: [hostile, Decimal("1.10"), AT, b"\x01", {1, 2}, float("nan")]},
        )

        row = OperationLog.objects.get()
        assert row.object_id == "a\ufffdb?c\u202e<script>"
        assert row.after == {
            row.object_id: [
                row.object_id,
                "1.10",
                "2026-03-01T12:00:00.000000+00:00",
                "0x01",
                [1, 2],
                "nan",
            ]
        }

    def test_refuses_a_level_that_has_no_retention(self) -> None:
        with pytest.raises(ValueError, match="EXTREME"):
            write(level="EXTREME")


@pytest.mark.django_db
class TestSeal:
    def test_chains_every_row_once(self) -> None:
        for number in range(5):
            write(number)

        assert seal(AT) == 5
        assert seal(AT) == 0

        seals = list(Seal.objects.order_by("sequence"))
        assert [one.sequence for one in seals] == [1, 2, 3, 4, 5]
        assert [one.previous_hash for one in seals[1:]] == [one.hash for one in seals[:-1]]
        assert not Unsealed.objects.exists()

    def test_continues_the_chain(self) -> None:
        write(1)
        seal(AT)
        write(2)
        seal(AT)

        first, second = Seal.objects.order_by("sequence")
        assert second.previous_hash == first.hash

    def test_seals_at_most_a_batch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(operations, "SEAL_BATCH_MAX", 2)
        for number in range(3):
            write(number)

        assert [seal(AT), seal(AT), seal(AT)] == [2, 1, 0]


@pytest.mark.django_db(transaction=True)
class TestManySealers:
    def test_writers_and_sealers_at_once_leave_one_unbroken_chain(self) -> None:
        barrier = threading.Barrier(8)
        failures: list[BaseException] = []

        def work(number: int) -> None:
            try:
                barrier.wait(10)
                for turn in range(10):
                    if number % 2:
                        seal(timezone.now())
                    else:
                        with transaction.atomic():
                            write(number * 100 + turn)
            except BaseException as error:  # noqa: BLE001 - shown by the assertion below
                failures.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        while seal(timezone.now()):
            pass

        assert not failures
        proof = verify(at=timezone.now())
        assert (proof.sealed, proof.unsealed, proof.breaks) == (40, 0, ())
        assert Seal.objects.values("log_id").distinct().count() == 40
