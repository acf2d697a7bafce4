"""Fees paid out and the register changed on a real node: asked, voted, mined, followed."""

from typing import Any

import pytest

from apps.approvals import operations as approvals
from apps.approvals.models import Ticket
from apps.chain import operations as chain_operations
from apps.chain import queries as chain
from apps.chain.models import Transaction
from apps.chain.terms import Tier
from apps.core import clock
from apps.fund import operations, queries, tasks
from apps.fund.models import Asset, AssetProfile, FeeEntry
from apps.fund.rules.terms import Terms
from devnet.abi import artifact
from devnet.accounts import ADMIN, INVESTORS
from devnet.fund import usdt
from tests.accounts.people import Person, person
from tests.chain_world import World
from tests.forcing import guards_off
from tests.fund.people import decide, team

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

DAY_SECONDS = 86_400
TERMS = Terms(issuer="Larch Street Capital", otc_contact="desk@larch.example", notice_days=5)


@pytest.fixture
def admins() -> list[Person]:
    return team()


@pytest.fixture
def operator() -> Person:
    return person("OPERATOR")


@pytest.fixture
def lived(committed_world: World) -> World:
    """A fund with assets in all tiers, a settled redemption and so redemption fees."""
    scenario = committed_world.scenario
    scenario.subscribe(INVESTORS[0], usdt(2_000_000))
    scenario.restore_liquidity()
    asked = scenario.request_standard(INVESTORS[0], 20_000 * 10**18)
    scenario.advance_time(8 * DAY_SECONDS)
    scenario.settle(asked.id)
    committed_world.finalise()
    tasks.take_overview()
    return committed_world


def approve(ticket_id: int, admins: list[Person]) -> Ticket:
    for who in admins[:2]:
        decide(who, ticket_id)
    return Ticket.objects.get(pk=ticket_id)


def fees_by_kind() -> dict[str, queries.FeeTotals]:
    return {row.kind: row for row in queries.fees()}


class TestRedemptionFees:
    def test_leave_the_vault_after_two_votes(
        self, lived: World, admins: list[Person], operator: Person
    ) -> None:
        pending = fees_by_kind()["REDEMPTION"].pending_assets
        assert pending
        ticket_id = operations.propose_redemption_fees(
            assets=pending, reason="Quarter end", actor=operator.actor, at=clock.now()
        )
        assert not Transaction.objects.exists()
        recipient = lived.scenario.controller.read("feeRecipient")
        before = lived.scenario.usdt.read("balanceOf", recipient)

        ticket = approve(ticket_id, admins)
        assert (ticket.status, ticket.execution_status) == ("APPROVED", "SENT")
        lived.send_all()
        tasks.take_overview()

        ticket.refresh_from_db(fields=["execution_status", "execution_tx_hash"])
        assert ticket.execution_status == "DONE"
        assert lived.scenario.usdt.read("balanceOf", recipient) == before + pending
        entry = FeeEntry.objects.get(kind="REDEMPTION", direction="WITHDRAWN")
        assert (entry.assets, entry.tx_hash) == (pending, ticket.execution_tx_hash)
        fees = fees_by_kind()["REDEMPTION"]
        assert (fees.withdrawn_assets, fees.pending_assets) == (pending, 0)
        assert differences(lived) == []

    def test_are_not_sent_after_a_rejection(
        self, lived: World, admins: list[Person], operator: Person
    ) -> None:
        ticket_id = operations.propose_redemption_fees(
            assets=1, reason="Try", actor=operator.actor, at=clock.now()
        )

        decide(admins[0], ticket_id, "REJECT", "Not now")

        assert not Transaction.objects.exists()
        operations.propose_redemption_fees(
            assets=1, reason="Again", actor=operator.actor, at=clock.now()
        )

    def test_nobody_votes_when_they_were_withdrawn_meanwhile(
        self, lived: World, admins: list[Person], operator: Person
    ) -> None:
        ticket_id = operations.propose_redemption_fees(
            assets=1, reason="Late", actor=operator.actor, at=clock.now()
        )
        lived.scenario.withdraw_redemption_fees()
        lived.finalise()
        tasks.take_overview()

        with pytest.raises(Exception, match="changed since"):
            decide(admins[0], ticket_id)


