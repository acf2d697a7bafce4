"""A run on the fund, from the first requests to the deposits that come back."""

from pathlib import Path

import pytest

from devnet.bank_run import BankRun
from devnet.chain import Reverted
from devnet.fund import BPS, EMERGENCY, PENDING, SETTLED, STANDARD, usdt
from devnet.scenario import Scenario
from tests.devnet.test_commands import Captured, do


def test_holders_ask_for_most_of_it_over_the_standard_channel(fund: Scenario) -> None:
    supply = fund.state().total_supply

    asked = BankRun(fund).holders_ask(share_bps=6_000)

    assert {one.channel for one in asked} == {STANDARD}
    gross = sum(one.gross for one in asked)
    assert abs(gross * BPS // fund.state().gross_assets - 6_000) < 10
    assert fund.state().total_supply == supply
    assert any(one.requires_approval for one in asked)


def test_liquidity_drains_until_the_contract_raises_the_alarm(fund: Scenario) -> None:
    alarm = BankRun(fund).liquidity_drains()

    assert any(event.name == "CriticalLiquidityAlert" for event in alarm.receipt.events)
    assert fund.state().liquidity_bps <= 800


def test_urgent_requests_need_emergency_mode(fund: Scenario) -> None:
    run = BankRun(fund)
    with pytest.raises(Reverted, match="EmergencyModeNotActive"):
        run.holders_ask_urgently()

    fund.set_emergency_mode(True)
    asked = run.holders_ask_urgently()

    assert [one.channel for one in asked] == [EMERGENCY] * 3


def test_it_ends_with_everybody_paid_and_deposits_back(fund: Scenario) -> None:
    run = BankRun(fund)
    asked = run.holders_ask(share_bps=1_500)
    run.liquidity_drains()

    run.assets_are_sold()
    free = [one for one in asked if not one.requires_approval]
    for one in asked:
        if one.requires_approval:
            fund.approve(one.id)
    paid = run.requests_are_paid()
    before = fund.state().total_supply
    run.deposits_come_back(usdt(500_000))

    assert len(paid) >= len(asked) >= len(free)
    assert {fund.request(one.id)["status"] for one in asked} == {SETTLED}
    assert fund.request_ids(PENDING) == []
    assert fund.state().total_supply > before


def test_it_is_one_command_and_so_is_its_end(
    fund: Scenario, folder: Path, capsys: Captured
) -> None:
    assert do(folder, "bank-run", "10") == 0
    assert "CriticalLiquidityAlert" in capsys.readouterr().out

    assert do(folder, "recovery", "100000") == 0
    assert fund.state().liquidity_bps > 4_000
