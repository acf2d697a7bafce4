"""Asking for reports, making them, and what happens when that goes wrong."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from apps.audit.models import OperationLog
from apps.chain.contracts.fund_state import BlockRef
from apps.core.actor import Actor
from apps.fund import operations as fund
from apps.notifications.models import Notification
from apps.reports import operations, queries
from apps.reports.models import ReportRun, ReportSubscription
from apps.reports.operations import making
from apps.reports.rules import ATTEMPTS_MAX, LEASE, TRANSITIONS, Kind, Period, Status, day
from tests.accounts.people import person
from tests.fund.states import state
from tests.racing import at_once
from tests.redemptions.helpers import NOON, final_at, project, requested, settled

pytestmark = pytest.mark.django_db(transaction=True)

BEAT = Actor.system("beat")
TODAY = day(NOON.date())
AFTER = TODAY.end + timedelta(minutes=10)


def ask(kind: Kind = Kind.DAILY, period: Period = TODAY, actor: Actor = BEAT) -> ReportRun:
    return operations.request(kind=kind, period=period, actor=actor, at=AFTER)


def make(at: datetime = AFTER) -> int:
    return operations.generate_due(lambda: at)


def a_day_of_the_fund() -> None:
    """Snapshots at both ends, two requests, one of them paid."""
    for slot, number, nav in ((TODAY.start, 900, 10**18), (TODAY.end, 1_100, 102 * 10**16)):
        block = BlockRef(number, f"0x{number:064x}", slot - timedelta(seconds=5))
        said = state(number, block.time, share_price=nav)
        fund.take_snapshot(kind="HOURLY", chain_id=31337, slot=slot, state=said, at=slot)
    project(
        requested(1, requires_approval=False),
        requested(2, at=NOON + timedelta(hours=1), requires_approval=False),
        settled(1, at=NOON + timedelta(hours=2)),
    )
    final_at(TODAY.end + timedelta(minutes=5), number=1_200)


class TestRequest:
    def test_a_day_has_one_daily_report(self) -> None:
        first, second = ask(), ask()

        assert first.pk == second.pk
        assert OperationLog.objects.filter(action="report.requested").count() == 1

    def test_two_at_once_are_still_one(self) -> None:
        found = at_once(4, lambda _number: ask().pk)

        assert len(set(found)) == ReportRun.objects.count() == 1

    def test_on_demand_is_a_new_one_each_time(self) -> None:
        assert ask(Kind.CUSTOM).pk != ask(Kind.CUSTOM).pk

    @pytest.mark.parametrize(
        ("kind", "period"),
        [
            (Kind.DAILY, Period(TODAY.start, NOON)),
            (Kind.CUSTOM, Period(NOON, NOON)),
            (Kind.CUSTOM, Period(NOON, AFTER + timedelta(minutes=1))),
        ],
    )
    def test_refuses_what_cannot_be_reported(self, kind: Kind, period: Period) -> None:
        with pytest.raises(operations.BadPeriod):
            ask(kind, period)
        assert not ReportRun.objects.exists()

    def test_the_clock_asks_for_what_is_missing_once(self) -> None:
        assert len(operations.request_missing_daily(actor=BEAT, at=AFTER)) == 1
        assert operations.request_missing_daily(actor=BEAT, at=AFTER) == []
        late = AFTER + timedelta(days=3)
        assert len(operations.request_missing_daily(actor=BEAT, at=late)) == 3


class TestGenerate:
    def test_says_what_happened_in_the_period(self) -> None:
        a_day_of_the_fund()
        run = ask()

        assert make() == 1

        data = queries.run(run.pk).dataset
        assert data is not None
        assert data["missing"] == []
        assert data["fund"]["nav_per_share"]["change_bps"] == 200
        assert data["redemptions"]["requested"]["count"] == 2
        assert data["redemptions"]["settled"]["net_assets"] == str(119_500 * 10**18)
        assert data["as_of"]["closing"]["block_number"] == 1_100
        assert [row["tier"] for row in data["tiers"]] == ["L1", "L2", "L3"]
        actions = OperationLog.objects.values_list("action", flat=True)
        assert list(actions.order_by("id")) == ["report.requested", "report.ready"]

    def test_the_end_of_the_period_is_not_in_it(self) -> None:
        project(requested(1, at=TODAY.end), requested(2, at=TODAY.start))
        run = ask()

        make()

        data = queries.run(run.pk).dataset
        assert data is not None
        [item] = data["redemptions"]["requested"]["items"]
        assert item["request_id"] == "2"

    def test_a_finished_report_keeps_its_data_whatever_happens_later(self) -> None:
        a_day_of_the_fund()
        run = ask()
        make()
        before = queries.file(run.pk, "pdf")

        project(requested(3, at=NOON + timedelta(hours=3)))
        ask()
        make()

        assert queries.file(run.pk, "pdf") == before
        with pytest.raises(IntegrityError, match="written once"), transaction.atomic():
            ReportRun.objects.filter(pk=run.pk).update(dataset={})

    def test_is_read_as_of_one_instant(self, monkeypatch: pytest.MonkeyPatch) -> None:
        levels: list[str] = []

        def collect(period: Period, *, at: datetime) -> Any:
            with connection.cursor() as cursor:
                cursor.execute("SHOW transaction_isolation")
                levels.append(cursor.fetchone()[0])
            return original(period, at=at)

        original = making.collect
        monkeypatch.setattr(making, "collect", collect)
        ask()

        make()

        assert levels == ["repeatable read"]


class TestTrouble:
    def test_is_tried_three_times_and_then_said_to_have_failed(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ada = person("ADMIN")
        monkeypatch.setattr(making, "collect", broken)
        run = ask()

        for number in range(ATTEMPTS_MAX):
            assert make(AFTER + timedelta(hours=number)) == 1

        assert queries.run(run.pk).status == Status.FAILED
        assert "out of paper" in queries.run(run.pk).error
        assert (
            Notification.objects.get(kind="REPORT_FAILED", channel="EMAIL").recipient_id == ada.id
        )

    def test_one_that_failed_is_made_when_asked_again(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = ask()
        with monkeypatch.context() as patch:
            patch.setattr(making, "collect", broken)
            for number in range(ATTEMPTS_MAX):
                make(AFTER + timedelta(hours=number))

        assert ask().pk == run.pk
        make()

        assert queries.run(run.pk).status == Status.READY

    def test_a_worker_killed_half_way_is_followed_by_another(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def killed(*_args: Any, **_kwargs: Any) -> None:
            raise SystemExit(137)

        run = ask()
        with monkeypatch.context() as patch:
            patch.setattr(making, "render", killed)
            with pytest.raises(SystemExit):
                make()
        assert queries.run(run.pk).status == Status.RUNNING
        assert queries.run(run.pk).progress_percent == 60

        assert make(AFTER + LEASE / 2) == 0
        assert make(AFTER + LEASE) == 1
        assert queries.run(run.pk).status == Status.READY

    def test_one_that_kills_its_workers_is_given_up(self) -> None:
        run = ask()
        for number in range(ATTEMPTS_MAX):
            assert making._claim_next(AFTER + LEASE * number) is not None

        assert make(AFTER + LEASE * 10) == 0
        assert queries.run(run.pk).status == Status.FAILED


def broken(*_args: Any, **_kwargs: Any) -> None:
    raise RuntimeError("out of paper")


class TestReceivers:
    def test_subscribers_and_the_one_who_asked(self) -> None:
        ReportSubscription.objects.get_or_create(kind="DAILY", role="ADMIN")
        ReportSubscription.objects.create(kind="DAILY", address="board@example.org")
        ada, ana = person("ADMIN"), person("OPERATOR")
        a_day_of_the_fund()
        ask(actor=ana.actor)

        make()

        told = Notification.objects.filter(kind="REPORT_READY", channel="EMAIL")
        assert {row.address for row in told} == {
            ada.user.email,
            ana.user.email,
            "board@example.org",
        }
        assert [item["format"] for item in told[0].attachments] == ["pdf", "xlsx"]

    def test_on_demand_goes_to_the_one_who_asked_alone(self) -> None:
        ReportSubscription.objects.get_or_create(kind="DAILY", role="ADMIN")
        person("ADMIN")
        ana = person("OPERATOR")
        ask(Kind.CUSTOM, actor=ana.actor)

        make()

        told = Notification.objects.get(kind="REPORT_READY", channel="EMAIL")
        assert told.address == ana.user.email
        assert "Some data was missing" in told.text

    def test_a_subscription_is_of_a_role_or_an_address(self) -> None:
        for wrong in ({}, {"role": "ADMIN", "address": "a@example.org"}):
            with pytest.raises(IntegrityError), transaction.atomic():
                ReportSubscription.objects.create(kind="DAILY", **wrong)


class TestDatabase:
    @pytest.mark.parametrize("source", list(Status))
    def test_the_table_of_transitions_is_the_database_s_too(self, source: Status) -> None:
        allowed = {target for target in Status if source != target and _allows(source, target)}

        assert allowed == TRANSITIONS[source] - {source}


def _allows(source: Status, target: Status) -> bool:
    ReportRun.objects.all().delete()
    ask()
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        ReportRun.objects.update(**_shape(source))
        cursor.execute("SET session_replication_role = origin")
    try:
        with transaction.atomic():
            ReportRun.objects.update(**_shape(target))
    except IntegrityError:
        return False
    return True


def _shape(status: Status) -> dict[str, Any]:
    ready = status is Status.READY
    return {
        "status": status.value,
        "lease_until": AFTER if status is Status.RUNNING else None,
        "dataset": {"missing": []} if ready else None,
        "ready_at": datetime(2026, 3, 3, tzinfo=UTC) if ready else None,
    }
