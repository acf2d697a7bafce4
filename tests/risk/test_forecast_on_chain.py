"""A forecast over a real node, and what came of it once the chain has moved past its end."""

from datetime import timedelta
from decimal import Decimal

import pytest

from apps.core import clock
from apps.fund.tasks import take_overview
from apps.redemptions.models import Redemption
from apps.risk import operations
from apps.risk.models import Forecast
from apps.risk.queries import forecasts, stress
from apps.risk.rules.figures import Level
from apps.risk.rules.stress import Scenario
from devnet.accounts import INVESTORS
from devnet.fund import usdt
from tests.chain_world import World

pytestmark = [pytest.mark.chain, pytest.mark.django_db]

DAY_SECONDS = 86_400


def read_and_forecast(world: World) -> None:
    world.finalise()
    take_overview()
    operations.make_forecasts(at=clock.now())


def test_requests_of_the_chain_are_forecast_paid_and_compared(world: World) -> None:
    scenario = world.scenario
    scenario.subscribe(INVESTORS[0], usdt(2_000_000))
    scenario.request_standard(INVESTORS[0], scenario.shares_worth(usdt(20_000)))
    scenario.set_emergency_mode(True)
    asked = scenario.request_emergency(INVESTORS[0], scenario.shares_worth(usdt(9_000)))
    scenario.advance_time(6 * 3_600)
    read_and_forecast(world)
    standard, urgent = Redemption.objects.order_by("request_id")

    day, week = forecasts.latest("1d"), forecasts.latest("7d")
    assert day is not None
    assert week is not None
    assert day.confirmed_outflow_assets == urgent.payout_assets
    assert week.confirmed_outflow_assets == standard.payout_assets + urgent.payout_assets
    assert day.is_band
    assert day.shortfall_probability == 0

    scenario.advance_time(19 * 3_600)
    scenario.settle(asked.id)
    scenario.subscribe(INVESTORS[1], usdt(5_000))
    scenario.advance_time(DAY_SECONDS)
    scenario.subscribe(INVESTORS[1], usdt(700))
    world.finalise()

    assert operations.score_forecasts(at=clock.now()) == 1
    row = Forecast.objects.get(horizon="1d")
    paid = Redemption.objects.get(pk=urgent.pk).net_assets
    assert paid
    assert row.outcome_net_assets == usdt(5_000) - paid


def test_what_if_over_the_real_fund(world: World) -> None:
    world.scenario.subscribe(INVESTORS[0], usdt(2_000_000))
    world.scenario.restore_liquidity()
    world.finalise()
    take_overview()
    asset = max(stress.held_assets(), key=lambda one: one.value_assets or 0)
    scenario = Scenario(redeem_share=Decimal("0.7"), losses={asset.token: Decimal("0.5")})

    began = clock.now()
    result = stress.what_if_now(scenario=scenario, at=began)

    assert clock.now() - began < timedelta(seconds=1)
    assert result.after.level is Level.CRITICAL
    assert result.missing_assets
    assert result.lost_assets
    assert not Forecast.objects.exists()
