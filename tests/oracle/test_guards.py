"""Sources change by approved tickets alone, whoever writes: PostgreSQL refuses the rest."""

import threading
import time
from dataclasses import replace

import pytest
from django.db import DatabaseError, connection, transaction

from apps.accounts.models import User
from apps.oracle.models import Source
from tests.approvals.helpers import cast
from tests.forcing import guards_off
from tests.oracle.proposals import FEED_TERMS, VENDOR, approved, propose
from tests.oracle.readings import CHAIN_ID, MMF, NOON, http_source, source

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("chain_file")]


class TestNoOtherWay:
    def test_than_by_an_approved_ticket(self, admins: list[User]) -> None:
        row = source()
        waiting = propose(admins[0], replace(FEED_TERMS, stale_after_seconds=3_600), name="Feed 2")
        for change in (
            {"url": "https://evil.example/p"},
            {"active": False},
            {"address": "0x" + "66" * 20},
            {"stale_after_seconds": 10**6},
            {"active": False, "ticket_id": waiting.pk},
            {"ticket_id": waiting.pk},
            {"token": "0x" + "66" * 20},
            {"name": "Other"},
            {"kind": "HTTP"},
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                Source.objects.filter(pk=row.pk).update(**change)

    def test_than_to_what_was_approved(self, admins: list[User]) -> None:
        ticket = approved(admins)

        for change in ({"stale_after_seconds": 601}, {"address": "0x" + "66" * 20}):
            with pytest.raises(DatabaseError), transaction.atomic():
                Source.objects.update(**change, ticket_id=ticket.pk)

    def test_than_in_every_term_that_was_approved(self, admins: list[User]) -> None:
        row = http_source(name="Second feed")
        new = {"url": VENDOR.url, "time_path": "at", "stale_after_seconds": 60}
        ticket = propose(admins[0], replace(VENDOR, stale_after_seconds=60))
        with guards_off():
            Source.objects.update(latency_ms=1, stale_after_seconds=77)
        cast(admins[1], ticket)  # approved, and left undone: the source has changed
        rows = Source.objects.filter(pk=row.pk)

        for other in (
            {"url": "https://evil.example/p"},
            {"price_path": "evil"},
            {"time_path": ""},
            {"stale_after_seconds": 61},
            {"active": False},
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                rows.update(**{**new, **other}, ticket_id=ticket.pk)
        rows.update(**new, ticket_id=ticket.pk)

        assert rows.get().url == VENDOR.url

    def test_than_to_the_contract_that_was_approved(self, admins: list[User]) -> None:
        source(name="Second feed", address="0x" + "55" * 20)
        ticket = propose(admins[0])
        with guards_off():
            Source.objects.update(stale_after_seconds=77)
        cast(admins[1], ticket)

        with pytest.raises(DatabaseError), transaction.atomic():
            Source.objects.update(
                address="0x" + "66" * 20, stale_after_seconds=600, ticket_id=ticket.pk
            )

    def test_than_once_for_a_ticket(self, admins: list[User]) -> None:
        first = approved(admins)
        approved(admins, replace(FEED_TERMS, stale_after_seconds=60))

        with pytest.raises(DatabaseError), transaction.atomic():
            Source.objects.update(stale_after_seconds=600, ticket_id=first.pk)

    def test_for_another_source_than_the_tickets(self, admins: list[User]) -> None:
        other = source(name="Other", stale_after_seconds=60)
        ticket = approved(admins)

        with pytest.raises(DatabaseError), transaction.atomic():
            Source.objects.filter(pk=other.pk).update(stale_after_seconds=600, ticket_id=ticket.pk)

    def test_an_adapter_begins_as_every_adapter_does(self) -> None:
        for change in ({"stale_after_seconds": 10**6}, {"active": False}, {"ticket_id": 7}):
            with pytest.raises(DatabaseError), transaction.atomic():
                Source.objects.create(
                    chain_id=CHAIN_ID,
                    token=MMF,
                    kind="ADAPTER",
                    name="Oracle adapter",
                    created_at=NOON,
                    **change,
                )

    def test_nothing_is_deleted(self) -> None:
        source()

        with pytest.raises(DatabaseError), transaction.atomic():
            Source.objects.all().delete()

    def test_health_may_be_written(self) -> None:
        http_source()

        Source.objects.update(failures_in_a_row=7, last_error="x", latency_ms=3)


@pytest.mark.django_db(transaction=True)
class TestAfterTheFirstLoad:
    def test_more_sources_take_a_ticket(self) -> None:
        with transaction.atomic():
            source()
            source(name="Of the same load")

        with pytest.raises(DatabaseError, match="added by an approved ticket"):
            source(name="Later")

    def test_adapters_are_no_load(self) -> None:
        Source.objects.create(
            chain_id=CHAIN_ID, token=MMF, kind="ADAPTER", name="Oracle adapter", created_at=NOON
        )

        source()

        assert Source.objects.count() == 2

    def test_a_number_of_a_load_cannot_be_claimed(self) -> None:
        row = source()
        row.refresh_from_db()

        with pytest.raises(DatabaseError):
            source(name="Later", loaded_in=row.loaded_in)

    def test_of_two_loads_at_once_one_is_refused(self) -> None:
        began, refused = threading.Event(), []

        def other() -> None:
            began.set()
            try:
                source(name="Of another load")
            except DatabaseError as error:
                refused.append(str(error))
            finally:
                connection.close()

        thread = threading.Thread(target=other)
        with transaction.atomic():
            source()
            thread.start()
            assert began.wait(10)
            _until_somebody_waits_for_a_lock()
        thread.join(10)

        assert "added by an approved ticket" in refused[0]
        assert Source.objects.count() == 1


def _until_somebody_waits_for_a_lock() -> None:
    ends_at = time.monotonic() + 10
    with connection.cursor() as cursor:
        while time.monotonic() < ends_at:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            )
            if cursor.fetchone()[0]:
                return
    raise AssertionError("nobody waited")
