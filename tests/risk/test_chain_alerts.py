"""What the contracts raise becomes a risk event, and is over when liquidity is back."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from apps.chain.events import EmergencyModeChanged, LowLiquidityAlert
from apps.core import clock
from apps.core.units import WAD
from apps.risk import operations, queries
from apps.risk.models import Assessment, RiskEvent
from apps.risk.rules.figures import Level
from tests.accounts.people import person

from .emergencies import MANAGER, alert, final, head_at, source, team

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def people() -> None:
    team()


def low_alert(*, at: datetime | None = None) -> LowLiquidityAlert:
    where = source(901, contract=MANAGER, kind="redemption_manager", at=at or clock.now())
    return LowLiquidityAlert(
        source=where,
        ratio_bps=1_400,
        threshold_bps=1_500,
        available_assets=140_000 * WAD,
        total_assets=1_000_000 * WAD,
    )


def mode(on: bool, *, serial: int = 902, at: datetime | None = None) -> EmergencyModeChanged:
    return EmergencyModeChanged(source=source(serial, at=at or clock.now()), enabled=on)


def run(available: int | None, gross: int | None = 1_000_000) -> None:
    """A run that read so many whole USDT."""
    at = clock.now()
    amounts = {"available_assets": available, "gross_assets": gross}
    row = Assessment.objects.create(
        at=at,
        level=Level.NORMAL.value,
        raw_level=Level.NORMAL.value,
        score=Decimal(0),
        figures={name: str(it * WAD) for name, it in amounts.items() if it is not None},
        policy_version=1,
        duration_ms=1,
    )
    operations.follow_readings(
        judged=(), parameters=queries.policy(at=at)[1], assessment=row, at=at
    )


class TestLiquidity:
    def test_critical_is_an_event_of_its_own(self) -> None:
        final(alert())

        row = RiskEvent.objects.get(type="CHAIN_ALERT")
        assert (row.indicator, row.severity, row.status) == (
            *("CriticalLiquidityAlert", "CRITICAL"),
            "OPEN",
        )
        assert (row.value, row.threshold, row.unit) == (Decimal("0.09"), Decimal("0.1"), "SHARE")
        assert row.message == (
            "The contracts say that liquidity is critical: 9.00 % of assets, below 10.00 %."
        )
        assert row.details["Available"] == "90,000.00 USDT"
        assert row.details["Transaction"].startswith("0x")

    def test_low_is_a_warning(self) -> None:
        final(low_alert())

        row = RiskEvent.objects.get(type="CHAIN_ALERT")
        assert (row.indicator, row.severity) == ("LowLiquidityAlert", "WARNING")

    def test_many_logs_are_one_event(self) -> None:
        for serial in range(900, 910):
            final(alert(serial=serial))

        assert RiskEvent.objects.get(type="CHAIN_ALERT").times == 10

    def test_old_ones_of_a_catch_up_are_not_told(self) -> None:
        now = clock.now()
        head_at(now)

        final(alert(at=now - timedelta(minutes=61)))
        assert not RiskEvent.objects.filter(type="CHAIN_ALERT").exists()

        final(alert(serial=901, at=now - timedelta(minutes=59)))
        assert RiskEvent.objects.filter(type="CHAIN_ALERT").exists()

    @pytest.mark.parametrize(("available", "open_"), [(99_999, 1), (100_000, 1), (100_001, 0)])
    def test_is_over_once_liquidity_is_above_its_own_threshold(
        self, available: int, open_: int
    ) -> None:
        final(alert())

        run(available)

        row = RiskEvent.objects.get(type="CHAIN_ALERT")
        assert (row.status == "OPEN") is bool(open_)
        assert row.by_itself is not bool(open_)

    @pytest.mark.parametrize(("available", "gross"), [(None, 1), (1, None), (5, 0)])
    def test_what_cannot_be_read_ends_nothing(
        self, available: int | None, gross: int | None
    ) -> None:
        final(alert())

        run(available, gross)

        assert RiskEvent.objects.get(type="CHAIN_ALERT").status == "OPEN"

    def test_each_has_its_own_threshold(self) -> None:
        final(alert())
        final(low_alert())

        run(120_000)

        assert dict(RiskEvent.objects.values_list("indicator", "status")) == {
            "CriticalLiquidityAlert": "RESOLVED",
            "LowLiquidityAlert": "OPEN",
        }


class TestEmergencyMode:
    def test_is_an_event_while_it_is_on(self) -> None:
        final(mode(True))
        run(900_000)
        row = RiskEvent.objects.get(type="CHAIN_ALERT")
        assert (row.indicator, row.severity, row.status) == (
            *("EmergencyModeChanged", "CRITICAL"),
            "OPEN",
        )

        final(mode(False, serial=903))

        row = RiskEvent.objects.get(type="CHAIN_ALERT")
        assert (row.by_itself, row.resolution) == (True, "Emergency mode was switched off.")

    def test_off_without_on_is_nothing(self) -> None:
        final(mode(False))

        assert not RiskEvent.objects.exists()

    def test_on_long_ago_is_not_told_but_off_ends_what_is_open(self) -> None:
        now = clock.now()
        head_at(now)
        final(mode(True, at=now - timedelta(hours=2)))
        assert not RiskEvent.objects.exists()

        final(mode(True, serial=903, at=now))
        final(mode(False, serial=904, at=now - timedelta(hours=2)))

        assert RiskEvent.objects.get().by_itself

    def test_resolved_by_a_person_and_raised_again_it_is_another_event(self) -> None:
        final(alert())
        first = RiskEvent.objects.get(type="CHAIN_ALERT")
        operations.resolve(
            event_id=first.pk, resolution="Seen", actor=person("ADMIN").actor, at=clock.now()
        )

        final(alert(serial=901))

        assert RiskEvent.objects.filter(type="CHAIN_ALERT").count() == 2
