"""The fund's rows against a real node: what we hold is what the contracts say."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from apps.chain.models import Log, LogStatus
from apps.core import bus, clock
from apps.fund import models, queries, tasks
from apps.fund.models import Snapshot, SnapshotKind
from apps.fund.operations import clear_projections
from apps.fund.operations.replay import PROJECTED
from apps.fund.rules.slots import DAY, HOUR
from devnet.accounts import INVESTORS
from devnet.every_event import emit_every_v1_event
from devnet.fund import usdt
from devnet.history import seed_activity
from devnet.scenario import HOUR_SECONDS
from paimon import subscriptions
from tests.chain_world import World
from tests.fund.facts import rows

pytestmark = [pytest.mark.chain, pytest.mark.django_db]

SECOND_GENERATION = {"ContractParameter", "LiabilityEntry", "QuotaChange", "SettlementShortfall"}
"""Models of what contracts of the first generation never say."""


@pytest.fixture(autouse=True)
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Only this app hears the chain here; what it heard, in order."""
    facts: list[Any] = []
    ours = {
        kind: [
            facts.append,
            *(handler for handler in handlers if handler.__module__.startswith("apps.fund.")),
        ]
        for kind, handlers in subscriptions.PROJECTIONS.items()
    }
    tables = SimpleNamespace(PROJECTIONS=ours, REACTIONS={}, ON_SEEN={})
    monkeypatch.setattr(bus, "_subscriptions", lambda: tables)
    return facts


def assert_holders_equal_the_chain(world: World) -> None:
    vault = world.scenario.vault
    rows = list(models.Holder.objects.all())
    assert rows
    for row in rows:
        assert row.balance_shares == vault.read("balanceOf", row.address), row.address
        assert row.locked_shares == vault.read("lockedShares", row.address), row.address
    assert sum(row.balance_shares for row in rows) == vault.read("totalSupply")
    assert sum(row.locked_shares for row in rows) == vault.read("totalLockedShares")


class TestEveryEvent:
    @pytest.fixture
    def world(self, world: World) -> World:
        emit_every_v1_event(world.scenario)
        world.finalise()
        return world

    def test_everything_final_is_applied(self, world: World) -> None:
        left = Log.objects.exclude(status__in=[LogStatus.APPLIED, LogStatus.IGNORED])

        assert list(left.filter(block_number__lte=final(world)).values("event", "error")) == []
        assert_holders_equal_the_chain(world)
        assert differences(world) == []

    def test_the_same_facts_again_give_the_same_rows(
        self, world: World, heard: list[Any], project: Callable[..., None]
    ) -> None:
        once = {model.__name__: rows(model) for model in PROJECTED}
        assert all(once[name] for name in once.keys() - SECOND_GENERATION), "an event has no row"

        project(*heard)
        assert {model.__name__: rows(model) for model in PROJECTED} == once

        clear_projections(chain_id=world.config.chain_id)
        project(*heard)
        assert {model.__name__: rows(model) for model in PROJECTED} == once

    def test_each_act_counts_once(self, world: World) -> None:
        def logged(event: str) -> list[Any]:
            return list(Log.objects.filter(event=event, status=LogStatus.APPLIED))

        purchased = logged("AssetPurchased")
        allocations = len(logged("PurchaseRouted")) - sum(
            log.args["usdtAmount"] != "0" for log in purchased
        )
        kinds = [trade.kind for trade in queries.trades()]

        assert kinds.count("PURCHASE") == len(purchased)
        assert kinds.count("ALLOCATION") == allocations
        assert kinds.count("LIQUIDATION") == len(logged("WaterfallLiquidation"))
        assert len(queries.subscriptions()) == len(logged("DepositProcessed"))
        withdrawals = [e for e in queries.fee_entries() if e.direction == "WITHDRAWN"]
        assert len(withdrawals) == len(logged("RedemptionFeesWithdrawn"))
        assert all(entry.recipient for entry in withdrawals)

    def test_the_overview_says_what_the_contracts_say(self, world: World) -> None:
        tasks.take_overview()

        overview = queries.latest_overview()
        assert overview is not None
        said = world.scenario.state(block=overview.block_number)
        assert overview.total_assets == said.total_assets
        assert overview.aum_assets == said.gross_assets
        assert overview.nav_per_share == said.share_price
        assert overview.locked_shares == said.locked_shares
        assert overview.liability_assets == said.liability
        assert overview.emergency_mode == said.emergency_mode
        assert overview.holders == queries.holder_count()
        assert {tier.tier: tier.target_bps for tier in overview.tiers} == {
            name: band.target_bps for name, band in queries.tier_bands().items()
        }
        assets = queries.assets()
        assert sum(asset.value_assets or 0 for asset in assets) + (
            overview.l1_cash_assets or 0
        ) == pytest.approx(overview.aum_assets, abs=len(assets))

    def test_the_overview_follows_new_facts_only(self, world: World) -> None:
        tasks.take_overview()
        before = Snapshot.objects.count()
        tasks.refresh_overview()
        assert Snapshot.objects.count() == before

        world.scenario.advance_time(60)  # a snapshot of the same second takes the other's place
        world.scenario.subscribe(INVESTORS[3], usdt(70_000))
        world.finalise()
        tasks.refresh_overview()

        assert Snapshot.objects.count() == before + 1


