"""Sources change by a ticket that names them, decided by somebody else, once; and no other way."""

from dataclasses import replace
from typing import Any

import pytest

from apps.accounts.models import User
from apps.approvals import operations as approvals
from apps.approvals import queries as queries_of_tickets
from apps.approvals.events import TicketDecided
from apps.approvals.models import Ticket
from apps.audit.models import OperationLog
from apps.oracle import operations, queries
from apps.oracle.models import Source
from apps.oracle.rules.sources import SourceTerms
from tests.approvals.helpers import actor_of, cast, open_ticket
from tests.forcing import guards_off
from tests.oracle.proposals import FEED_TERMS, VENDOR, approved, propose
from tests.oracle.readings import (
    CHAIN_ID,
    FEED,
    MINUTE,
    MMF,
    NOON,
    ONE,
    reading,
    record,
    source,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("chain_file")]


def decided(ticket: Ticket) -> TicketDecided:
    return TicketDecided(
        ticket_id=ticket.pk,
        kind=ticket.kind,
        subject_id=ticket.subject_id,
        decision="APPROVED",
        reason="",
        at=NOON,
    )


class TestPropose:
    def test_freezes_what_it_was_and_what_it_is_to_be(self, admins: list[User]) -> None:
        row = source(name="Second feed")

        ticket = propose(admins[0])

        assert ticket.kind == "CONFIG_CHANGE"
        assert ticket.subject_id == f"oracle:source:{CHAIN_ID}:{MMF}:Second feed"
        assert ticket.facts["old"]["staleAfterSeconds"] == str(row.stale_after_seconds)
        assert ticket.facts["new"] == {
            "kind": "AGGREGATOR",
            "address": FEED,
            "url": "",
            "pricePath": "",
            "timePath": "",
            "staleAfterSeconds": "600",
            "active": True,
        }
        assert ticket.facts["reason"] == "a second opinion"

    def test_changes_nothing_yet(self, admins: list[User]) -> None:
        propose(admins[0])

        assert not Source.objects.exists()

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"token": "0x12"}, "The token is an address"),
            ({"name": ""}, "The name is up to"),
            ({"name": "x" * 33}, "The name is up to"),
            ({"name": "<script>"}, "The name is up to"),
            ({"name": "oracle adapter"}, "the fund's own adapter"),
            ({"chain_id": 56}, "the fund's chain only"),
            ({"terms": replace(FEED_TERMS, address="0x" + "0" * 40)}, "its contract's address"),
            ({"terms": replace(FEED_TERMS, url="https://a.example")}, "no URL"),
            ({"terms": replace(FEED_TERMS, stale_after_seconds=0)}, "counts for 1 to"),
            ({"terms": replace(FEED_TERMS, active=False)}, "begins switched on"),
            ({"terms": SourceTerms(kind="ADAPTER")}, "and of nothing else"),
            ({"terms": SourceTerms(kind="ADAPTER"), "name": "Oracle adapter"}, "by itself"),
            ({"terms": SourceTerms(kind="PIGEON")}, "AGGREGATOR or HTTP"),
            ({"terms": replace(VENDOR, url="http://prices.example.org")}, "begins with https"),
            ({"terms": replace(VENDOR, url="https://10.0.0.7/p")}, "not a public address"),
            ({"terms": replace(VENDOR, url="https://[::1]/p")}, "not a public address"),
            ({"terms": replace(VENDOR, url="https://localhost/p")}, "not a public address"),
            ({"terms": replace(VENDOR, url="https://me:pw@a.example/p")}, "name or a password"),
            ({"terms": replace(VENDOR, url="https://a.example/p#x")}, "no part after #"),
            ({"terms": replace(VENDOR, url="https://a.example/ü")}, "cannot have"),
            ({"terms": replace(VENDOR, url="https://a.example:99999/p")}, "cannot be read"),
            ({"terms": replace(VENDOR, url="https:///p")}, "names no host"),
            ({"terms": replace(VENDOR, url="https://a.example/" + "x" * 500)}, "longer than"),
            ({"terms": replace(VENDOR, price_path="")}, "price path"),
            ({"terms": replace(VENDOR, price_path="a..b")}, "price path"),
            ({"terms": replace(VENDOR, time_path=".at")}, "time path"),
            ({"terms": replace(VENDOR, address=FEED)}, "no contract address"),
        ],
    )
    def test_refuses_what_cannot_be_a_source(
        self, admins: list[User], changes: dict[str, Any], words: str
    ) -> None:
        with pytest.raises(operations.BadSource, match=words):
            propose(admins[0], **changes)

    def test_refuses_no_reason(self, admins: list[User]) -> None:
        with pytest.raises(approvals.NoReason):
            propose(admins[0], reason=" \n")

    def test_refuses_what_is_so_already(self, admins: list[User]) -> None:
        source(name="Second feed", stale_after_seconds=600)

        with pytest.raises(approvals.NothingChanges):
            propose(admins[0])

    def test_refuses_another_kind_under_the_same_name(self, admins: list[User]) -> None:
        source(name="Second feed")

        with pytest.raises(operations.BadSource, match="keeps its kind"):
            propose(admins[0], VENDOR)

    def test_one_ticket_at_a_time(self, admins: list[User]) -> None:
        propose(admins[0])

        with pytest.raises(approvals.AlreadyProposed):
            propose(admins[1], VENDOR)

    def test_a_private_host_where_the_setting_allows_it(
        self, admins: list[User], settings: Any
    ) -> None:
        settings.ORACLE_ALLOW_HTTP = True

        assert propose(admins[0], replace(VENDOR, url="http://127.0.0.1:8000/p")).is_open


