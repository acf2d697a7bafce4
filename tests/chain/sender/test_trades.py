"""A trade before it is tried and before its nonce: the guard, and whether it needs a ticket."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from apps.approvals.models import Rule
from apps.chain import operations
from apps.chain.calls import AllocateToLayer, Call, PurchaseAsset
from apps.chain.models import Stop, Transaction, TransactionStatus
from apps.chain.operations import TradeQuestion
from apps.chain.rules import scopes
from apps.chain.sender import Sender, broadcasting, nonces, policy, signing, simulating
from apps.chain.sender.desk import Fails
from apps.chain.terms import Tier
from apps.core import clock
from apps.core.units import WAD
from devnet.accounts import INVESTORS
from devnet.fund import usdt
from devnet.investing import Requested
from tests.chain.sender.helpers import (
    CHAIN,
    SYSTEM,
    HandClock,
    again,
    mine_by_hand,
    new_sender,
    submit,
    submit_call,
)
from tests.chain_world import World
from tests.forcing import guards_off

pytestmark = [pytest.mark.chain, pytest.mark.django_db]

STALE = "The price of CPCS is unknown."


class Guard:
    """Says what it is told to say, and remembers what it was asked."""

    def __init__(self) -> None:
        self.says, self.asked = "", list[TradeQuestion]()

    def __call__(self, question: TradeQuestion) -> str:
        self.asked.append(question)
        return self.says


@pytest.fixture
def guard() -> Iterator[Guard]:
    guard = Guard()
    operations.use_trade_guard(guard)
    yield guard
    operations.use_trade_guard(None)


@pytest.fixture
def world(world: World) -> World:
    """A million in cash."""
    world.scenario.subscribe(INVESTORS[0], usdt(1_000_000))
    world.finalise()
    return world


def token(world: World) -> str:
    return world.scenario.tokens["CPCS"].address.lower()


def purchase(world: World, units: int = 30_000) -> Call:
    return PurchaseAsset(
        chain_id=CHAIN, token=token(world), assets=units * WAD, tokens_min=1, symbol="CPCS"
    )


def queue(call: Call, key: str = "k1") -> Transaction:
    """Without a ticket."""
    pk = operations.submit(call=call, key=key, ticket_id=None, actor=SYSTEM, at=clock.now())
    return Transaction.objects.get(pk=pk)


def meanwhile(monkeypatch: pytest.MonkeyPatch, happens: Any) -> None:
    """Something happens while the call is tried."""
    real = simulating.simulate

    def simulate(*args: Any, **kw: Any) -> Transaction:
        happens()
        return real(*args, **kw)

    monkeypatch.setattr(simulating, "simulate", simulate)


class TestGuard:
    def test_lets_a_trade_pass(self, world: World, guard: Guard) -> None:
        row = queue(purchase(world))
        at = HandClock()

        new_sender(world, at).step()

        assert again(row).status == TransactionStatus.BROADCAST
        question = TradeQuestion(
            chain_id=CHAIN, kind="PURCHASE_ASSET", subject_id=token(world), at=at.now
        )
        # Before it is tried, before its nonce, before it is signed, and before it leaves.
        assert len(guard.asked) >= 4
        assert set(guard.asked) == {question}

    def test_is_asked_about_a_tier_by_its_name(self, world: World, guard: Guard) -> None:
        queue(AllocateToLayer(chain_id=CHAIN, tier=Tier.L2, assets=1_000 * WAD))

        new_sender(world).step()

        assert {asked.subject_id for asked in guard.asked} == {"L2"}

    def test_refuses_before_anything_is_tried(self, world: World, guard: Guard) -> None:
        row = queue(purchase(world))
        guard.says = STALE

        new_sender(world).step()

        row = again(row)
        assert row.status == TransactionStatus.FAILED
        assert row.error == "The price of CPCS is unknown; preview again."
        assert (row.simulation, row.nonce) == (None, None)

    def test_refuses_before_the_nonce(
        self, world: World, guard: Guard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        row = queue(purchase(world))
        meanwhile(monkeypatch, lambda: setattr(guard, "says", STALE))

        new_sender(world).step()

        row = again(row)
        assert row.status == TransactionStatus.FAILED
        assert row.error.endswith("; preview again.")
        assert row.simulation is not None
        assert row.nonce is None

    def test_does_not_end_what_waits_after_it_was_tried(
        self, world: World, guard: Guard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The owners of the warm wallet take hours; what counts is the price when they are done."""
        row = submit_call(purchase(world, 240_000))
        sender = new_sender(world)
        sender.step()
        assert again(row).status == TransactionStatus.SIMULATED
        guard.says = STALE

        Transaction.objects.update(not_before=None)
        sender.step()

        assert again(row).status == TransactionStatus.SIMULATED

    def test_is_not_asked_about_what_trades_nothing(self, world: World, guard: Guard) -> None:
        asked: Requested = world.scenario.request_above_approval_threshold(INVESTORS[0])
        world.finalise()
        row = submit(asked.id)
        guard.says = STALE

        new_sender(world).step()

        assert again(row).status == TransactionStatus.BROADCAST
        assert guard.asked == []

    def test_the_last_one_registered_is_asked(self, world: World, guard: Guard) -> None:
        other = Guard()
        operations.use_trade_guard(other)
        queue(purchase(world))

        new_sender(world).step()

        assert guard.asked == []
        assert other.asked


