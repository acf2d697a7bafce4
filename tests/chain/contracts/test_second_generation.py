"""Contracts of the second generation, watched by the real listener: rows say what they say."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from apps.chain import calls, contracts
from apps.chain.models import Log, LogStatus
from apps.chain.queries import latest_events
from apps.core import clock
from apps.core.clock import from_timestamp
from apps.fund import models, tasks
from apps.fund import operations as fund
from apps.fund import queries as fund_queries
from apps.fund.operations.replay import PROJECTED as FUND
from apps.redemptions import operations as redemptions
from apps.redemptions import queries as redemption_queries
from apps.redemptions.models import ZERO_ADDRESS, Redemption, Voucher
from apps.system import operations as system
from devnet.accounts import APPROVER_1, INVESTORS
from devnet.deploy import CHAIN_FILE, deploy
from devnet.every_event_v2 import approve_late, ask, emit_every_v2_event
from devnet.fund import usdt
from devnet.node import Anvil
from devnet.scenario import DAY_SECONDS
from tests.approvals.helpers import seed_rules
from tests.chain.contracts.helpers import send
from tests.chain_world import CONFIRMATIONS, World
from tests.fund.facts import rows

pytestmark = [pytest.mark.chain, pytest.mark.django_db]

LARGE = usdt(60_000)
OWNER, BUYER = INVESTORS[1], INVESTORS[2]
STATUS = ["PENDING", "PENDING_APPROVAL", "APPROVED", "SETTLED", "REJECTED"]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Anvil, Path]]:
    """One node for the module, with the second generation of contracts."""
    folder = tmp_path_factory.mktemp("second-generation")
    with Anvil.start(genesis_days_ago=120) as node:
        deploy(
            node.url,
            folder,
            password=os.environ["PAIMON_SIGNER_PASSWORD"],
            confirmations=CONFIRMATIONS,
            generation="v2",
        )
        yield node, folder / CHAIN_FILE


@pytest.fixture
def world(world: World) -> World:
    """The fund with eleven millions in it, and staff to hear of it."""
    seed_rules()
    world.scenario.subscribe(INVESTORS[0], usdt(10_000_000))
    world.scenario.subscribe(OWNER, usdt(1_000_000))
    world.scenario.restore_liquidity()
    return world


def everything() -> dict[str, list[dict[str, Any]]]:
    return {model.__name__: rows(model) for model in (*FUND, *redemptions.PROJECTED)}


class TestEveryEvent:
    @pytest.fixture
    def world(self, world: World) -> World:
        emit_every_v2_event(world.scenario)
        world.finalise()
        return world

    def test_everything_is_applied(self, world: World) -> None:
        strange = [LogStatus.UNKNOWN, LogStatus.UNDECODABLE]
        assert not Log.objects.filter(status__in=strange).exists()
        assert list(Log.objects.filter(status=LogStatus.FAILED).values("event", "error")) == []
        ignored = Log.objects.filter(status=LogStatus.IGNORED).values_list("event", flat=True)
        assert set(ignored) <= {"RoleAdminChanged", "Approval"}

    def test_holders_are_as_the_vault_has_them(self, world: World) -> None:
        vault = world.scenario.vault
        holders = list(models.Holder.objects.all())

        assert {OWNER.address.lower(), vault.address.lower()} <= {row.address for row in holders}
        for row in holders:
            assert row.balance_shares == vault.read("balanceOf", row.address)
            assert row.locked_shares == vault.read("lockedShares", row.address)
            assert row.pending_shares == vault.read("pendingApprovalShares", row.address)
            assert row.free_shares == vault.read("availableShares", row.address)

    def test_what_the_vault_keeps_of_them_is_compared_with_its_own_word(self, world: World) -> None:
        ask(world.scenario, LARGE)
        world.finalise()
        at = clock.now()

        assert system.check_holders_and_roles(chain_id=world.config.chain_id, at=at) == []

        holder = models.Holder.objects.get(address=OWNER.address.lower())
        assert holder.pending_shares > 0
        models.Holder.objects.filter(pk=holder.pk).update(pending_shares=1, locked_shares=2)
        [found] = system.check_holders_and_roles(chain_id=world.config.chain_id, at=at)
        assert found.subject == f"shares set aside of {holder.address}"
        assert "locked: our rows say 2, the contract 0" in found.detail
        assert f"our rows say 1, the contract {holder.pending_shares}" in found.detail

    def test_redemptions_are_as_the_manager_has_them(self, world: World) -> None:
        found = list(Redemption.objects.order_by("request_id"))

        assert [row.status for row in found] == ["REJECTED", "REJECTED", *["SETTLED"] * 3]
        for row in found:
            said = world.scenario.request(row.request_id)
            assert STATUS[said["status"]] == row.status
            assert (row.gross_assets, row.shares) == (said["grossAmount"], said["shares"])
            assert row.locked_nav_per_share == said["lockedNav"]
            assert not row.locked_nav_is_derived
            settles_at = int(row.settles_at.timestamp()) if row.settles_at else 0
            assert settles_at == said["settlementTime"]

    def test_the_voucher_was_sold_and_burned(self, world: World) -> None:
        row = Voucher.objects.get()

        assert (row.token_id, row.request_id, row.owner) == (1, 3, ZERO_ADDRESS)
        assert row.contract == world.scenario.voucher.address.lower()
        moves = Log.objects.filter(contract_kind="voucher", event="Transfer")
        assert [log.args["to"] for log in moves.order_by("block_number")] == [
            OWNER.address.lower(),
            BUYER.address.lower(),
            ZERO_ADDRESS,
        ]
        payout = models.Payout.objects.get(request_id=3)
        assert payout.receiver == BUYER.address.lower()

    def test_nothing_is_left_to_pay_on_any_day(self, world: World) -> None:
        at = clock.now()

        assert models.LiabilityEntry.objects.filter(removed=True, was_overdue=True).exists()
        assert fund_queries.liabilities_by_day(chain_id=world.config.chain_id, at=at) == []

    def test_parameters_are_as_the_contracts_have_them(self, world: World) -> None:
        latest = models.ContractParameter.objects.order_by(
            "name", "-block_number", "-log_index"
        ).distinct("name")
        said = {row.name: row.new_value for row in latest}

        manager, vault = world.scenario.manager, world.scenario.vault
        assert said == {
            "BaseRedemptionFee": manager.read("baseRedemptionFeeBps"),
            "EmergencyPenaltyFee": manager.read("emergencyPenaltyFeeBps"),
            "VoucherThreshold": manager.read("voucherThreshold"),
            "StandardApprovalAmount": manager.read("standardApprovalAmount"),
            "StandardApprovalQuotaRatio": manager.read("standardApprovalQuotaRatio"),
            "EmergencyApprovalAmount": manager.read("emergencyApprovalAmount"),
            "EmergencyApprovalQuotaRatio": manager.read("emergencyApprovalQuotaRatio"),
            "StandardQuotaRatio": vault.read("standardQuotaRatio"),
        }

    def test_each_subscription_counts_once(self, world: World) -> None:
        deposits = Log.objects.filter(event="Deposit", status=LogStatus.APPLIED)

        assert models.Subscription.objects.count() == deposits.count() > 2
        assert sum(models.Subscription.objects.values_list("assets", flat=True)) == sum(
            int(log.args["assets"]) for log in deposits
        )

    def test_the_feed_shows_subscriptions_and_hides_what_has_no_effect(self, world: World) -> None:
        shown = {event.name for event in latest_events(1_000)}

        assert {"Deposit", "VoucherMinted"} <= shown
        assert "Approval" not in shown

    def test_shortfalls_say_what_was_raised_and_what_was_not(self, world: World) -> None:
        unpaid, raised = models.SettlementShortfall.objects.order_by("sold")

        assert raised.sold
        assert raised.found_assets >= raised.needed_assets
        assert unpaid.found_assets < unpaid.needed_assets

    def test_a_replay_gives_the_same_rows(self, world: World) -> None:
        before, chain_id = everything(), world.config.chain_id
        assert before["Voucher"]
        assert before["QuotaChange"]

        fund.clear_projections(chain_id=chain_id)
        redemptions.clear_projections(chain_id=chain_id)
        Log.objects.filter(status=LogStatus.APPLIED).update(status=LogStatus.FINAL)
        world.read()

        assert everything() == before


class TestWhilePending:
    def test_shares_and_vouchers_follow_at_every_step(self, world: World) -> None:
        asked = ask(world.scenario, LARGE)
        world.finalise()
        holder = models.Holder.objects.get(address=OWNER.address.lower())
        shares = world.scenario.request(asked.id)["shares"]
        assert (holder.pending_shares, holder.locked_shares) == (shares, 0)
        assert Redemption.objects.get().status == "PENDING_APPROVAL"

        approve_late(world.scenario, asked, days=20)
        world.finalise()
        holder.refresh_from_db()
        assert (holder.pending_shares, holder.locked_shares) == (0, shares)
        voucher = Voucher.objects.get()
        assert voucher.owner == OWNER.address.lower()
        [due] = fund_queries.liabilities_by_day(
            chain_id=world.config.chain_id, at=Redemption.objects.get().requested_at
        )
        day = world.scenario.request(asked.id)["settlementTime"] // DAY_SECONDS
        assert (due.day_index, due.overdue) == (day, False)
        assert due.outstanding_assets == world.scenario.manager.read("getDailyLiability", day)

        world.scenario.voucher.send(
            OWNER, "transferFrom", OWNER.address, BUYER.address, voucher.token_id
        )
        world.scenario.advance_time(21 * DAY_SECONDS)
        world.finalise()
        voucher.refresh_from_db()
        owner = world.scenario.voucher.read("ownerOf", voucher.token_id)
        assert voucher.owner == owner.lower() == BUYER.address.lower()
        verdict = redemption_queries.settleability(Redemption.objects.get(), at=clock.now())
        assert verdict.refusal == f"Only the owner of voucher 1, {voucher.owner}, may settle it."
        assert redemptions.settle_due(clock.now()) == []

    def test_a_snapshot_reads_these_contracts_too(self, world: World) -> None:
        ask(world.scenario, LARGE)
        world.finalise()

        tasks.take_overview()

        overview = fund_queries.latest_overview()
        assert overview is not None
        said = world.scenario.state(block=overview.block_number)
        assert (overview.total_assets, overview.nav_per_share) == (
            said.total_assets,
            said.share_price,
        )


def test_an_approval_with_a_date_is_proven_by_its_event(world: World) -> None:
    asked = ask(world.scenario, LARGE)
    settles_at = from_timestamp(world.scenario.now() + 9 * DAY_SECONDS)
    call = calls.ApproveRedemptionWithDate(
        chain_id=world.config.chain_id, request_id=asked.id, settles_at=settles_at
    )

    emitted = send(world, APPROVER_1, call)

    expected = contracts.expected_event(call)
    assert any(expected.is_met_by(event, args) for event, args in emitted)
    later = replace(call, settles_at=settles_at + timedelta(seconds=1))
    unmet = contracts.expected_event(later)
    assert not any(unmet.is_met_by(event, args) for event, args in emitted)


class TestChecks:
    def differences(self, world: World) -> list[Any]:
        world.finalise()
        checks = (
            system.check_rows,
            system.check_state,
            system.check_holders_and_roles,
            system.check_refold,
        )
        at, chain_id = clock.now(), world.config.chain_id
        return [found for check in checks for found in check(chain_id=chain_id, at=at)]

    def test_a_fund_that_did_everything_shows_no_difference(self, world: World) -> None:
        emit_every_v2_event(world.scenario)

        assert self.differences(world) == []

    def test_open_requests_and_a_sold_voucher_show_none(self, world: World) -> None:
        ask(world.scenario, usdt(1_000))
        ask(world.scenario, LARGE)
        asked = ask(world.scenario, LARGE)
        approve_late(world.scenario, asked, days=20)
        world.scenario.voucher.send(OWNER, "transferFrom", OWNER.address, BUYER.address, 1)

        assert self.differences(world) == []
        assert Voucher.objects.get().owner == BUYER.address.lower()
        statuses = set(Redemption.objects.values_list("status", flat=True))
        assert statuses == {"PENDING", "PENDING_APPROVAL", "APPROVED"}
