"""The command line."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from devnet.__main__ import main
from devnet.commands import ACTIONS
from devnet.deploy import CHAIN_FILE, PASSWORD_ENV
from devnet.scenario import Scenario
from devnet.up import STATE_FILE

ROOT = Path(__file__).parents[2]

Captured = pytest.CaptureFixture[str]


def do(folder: Path, *words: str) -> int:
    return main(["--folder", str(folder), "do", *words])


def test_an_action_tells_its_events(fund: Scenario, folder: Path, capsys: Captured) -> None:
    assert do(folder, "request", "standard", "3", "120000.5") == 0

    told = capsys.readouterr().out
    assert "RedemptionRequested(requestId=1, " in told
    assert "requiresApproval=True" in told
    assert fund.request(1)["grossAmount"] == 1_200_005 * 10**17


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["approve", "77"], "RequestNotFound(77)"),
        (["approve"], "usage: do approve ID"),
        (["approve", "one"], "one is not a whole number"),
        (["subscribe", "12", "5"], "numbered 0 to 11"),
        (["subscribe", "0", "much"], "much is not an amount"),
        (["subscribe", "0", "-5"], "not an amount"),
        (["subscribe", "0", "NaN"], "not an amount"),
        (["request", "quick", "0", "5"], "quick is not standard"),
        (["alert", "red"], "neither low nor critical"),
        (["emergency", "maybe"], "neither on nor off"),
        (["purchase", "GOLD", "5"], "GOLD is no asset"),
        (["feed", "GOLD", "zero"], "GOLD is no asset"),
        (["feed", "HRBR", "odd"], "odd is not frozen"),
        (["pause", "moon"], "no contract of kind moon"),
        (["advance", "5"], "not a duration"),
        (["advance", "999d"], "ahead of the real time"),
    ],
)
def test_refusals_are_one_sentence(
    fund: Scenario, folder: Path, capsys: Captured, words: list[str], complaint: str
) -> None:
    assert do(folder, *words) == 1

    captured = capsys.readouterr()
    assert complaint in captured.err
    assert captured.err.startswith("devnet: ")
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ["state"],
        ["subscribe", "0", "1_000"],
        ["price", "CPCS", "1.09"],
        ["misprice", "CPCS", "0"],
        ["feed", "CPCS", "frozen"],
        ["feed", "CPCS", "live"],
        ["feed", "CPCS", "negative"],
        ["feed", "CPCS", "future"],
        ["prices"],
        ["nav", "-25"],
        ["alert", "critical"],
        ["drain"],
        ["restore"],
        ["emergency", "on"],
        ["pause", "vault"],
        ["grant", "manager", "VIP_APPROVER_ROLE", "0x" + 40 * "1"],
        ["revoke", "manager", "ADMIN_ROLE", "0x" + 40 * "1"],
        ["purchase", "SPSB", "20000"],
        ["redeem", "KTLF", "30000"],
        ["slippage", "20"],
        ["fees"],
        ["advance", "6h"],
        ["mine", "3"],
        ["reorg", "2"],
        ["every-event"],
    ],
)
def test_actions_work(fund: Scenario, folder: Path, words: list[str]) -> None:
    fund.advance_time(3_600)
    fund.mine(3)

    assert do(folder, *words) == 0


def test_requests_are_decided_by_words(fund: Scenario, folder: Path) -> None:
    for _ in range(3):
        do(folder, "request", "standard", "0", "110000")

    done = [
        do(folder, "cancel", "0", "1"),
        do(folder, "reject", "2", "No papers"),
        do(folder, "approve", "3"),
        do(folder, "advance", "7d"),
        do(folder, "settle", "3"),
    ]

    assert done == [0, 0, 0, 0, 0]
    assert [fund.request(number)["status"] for number in (1, 2, 3)] == [4, 4, 3]


def test_help_names_every_action(capsys: Captured) -> None:
    with pytest.raises(SystemExit):
        main(["do", "--help"])

    told = capsys.readouterr().out
    assert all(action.usage in told for action in ACTIONS.values())


def test_missing_chain_file_and_password_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.delenv(PASSWORD_ENV, raising=False)

    assert do(tmp_path, "state") == 1
    assert main(["--folder", str(tmp_path), "up"]) == 1

    told = capsys.readouterr().err
    assert "run: python -m devnet deploy" in told
    assert f"set {PASSWORD_ENV}" in told


def test_up_keeps_its_chain_until_the_folder_goes(tmp_path: Path, free_port: int) -> None:
    first = _run_up(tmp_path, free_port)
    again = _run_up(tmp_path, free_port)
    (tmp_path / STATE_FILE).unlink()
    lost = subprocess.run(
        _up_command(tmp_path, free_port),
        cwd=ROOT,
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert again > first > 20
    assert lost.returncode == 1
    assert "has lost its contracts; delete the folder" in lost.stderr


def _run_up(folder: Path, port: int) -> int:
    """Starts, waits for two blocks, stops by SIGTERM; answers the head."""
    process = subprocess.Popen(
        _up_command(folder, port), cwd=ROOT, env=_environment(), stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert f"http://127.0.0.1:{port}" in process.stdout.readline()
        chain = Scenario.connect(folder / CHAIN_FILE).chain
        head = chain.block().number
        deadline = time.monotonic() + 15
        while chain.block().number < head + 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        head = chain.block().number
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    return head


def _up_command(folder: Path, port: int) -> list[str]:
    module = [sys.executable, "-m", "devnet", "--folder", str(folder)]
    return [*module, "up", "--port", str(port), "--no-seed"]


def _environment() -> dict[str, str]:
    return {**os.environ, PASSWORD_ENV: "only for tests"}
