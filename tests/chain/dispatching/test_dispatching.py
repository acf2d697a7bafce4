"""Dispatch: each final log's effects once, in order; a failing one parks its own aggregate only."""

import pytest

from apps.chain import operations
from apps.chain.events import (
    EmergencyModeChanged,
    LogParked,
    NavUpdated,
    RedemptionCancelled,
    RedemptionRequested,
)
from apps.chain.models import Log, LogStatus, Reading
from apps.core import bus, clock
from apps.core.actor import Actor
from devnet.accounts import INVESTORS
from devnet.every_event import emit_every_v1_event
from devnet.fund import usdt
from tests.chain.dispatching.hearing import Ears
from tests.chain_world import World

pytestmark = [pytest.mark.chain, pytest.mark.django_db]


class TestDispatch:
    def test_every_final_log_is_applied_once(self, world: World, ears: Ears) -> None:
        world.scenario.subscribe(INVESTORS[0], usdt(400_000))
        world.finalise()
        world.finalise()

        applied = Log.objects.filter(status=LogStatus.APPLIED).count()
        assert applied == len(ears.projected) == len(ears.reacted)
        assert len({fact.source.log_id for fact in ears.projected}) == applied
        assert not Log.objects.filter(status__in=["SEEN", "FINAL", "UNKNOWN", "FAILED"]).exists()

    def test_facts_come_in_chain_order(self, world: World, ears: Ears) -> None:
        world.scenario.subscribe(INVESTORS[0], usdt(400_000))
        world.finalise()

        places = [(fact.source.block_number, fact.source.log_index) for fact in ears.projected]
        assert places == sorted(places)

    def test_locked_nav_is_read_at_the_logs_block(self, world: World, ears: Ears) -> None:
        world.scenario.subscribe(INVESTORS[0], usdt(400_000))
        asked = world.scenario.request_standard(INVESTORS[0], 10 * 10**18)
        world.finalise()

        [fact] = ears.of(RedemptionRequested)
        assert fact.locked_nav_per_share == world.scenario.request(asked.id)["lockedNav"]
        assert not fact.locked_nav_is_derived
        assert Reading.objects.filter(derived=False, tx_hash=fact.source.tx_hash).exists()

    def test_a_critical_event_is_heard_when_seen(self, world: World, ears: Ears) -> None:
        world.scenario.set_emergency_mode(True)

        world.read()

        assert [type(fact) for fact in ears.seen] == [EmergencyModeChanged]
        assert not ears.of(EmergencyModeChanged)

    def test_a_failing_handler_parks_its_aggregate_only(self, world: World, ears: Ears) -> None:
        world.scenario.subscribe(INVESTORS[0], usdt(9_000_000))
        world.finalise()
        ears.breaks_on(RedemptionRequested)
        asked = world.scenario.request_above_approval_threshold(INVESTORS[0])
        world.scenario.cancel(INVESTORS[0], asked.id)
        world.scenario.update_nav()
        world.finalise()

        parked = Log.objects.get(status=LogStatus.FAILED)
        assert parked.event == "RedemptionRequested"
        assert "the handler is broken" in parked.error
        assert Log.objects.get(event="RedemptionCancelled").status == LogStatus.FINAL
        assert ears.of(NavUpdated)
        assert [fact.log_id for fact in ears.published if isinstance(fact, LogParked)] == [
            parked.pk
        ]

        ears.breaks = lambda _fact: None
        operations.retry_log(log_id=parked.pk, actor=Actor.system("test"), at=clock.now())
        world.read()

        order = [
            type(f)
            for f in ears.projected
            if isinstance(f, RedemptionRequested | RedemptionCancelled)
        ]
        assert order == [RedemptionRequested, RedemptionCancelled]
        assert not Log.objects.filter(status__in=["FAILED", "FINAL"]).exists()

    def test_a_page_that_fails_does_not_undo_the_parking(
        self, world: World, ears: Ears, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def failing(fact: object) -> None:
            raise ValueError(f"nobody can be told of {fact}")

        ears.breaks_on(EmergencyModeChanged)
        monkeypatch.setattr(bus, "publish", failing)
        world.scenario.set_emergency_mode(True)

        world.finalise()

        assert Log.objects.get(status=LogStatus.FAILED).event == "EmergencyModeChanged"

    def test_every_v1_event_is_known_and_applied(self, world: World, ears: Ears) -> None:
        emit_every_v1_event(world.scenario)
        world.finalise()

        names = set(Log.objects.values_list("event", flat=True))
        assert not Log.objects.filter(status__in=["UNKNOWN", "UNDECODABLE", "FAILED"]).exists()
        assert len(names) >= 40