class TestOutdated:
    """What has its nonce was tried and allowed as the market was then."""

    def signed_but_held(
        self, world: World, at: HandClock, monkeypatch: pytest.MonkeyPatch
    ) -> tuple[Transaction, Sender]:
        """Its bytes are stored, and everything is stopped before they leave."""
        row, sender = queue(purchase(world)), new_sender(world, at)
        with monkeypatch.context() as patch:
            patch.setattr(broadcasting, "send", lambda _desk, row: row)
            sender.step()
        assert again(row).status == TransactionStatus.SIGNED
        operations.stop_sending(
            scope=scopes.of_chain(CHAIN), reason="a drill", actor=SYSTEM, at=at.now
        )
        sender.step()
        assert (again(row).status, kinds(row)) == (TransactionStatus.SIGNED, ["ORIGINAL"])
        return row, sender

    def lift(self) -> None:
        with guards_off():
            Stop.objects.update(lifted_at=clock.now())

    def test_a_stop_lifted_soon_lets_it_out(
        self, world: World, guard: Guard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        at = HandClock()
        row, sender = self.signed_but_held(world, at, monkeypatch)
        at.advance(60)
        self.lift()

        sender.step()

        assert again(row).status == TransactionStatus.BROADCAST
        assert kinds(row) == ["ORIGINAL"]

    def test_a_stop_lifted_late_does_not(
        self, world: World, guard: Guard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        at = HandClock()
        row, sender = self.signed_but_held(world, at, monkeypatch)
        at.advance(policy.TRIED_AGAIN_AFTER.total_seconds() + 60)
        self.lift()

        sender.step()

        assert kinds(row) == ["ORIGINAL", "CANCEL"]
        assert "too long ago; preview again." in again(row).error
        assert row.attempts.earliest("id").sends == 0

    def test_nor_does_one_whose_prices_are_unknown_by_then(
        self, world: World, guard: Guard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        at = HandClock()
        row, sender = self.signed_but_held(world, at, monkeypatch)
        at.advance(60)
        self.lift()
        guard.says = STALE

        sender.step()

        assert kinds(row) == ["ORIGINAL", "CANCEL"]
        assert again(row).error == "The price of CPCS is unknown; preview again."

    def test_a_key_that_answers_late_signs_it_no_more(
        self, world: World, guard: Guard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        at = HandClock()
        row, sender = queue(purchase(world)), new_sender(world, at)
        with monkeypatch.context() as patch:
            patch.setattr(signing, "sign", lambda _desk, row: row)
            sender.step()
        at.advance(policy.TRIED_AGAIN_AFTER.total_seconds() + 60)

        sender.step()

        assert kinds(row) == ["CANCEL"]
        assert "too long ago; preview again." in again(row).error

    def test_what_is_stuck_is_not_hurried_at_a_bad_price(self, world: World, guard: Guard) -> None:
        mine_by_hand(world)
        at = HandClock()
        row, sender = queue(purchase(world)), new_sender(world, at)
        sender.step()
        assert again(row).status == TransactionStatus.BROADCAST
        guard.says = STALE
        at.advance(120)

        sender.step()

        assert kinds(row) == ["ORIGINAL", "CANCEL"]

    def test_what_trades_nothing_may_wait(
        self, world: World, guard: Guard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: Requested = world.scenario.request_above_approval_threshold(INVESTORS[0])
        world.finalise()
        at = HandClock()
        row, sender = submit(asked.id), new_sender(world, at)
        with monkeypatch.context() as patch:
            patch.setattr(signing, "sign", lambda _desk, row: row)
            sender.step()
        at.advance(policy.TRIED_AGAIN_AFTER.total_seconds() + 60)

        sender.step()

        assert kinds(row) == ["ORIGINAL"]


def kinds(row: Transaction) -> list[str]:
    return list(row.attempts.order_by("id").values_list("kind", flat=True))


class TestTickets:
    """The rows are what ``submit`` let through; the rules are not any more what they were."""

    def lower_the_threshold(self, units: int) -> None:
        with guards_off():
            Rule.objects.filter(kind="REBALANCE_SMALL").update(
                thresholds=[{"figure": "amount", "op": ">=", "value": str(units * WAD)}]
            )

    def test_a_small_trade_goes_without(self, world: World) -> None:
        row = queue(purchase(world))

        new_sender(world).step()

        assert again(row).status == TransactionStatus.BROADCAST

    def test_what_needs_one_now_is_refused_before_it_is_tried(self, world: World) -> None:
        row = queue(purchase(world))
        self.lower_the_threshold(30_000)

        new_sender(world).step()

        row = again(row)
        assert row.status == TransactionStatus.FAILED
        assert "an approved ticket is needed" in row.error
        assert row.simulation is None

    def test_and_before_its_nonce(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        row = queue(purchase(world))
        meanwhile(monkeypatch, lambda: self.lower_the_threshold(30_000))

        new_sender(world).step()

        row = again(row)
        assert row.status == TransactionStatus.FAILED
        assert (row.simulation is None, row.nonce) == (False, None)

    def test_a_row_of_a_kind_that_always_needs_one_is_refused(self, world: World) -> None:
        asked = world.scenario.request_above_approval_threshold(INVESTORS[0])
        world.finalise()
        row = submit(asked.id)
        with guards_off():
            Transaction.objects.filter(pk=row.pk).update(ticket_id=None)

        new_sender(world).step()

        assert again(row).status == TransactionStatus.FAILED
        assert again(row).error == "APPROVE_REDEMPTION needs an approved ticket."

    def test_a_trade_does_not_count_against_itself(self, world: World) -> None:
        row = queue(purchase(world, 49_999))
        desk = new_sender(world).desk

        assert policy.decide(desk, row).tier == "HOT"

    def test_those_queued_together_count_against_each_other(self, world: World) -> None:
        first, second = queue(purchase(world, 20_000), "a"), queue(purchase(world, 25_000), "b")
        desk = new_sender(world).desk
        policy.decide(desk, first)
        self.lower_the_threshold(45_000)

        with pytest.raises(Fails, match=r"trades without a ticket move 20,000\.00"):
            policy.decide(desk, second)

    def test_a_cancelled_one_gives_its_share_back(self, world: World) -> None:
        first, second = queue(purchase(world, 20_000), "a"), queue(purchase(world, 25_000), "b")
        desk = new_sender(world).desk
        policy.decide(desk, first)
        self.lower_the_threshold(45_000)
        operations.cancel_transaction(
            transaction_id=first.pk, reason="not now", actor=SYSTEM, at=clock.now()
        )

        assert policy.decide(desk, second).tier == "HOT"

    def test_what_was_mined_counts_for_a_day_from_then(self, world: World) -> None:
        at = HandClock()
        row = queue(purchase(world, 30_000), "a")
        sender = new_sender(world, at)
        sender.step()
        at.advance(timedelta(hours=20).total_seconds())
        world.finalise()
        sender.step()
        assert again(row).status == TransactionStatus.FINAL

        with pytest.raises(operations.NeedsTicket):
            operations.submit(
                call=purchase(world),
                key="b",
                ticket_id=None,
                actor=SYSTEM,
                at=at.now + timedelta(hours=23),
            )

    def test_a_nonce_is_not_taken_for_one_that_was_decided_before(self, world: World) -> None:
        row = queue(purchase(world))
        desk = new_sender(world).desk
        nonces.first_nonce(desk)
        row = policy.decide(desk, row)
        row.simulated(gas_limit=1_000_000)
        row.save()
        self.lower_the_threshold(1)

        with pytest.raises(Fails, match="an approved ticket is needed"):
            nonces.take(desk, row)