class TestAccruedFees:
    def test_are_collected_and_known_to_be_paid(
        self, lived: World, admins: list[Person], operator: Person
    ) -> None:
        ticket_id = operations.propose_accrued_fees(
            reason="Quarter end", actor=operator.actor, at=clock.now()
        )
        recipient = lived.scenario.controller.read("feeRecipient")
        before = lived.scenario.usdt.read("balanceOf", recipient)

        approve(ticket_id, admins)
        lived.send_all()
        tasks.take_overview()

        assert Ticket.objects.get(pk=ticket_id).execution_status == "DONE"
        paid = lived.scenario.usdt.read("balanceOf", recipient) - before
        fees = fees_by_kind()
        assert paid > 0
        management, performance = fees["MANAGEMENT"], fees["PERFORMANCE"]
        assert management.withdrawn_assets == management.accrued_assets
        assert (management.withdrawn_assets or 0) + (performance.withdrawn_assets or 0) == paid
        assert differences(lived) == []

    def test_the_day_after_a_collection_people_may_take_their_time(
        self, lived: World, admins: list[Person], operator: Person
    ) -> None:
        lived.scenario.collect_fees()
        lived.scenario.advance_time(DAY_SECONDS)
        lived.finalise()
        tasks.take_overview()
        ticket_id = operations.propose_accrued_fees(
            reason="Every day", actor=operator.actor, at=clock.now()
        )
        recipient = lived.scenario.controller.read("feeRecipient")
        before = lived.scenario.usdt.read("balanceOf", recipient)

        lived.scenario.advance_time(18 * 3_600)
        lived.finalise()
        tasks.take_overview()
        ticket = approve(ticket_id, admins)
        lived.send_all()

        ticket.refresh_from_db(fields=["execution_status", "execution_error"])
        assert (ticket.execution_status, ticket.execution_error) == ("DONE", "")
        paid = lived.scenario.usdt.read("balanceOf", recipient) - before
        pending_then = int(ticket.facts["management"]) + int(ticket.facts["performance"])
        assert pending_then * 17 // 10 < paid <= int(ticket.facts["assets"])

    def test_what_cash_did_not_allow_is_not_called_withdrawn(self, lived: World) -> None:
        lived.scenario.advance_time(30 * DAY_SECONDS)
        for symbol, share in (("CPCS", 10_000),):
            cash = lived.scenario.vault.read("availableCash")
            lived.scenario.purchase(symbol, cash * share // 10_000)
        lived.scenario.collect_fees()
        lived.finalise()
        tasks.take_overview()

        unpaid = lived.scenario.controller.read("unpaidFees")
        fees = fees_by_kind()
        accrued = fees["MANAGEMENT"].accrued_assets + fees["PERFORMANCE"].accrued_assets
        withdrawn = (fees["MANAGEMENT"].withdrawn_assets or 0) + (
            fees["PERFORMANCE"].withdrawn_assets or 0
        )
        assert unpaid > 0
        assert withdrawn == accrued - unpaid
        assert differences(lived) == []


class TestRegister:
    def test_a_target_follows_the_decision(self, lived: World, admins: list[Person]) -> None:
        row = Asset.objects.get(symbol="KTLF")
        ticket_id = operations.propose_allocation(
            token=row.token,
            share_bps=1_000,
            reason="Less of it",
            chain_id=row.chain_id,
            actor=admins[2].actor,
            at=clock.now(),
        )

        decide(admins[0], ticket_id)
        lived.send_all()

        row.refresh_from_db()
        assert row.target_bps == 1_000
        assert Ticket.objects.get(pk=ticket_id).execution_status == "DONE"
        assert differences(lived) == []

    def test_an_asset_is_listed_with_its_terms_and_taken_off_again(
        self, lived: World, admins: list[Person]
    ) -> None:
        token = deployed_token(lived)
        maker = person("ADMIN")
        tried = queries.try_adding(
            chain_id=lived.config.chain_id, token=token, tier=Tier.L3, share_bps=0
        )
        ticket_id = operations.propose_addition(
            token=token,
            tier=Tier.L3,
            share_bps=0,
            terms=TERMS,
            tried=tried,
            reason="A new issuer",
            chain_id=lived.config.chain_id,
            actor=maker.actor,
            at=clock.now(),
        )
        assert not AssetProfile.objects.exists()

        approve(ticket_id, admins)
        lived.send_all()
        tasks.take_overview()

        view = next(view for view in queries.assets() if view.token == token)
        assert (view.tier, view.issuer, view.notice_days) == ("L3", "Larch Street Capital", 5)
        assert AssetProfile.objects.get().ticket_id == ticket_id

        ticket_id = operations.propose_removal(
            token=token,
            drop_holding=False,
            reason="Never bought",
            chain_id=lived.config.chain_id,
            actor=maker.actor,
            at=clock.now(),
        )
        approve(ticket_id, admins)
        lived.send_all()

        assert not Asset.objects.get(token=token).listed
        assert Ticket.objects.get(pk=ticket_id).execution_status == "DONE"
        assert differences(lived) == []

    def test_an_address_without_a_token_is_refused_by_the_controller(
        self, lived: World, admins: list[Person]
    ) -> None:
        nobody = "0x" + "12" * 20

        tried = queries.try_adding(
            chain_id=lived.config.chain_id, token=nobody, tier=Tier.L3, share_bps=0
        )

        assert tried.ok is False
        with pytest.raises(operations.TokenRefused):
            operations.propose_addition(
                token=nobody,
                tier=Tier.L3,
                share_bps=0,
                terms=TERMS,
                tried=tried,
                reason="Try",
                chain_id=lived.config.chain_id,
                actor=admins[0].actor,
                at=clock.now(),
            )

    def test_a_held_asset_leaves_only_when_that_is_meant(
        self, lived: World, admins: list[Person]
    ) -> None:
        row = Asset.objects.get(symbol="CPCS")
        maker = person("ADMIN")
        arguments: dict[str, Any] = {
            "token": row.token,
            "reason": "Default",
            "chain_id": row.chain_id,
            "actor": maker.actor,
            "at": clock.now(),
        }
        with pytest.raises(operations.StillHeld, match="would drop out of NAV"):
            operations.propose_removal(drop_holding=False, **arguments)
        ticket_id = operations.propose_removal(drop_holding=True, **arguments)
        before = lived.scenario.state().gross_assets

        approve(ticket_id, admins)
        lived.send_all()

        assert lived.scenario.state().gross_assets < before
        assert not Asset.objects.get(pk=row.pk).listed


class TestWithoutEvents:
    def test_an_emergency_withdrawal_is_found_and_named(self, lived: World) -> None:
        lived.scenario.emergency_withdraw(lived.scenario.usdt.address, ADMIN.address, usdt(5_000))
        lived.finalise()

        [found] = differences(lived)

        assert found.subject == "cash of the vault"
        assert "5,000.000000000000000000 USDT left" in found.detail
        assert not found.endangers_money

    def test_a_donation_is_found_and_named(self, lived: World) -> None:
        scenario = lived.scenario
        scenario.usdt.send(ADMIN, "mint", scenario.vault.address, usdt(70))
        lived.finalise()

        [found] = differences(lived)

        assert "70.000000000000000000 USDT came in" in found.detail


class TestFailure:
    def test_is_shown_and_sent_again(
        self, lived: World, admins: list[Person], operator: Person
    ) -> None:
        ticket_id = operations.propose_redemption_fees(
            assets=1, reason="Try", actor=operator.actor, at=clock.now()
        )
        approve(ticket_id, admins)
        lived.scenario.set_service("FeeRecipient", "0x" + "00" * 20)
        lived.send_all()
        failed = Ticket.objects.get(pk=ticket_id)
        assert failed.execution_status == "FAILED"
        assert failed.execution_error

        lived.scenario.set_service("FeeRecipient", ADMIN.address)
        lived.finalise()
        with pytest.raises(approvals.NotTheirs):
            operations.retry_decision(ticket_id=ticket_id, actor=operator.actor, at=clock.now())
        operations.retry_decision(ticket_id=ticket_id, actor=admins[0].actor, at=clock.now())
        lived.send_all()

        assert Ticket.objects.get(pk=ticket_id).execution_status == "DONE"
        assert Transaction.objects.count() == 2
        with guards_off():
            Ticket.objects.filter(pk=ticket_id).update(execution_status="FAILED")
        with pytest.raises(chain_operations.AlreadySent, match="mined"):
            operations.retry_decision(ticket_id=ticket_id, actor=admins[0].actor, at=clock.now())
        with guards_off():
            Ticket.objects.filter(pk=ticket_id).update(execution_status="DONE")
        with pytest.raises(operations.NothingToRetry):
            operations.retry_decision(ticket_id=ticket_id, actor=admins[0].actor, at=clock.now())


def deployed_token(world: World) -> str:
    """A token that the controller does not know, issued to nobody."""
    name = ("Thornfield Timber Notes", "THTN", 18, ADMIN.address)
    token = world.scenario.chain.create(
        ADMIN.address, artifact("MockRWAToken"), *name
    ).contract_address
    assert token is not None
    world.finalise()
    return str(token).lower()


def differences(world: World) -> list[chain.Difference]:
    """What a check of the fund's state finds now."""
    rows = queries.fund_rows(chain_id=world.config.chain_id)
    final = chain.final_block(world.config.chain_id)
    return queries.state_differences(rows, chain.read_fund_state(final))
