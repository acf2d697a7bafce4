"""The sender against a real node: one effect for each intent, whatever happens in between."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from django.db import DataError

from apps.approvals.queries import TicketNotFound
from apps.chain import operations
from apps.chain.calls import RejectRedemption, SettleRedemption
from apps.chain.client import ChainUnavailable, RpcRefused
from apps.chain.models import Attempt, Reservation, SignerAccount, Transaction, TransactionStatus
from apps.chain.sender import (
    broadcasting,
    finishing,
    nonces,
    policy,
    signing,
    simulating,
    watching,
)
from apps.chain.sender.desk import Desk
from apps.chain.signer.keys import key_of
from apps.core import bus, clock
from apps.core.actor import Actor
from devnet.accounts import INVESTORS
from devnet.investing import Requested
from tests.chain.sender.helpers import STATUS_APPROVED, again, new_sender, submit, submit_call
from tests.chain_world import World

pytestmark = [pytest.mark.chain, pytest.mark.django_db]


def step_until_it_dies(world: World) -> None:
    for _ in range(5):
        new_sender(world).step()
        world.finalise()


class TestOneEffect:
    def test_an_approval_reaches_the_contract_and_becomes_final(
        self, world: World, large: Requested
    ) -> None:
        row = submit(large.id)

        world.send_all()

        row = again(row)
        assert row.status == TransactionStatus.FINAL, row.error
        assert world.scenario.request(large.id)["status"] == STATUS_APPROVED
        assert row.attempts.count() == 1

    def test_asking_twice_queues_once(self, world: World, large: Requested) -> None:
        first, second = submit(large.id), submit(large.id)

        assert first.pk == second.pk
        assert Transaction.objects.count() == 1

    def test_a_key_never_stands_for_another_call(self, world: World, large: Requested) -> None:
        submit(large.id)

        with pytest.raises(operations.OtherCallUnderKey):
            submit(large.id + 1)

    def test_a_call_that_would_revert_is_never_signed(self, world: World, large: Requested) -> None:
        world.scenario.approve(large.id)
        row = submit(large.id)

        new_sender(world).step()

        row = again(row)
        assert row.status == TransactionStatus.FAILED
        assert row.error.startswith("NotPendingApproval(")
        assert row.nonce is None
        assert not Attempt.objects.exists()

    def test_two_intents_take_two_nonces(self, world: World, large: Requested) -> None:
        other = world.scenario.request_above_approval_threshold(INVESTORS[0])
        world.finalise()
        rows = [submit(large.id, "a"), submit(other.id, "b")]

        world.send_all()

        rows = [again(row) for row in rows]
        assert {row.status for row in rows} == {TransactionStatus.FINAL}
        assert rows[1].nonce == rows[0].nonce + 1


class TestCrashes:
    """A process that dies between two steps; a new one must end with exactly one transaction."""

    @pytest.mark.parametrize(
        ("room", "dies_in"),
        [
            (policy, "decide"),
            (simulating, "simulate"),
            (nonces, "take"),
            (signing, "sign"),
            (signing, "make"),
            (broadcasting, "send"),
            (broadcasting, "_to_public_pool"),
            (watching, "watch"),
            (watching, "_mined"),
            (finishing, "finish"),
        ],
    )
    @pytest.mark.parametrize("when", ["before", "after"])
    def test_ends_with_one_effect(
        self,
        world: World,
        large: Requested,
        monkeypatch: pytest.MonkeyPatch,
        room: ModuleType,
        dies_in: str,
        when: str,
    ) -> None:
        row = submit(large.id)
        real: Callable[..., Any] = getattr(room, dies_in)

        def dying(*args: Any, **kwargs: Any) -> Any:
            if when == "after":
                real(*args, **kwargs)
            raise SystemExit("killed")

        with monkeypatch.context() as patch:
            patch.setattr(room, dies_in, dying)
            with pytest.raises(SystemExit):
                step_until_it_dies(world)
        world.send_all()

        row = again(row)
        assert row.status == TransactionStatus.FINAL
        assert world.scenario.request(large.id)["status"] == STATUS_APPROVED
        assert Reservation.objects.get().released_at is None
        account = SignerAccount.objects.get(tier="HOT")
        on_chain = int(
            world.lead.client.call("eth_getTransactionCount", account.address, "latest"), 16
        )
        assert account.next_nonce == on_chain

    def test_a_send_that_timed_out_though_accepted_is_not_sent_as_another(
        self, world: World, large: Requested, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        row = submit(large.id)
        carrier = new_sender(world)
        real = carrier.client.call

        def accepted_but_silent(method: str, *params: Any) -> Any:
            answer = real(method, *params)
            if method == "eth_sendRawTransaction":
                raise ChainUnavailable("no answer in time")
            return answer

        monkeypatch.setattr(carrier.client, "call", accepted_but_silent)
        carrier.step()
        world.finalise()
        Transaction.objects.update(not_before=None)
        world.send_all()

        assert again(row).status == TransactionStatus.FINAL
        assert Attempt.objects.count() == 1


class TestReorg:
    def test_a_mined_transaction_that_a_reorg_drops_is_sent_again(
        self, world: World, large: Requested, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        row = submit(large.id)
        carrier = new_sender(world)
        carrier.step()
        world.read()
        carrier.step()
        assert again(row).status == TransactionStatus.MINED

        world.scenario.reorg(1)
        world.scenario.mine(2)
        world.read()
        assert again(row).status == TransactionStatus.BROADCAST
        monkeypatch.setattr(watching, "REBROADCAST_SECONDS", 0)
        world.send_all()

        row = again(row)
        assert row.status == TransactionStatus.FINAL
        assert row.attempts.count() == 1
        assert world.scenario.request(large.id)["status"] == STATUS_APPROVED

    def test_a_block_left_while_it_was_taken_for_mined_is_noticed(
        self, world: World, large: Requested, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The listener switched between our look at its block and our writing MINED."""
        row = submit(large.id)
        carrier = new_sender(world)
        carrier.step()
        world.read()
        carrier.step()
        mined = again(row)
        world.scenario.reorg(1)
        world.scenario.mine(2)
        world.read()
        Transaction.objects.filter(pk=row.pk).update(
            status=TransactionStatus.MINED,
            mined_hash=mined.mined_hash,
            mined_block=mined.mined_block,
            mined_block_hash=mined.mined_block_hash,
        )
        monkeypatch.setattr(watching, "REBROADCAST_SECONDS", 0)

        world.send_all()

        assert again(row).status == TransactionStatus.FINAL

    def test_a_receipt_of_another_block_is_no_verdict(
        self, world: World, large: Requested, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        row = submit(large.id)
        carrier = new_sender(world)
        carrier.step()
        world.read()
        carrier.step()
        world.finalise()
        real = carrier.client.call

        def of_another_branch(method: str, *params: Any) -> Any:
            answer = real(method, *params)
            if method == "eth_getTransactionReceipt":
                answer = {**answer, "blockHash": "0x" + "ab" * 32, "status": "0x0"}
            return answer

        with monkeypatch.context() as patch:
            patch.setattr(carrier.client, "call", of_another_branch)
            carrier.step()
            meanwhile = again(row).status
        carrier.step()

        assert meanwhile == TransactionStatus.MINED
        assert again(row).status == TransactionStatus.FINAL


class TestTrouble:
    def test_a_reverted_call_is_final_though_its_block_is_not_kept(
        self, world: World, large: Requested, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A revert leaves no log, and catching up keeps no block without logs of ours."""
        row = submit(large.id)
        real = broadcasting.send

        def after_another_approved(desk: Desk, intent: Transaction) -> Transaction:
            world.scenario.approve(large.id)
            world.scenario.mine(50)
            return real(desk, intent)

        with monkeypatch.context() as patch:
            patch.setattr(broadcasting, "send", after_another_approved)
            new_sender(world).step()
        world.scenario.mine(300)
        world.read()
        new_sender(world).step()

        row = again(row)
        assert row.status == TransactionStatus.REVERTED
        assert row.error.startswith("NotPendingApproval(")
        assert Reservation.objects.get().released_at is not None

    def test_a_busy_nodes_refusal_is_no_verdict(
        self, world: World, large: Requested, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        row = submit(large.id)
        carrier = new_sender(world)
        nonces.first_nonce(carrier.desk)
        busy = RpcRefused(-32005, "limit exceeded", None)
        with monkeypatch.context() as patch:
            patch.setattr(carrier.client, "batch", lambda requests: [busy for _ in requests])
            carrier.step()
        waiting = again(row)
        Transaction.objects.update(not_before=None)
        world.send_all()

        assert waiting.status == TransactionStatus.QUEUED
        assert waiting.error == "The node refused: limit exceeded"
        assert again(row).status == TransactionStatus.FINAL

    @pytest.mark.parametrize(
        "error",
        [RuntimeError("a bug"), RpcRefused(-32000, "pruned", None), DataError("holds a NUL")],
    )
    def test_of_one_transaction_stops_no_other(
        self, world: World, large: Requested, monkeypatch: pytest.MonkeyPatch, error: Exception
    ) -> None:
        other = world.scenario.request_above_approval_threshold(INVESTORS[0])
        world.finalise()
        bad, good = submit(large.id, "a"), submit(other.id, "b")
        real = policy.decide

        def breaking(desk: Desk, row: Transaction) -> Transaction:
            if row.pk == bad.pk:
                raise error
            return real(desk, row)

        monkeypatch.setattr(policy, "decide", breaking)
        new_sender(world).step()

        assert again(good).status == TransactionStatus.BROADCAST
        assert again(bad).status == TransactionStatus.QUEUED
        assert str(error) in again(bad).error

    def test_of_those_who_hear_of_an_end_stops_no_other(
        self, world: World, large: Requested, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It cannot end now, and so does not: everything else goes on."""
        other = world.scenario.request_above_approval_threshold(INVESTORS[0])
        world.finalise()
        bad, good = submit(large.id + 99, "a"), submit(other.id, "b")

        def deaf(_fact: object) -> None:
            raise TicketNotFound("There is no ticket 4711.")

        with monkeypatch.context() as patch:
            patch.setattr(bus, "publish", deaf)
            new_sender(world).step()

        assert again(good).status == TransactionStatus.BROADCAST
        assert again(bad).status in {TransactionStatus.QUEUED, TransactionStatus.SIMULATED}
        assert again(bad).error == "There is no ticket 4711."
        Transaction.objects.update(not_before=None)
        new_sender(world).step()
        assert again(bad).status == TransactionStatus.FAILED

    def test_who_cancels_ends_it_for_those_who_wait(
        self, world: World, large: Requested, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        row = submit(large.id)
        heard: list[Any] = []
        monkeypatch.setattr(bus, "publish", heard.append)

        operations.cancel_transaction(
            transaction_id=row.pk, reason="not now", actor=Actor.system("test"), at=clock.now()
        )

        [fact] = heard
        assert (fact.transaction_id, fact.outcome, fact.error) == (row.pk, "CANCELLED", "not now")


class TestEffects:
    def test_the_reason_reaches_the_contract(self, world: World, large: Requested) -> None:
        call = RejectRedemption(chain_id=31337, request_id=large.id, reason="Källa oklar “?”")
        row = submit_call(call)

        world.send_all()

        from apps.chain.models import Log

        assert again(row).status == TransactionStatus.FINAL
        assert Log.objects.get(event="RedemptionRejected").args["reason"] == "Källa oklar “?”"

    def test_settling_too_early_says_when(self, world: World, large: Requested) -> None:
        world.scenario.approve(large.id)
        call = SettleRedemption(chain_id=31337, request_id=large.id)
        row = submit_call(call)

        new_sender(world).step()

        assert again(row).error.startswith("SettlementTimeNotReached(")


class TestSigner:
    def test_refuses_without_its_password(
        self, world: World, large: Requested, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("PAIMON_SIGNER_PASSWORD")
        key_of.cache_clear()
        row = submit(large.id)

        new_sender(world).step()

        row = again(row)
        assert row.status == TransactionStatus.SIGNING
        assert "PAIMON_SIGNER_PASSWORD is not set" in row.error
        assert not Attempt.objects.exists()
