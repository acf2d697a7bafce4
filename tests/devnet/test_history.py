"""The seeded past and the live stream."""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from devnet.deploy import CHAIN_FILE, deploy
from devnet.errors import DevnetError
from devnet.fund import (
    CANCELLED,
    EMERGENCY,
    PENDING,
    PENDING_APPROVAL,
    SCHEDULED,
    SETTLED,
    STANDARD,
    usdt,
)
from devnet.history import seed_activity
from devnet.live import live_event, live_step
from devnet.node import Anvil
from devnet.price_sources import feed_answer
from devnet.scenario import DAY_SECONDS, HOUR_SECONDS, Scenario

ONE = 10**18


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scenario]:
    folder = tmp_path_factory.mktemp("seeded")
    with Anvil.start(genesis_days_ago=120) as node:
        deploy(node.url, folder, password="only for tests")
        scenario = Scenario.connect(folder / CHAIN_FILE)
        seed_activity(scenario)
        yield scenario


def test_ends_just_behind_now(seeded: Scenario) -> None:
    assert 0 < time.time() - seeded.now() < 60


def test_leaves_an_ordinary_fund(seeded: Scenario) -> None:
    state = seeded.state()
    gross = state.gross_assets

    assert usdt(12_000_000) < gross < usdt(20_000_000)
    assert ONE < state.share_price < 1.05 * ONE
    assert 0.10 < state.layer1 / gross < 0.15
    assert 0.25 < state.layer2 / gross < 0.31
    assert 0.55 < state.layer3 / gross < 0.61
    assert max(seeded.value(terms.symbol) for terms in seeded.listed()) < gross // 5
    assert not state.emergency_mode


def test_knows_every_channel_and_outcome(seeded: Scenario) -> None:
    count = seeded.manager.read("getRequestCount")
    requests = [seeded.request(number) for number in range(1, count + 1)]

    seen = Counter((request["channel"], request["status"]) for request in requests)

    assert seen[STANDARD, SETTLED] > 30
    assert seen[STANDARD, CANCELLED] >= 2
    assert seen[STANDARD, PENDING_APPROVAL] == 2
    assert seen[EMERGENCY, SETTLED] == 2
    assert seen[SCHEDULED, SETTLED] == 1
    assert seen[SCHEDULED, PENDING] == 1
    due_soon = [
        request
        for request in requests
        if request["status"] == PENDING and request["settlementTime"] < time.time() + HOUR_SECONDS
    ]
    assert len(due_soon) == 2
    assert all(request["settlementTime"] > seeded.now() for request in due_soon)


def test_ends_with_fresh_prices_that_all_feeds_tell(seeded: Scenario) -> None:
    for symbol, feed in seeded.feeds.items():
        said = feed.read("latestRoundData")

        assert said["answer"] == feed_answer(seeded.price(symbol))
        assert seeded.now() - said["updatedAt"] < 300


def test_is_spread_over_the_months(seeded: Scenario) -> None:
    logs = seeded.chain.rpc.call(
        "eth_getLogs", {"fromBlock": "0x1", "address": seeded.manager.address}
    )
    days = {int(log["blockTimestamp"], 16) // DAY_SECONDS for log in logs}

    assert max(days) - min(days) > 110
    assert len(days) > 60


def test_refuses_a_clock_without_room(seeded: Scenario) -> None:
    with pytest.raises(DevnetError, match="only 0 days behind"):
        seed_activity(seeded)


def test_live_steps_are_repeatable_and_leave_staff_s_work_alone(seeded: Scenario) -> None:
    before = seeded.snapshot()
    first = _live(seeded)
    pending = seeded.manager.read("getPendingApprovals")
    seeded.revert(before)

    again = _live(seeded)

    assert [line for line in first if "NAV" not in line] == [
        line for line in again if "NAV" not in line
    ]
    told = " ".join(first)
    for word in ("NAV", "subscribed", "asked for", "needs approval"):
        assert word in told
    assert "refused" not in told
    assert pending
    assert not _settled_or_approved_since(seeded)


def test_a_live_event_is_too_large_to_stay_in_cash(seeded: Scenario) -> None:
    before, cash = seeded.snapshot(), seeded.vault.read("availableCash")

    told = live_event(seeded, Random(3))  # noqa: S311 - a story, not a secret

    assert "subscribed" in told
    assert seeded.vault.read("availableCash") - cash >= usdt(150_000)
    seeded.revert(before)


def _live(scenario: Scenario) -> list[str]:
    rng = Random(3)  # noqa: S311 - a story, not a secret
    return [live_step(scenario, rng) for _ in range(40)]


def _settled_or_approved_since(scenario: Scenario) -> bool:
    newest = scenario.manager.read("getRequestCount")
    return any(
        scenario.request(number)["status"] not in {PENDING, PENDING_APPROVAL, CANCELLED}
        for number in range(newest - 5, newest + 1)
    )


def test_seeding_is_quick(tmp_path: Path) -> None:
    with Anvil.start(genesis_days_ago=61) as node:
        deploy(node.url, tmp_path, password="only for tests")
        scenario = Scenario.connect(tmp_path / CHAIN_FILE)
        began = time.monotonic()

        seed_activity(scenario)

        assert time.monotonic() - began < 30
    assert scenario.entry.chain_id == 31_337
