"""Checks of our rows: silent when all is well, and one finding for as long as something is not."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.chain.models import (
    Attempt,
    Block,
    Coverage,
    Cursor,
    Finding,
    FindingKind,
    Log,
    LogStatus,
    Reservation,
    SignerAccount,
    Stop,
    Transaction,
)
from apps.core import clock
from apps.fund.models import (
    Asset,
    ChainRole,
    ContractSwitch,
    FeeEntry,
    Holder,
    ShareMovement,
    TierConfig,
)
from apps.notifications.models import Notification
from apps.redemptions.models import Redemption
from apps.system import operations, tasks
from apps.system.queries import health
from apps.system.rules import State
from devnet.accounts import INVESTORS
from devnet.every_event import emit_every_v1_event
from devnet.fund import usdt
from tests.accounts.people import person
from tests.chain_world import World
from tests.forcing import guards_off

pytestmark = [pytest.mark.chain, pytest.mark.django_db]


@pytest.fixture
def lived(world: World) -> World:
    """A subscription and two requests, one waiting for approval, all applied."""
    world.scenario.subscribe(INVESTORS[0], usdt(9_000_000))
    world.scenario.request_standard(INVESTORS[0], 10 * 10**18)
    world.scenario.request_above_approval_threshold(INVESTORS[0])
    world.finalise()
    return world


def check(name: str, world: World) -> list[Any]:
    found: list[Any] = getattr(operations, name)(chain_id=world.config.chain_id, at=clock.now())
    return found


def subjects(name: str, world: World) -> set[str]:
    return {difference.subject for difference in check(name, world)}


class TestAgainstTheChain:
    def test_a_fund_that_did_everything_shows_no_difference(self, world: World) -> None:
        emit_every_v1_event(world.scenario)
        world.finalise()

        for name in ("check_rows", "check_state", "check_holders_and_roles", "check_refold"):
            assert check(name, world) == []
        assert not Finding.objects.exists()

    def test_totals_and_settings(self, lived: World) -> None:
        Holder.objects.filter(locked_shares__gt=0).update(locked_shares=7, balance_shares=8)
        TierConfig.objects.filter(tier=1).update(target_bps=1)
        token = Asset.objects.filter(listed=True).first()
        assert token is not None
        Asset.objects.filter(pk=token.pk).update(listed=False)
        FeeEntry.objects.create(
            chain_id=lived.config.chain_id,
            contract=lived.config.contract("vault").address,
            tx_hash="0x" + "ab" * 32,
            position=0,
            block_number=1,
            log_index=0,
            at=clock.now(),
            kind="REDEMPTION",
            direction="ACCRUED",
            assets=5,
        )

        assert subjects("check_state", lived) >= {
            "total supply",
            "locked shares",
            "tier L2",
            f"asset {token.token}",
            "redemption fees accrued",
        }

    def test_open_requests(self, lived: World) -> None:
        small, large = Redemption.objects.order_by("request_id")
        Redemption.objects.filter(pk=small.pk).update(estimated_fee_assets=1)
        large.delete()

        found = {each.subject: each.detail for each in check("check_state", lived)}

        assert (
            f"estimated fee 1, the contract says estimated fee {small.estimated_fee_assets}"
            in found[f"request {small.request_id}"]
        )
        assert str(large.request_id) in found["requests that wait for approval"]
        assert "number of requests" in found

    def test_holders_and_roles(self, lived: World) -> None:
        holder = Holder.objects.get(address=INVESTORS[0].address.lower())
        Holder.objects.filter(pk=holder.pk).update(balance_shares=1)
        role = ChainRole.objects.filter(held=True).first()
        assert role is not None
        ChainRole.objects.filter(pk=role.pk).update(held=False, revoked_at=clock.now())

        found = check("check_holders_and_roles", lived)

        assert {each.kind for each in found} == {FindingKind.HOLDERS, FindingKind.ROLES}
        assert {holder.address} < {each.subject for each in found}

    def test_locks_that_cancel_out_are_found_holder_by_holder(self, lived: World) -> None:
        owner = Holder.objects.get(address=INVESTORS[0].address.lower())
        locked = owner.locked_shares
        other = INVESTORS[1].address.lower()
        Holder.objects.create(
            chain_id=owner.chain_id,
            vault=owner.vault,
            address=other,
            locked_shares=1,
            first_activity_at=owner.first_activity_at,
            last_activity_at=owner.last_activity_at,
        )
        Holder.objects.filter(pk=owner.pk).update(locked_shares=locked - 1)

        assert subjects("check_state", lived) == set()
        assert subjects("check_holders_and_roles", lived) == {
            f"shares set aside of {owner.address}",
            f"shares set aside of {other}",
        }

    def test_switches_of_every_contract(self, lived: World) -> None:
        ContractSwitch.objects.create(
            chain_id=lived.config.chain_id,
            contract=lived.config.contract("redemption_manager").address,
            contract_kind="redemption_manager",
            tx_hash="0x" + "ab" * 32,
            position=0,
            block_number=1,
            log_index=0,
            at=clock.now(),
            name="PAUSED",
            is_on=True,
        )

        assert subjects("check_state", lived) == {"redemption manager: paused"}

    def test_is_put_off_while_events_are_being_applied(self, lived: World) -> None:
        Log.objects.filter(event="SharesLocked").update(status=LogStatus.FINAL)

        with pytest.raises(operations.NotNow):
            check("check_state", lived)

        tasks.check_state()
        assert not Finding.objects.exists()

    def test_is_put_off_while_past_blocks_are_being_read(self, lived: World) -> None:
        vault = lived.config.contract("vault").address
        Coverage.objects.filter(address=vault).update(covered=[])
        Holder.objects.update(locked_shares=1)

        with pytest.raises(operations.NotNow):
            check("check_state", lived)


class TestFindings:
    def test_one_opens_tells_people_and_closes_by_itself(self, lived: World) -> None:
        person("ADMIN")
        Holder.objects.update(locked_shares=1)

        for _ in range(3):
            tasks.check_state()

        row = Finding.objects.get(subject="locked shares")
        assert (row.kind, row.times_seen, row.closed_at) == (FindingKind.STATE, 3, None)
        assert Notification.objects.filter(kind="FINDING", channel="EMAIL").count() == 1
        part = health.checks_state()
        assert (part.state, part.figures["open"]) == (State.DEGRADED, 1)

        locked = lived.scenario.state().locked_shares
        Holder.objects.filter(address=INVESTORS[0].address.lower()).update(locked_shares=locked)
        Holder.objects.exclude(address=INVESTORS[0].address.lower()).update(locked_shares=0)
        tasks.check_state()

        row.refresh_from_db()
        assert row.closed_at is not None
        assert health.checks_state().state is State.UP

    def test_seen_again_later_is_another_one(self, lived: World) -> None:
        movement = ShareMovement.objects.filter(kind="LOCK").first()
        assert movement is not None
        ShareMovement.objects.filter(pk=movement.pk).update(shares=1)
        tasks.check_refold()
        ShareMovement.objects.filter(pk=movement.pk).update(shares=movement.shares)
        tasks.check_refold()
        ShareMovement.objects.filter(pk=movement.pk).update(shares=1)
        tasks.check_refold()

        rows = Finding.objects.filter(kind=FindingKind.REFOLD, subject="fund.sharemovement")
        assert [row.closed_at is None for row in rows.order_by("pk")] == [False, True]


class TestInvariants:
    def test_a_break_in_the_chain_of_blocks_stops_what_leaves(self, lived: World) -> None:
        tip = Block.objects.filter(canonical=True).latest("number")
        Block.objects.filter(pk=tip.pk).update(parent_hash="0x" + "99" * 32)

        tasks.check_rows()
        tasks.check_rows()

        assert Finding.objects.get().subject == "parent links"
        assert Stop.objects.get(lifted_at__isnull=True).scope == f"chain:{lived.config.chain_id}"

    def test_what_people_let_go_on_in_spite_of_stops_nothing_again(self, lived: World) -> None:
        right = Cursor.objects.get().tip_hash
        Cursor.objects.update(tip_hash="0x" + "99" * 32)
        tasks.check_rows()
        with guards_off():
            Stop.objects.update(lifted_at=clock.now(), lift_ticket_id=1)

        tasks.check_rows()

        assert not Stop.objects.filter(lifted_at__isnull=True).exists()
        for tip_hash in (right, "0x" + "99" * 32):
            Cursor.objects.update(tip_hash=tip_hash)
            tasks.check_rows()
        assert Stop.objects.filter(lifted_at__isnull=True).exists()

    def test_the_cursors_block(self, lived: World) -> None:
        Cursor.objects.update(tip_hash="0x" + "99" * 32)

        assert subjects("check_rows", lived) == {"the cursor's block"}

    def test_an_effect_of_a_branch_that_was_left(self, lived: World) -> None:
        row = Log.objects.filter(status=LogStatus.APPLIED).latest("block_number")
        Block.objects.filter(hash=row.block_hash).update(canonical=False)

        assert "events of a branch that was left" in subjects("check_rows", lived)

    def test_a_final_event_that_nobody_applies(self, lived: World) -> None:
        long_ago = clock.now() - timedelta(minutes=5)
        Log.objects.update(applied_at=long_ago, final_at=long_ago)
        Log.objects.filter(event="SharesLocked").update(status=LogStatus.FINAL)

        assert subjects("check_rows", lived) == {"final events that nobody applies"}
        assert not Stop.objects.exists()

    def test_one_behind_a_parked_event_has_its_reason(self, lived: World) -> None:
        long_ago = clock.now() - timedelta(minutes=5)
        Log.objects.update(applied_at=long_ago, final_at=long_ago)
        first, *_ = locked = Log.objects.filter(event="SharesLocked").order_by("block_number")
        locked.update(status=LogStatus.FINAL)
        Log.objects.filter(pk=first.pk).update(status=LogStatus.FAILED)

        assert subjects("check_rows", lived) == set()

    def test_what_the_sender_let_go_of_a_day_is_not_counted(self, lived: World) -> None:
        """The sender reserves, by its own clock, after the check has looked at its own."""
        signer = self.signer(lived, per_day_assets=10, calls_per_day=1)
        now = clock.now()
        ages = (timedelta(hours=24) - timedelta(seconds=2), timedelta(seconds=-3))
        for nonce, age in enumerate(ages):
            row = self.sent(lived, nonce=nonce, status="FINAL", finished_at=now)
            Reservation.objects.create(transaction=row, signer=signer, assets=10, at=now - age)

        assert subjects("check_rows", lived) == set()

    def test_more_than_a_day_allows(self, lived: World) -> None:
        signer = self.signer(lived, per_day_assets=10, calls_per_day=1)
        now = clock.now()
        for nonce in range(2):
            row = self.sent(lived, nonce=nonce, status="FINAL", finished_at=now)
            Reservation.objects.create(transaction=row, signer=signer, assets=10, at=now)

        assert subjects("check_rows", lived) == {"limits of hot"}
        assert Stop.objects.exists()

    def test_nothing_leaves_even_where_nobody_can_be_told(
        self, lived: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Cursor.objects.update(tip_hash="0x" + "99" * 32)

        def failing(**_values: Any) -> int:
            raise RuntimeError("it cannot be written down")

        monkeypatch.setattr("apps.chain.operations.settle_findings", failing)
        with pytest.raises(RuntimeError):
            tasks.check_rows()

        assert Stop.objects.filter(lifted_at__isnull=True).exists()

    def test_an_intent_mined_twice(self, lived: World) -> None:
        row = self.sent(lived, nonce=4)
        for number in (1, 2):
            self.attempt(row, number, status="MINED")

        assert f"transaction {row.pk}" in subjects("check_rows", lived)

    def test_a_gap_in_the_nonces(self, lived: World) -> None:
        signer = self.signer(lived, next_nonce=7)
        for number, nonce in enumerate((4, 6)):
            self.attempt(self.sent(lived, nonce=nonce), number)

        assert subjects("check_rows", lived) == {f"nonces of {signer.name}"}

    def test_bytes_that_are_nowhere(self, lived: World) -> None:
        self.signer(lived, next_nonce=5)
        row = self.sent(lived, nonce=4)

        assert subjects("check_rows", lived) == {f"transaction {row.pk}"}

    def signer(self, world: World, **values: Any) -> SignerAccount:
        SignerAccount.objects.all().delete()
        return SignerAccount.objects.create(
            chain_id=world.config.chain_id, address="0x" + "51" * 20, name="hot", **values
        )

    def sent(self, world: World, *, nonce: int, **values: Any) -> Transaction:
        with guards_off():
            return Transaction.objects.create(
                chain_id=world.config.chain_id,
                key=f"test:{nonce}",
                kind="SETTLE_REDEMPTION",
                subject_id=str(nonce),
                sentence="Approve",
                to="0x" + "70" * 20,
                calldata="0x",
                call_hash="0x" + "00" * 32,
                expects={},
                requested_by="test",
                signer="0x" + "51" * 20,
                nonce=nonce,
                created_at=clock.now(),
                **{"status": "BROADCAST", **values},
            )

    def attempt(self, row: Transaction, number: int, **values: Any) -> Attempt:
        return Attempt.objects.create(
            transaction=row,
            tx_hash=f"0x{number:064x}",
            raw="0x",
            nonce=row.nonce,
            max_fee_per_gas=1,
            max_priority_fee_per_gas=1,
            created_at=clock.now(),
            **values,
        )


class TestCommand:
    def run(self, *options: str) -> str:
        out = io.StringIO()
        call_command("check_consistency", *options, stdout=out)
        return out.getvalue()

    def test_says_that_all_is_well(self, lived: World) -> None:
        printed = self.run("--deep")

        assert printed.count("0 differences") == 4
        assert str(lived.config.chain_id) in printed

    def test_fails_with_what_differs(self, lived: World) -> None:
        Holder.objects.update(locked_shares=1)

        with pytest.raises(CommandError, match="1 differences"):
            self.run("--chain", str(lived.config.chain_id))
