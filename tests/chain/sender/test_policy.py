"""What may be sent, by whom, and how much: decided from rows under one lock."""

import threading
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from apps.chain import operations
from apps.chain.calls import AllocateToLayer, ApproveRedemption, Call
from apps.chain.config import ChainConfig, SignerTier
from apps.chain.models import Reservation, SignerAccount, Transaction, TransactionStatus
from apps.chain.operations.steering import _COPIED as COPIED
from apps.chain.rules import scopes
from apps.chain.sender import Sender, policy, simulating
from apps.chain.sender.desk import Desk, Fails
from apps.chain.terms import Tier
from apps.core import clock
from apps.core.units import WAD
from devnet.accounts import INVESTORS
from devnet.investing import Requested
from tests.chain.sender.helpers import (
    CHAIN,
    SYSTEM,
    HandClock,
    again,
    new_sender,
    submit,
    submit_call,
)
from tests.chain_world import World
from tests.forcing import guards_off

pytestmark = [pytest.mark.chain, pytest.mark.django_db]


def hot_only(config: ChainConfig, **changes: Any) -> ChainConfig:
    """The chain without its warm wallet; the key changed as asked."""
    keys = [signer for signer in config.signers if signer.tier is SignerTier.HOT]
    return replace(config, signers=(replace(keys[0], **changes), *keys[1:]))


def allocation(units: int) -> Call:
    return AllocateToLayer(chain_id=CHAIN, tier=Tier.L2, assets=units * WAD)


def limit(world: World, tier: str = "HOT", **limits: int) -> None:
    """The limits of a signer that has never signed yet."""
    signer = world.config.signer(SignerTier(tier))
    assert signer is not None
    every = {"per_transaction_assets": 100 * WAD, "per_day_assets": 100 * WAD, "calls_per_day": 5}
    SignerAccount.objects.create(
        chain_id=CHAIN, address=signer.address, name=signer.name, tier=tier, **{**every, **limits}
    )


def decide(sender: Sender, row: Transaction) -> Transaction:
    return policy.decide(sender.desk, again(row))


class TestOnce:
    """Somebody wrote a second row for a ticket, past the operation and past the trigger."""

    def doubled(self, first: Transaction) -> Transaction:
        asked = {field: getattr(first, field) for field in (*COPIED, "created_at", "requested_by")}
        with guards_off():
            return Transaction.objects.create(key="double", **asked)

    def test_the_second_of_a_ticket_is_refused(self, world: World, large: Requested) -> None:
        first = submit(large.id)
        second = self.doubled(first)

        new_sender(world).step()

        assert again(first).status == TransactionStatus.BROADCAST
        assert again(second).status == TransactionStatus.FAILED
        assert again(second).error.startswith(f"Ticket {first.ticket_id} approved ")
        assert second.nonce is None

    def test_even_when_it_comes_after_the_end(self, world: World, large: Requested) -> None:
        first = submit(large.id)
        world.send_all()
        assert again(first).status == TransactionStatus.FINAL
        second = self.doubled(first)

        with pytest.raises(Fails, match=r"approved .* once, and transaction"):
            decide(new_sender(world), second)


class TestDestination:
    def test_an_address_that_is_no_contract_of_ours_is_refused(
        self, world: World, large: Requested
    ) -> None:
        row = submit(large.id)
        with guards_off():
            Transaction.objects.update(to="0x" + "ab" * 20)

        new_sender(world).step()

        assert again(row).status == TransactionStatus.FAILED
        assert "is no contract of chain" in again(row).error

    def test_calldata_of_another_call_is_refused(self, world: World, large: Requested) -> None:
        """Somebody edits the row: the selector is known, but not as this kind of call."""
        row = submit(large.id)
        other = submit_call(allocation(1), "other")
        with guards_off():
            Transaction.objects.filter(pk=row.pk).update(calldata=other.calldata)

        new_sender(world).step()

        assert again(row).status == TransactionStatus.FAILED
        assert "is not APPROVE_REDEMPTION" in again(row).error
        assert not row.attempts.exists()

    def test_other_arguments_than_were_voted_on_are_refused(
        self, world: World, large: Requested
    ) -> None:
        row = submit(large.id)
        other = submit(large.id + 1, "other")
        with guards_off():
            Transaction.objects.filter(pk=row.pk).update(calldata=other.calldata)

        new_sender(world).step()

        assert again(row).status == TransactionStatus.FAILED
        assert again(row).error == "The calldata is not what was asked for when this was queued."

    def test_bytes_behind_the_arguments_are_refused(self, world: World, large: Requested) -> None:
        row = submit(large.id)
        with guards_off():
            Transaction.objects.update(calldata=row.calldata + "00" * 32)

        new_sender(world).step()

        assert again(row).status == TransactionStatus.FAILED

    def test_a_call_that_no_signer_may_send_is_refused(
        self, world: World, large: Requested
    ) -> None:
        config = hot_only(world.config, allowed=frozenset({"SETTLE_REDEMPTION"}))
        row = submit(large.id)

        new_sender(world, config=config).step()

        assert again(row).status == TransactionStatus.FAILED
        assert "may not send APPROVE_REDEMPTION; there is no warm wallet." in again(row).error

    def test_the_first_key_that_may_send_it_does(self, world: World, large: Requested) -> None:
        [key] = [s for s in world.config.signers if s.tier is SignerTier.HOT]
        others = frozenset({"SETTLE_REDEMPTION"})
        first = replace(key, name="settler", address="0x" + "11" * 20, allowed=others)
        config = replace(world.config, signers=(first, key))
        row = submit(large.id)

        found = policy.sender_of(config, row)

        assert found == key


