"""An alarm of the contracts has risk judged at once; a lost bell loses nothing."""

import logging
from typing import Any

import pytest
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from apps.chain.events import CriticalLiquidityAlert, EmergencyModeChanged, LowLiquidityAlert
from apps.core import bus, clock
from apps.risk import handlers, operations, tasks
from apps.risk.models import Assessment
from paimon import schedule, subscriptions
from tests.redemptions.helpers import source

from .running import MINUTE, NOON, Fund, stands

__all__ = ["stands"]

pytestmark = pytest.mark.django_db

LOW = LowLiquidityAlert(
    source=source(1), ratio_bps=1_300, threshold_bps=1_500, available_assets=13, total_assets=100
)
CRITICAL = CriticalLiquidityAlert(
    source=source(2), ratio_bps=800, threshold_bps=1_000, available_assets=8
)
SWITCHED = EmergencyModeChanged(source=source(3), enabled=True)


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that were sent for."""
    sent: list[str] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, **_options: sent.append(name))
    return sent


@pytest.mark.django_db(transaction=True)
class TestBell:
    @pytest.mark.parametrize(
        "fact", [LOW, CRITICAL, SWITCHED], ids=lambda fact: type(fact).__name__
    )
    def test_rings_after_the_alarm_is_committed(self, fact: Any, rung: list[str]) -> None:
        with transaction.atomic():
            bus.react(fact)
            assert "risk.assess_now" not in rung

        assert rung.count("risk.assess_now") == 1

    def test_rings_once_for_many(self, rung: list[str]) -> None:
        with transaction.atomic():
            for _ in range(5):
                handlers.judge_soon(LOW)

        assert rung == ["risk.assess_now"]

    def test_does_not_ring_for_what_is_rolled_back(self, rung: list[str]) -> None:
        with transaction.atomic():
            handlers.judge_soon(LOW)
            transaction.set_rollback(True)

        assert rung == []

    def test_that_nobody_hears_is_a_line_in_the_log(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def lost(*_args: Any, **_options: Any) -> None:
            raise OperationalError("Redis is down")

        monkeypatch.setattr(current_app, "send_task", lost)

        with caplog.at_level(logging.WARNING), transaction.atomic():
            handlers.judge_soon(LOW)

        assert "the clock will start risk.assess_now" in caplog.text


class TestTasks:
    def test_the_bell_has_risk_judged_though_it_is_not_due(
        self, stands: Fund, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stands.run()
        monkeypatch.setattr(clock, "now", lambda: NOON + MINUTE)

        tasks.assess_now()

        assert Assessment.objects.count() == 2

    def test_the_clock_judges_only_what_is_due(
        self, stands: Fund, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stands.run()
        for minutes, runs in ((1, 1), (5, 2)):
            monkeypatch.setattr(clock, "now", lambda at=NOON + minutes * MINUTE: at)
            tasks.assess()
            assert Assessment.objects.count() == runs

    def test_old_runs_are_forgotten(self, stands: Fund, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = []
        monkeypatch.setattr(operations, "prune", lambda *, at: asked.append(at))

        tasks.prune()

        assert len(asked) == 1

    def test_are_on_the_clock(self) -> None:
        wanted = {entry["task"]: entry["schedule"] for entry in schedule.SCHEDULE.values()}

        assert wanted["risk.assess"] == 30
        assert "risk.prune" in wanted
        assert ASSESS_NOW in current_app.tasks


ASSESS_NOW = "risk.assess_now"


def test_every_alarm_of_the_contracts_rings() -> None:
    for fact in (LowLiquidityAlert, CriticalLiquidityAlert, EmergencyModeChanged):
        assert handlers.judge_soon in subscriptions.REACTIONS[fact]