class TestApply:
    def test_a_source_is_there_once_another_administrator_approves(
        self, admins: list[User]
    ) -> None:
        ticket = approved(admins, VENDOR)

        row = Source.objects.get()
        assert (row.token, row.kind, row.name, row.url) == (MMF, "HTTP", "Second feed", VENDOR.url)
        assert (row.price_path, row.time_path, row.active) == ("price", "at", True)
        assert row.ticket_id == ticket.pk
        assert ticket.execution_status == "DONE"
        log = OperationLog.objects.get(action="CHANGE_PRICE_SOURCE")
        assert (log.level, log.after["url"]) == ("HIGH", VENDOR.url)

    def test_the_maker_does_not_approve(self, admins: list[User]) -> None:
        ticket = propose(admins[0])

        with pytest.raises(approvals.MakerCannotCheck):
            cast(admins[0], ticket)

        assert not Source.objects.exists()

    def test_a_rejected_one_changes_nothing(self, admins: list[User]) -> None:
        cast(admins[1], propose(admins[0]), "REJECT", "no")

        assert not Source.objects.exists()

    def test_changes_keep_the_source_and_its_health(self, admins: list[User]) -> None:
        row = source(name="Second feed", failures_in_a_row=3)

        ticket = approved(admins)

        changed = Source.objects.get()
        assert (changed.pk, changed.stale_after_seconds, changed.ticket_id) == (
            row.pk,
            600,
            ticket.pk,
        )
        assert changed.failures_in_a_row == 3

    def test_switches_off_and_on_again(self, admins: list[User]) -> None:
        row = source()
        for active in (False, True):
            number = operations.propose_switch(
                source_id=row.pk,
                active=active,
                reason="it is wrong",
                actor=actor_of(admins[0]),
                at=NOON,
            )
            cast(admins[1], Ticket.objects.get(pk=number))

            assert Source.objects.get().active is active

    def test_the_adapters_staleness_can_be_changed_too(self, admins: list[User]) -> None:
        record(reading({MMF: ONE}))

        approved(
            admins, SourceTerms(kind="ADAPTER", stale_after_seconds=90_000), name="Oracle adapter"
        )
        record(reading({MMF: ONE}), at=NOON + MINUTE)

        assert Source.objects.get().stale_after_seconds == 90_000

    def test_fails_when_the_source_has_changed_meanwhile(self, admins: list[User]) -> None:
        row = source(name="Second feed")
        ticket = propose(admins[0])
        with guards_off():
            Source.objects.update(stale_after_seconds=77)

        cast(admins[1], ticket)

        row.refresh_from_db()
        ticket = Ticket.objects.get(pk=ticket.pk)
        assert row.stale_after_seconds == 77
        assert ticket.execution_status == "FAILED"
        assert "not as it was" in ticket.execution_error

    def test_happens_once(self, admins: list[User]) -> None:
        ticket = approved(admins)
        operations.apply_source(decided(ticket))

        assert OperationLog.objects.filter(action="CHANGE_PRICE_SOURCE").count() == 1
        assert Ticket.objects.get(pk=ticket.pk).execution_status == "DONE"

    def test_not_before_people_have_decided(self, admins: list[User]) -> None:
        ticket = propose(admins[0])

        with pytest.raises(queries_of_tickets.NotAuthorised):
            operations.apply_source(decided(ticket))

        assert not Source.objects.exists()

    def test_tickets_about_anything_else_are_not_ours(self, admins: list[User]) -> None:
        cast(admins[1], open_ticket(kind="CONFIG_CHANGE", subject_id="elsewhere:7"))

        assert not Source.objects.exists()

    def test_refuses_a_source_that_is_not_there(self, admins: list[User]) -> None:
        with pytest.raises(operations.SourceNotFound):
            operations.propose_switch(
                source_id=7, active=False, reason="?", actor=actor_of(admins[0]), at=NOON
            )


class TestPanel:
    def test_says_what_is_added(self, admins: list[User], symbols: None) -> None:
        told = queries.describe_source_change(propose(admins[0], VENDOR))

        assert told["sentence"] == (
            f"Price source “Second feed” of MMF ({MMF}) on chain {CHAIN_ID} is added, kind HTTP. "
            "URL: https://prices.example.org/mmf; path of the price: price; path of the time: at; "
            "figures count for (seconds): 3600. Because: “a second opinion”."
        )
        assert told["url"] == ""

    def test_says_what_changes_and_what_is_switched(self, admins: list[User]) -> None:
        row = source(name="Second feed")

        told = queries.describe_source_change(propose(admins[0], replace(FEED_TERMS, active=False)))

        assert "3600 → 600; it is switched off." in told["sentence"]
        assert told["url"] == f"/admin/oracle/source/{row.pk}/change/"

    def test_the_tickets_page_shows_it(self, admins: list[User]) -> None:
        from apps.approvals.queries import panel_for

        panel = panel_for(propose(admins[0]))

        assert panel is not None
        assert panel.describe is queries.describe_source_change