class TestLimits:
    def test_are_seeded_from_the_chain_file(self, world: World, large: Requested) -> None:
        new_sender(world).step()

        account = SignerAccount.objects.get(tier="HOT")
        assert account.per_transaction_assets == 100_000 * WAD
        assert account.per_day_assets == 500_000 * WAD
        assert account.calls_per_day == 500

    def test_a_row_from_before_there_were_limits_gets_them(
        self, world: World, large: Requested
    ) -> None:
        limit(world, per_transaction_assets=0, per_day_assets=0, calls_per_day=0)

        new_sender(world).step()

        assert SignerAccount.objects.get(tier="HOT").per_day_assets == 500_000 * WAD

    def test_above_all_of_them_nothing_is_half_done(self, world: World) -> None:
        limit(world)
        config = hot_only(world.config)
        row = submit_call(allocation(101))

        new_sender(world, config=config).step()

        assert again(row).status == TransactionStatus.FAILED
        assert again(row).error.startswith("Above the limits: ")
        assert "moves 101.00 USDT, a transaction may move 100.00" in again(row).error
        assert again(row).nonce is None
        assert not Reservation.objects.exists()

    def test_above_the_hot_ones_it_goes_to_the_warm_wallet(self, world: World) -> None:
        limit(world)
        row = submit_call(allocation(101))
        sender = new_sender(world)

        row = decide(sender, row)

        assert row.tier == "WARM"
        assert Reservation.objects.get(transaction=row).signer.tier == "WARM"

    def test_above_the_warm_ones_it_fails(self, world: World) -> None:
        limit(world)
        limit(world, "WARM")
        row = submit_call(allocation(101))

        with pytest.raises(Fails, match="Above the limits"):
            decide(new_sender(world), row)

    def test_a_day_is_twenty_four_hours_that_roll(self, world: World) -> None:
        limit(world)
        at = HandClock()
        sender = new_sender(world, at, hot_only(world.config))
        first, second = submit_call(allocation(60), "a"), submit_call(allocation(60), "b")
        decide(sender, first)
        with guards_off():
            Transaction.objects.filter(pk=first.pk).update(status=TransactionStatus.FINAL)
        with pytest.raises(Fails):
            decide(sender, second)
        Transaction.objects.update(deadline_at=None)

        at.advance(timedelta(hours=24, seconds=1).total_seconds())
        row = decide(sender, second)

        assert row.tier == "HOT"

    def test_what_is_on_its_way_counts_however_long_it_has_been(self, world: World) -> None:
        """Held for a day it would else leave in one moment with the next day's."""
        limit(world)
        at = HandClock()
        sender = new_sender(world, at, hot_only(world.config))
        first, second = submit_call(allocation(60), "a"), submit_call(allocation(60), "b")
        decide(sender, first)
        with guards_off():
            Transaction.objects.filter(pk=first.pk).update(status=TransactionStatus.SIGNED)
        Transaction.objects.update(deadline_at=None)
        at.advance(timedelta(hours=25).total_seconds())

        with pytest.raises(Fails, match=r"60\.00 of the 100\.00 for 24 hours are taken"):
            decide(sender, second)

    def test_the_day_begins_when_it_was_mined(self, world: World, large: Requested) -> None:
        at = HandClock()
        sender = new_sender(world, at)
        row = submit(large.id)
        sender.step()
        at.advance(timedelta(hours=25).total_seconds())
        world.finalise()
        sender.step()

        assert again(row).status == TransactionStatus.FINAL
        assert Reservation.objects.get().at == at.now

    def test_calls_that_move_nothing_are_counted(self, world: World, large: Requested) -> None:
        limit(world, calls_per_day=1)
        sender = new_sender(world, config=hot_only(world.config))
        first, second = submit(large.id, "a"), submit(large.id + 1, "b")
        decide(sender, first)

        with pytest.raises(Fails, match="all 1 transactions for 24 hours are taken"):
            decide(sender, second)

    def test_deciding_again_reserves_once(self, world: World) -> None:
        limit(world)
        sender = new_sender(world)
        row = submit_call(allocation(60))

        decide(sender, row)
        row = decide(sender, row)

        assert row.tier == "HOT"
        assert Reservation.objects.count() == 1

    def test_what_fails_gives_its_share_back(self, world: World, large: Requested) -> None:
        limit(world, calls_per_day=1)
        config = hot_only(world.config)
        row = submit(large.id)
        world.scenario.approve(large.id)
        new_sender(world, config=config).step()
        other = world.scenario.request_above_approval_threshold(INVESTORS[0])

        second = submit(other.id, "second")
        new_sender(world, config=config).step()

        assert again(row).status == TransactionStatus.FAILED
        assert again(second).status == TransactionStatus.BROADCAST


