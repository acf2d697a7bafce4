"""Batches: all at once when all is well; one that fails alone, and what is behind it waits."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connection

from apps.chain import dispatcher
from apps.chain.dispatcher import applying
from apps.chain.events import ChainFact, EmergencyModeChanged, LogParked, NavUpdated
from apps.chain.models import Log, LogStatus, Reaction
from apps.core import clock
from apps.fund.models import Holder, ShareMovement
from devnet.accounts import INVESTORS
from devnet.fund import usdt
from devnet.history import seed_activity
from tests.chain.dispatching.hearing import Ears
from tests.chain_world import World

pytestmark = pytest.mark.chain


def dispatch(world: World) -> int:
    return dispatcher.dispatch_ready(world.config.chain_id, world.lead.client, clock=clock.now)


def hold_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read all there is, and apply nothing of it."""
    with monkeypatch.context() as patch:
        patch.setattr(dispatcher, "dispatch_ready", lambda *_args, **_options: 0)
        world.finalise()


@pytest.mark.django_db
class TestBatch:
    def test_a_history_takes_few_statements_for_each_event(
        self,
        world: World,
        monkeypatch: pytest.MonkeyPatch,
        django_assert_max_num_queries: Callable[..., Any],
    ) -> None:
        world.finalise()
        for _ in range(30):
            world.scenario.subscribe(INVESTORS[0], usdt(10_000))
        hold_back(world, monkeypatch)
        waiting = Log.objects.filter(status=LogStatus.FINAL).count()

        with django_assert_max_num_queries(waiting // 4):
            assert dispatch(world) == waiting >= 60

    def test_a_poisonous_event_parks_alone(
        self, world: World, ears: Ears, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ears.breaks_on(EmergencyModeChanged)
        world.scenario.subscribe(INVESTORS[0], usdt(400_000))
        world.scenario.set_emergency_mode(True)
        hold_back(world, monkeypatch)

        dispatch_all(world)

        parked = Log.objects.get(status=LogStatus.FAILED)
        assert parked.event == "EmergencyModeChanged"
        behind = Log.objects.filter(status=LogStatus.FINAL)
        assert {row.key for row in behind} <= {parked.key}
        told = [fact for fact in ears.published if isinstance(fact, LogParked)]
        assert [fact.log_id for fact in told] == [parked.pk]

    def test_nothing_of_its_key_overtakes_a_parked_event(
        self, world: World, ears: Ears, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.scenario.subscribe(INVESTORS[0], usdt(400_000))
        world.finalise()
        ears.breaks_on(EmergencyModeChanged)
        world.scenario.set_emergency_mode(True)
        for _ in range(3):
            world.scenario.update_nav()
        hold_back(world, monkeypatch)

        dispatch_all(world)

        parked = Log.objects.get(status=LogStatus.FAILED)
        waiting = Log.objects.filter(status=LogStatus.FINAL)
        assert {row.key for row in waiting} == {parked.key}
        assert {row.event for row in waiting} == {"NavUpdated"}
        ears.breaks = lambda _fact: None
        Log.objects.update(retry_at=None)
        Log.objects.filter(pk=parked.pk).update(retry_at=clock.now())
        dispatch_all(world)
        order = [f for f in ears.projected if isinstance(f, EmergencyModeChanged | NavUpdated)]
        places = [(fact.source.block_number, fact.source.log_index) for fact in order]
        assert places == sorted(places)
        assert not Log.objects.filter(status=LogStatus.FINAL).exists()

    def test_an_older_one_of_its_key_does_not_wait_for_it(
        self, world: World, ears: Ears, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Such as one that a node left out and that was stored late: it may be what was missing."""
        world.scenario.set_emergency_mode(True)
        world.scenario.update_nav()
        hold_back(world, monkeypatch)
        late = Log.objects.get(event="EmergencyModeChanged")
        Log.objects.filter(pk=late.pk).update(status=LogStatus.SEEN)
        ears.breaks_on(NavUpdated)
        dispatch_all(world)

        Log.objects.filter(pk=late.pk).update(status=LogStatus.FINAL)
        dispatch_all(world)

        late.refresh_from_db()
        assert late.status == LogStatus.APPLIED
        assert Log.objects.get(status=LogStatus.FAILED).event == "NavUpdated"

    def test_effects_of_a_batch_that_was_undone_leave_no_trace(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.scenario.subscribe(INVESTORS[0], usdt(400_000))
        world.scenario.set_emergency_mode(True)
        hold_back(world, monkeypatch)

        def broken(*_args: Any, **_options: Any) -> None:
            raise RuntimeError("broken")

        with monkeypatch.context() as patch:
            patch.setattr(applying, "_never_reacted_to", broken)
            dispatch_all(world)

        assert not ShareMovement.objects.exists()
        assert not Holder.objects.exists()
        assert not Reaction.objects.exists()
        assert not Log.objects.filter(status=LogStatus.APPLIED).exists()

    def test_a_long_run_of_failures_ends_in_time(
        self, world: World, ears: Ears, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.scenario.subscribe(INVESTORS[0], usdt(400_000))
        hold_back(world, monkeypatch)
        monkeypatch.setattr(applying, "_SECONDS_MAX", 0)
        ears.breaks_on(ChainFact)

        taken = [dispatch(world) for _ in range(3)]

        assert taken[0] == 1
        assert all(taken)


@pytest.mark.django_db(transaction=True)
class TestDatabase:
    def refuse(self, statement: str) -> Callable[[ChainFact], None]:
        """A handler that makes the database refuse."""

        def breaks(fact: ChainFact) -> None:
            if isinstance(fact, EmergencyModeChanged):
                with connection.cursor() as cursor:
                    cursor.execute(statement)

        return breaks

    def test_a_statement_it_always_refuses_parks_its_event(
        self, committed_world: World, ears: Ears, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world = committed_world
        ears.breaks = self.refuse("SET LOCAL statement_timeout = 1; SELECT pg_sleep(1)")
        world.scenario.set_emergency_mode(True)
        world.scenario.subscribe(INVESTORS[0], usdt(400_000))
        hold_back(world, monkeypatch)

        dispatch_all(world)

        parked = Log.objects.get(status=LogStatus.FAILED)
        assert parked.event == "EmergencyModeChanged"
        assert "OperationalError" in parked.error

    def test_a_refusal_that_passes_parks_nothing(
        self, committed_world: World, ears: Ears, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world = committed_world
        refuse, tries = self.refuse("SET LOCAL statement_timeout = 1; SELECT pg_sleep(1)"), []

        def breaks_twice(fact: ChainFact) -> None:
            if isinstance(fact, EmergencyModeChanged) and len(tries) < 2:
                tries.append(fact)
                refuse(fact)

        ears.breaks = breaks_twice
        world.scenario.set_emergency_mode(True)
        hold_back(world, monkeypatch)

        dispatch_all(world)

        assert len(tries) == 2
        assert not Log.objects.filter(status__in=["FAILED", "FINAL"]).exists()

    @pytest.mark.parametrize(
        "statement",
        [
            "SET LOCAL transaction_read_only = on; DELETE FROM chain_reaction",
            "DO $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full'; END $$",
        ],
    )
    def test_trouble_of_the_database_itself_parks_nothing_and_goes_up(
        self,
        committed_world: World,
        ears: Ears,
        monkeypatch: pytest.MonkeyPatch,
        statement: str,
    ) -> None:
        world = committed_world
        ears.breaks = self.refuse(statement)
        world.scenario.set_emergency_mode(True)
        hold_back(world, monkeypatch)
        before = Log.objects.filter(status=LogStatus.FINAL).count()

        with pytest.raises(DatabaseError):
            dispatch_all(world)

        assert not Log.objects.filter(status=LogStatus.FAILED).exists()
        assert Log.objects.filter(status=LogStatus.FINAL).count() == before

    def test_a_lost_session_parks_nothing_and_goes_up(
        self, committed_world: World, ears: Ears, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world = committed_world
        ears.breaks = self.refuse("SELECT pg_terminate_backend(pg_backend_pid())")
        world.scenario.set_emergency_mode(True)
        hold_back(world, monkeypatch)
        before = Log.objects.filter(status=LogStatus.FINAL).count()

        with pytest.raises(OperationalError):
            dispatch_all(world)

        connection.close()
        assert not Log.objects.filter(status=LogStatus.FAILED).exists()
        assert Log.objects.filter(status=LogStatus.FINAL).count() == before
        assert world.lead.take()  # the lock went with the session


@pytest.mark.django_db
def test_a_batch_of_a_real_history_is_short(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    seed_activity(world.scenario)
    hold_back(world, monkeypatch)

    started = time.monotonic()
    taken = dispatch_all(world)

    assert taken > 800
    assert not Log.objects.filter(status__in=["FAILED", "FINAL"]).exists()
    assert (time.monotonic() - started) / taken < 0.05


def dispatch_all(world: World) -> int:
    """Until nothing is ready."""
    total = 0
    while taken := dispatch(world):
        total += taken
    return total
