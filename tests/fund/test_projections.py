"""Every other fact of the chain as a row; each act once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from apps.chain import events
from apps.chain.terms import Channel, Tier
from apps.core.units import UINT256_MAX
from apps.fund import models, queries
from apps.fund.operations import clear_projections
from apps.fund.operations.projections.assets import UnknownAsset
from apps.fund.operations.replay import PROJECTED
from apps.fund.rules.roles import role_hash
from paimon import subscriptions
from tests.fund.facts import (
    ALICE,
    BOB,
    CAROL,
    CHAIN_ID,
    CONTROLLER,
    MANAGER,
    START,
    TOKEN,
    USDT,
    VAULT,
    ZERO,
    Logs,
    rows,
)

pytestmark = pytest.mark.django_db
Project = Callable[..., None]


def added(logs: Logs, token: str = TOKEN, **values: Any) -> events.AssetAdded:
    return logs.fact(
        events.AssetAdded,
        CONTROLLER,
        token=token,
        **{
            "tier": Tier.L2,
            "allocation_bps": 5000,
            "name": "Money Market",
            "symbol": "MMF",
            "decimals": 6,
            **values,
        },
    )


def routed(logs: Logs, amount: int, **options: Any) -> events.PurchaseRouted:
    return logs.fact(
        events.PurchaseRouted,
        CONTROLLER,
        token=TOKEN,
        tier=Tier.L2,
        method=1,
        assets_spent=amount,
        tokens_received=amount // 2,
        **options,
    )


def purchased(logs: Logs, amount: int, **options: Any) -> events.AssetPurchased:
    return logs.fact(
        events.AssetPurchased,
        CONTROLLER,
        token=TOKEN,
        tier=Tier.L2,
        assets_spent=amount,
        tokens_received=amount // 2,
        **options,
    )


def trades() -> list[tuple[str, int, int | None]]:
    return [(trade.kind, trade.assets, trade.method) for trade in queries.trades()]


class TestTrades:
    def test_a_purchase_told_by_two_logs_is_one_trade_with_its_route(
        self, logs: Logs, project: Project
    ) -> None:
        project(routed(logs, 100), purchased(logs, 100, same_tx=True))

        assert trades() == [("PURCHASE", 100, 1)]

    def test_the_order_of_the_two_logs_does_not_matter(self, logs: Logs, project: Project) -> None:
        project(purchased(logs, 100), routed(logs, 100, same_tx=True))

        assert trades() == [("PURCHASE", 100, 1)]

    def test_a_route_alone_is_an_allocation(self, logs: Logs, project: Project) -> None:
        project(routed(logs, 100), routed(logs, 60, same_tx=True))

        assert trades() == [("ALLOCATION", 100, 1), ("ALLOCATION", 60, 1)]

    def test_a_purchase_of_another_transaction_is_another_trade(
        self, logs: Logs, project: Project
    ) -> None:
        project(routed(logs, 100), purchased(logs, 100))

        assert trades() == [("ALLOCATION", 100, 1), ("PURCHASE", 100, None)]

    def test_a_purchase_below_the_minimum_is_recorded_as_nothing_bought(
        self, logs: Logs, project: Project
    ) -> None:
        project(purchased(logs, 0))

        assert trades() == [("PURCHASE", 0, None)]

    def test_two_purchases_and_an_allocation_in_one_transaction(
        self, logs: Logs, project: Project
    ) -> None:
        project(
            routed(logs, 40),
            routed(logs, 100, same_tx=True),
            purchased(logs, 100, same_tx=True),
            routed(logs, 100, same_tx=True),
            purchased(logs, 100, same_tx=True),
        )

        assert trades() == [("ALLOCATION", 40, 1), ("PURCHASE", 100, 1), ("PURCHASE", 100, 1)]

    def test_twice_is_once(self, logs: Logs, project: Project) -> None:
        facts = [routed(logs, 100), purchased(logs, 100, same_tx=True)]

        project(*facts, *facts, *reversed(facts))

        assert trades() == [("PURCHASE", 100, 1)]

    def test_sales_and_yield(self, logs: Logs, project: Project) -> None:
        sale = {"token": TOKEN, "tier": Tier.L2, "tokens_spent": 4, "assets_received": 8}
        project(
            logs.fact(events.AssetRedeemed, CONTROLLER, **sale),
            logs.fact(events.WaterfallLiquidation, CONTROLLER, **sale),
            logs.fact(
                events.YieldCompounded, CONTROLLER, token=TOKEN, yield_assets=6, shares_issued=3
            ),
        )

        assert [kind for kind, *_ in trades()] == ["REDEMPTION", "LIQUIDATION", "YIELD"]
        assert [trade.tokens for trade in queries.trades()] == [4, 4, 3]


class TestRegister:
    def test_follows_additions_updates_and_removals(self, logs: Logs, project: Project) -> None:
        project(
            added(logs),
            logs.fact(
                events.AssetAllocationUpdated,
                CONTROLLER,
                token=TOKEN,
                old_allocation_bps=5000,
                new_allocation_bps=7000,
            ),
        )
        [asset] = queries.assets()
        assert (asset.symbol, asset.tier, asset.target_bps, asset.balance) == (
            "MMF",
            "L2",
            7000,
            None,
        )

        project(logs.fact(events.AssetRemoved, CONTROLLER, token=TOKEN))
        assert queries.assets() == []
        assert queries.assets(listed_only=False)[0].removed_at is not None

    def test_a_removed_asset_may_come_back(self, logs: Logs, project: Project) -> None:
        project(
            added(logs),
            logs.fact(events.AssetRemoved, CONTROLLER, token=TOKEN),
            added(logs, tier=Tier.L3),
        )

        [asset] = queries.assets()
        assert (asset.tier, asset.removed_at) == ("L3", None)

    def test_an_older_fact_changes_nothing(self, logs: Logs, project: Project) -> None:
        first, last = added(logs, symbol="OLD"), added(logs, symbol="NEW")

        project(first, last, first)

        assert queries.assets()[0].symbol == "NEW"

    def test_hostile_names_are_kept_safely(self, logs: Logs, project: Project) -> None:
        project(added(logs, name="a\x00b\ud800" + "x" * 500, symbol="\x00" * 3))

        [asset] = queries.assets()
        assert asset.name.startswith("ab?")
        assert len(asset.name) == 200
        assert asset.symbol == ""

    @pytest.mark.parametrize("kind", [events.AssetRemoved, events.AssetAllocationUpdated])
    def test_refuses_an_asset_never_added(self, logs: Logs, project: Project, kind: Any) -> None:
        values = (
            {"old_allocation_bps": 1, "new_allocation_bps": 2}
            if kind is events.AssetAllocationUpdated
            else {}
        )

        with pytest.raises(UnknownAsset):
            project(logs.fact(kind, CONTROLLER, token=TOKEN, **values))


class TestFees:
    def test_a_withdrawal_told_by_both_contracts_is_one(self, logs: Logs, project: Project) -> None:
        project(
            logs.fact(events.RedemptionFeeAdded, VAULT, fee_assets=70),
            logs.fact(events.RedemptionFeeReduced, VAULT, fee_assets=50),
            logs.fact(
                events.RedemptionFeesWithdrawn, CONTROLLER, same_tx=True, recipient=BOB, assets=50
            ),
        )

        redemption = queries.fees()[2]
        assert (redemption.accrued_assets, redemption.withdrawn_assets) == (70, 50)
        assert redemption.withdrawals == 1
        assert queries.fee_entries()[-1].recipient == BOB

    def test_either_log_may_come_first_or_alone(self, logs: Logs, project: Project) -> None:
        controller = logs.fact(events.RedemptionFeesWithdrawn, CONTROLLER, recipient=BOB, assets=50)
        vault = logs.fact(events.RedemptionFeeReduced, VAULT, same_tx=True, fee_assets=50)
        alone = logs.fact(events.RedemptionFeeReduced, VAULT, fee_assets=5)

        project(controller, vault, alone, vault, controller)

        assert [(line.assets, line.recipient) for line in queries.fee_entries()] == [
            (50, BOB),
            (5, ""),
        ]

    def test_accruals_tell_the_rate_and_payments_stay_unknown(
        self, logs: Logs, project: Project
    ) -> None:
        year = 365 * 86_400
        project(
            logs.fact(
                events.ManagementFeeCollected,
                CONTROLLER,
                fee_assets=1_000_000 * USDT * 50 // 10_000 // 12 - 1,
                total_assets=1_000_000 * USDT,
                period_seconds=year // 12,
            ),
            logs.fact(
                events.PerformanceFeeCollected,
                CONTROLLER,
                fee_assets=100,
                profit_assets=1000,
                high_water_mark_assets=9000,
            ),
        )

        management, performance, _ = queries.fees()
        assert (management.rate_bps, performance.rate_bps) == (50, 1000)
        assert management.withdrawn_assets is None
        assert management.pending_assets is None

    def test_a_period_takes_what_falls_in_it(self, logs: Logs, project: Project) -> None:
        facts = [
            logs.fact(events.RedemptionFeeAdded, VAULT, fee_assets=amount) for amount in (1, 2, 4)
        ]
        project(*facts)
        start, end = (fact.source.block_time for fact in facts[1:])

        assert queries.fees(start=start, end=end)[2].accrued_assets == 2


class TestFlows:
    def test_net_flow_is_what_came_less_what_left(self, logs: Logs, project: Project) -> None:
        project(
            logs.fact(
                events.SubscriptionProcessed, sender=BOB, receiver=ALICE, assets=300, shares=200
            ),
            settled(logs, gross=120, fee=20),
        )

        flow = queries.net_flow(start=START, end=logs.source().block_time)
        assert (flow.subscribed_assets, flow.paid_assets, flow.net_assets) == (300, 100, 200)
        assert queries.net_flow_by_day(start=START, end=logs.source().block_time) == {
            START.date(): flow
        }

    def test_a_subscription_knows_its_price(self, logs: Logs, project: Project) -> None:
        project(
            logs.fact(
                events.SubscriptionProcessed, sender=BOB, receiver=ALICE, assets=300, shares=200
            ),
            logs.fact(events.SubscriptionProcessed, sender=BOB, receiver=BOB, assets=1, shares=0),
        )

        first, second = queries.subscriptions()
        assert first.nav_per_share == 15 * 10**17
        assert second.nav_per_share is None
        assert queries.subscriptions(receiver=BOB) == [second]

    def test_sums_of_huge_amounts_stay_exact(self, logs: Logs, project: Project) -> None:
        big = UINT256_MAX // 2
        project(
            *(
                logs.fact(
                    events.SubscriptionProcessed, sender=BOB, receiver=ALICE, assets=big, shares=1
                )
                for _ in range(2)
            )
        )

        flow = queries.net_flow(start=START, end=logs.source().block_time)
        assert flow.subscribed_assets == 2 * big


def settled(logs: Logs, *, gross: int, fee: int) -> events.RedemptionSettled:
    return logs.fact(
        events.RedemptionSettled,
        MANAGER,
        request_id=1,
        owner=ALICE,
        receiver=ALICE,
        gross_assets=gross,
        fee_assets=fee,
        net_assets=gross - fee,
        channel=Channel.STANDARD,
    )


class TestContracts:
    def test_roles_follow_grants_and_revocations(self, logs: Logs, project: Project) -> None:
        admin = role_hash("ADMIN_ROLE")
        grant = logs.fact(events.RoleGranted, MANAGER, role=admin, account=ALICE, granted_by=BOB)
        project(
            grant,
            logs.fact(events.RoleGranted, MANAGER, role=admin, account=CAROL, granted_by=BOB),
            logs.fact(events.RoleRevoked, MANAGER, role=admin, account=ALICE, revoked_by=BOB),
            grant,  # an old log that comes again gives nothing back
        )

        [held] = queries.chain_roles()
        assert (held.account, held.role) == (CAROL, "ADMIN_ROLE")

    def test_a_revocation_of_a_grant_older_than_our_first_block(
        self, logs: Logs, project: Project
    ) -> None:
        role = "0x" + "12" * 32
        project(logs.fact(events.RoleRevoked, VAULT, role=role, account=ALICE, revoked_by=BOB))

        assert queries.chain_roles() == []
        assert models.ChainRole.objects.get().granted_at is None

    def test_switches_keep_their_history(self, logs: Logs, project: Project) -> None:
        project(
            logs.fact(events.EmergencyModeChanged, VAULT, enabled=True),
            logs.fact(events.ContractPaused, MANAGER, account=BOB),
            logs.fact(events.ContractPaused, VAULT, account=BOB),
            logs.fact(events.EmergencyModeChanged, VAULT, enabled=False),
        )

        now = {(row.contract_kind, row.name): row.is_on for row in queries.switches_now()}
        assert now == {
            ("vault", "EMERGENCY_MODE"): False,
            ("redemption_manager", "PAUSED"): True,
            ("vault", "PAUSED"): True,
        }
        assert len(queries.switches()) == 4

    def test_the_latest_band_of_a_tier_counts(self, logs: Logs, project: Project) -> None:
        facts = [
            logs.fact(
                events.LayerConfigUpdated,
                CONTROLLER,
                tier=Tier.L1,
                target_bps=target,
                min_bps=500,
                max_bps=2000,
            )
            for target in (1000, 1200)
        ]
        project(*facts)

        assert queries.tier_bands()["L1"].target_bps == 1200
        before = queries.tier_bands(at=facts[0].source.block_time)
        assert before["L1"].target_bps == 1000
        assert "L2" not in before

    def test_alerts(self, logs: Logs, project: Project) -> None:
        project(
            logs.fact(
                events.LowLiquidityAlert,
                MANAGER,
                ratio_bps=1400,
                threshold_bps=1500,
                available_assets=14,
                total_assets=100,
            ),
            logs.fact(
                events.CriticalLiquidityAlert,
                MANAGER,
                ratio_bps=UINT256_MAX,
                threshold_bps=1000,
                available_assets=9,
            ),
        )

        assert [(alert.level, alert.total_assets) for alert in queries.alerts()] == [
            ("LOW", 100),
            ("CRITICAL", None),
        ]


class TestLiabilities:
    def liability(self, logs: Logs, day: int, assets: int, *, removed: bool = False) -> Any:
        if not removed:
            return logs.fact(events.DailyLiabilityAdded, MANAGER, day_index=day, assets=assets)
        return logs.fact(
            events.LiabilityRemoved, MANAGER, day_index=day, assets=assets, was_overdue=False
        )

    def test_what_is_left_of_each_day(self, logs: Logs, project: Project) -> None:
        today = models.day_index_at(START)
        project(
            self.liability(logs, today - 1, UINT256_MAX),
            self.liability(logs, today - 1, 5),
            self.liability(logs, today - 1, 3, removed=True),
            self.liability(logs, today, 7),
            self.liability(logs, today, 7, removed=True),
            self.liability(logs, today + 6, 11),
        )

        left = queries.liabilities_by_day(chain_id=CHAIN_ID, at=START)

        assert [(d.day_index - today, d.outstanding_assets, d.overdue) for d in left] == [
            (-1, UINT256_MAX + 2, True),
            (6, 11, False),
        ]
        assert [day.day for day in left] == [
            (START - timedelta(days=1)).date(),
            (START + timedelta(days=6)).date(),
        ]

    def test_a_day_beyond_the_calendar_has_no_date(self, logs: Logs, project: Project) -> None:
        project(self.liability(logs, UINT256_MAX, 1))

        [left] = queries.liabilities_by_day(chain_id=CHAIN_ID, at=START)

        assert (left.day_index, left.day) == (UINT256_MAX, None)


def one_of_each(logs: Logs) -> list[Any]:
    """A fact of every kind that is projected."""
    role = {"role": role_hash("KEEPER_ROLE"), "account": BOB}
    mint = {"sender": ZERO, "recipient": ALICE, "shares": 100}
    asset = {"token": TOKEN, "tier": Tier.L2, "tokens_spent": 4, "assets_received": 8}
    lock = {"owner": ALICE, "shares": 10}
    alert = {"ratio_bps": 1, "threshold_bps": 2, "available_assets": 3}
    return [
        logs.fact(events.SharesTransferred, **mint),
        logs.fact(events.SubscriptionProcessed, sender=BOB, receiver=ALICE, assets=100, shares=100),
        logs.fact(events.SharesLocked, owner=ALICE, shares=30),
        logs.fact(events.SharesUnlocked, **lock),
        logs.fact(events.SharesBurned, **lock),
        logs.fact(events.NavUpdated, old_nav_per_share=1, new_nav_per_share=2, updated_at=START),
        logs.fact(events.EmergencyModeChanged, enabled=True),
        logs.fact(events.RedemptionFeeAdded, fee_assets=5),
        logs.fact(events.RedemptionFeeReduced, fee_assets=5),
        logs.fact(
            events.RedemptionFeesWithdrawn, CONTROLLER, same_tx=True, recipient=BOB, assets=5
        ),
        settled(logs, gross=10, fee=1),
        logs.fact(events.LowLiquidityAlert, MANAGER, **alert, total_assets=4),
        logs.fact(events.CriticalLiquidityAlert, MANAGER, **alert),
        added(logs),
        logs.fact(
            events.AssetAllocationUpdated,
            CONTROLLER,
            token=TOKEN,
            old_allocation_bps=1,
            new_allocation_bps=2,
        ),
        routed(logs, 100),
        purchased(logs, 100, same_tx=True),
        logs.fact(events.AssetRedeemed, CONTROLLER, **asset),
        logs.fact(events.WaterfallLiquidation, CONTROLLER, **asset),
        logs.fact(events.YieldCompounded, CONTROLLER, token=TOKEN, yield_assets=1, shares_issued=1),
        logs.fact(
            events.BufferPoolRebalanced,
            CONTROLLER,
            old_buffer_assets=1,
            new_buffer_assets=2,
            target_buffer_assets=3,
        ),
        logs.fact(
            events.LayerConfigUpdated, CONTROLLER, tier=Tier.L3, target_bps=1, min_bps=0, max_bps=2
        ),
        logs.fact(
            events.ManagementFeeCollected,
            CONTROLLER,
            fee_assets=1,
            total_assets=2,
            period_seconds=3,
        ),
        logs.fact(
            events.PerformanceFeeCollected,
            CONTROLLER,
            fee_assets=1,
            profit_assets=2,
            high_water_mark_assets=3,
        ),
        logs.fact(
            events.ContractReferenceUpdated,
            VAULT,
            name="AssetControllerUpdated",
            subject="",
            old_address=ZERO,
            new_address=CONTROLLER,
        ),
        logs.fact(events.RoleGranted, VAULT, **role, granted_by=CAROL),
        logs.fact(events.RoleRevoked, VAULT, **role, revoked_by=CAROL),
        logs.fact(events.ContractPaused, VAULT, account=BOB),
        logs.fact(events.ContractUnpaused, VAULT, account=BOB),
        logs.fact(events.AssetRemoved, CONTROLLER, token=TOKEN),
        logs.fact(events.PendingApprovalSharesAdded, owner=ALICE, shares=20),
        logs.fact(events.PendingApprovalSharesRemoved, owner=ALICE, shares=5),
        logs.fact(events.PendingApprovalSharesConverted, owner=ALICE, shares=10),
        logs.fact(events.EmergencyQuotaRefreshed, assets=1000),
        logs.fact(events.EmergencyQuotaRestored, assets=10),
        logs.fact(events.LockedMintAssetsReset, assets=7),
        logs.fact(
            events.ContractParameterUpdated,
            MANAGER,
            name="BaseRedemptionFee",
            old_value=0,
            new_value=UINT256_MAX,
        ),
        logs.fact(events.DailyLiabilityAdded, MANAGER, day_index=20_600, assets=90),
        logs.fact(events.LiabilityRemoved, MANAGER, day_index=20_600, assets=40, was_overdue=True),
        logs.fact(
            events.SettlementWaterfallTriggered,
            MANAGER,
            request_id=1,
            deficit_assets=50,
            funded_assets=20,
        ),
        logs.fact(
            events.SettlementLiquidityInsufficient,
            MANAGER,
            request_id=1,
            available_assets=20,
            payout_assets=50,
        ),
    ]


def everything() -> dict[str, list[dict[str, Any]]]:
    return {model.__name__: rows(model) for model in PROJECTED}


class TestReplay:
    def test_every_fact_twice_and_again_from_nothing_gives_equal_rows(
        self, logs: Logs, project: Project
    ) -> None:
        facts = one_of_each(logs)
        project(*facts)
        once = everything()
        assert all(once.values()), "a projected model has no row"

        project(*facts)
        assert everything() == once

        clear_projections(chain_id=CHAIN_ID)
        assert not any(everything().values())
        project(*facts)
        assert everything() == once

    def test_other_chains_are_left_alone(self, logs: Logs, project: Project) -> None:
        project(*one_of_each(logs))

        assert clear_projections(chain_id=CHAIN_ID + 1) == 0

    def test_every_subscribed_fact_is_tried_here(self, logs: Logs) -> None:
        ours = {
            kind
            for kind, handlers in subscriptions.PROJECTIONS.items()
            if any(handler.__module__.startswith("apps.fund.") for handler in handlers)
        }

        assert {type(fact) for fact in one_of_each(logs)} == ours
