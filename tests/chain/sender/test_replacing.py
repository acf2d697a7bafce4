"""Other bytes for the same nonce: never two effects, whichever is mined."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from apps.audit.models import OperationLog
from apps.chain import operations
from apps.chain.models import AttemptStatus, Reservation, SignerAccount, TransactionStatus
from apps.chain.rules import scopes
from apps.chain.sender import replacing
from apps.core import clock
from devnet.investing import Requested
from tests.chain.sender.helpers import (
    CHAIN,
    STATUS_APPROVED,
    SYSTEM,
    HandClock,
    again,
    last_attempt,
    mine_by_hand,
    new_sender,
    submit,
)
from tests.chain_world import World
from tests.forcing import guards_off

pytestmark = [pytest.mark.chain, pytest.mark.django_db]

STUCK = 46.0


def kinds(row: object) -> list[str]:
    return [attempt.kind for attempt in row.attempts.order_by("id")]  # type: ignore[attr-defined]


class TestStuck:
    def test_the_fee_is_raised_on_the_same_nonce(self, world: World, large: Requested) -> None:
        mine_by_hand(world)
        at = HandClock()
        sender = new_sender(world, at)
        row = submit(large.id)
        sender.step()
        sender.step()
        before = kinds(row)
        at.advance(STUCK)
        sender.step()

        first, bump = row.attempts.order_by("id")
        assert (before, kinds(row)) == (["ORIGINAL"], ["ORIGINAL", "BUMP"])
        assert bump.nonce == first.nonce
        assert bump.max_fee_per_gas * 1000 >= first.max_fee_per_gas * 1125
        assert bump.max_priority_fee_per_gas * 1000 >= first.max_priority_fee_per_gas * 1125
        assert bump.sends == 1

    def test_only_one_of_them_has_an_effect(self, world: World, large: Requested) -> None:
        mine_by_hand(world)
        at = HandClock()
        sender = new_sender(world, at)
        row = submit(large.id)
        sender.step()
        at.advance(STUCK)
        sender.step()
        world.scenario.mine(1)
        world.finalise()
        sender.step()

        first, bump = row.attempts.order_by("id")
        assert again(row).status == TransactionStatus.FINAL
        assert {first.status, bump.status} == {AttemptStatus.MINED, AttemptStatus.REPLACED}
        assert world.scenario.request(large.id)["status"] == STATUS_APPROVED

    def test_the_original_may_win_the_race(self, world: World, large: Requested) -> None:
        """It was mined between our look and our bump: the bump is refused, the receipt counts."""
        mine_by_hand(world)
        at = HandClock()
        sender = new_sender(world, at)
        row = submit(large.id)
        sender.step()
        world.scenario.mine(1)
        at.advance(STUCK)
        replacing.replace(sender.desk, again(row), last_attempt(row))
        waiting = last_attempt(row)
        world.finalise()
        sender.step()

        first, bump = row.attempts.order_by("id")
        assert "nonce too low" in waiting.last_error
        assert again(row).status == TransactionStatus.FINAL
        assert again(row).mined_hash == first.tx_hash
        assert (first.status, bump.status) == (AttemptStatus.MINED, AttemptStatus.REPLACED)

    def test_it_is_raised_five_times_and_then_makes_room(
        self, world: World, large: Requested
    ) -> None:
        """Every later nonce waits for it; nobody need be awake for that."""
        mine_by_hand(world)
        at = HandClock()
        sender = new_sender(world, at)
        row = submit(large.id)
        sender.step()
        for _ in range(6):
            at.advance(STUCK)
            sender.step()
        reason = again(row).error
        world.scenario.mine(1)
        world.finalise()
        sender.step()

        assert kinds(row) == ["ORIGINAL", *["BUMP"] * 5, "CANCEL"]
        assert reason == "Its fee was raised 5 times and it was still not mined."
        assert again(row).status == TransactionStatus.CANCELLED

    def test_after_five_cancels_a_person_may_ask_for_more(
        self, world: World, large: Requested
    ) -> None:
        mine_by_hand(world)
        at = HandClock()
        sender = new_sender(world, at)
        row = submit(large.id)
        sender.step()
        operations.cancel_transaction(
            transaction_id=row.pk, reason="not now", actor=SYSTEM, at=clock.now()
        )
        for _ in range(7):
            at.advance(STUCK)
            sender.step()
        stuck = kinds(row)
        operations.bump_now(transaction_id=row.pk, actor=SYSTEM, at=clock.now())
        sender.step()

        assert stuck == ["ORIGINAL", *["CANCEL"] * 5]
        assert kinds(row) == [*stuck, "CANCEL"]

    def test_a_bump_that_was_held_before_it_left_is_cancelled_when_stuck(
        self, world: World, large: Requested, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A stop came between the bump and its sending; the original may still be mined."""
        mine_by_hand(world)
        at = HandClock()
        sender = new_sender(world, at)
        row = submit(large.id)
        sender.step()
        at.advance(STUCK)
        with monkeypatch.context() as patch:
            patch.setattr(replacing.broadcasting, "send", lambda _desk, intent: intent)
            sender.step()
        operations.stop_sending(scope="all", reason="odd", actor=SYSTEM, at=clock.now())
        at.advance(STUCK)
        sender.step()

        assert kinds(row) == ["ORIGINAL", "BUMP", "CANCEL"]

    def test_a_cancel_asked_for_while_the_key_works_is_not_lost(
        self, world: World, large: Requested, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mine_by_hand(world)
        at = HandClock()
        sender = new_sender(world, at)
        row = submit(large.id)
        sender.step()
        at.advance(STUCK)
        real = replacing.signing.make

        def and_a_person_cancels(*args: Any) -> Any:
            made = real(*args)
            if not again(row).cancel_reason:
                operations.cancel_transaction(
                    transaction_id=row.pk, reason="not now", actor=SYSTEM, at=clock.now()
                )
            return made

        monkeypatch.setattr(replacing.signing, "make", and_a_person_cancels)
        sender.step()
        sender.step()

        assert again(row).cancel_reason == "not now"
        assert kinds(row) == ["ORIGINAL", "CANCEL"]

    def test_a_replacement_above_the_cap_waits_and_says_so(
        self, world: World, large: Requested
    ) -> None:
        mine_by_hand(world)
        at = HandClock()
        sender = new_sender(world, at)
        row = submit(large.id)
        sender.step()
        with guards_off():
            row.attempts.update(max_fee_per_gas=95 * 10**9)
        at.advance(STUCK)
        sender.step()

        assert kinds(row) == ["ORIGINAL"]
        assert again(row).error == (
            "A replacement needs 106.875 gwei for a unit of gas; the cap is 100."
        )

    def test_a_person_need_not_wait(self, world: World, large: Requested) -> None:
        mine_by_hand(world)
        sender = new_sender(world)
        row = submit(large.id)
        sender.step()

        operations.bump_now(transaction_id=row.pk, actor=SYSTEM, at=clock.now())
        sender.step()
        sender.step()

        assert kinds(row) == ["ORIGINAL", "BUMP"]
        assert OperationLog.objects.filter(action="BUMP", level="HIGH").count() == 1


class TestCancelling:
    def test_a_nonce_is_spent_on_nothing(self, world: World, large: Requested) -> None:
        mine_by_hand(world)
        sender = new_sender(world)
        row = submit(large.id)
        sender.step()

        at_once = operations.cancel_transaction(
            transaction_id=row.pk, reason="not now", actor=SYSTEM, at=clock.now()
        )
        sender.step()
        world.scenario.mine(1)
        world.finalise()
        sender.step()

        row = again(row)
        assert not at_once
        assert kinds(row) == ["ORIGINAL", "CANCEL"]
        assert row.status == TransactionStatus.CANCELLED
        assert row.error == "Its nonce was spent on nothing: not now"
        assert world.scenario.request(large.id)["status"] != STATUS_APPROVED
        assert Reservation.objects.get(transaction=row).released_at is not None
        account = SignerAccount.objects.get(tier="HOT")
        count = world.lead.client.call("eth_getTransactionCount", account.address, "latest")
        assert int(count, 16) == account.next_nonce

    def test_it_may_come_too_late(self, world: World, large: Requested) -> None:
        mine_by_hand(world)
        sender = new_sender(world)
        row = submit(large.id)
        sender.step()
        world.scenario.mine(1)
        operations.cancel_transaction(
            transaction_id=row.pk, reason="not now", actor=SYSTEM, at=clock.now()
        )
        world.finalise()
        sender.step()

        assert again(row).status == TransactionStatus.FINAL

    def test_a_stuck_one_under_a_stop_is_cancelled_not_bumped(
        self, world: World, large: Requested
    ) -> None:
        mine_by_hand(world)
        at = HandClock()
        sender = new_sender(world, at)
        row = submit(large.id)
        sender.step()
        operations.stop_sending(
            scope=scopes.of_chain(CHAIN), reason="odd prices", actor=SYSTEM, at=clock.now()
        )
        at.advance(STUCK)
        sender.step()

        assert kinds(row) == ["ORIGINAL", "CANCEL"]
        assert "odd prices" in again(row).error

    def test_so_is_one_that_its_node_has_forgotten(self, world: World, large: Requested) -> None:
        """Another node may still have it: a stop forbids to send it again, not to replace it."""
        mine_by_hand(world)
        at = HandClock()
        sender = new_sender(world, at)
        row = submit(large.id)
        sender.step()
        world.scenario.chain.rpc.call("anvil_dropTransaction", last_attempt(row).tx_hash)
        operations.stop_sending(scope="all", reason="odd prices", actor=SYSTEM, at=clock.now())
        at.advance(11)
        sender.step()
        held = last_attempt(row)
        at.advance(STUCK)
        sender.step()
        world.scenario.mine(1)
        world.finalise()
        sender.step()

        assert (held.kind, held.sends) == ("ORIGINAL", 1)
        assert again(row).status == TransactionStatus.CANCELLED
        assert again(row).error == (
            "Its nonce was spent on nothing: Stopped (everything): odd prices"
        )

    def test_a_stopped_signer_signs_not_even_a_cancel(self, world: World, large: Requested) -> None:
        mine_by_hand(world)
        at = HandClock()
        sender = new_sender(world, at)
        row = submit(large.id)
        sender.step()
        operations.stop_sending(
            scope=scopes.of_signer(CHAIN, sender.signer.address),
            reason="the key leaked",
            actor=SYSTEM,
            at=clock.now(),
        )
        at.advance(STUCK)
        sender.step()

        assert kinds(row) == ["ORIGINAL"]
        assert "the key leaked" in again(row).error

    def test_bytes_that_never_left_make_room_for_others(
        self, world: World, large: Requested, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A stop of their kind of call holds them while other kinds need the next nonce."""
        at = HandClock()
        sender = new_sender(world, at)
        row = submit(large.id)
        monkeypatch.setattr(replacing.broadcasting, "send", lambda _desk, intent: intent)
        sender.step()
        monkeypatch.undo()
        operations.stop_sending(
            scope=scopes.of_stream(CHAIN, row.kind), reason="odd", actor=SYSTEM, at=clock.now()
        )
        sender.step()
        held = again(row)
        at.advance(STUCK)
        sender.step()
        world.finalise()
        at.advance(STUCK)
        sender.step()

        assert held.status == TransactionStatus.SIGNED
        assert kinds(row) == ["ORIGINAL", "CANCEL"]
        assert row.attempts.earliest("id").sends == 0
        assert again(row).status == TransactionStatus.CANCELLED


class TestStuckAfter:
    @pytest.mark.parametrize(("block_seconds", "expected"), [(0.45, 20.25), (0.1, 20.0), (12, 540)])
    def test_is_forty_five_blocks_of_the_chain(
        self, world: World, block_seconds: float, expected: float
    ) -> None:
        config = replace(world.config, block_time_seconds=block_seconds)
        desk = new_sender(world, config=config).desk

        assert replacing.stuck_after(desk) == timedelta(seconds=expected)