class TestStanding:
    def test_what_nobody_signed_in_time_expires(self, world: World, large: Requested) -> None:
        at = HandClock()
        row = submit(large.id)
        at.advance(timedelta(hours=24, minutes=1).total_seconds())

        new_sender(world, at).step()

        assert again(row).status == TransactionStatus.EXPIRED
        assert again(row).error.startswith("It was not signed by ")

    @pytest.mark.parametrize(
        "scope",
        [
            scopes.ALL,
            scopes.of_chain(CHAIN),
            scopes.of_stream(CHAIN, ApproveRedemption.kind),
            "signer",
        ],
    )
    def test_a_stop_holds_it_before_it_is_simulated(
        self, world: World, large: Requested, scope: str
    ) -> None:
        sender = new_sender(world)
        if scope == "signer":
            scope = scopes.of_signer(CHAIN, sender.signer.address)
        row = submit(large.id)
        operations.stop_sending(scope=scope, reason="odd", actor=SYSTEM, at=clock.now())

        sender.step()

        assert again(row).status == TransactionStatus.QUEUED
        assert again(row).error.endswith(": odd")

    @pytest.mark.parametrize(
        "scope", [scopes.of_chain(1), scopes.of_stream(CHAIN, "SETTLE_REDEMPTION")]
    )
    def test_a_stop_of_something_else_does_not(
        self, world: World, large: Requested, scope: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(operations.stopping.chain_config, "chain", lambda _id: world.config)
        row = submit(large.id)
        operations.stop_sending(scope=scope, reason="odd", actor=SYSTEM, at=clock.now())

        new_sender(world).step()

        assert again(row).status == TransactionStatus.BROADCAST

    def test_a_stop_between_simulation_and_nonce_holds_it(
        self, world: World, large: Requested, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        row = submit(large.id)
        real = simulating.simulate

        def and_then_stopped(desk: Desk, intent: Transaction, *args: Any, **kw: Any) -> Transaction:
            operations.stop_sending(scope="all", reason="odd", actor=SYSTEM, at=clock.now())
            return real(desk, intent, *args, **kw)

        monkeypatch.setattr(simulating, "simulate", and_then_stopped)
        new_sender(world).step()

        assert again(row).status == TransactionStatus.SIMULATED
        assert again(row).nonce is None


@pytest.mark.django_db(transaction=True)
class TestRace:
    def test_of_two_that_fit_one_by_one_one_is_let_through(
        self, committed_world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each would count the other's share only if it waited for it: they meet if they can
        where the shares have been counted and none is reserved yet."""
        world = committed_world
        limit(world)
        config = hot_only(world.config)
        rows = [submit_call(allocation(60), "a"), submit_call(allocation(60), "b")]
        desk = new_sender(world, config=config).desk
        meeting = threading.Barrier(2)
        outcomes: list[str] = []
        real = policy.limits.refusal

        def counted(*args: Any) -> str:
            with suppress(threading.BrokenBarrierError):
                meeting.wait(timeout=1)
            return real(*args)

        monkeypatch.setattr(policy.limits, "refusal", counted)

        def run(row: Transaction) -> None:
            try:
                policy.decide(desk, row)
                outcomes.append("passes")
            except Fails:
                outcomes.append("fails")
            finally:
                connection.close()

        threads = [threading.Thread(target=run, args=(row,)) for row in rows]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(outcomes) == ["fails", "passes"]
        assert Reservation.objects.count() == 1