class TestSlots:
    @pytest.fixture
    def world(self, world: World) -> World:
        world.scenario.subscribe(INVESTORS[0], usdt(400_000))
        world.scenario.restore_liquidity()
        for _ in range(3):
            world.scenario.advance_time(HOUR_SECONDS)
            world.scenario.move_nav(20)
        world.finalise()
        return world

    def test_past_hours_are_filled_from_the_archive(self, world: World) -> None:
        assert tasks.fill_slots(SnapshotKind.HOURLY, HOUR) == 3
        assert tasks.fill_slots(SnapshotKind.HOURLY, HOUR) == 0

        rows = list(Snapshot.objects.order_by("slot"))
        assert [row.status for row in rows] == ["OK"] * 3
        assert all(row.backfilled for row in rows)
        for row in rows:
            assert row.block_number is not None
            said = world.scenario.state(block=row.block_number)
            assert row.nav_per_share == said.share_price
            after = world.scenario.chain.block(row.block_number + 1)
            assert row.block_at <= row.slot  # type: ignore[operator]
            assert after.timestamp > row.slot.timestamp()

    def test_a_run_is_bounded_and_takes_the_newest_first(self, world: World) -> None:
        assert tasks.fill_slots(SnapshotKind.HOURLY, HOUR, slots_max=1) == 1
        newest = Snapshot.objects.get().slot
        tasks.fill_slots(SnapshotKind.HOURLY, HOUR)

        assert Snapshot.objects.order_by("-slot").values_list("slot", flat=True)[0] == newest

    def test_a_node_without_archive_leaves_gaps(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        newest = final(world)
        real = tasks.chain.read_fund_state

        def pruned(block: Any = None) -> Any:
            if block is not None and block.number < newest:
                raise tasks.chain.ChainUnavailable("missing trie node")
            return real(block)

        monkeypatch.setattr(tasks.chain, "read_fund_state", pruned)

        assert tasks.fill_slots(SnapshotKind.HOURLY, HOUR) == 3
        assert set(Snapshot.objects.values_list("status", "gap_reason")) == {
            ("GAP", "missing trie node")
        }

    def test_gaps_are_filled_when_a_node_with_old_state_appears(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        newest, noon = final(world), clock.now()
        real = tasks.chain.read_fund_state

        def pruned(block: Any = None) -> Any:
            if block is not None and block.number < newest:
                raise tasks.chain.ChainUnavailable("missing trie node")
            return real(block)

        monkeypatch.setattr(tasks.chain, "read_fund_state", pruned)
        tasks.fill_slots(SnapshotKind.HOURLY, HOUR, now=lambda: noon)
        gaps = Snapshot.objects.filter(status="GAP")
        assert gaps.count() == 3

        an_hour_later = noon + HOUR
        assert tasks.fill_slots(SnapshotKind.HOURLY, HOUR, now=lambda: an_hour_later) == 0
        assert set(gaps.values_list("taken_at", flat=True)) == {an_hour_later}

        monkeypatch.undo()
        soon = an_hour_later + HOUR / 4
        looked_at_lately = tasks.fill_slots(SnapshotKind.HOURLY, HOUR, now=lambda: soon)
        assert looked_at_lately == 0
        assert tasks.fill_slots(SnapshotKind.HOURLY, HOUR, now=lambda: soon + HOUR) == 3
        assert not gaps.exists()
        for row in Snapshot.objects.all():
            assert row.block_number is not None
            assert row.backfilled
            assert row.nav_per_share == world.scenario.state(block=row.block_number).share_price
            assert row.assets.exists()

    def test_a_dead_node_leaves_them_for_later(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def dead(*_args: Any) -> Any:
            raise tasks.chain.ChainUnavailable("nobody answers")

        monkeypatch.setattr(tasks.chain, "read_fund_state", dead)
        monkeypatch.setattr(tasks.chain, "block_at_or_before", dead)
        assert tasks.fill_slots(SnapshotKind.HOURLY, HOUR) == 0
        tasks.take_overview()
        assert not Snapshot.objects.exists()

        monkeypatch.undo()
        assert tasks.fill_slots(SnapshotKind.HOURLY, HOUR) == 3

    def test_nothing_is_due_before_the_fund_began(self, world: World) -> None:
        tasks.fill_slots(SnapshotKind.HOURLY, HOUR)

        oldest = Snapshot.objects.order_by("slot")[0]
        assert oldest.slot >= queries.inception(chain_id=world.config.chain_id)  # type: ignore[operator]


def test_months_of_ordinary_life_end_in_equal_balances(world: World) -> None:
    seed_activity(world.scenario)
    world.finalise()

    assert_holders_equal_the_chain(world)
    assert differences(world) == [], "since the beginning"
    assert tasks.fill_slots(SnapshotKind.DAILY, DAY, slots_max=400) >= 100
    assert differences(world) == [], "since a day ago"
    performance = queries.performance()
    assert performance.change_since_inception is not None
    assert performance.annualised_volatility is not None
    assert performance.annualised_volatility > 0
    supply = world.scenario.state().total_supply
    assert supply == sum(queries.balances().values())


def differences(world: World) -> list[Any]:
    """What a check of the fund's state finds now."""
    rows = queries.fund_rows(chain_id=world.config.chain_id)
    block = tasks.chain.final_block(world.config.chain_id)
    return queries.state_differences(rows, tasks.chain.read_fund_state(block))


def final(world: World) -> int:
    block = tasks.chain.final_block(world.config.chain_id)
    assert block is not None
    return block.number
