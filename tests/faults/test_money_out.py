"""Money out: whatever nodes, keys, contracts and people do meanwhile, one intent has one effect.

Death between any two steps is in ``tests.chain.sender.test_sending``, races of replacements in
``test_replacing``, two requests that fit only one by one in ``test_policy``.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from apps.approvals.models import Ticket
from apps.chain import operations
from apps.chain.client import Client
from apps.chain.config import ChainConfig
from apps.chain.models import (
    Attempt,
    AttemptStatus,
    SignerAccount,
    Stop,
    Transaction,
    TransactionStatus,
)
from apps.chain.operations import guarding
from apps.chain.queries import stops_in_force
from apps.chain.rules import scopes
from apps.chain.sender import broadcasting, simulating, watching
from apps.chain.sender.desk import Desk
from apps.core import clock
from apps.notifications.models import Notification
from devnet.accounts import INVESTORS
from devnet.fund import usdt
from devnet.investing import Requested
from tests.approvals.helpers import cast, person
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
from tests.faults.proxy import FaultyNode, method
from tests.faults.troubles import AnswerLost, Refuse, Reword, Swallow
from tests.forcing import guards_off

pytestmark = [pytest.mark.chain, pytest.mark.django_db]

STUCK = 46.0
STOP_OPCODE = "0x00"
"""A contract that succeeds at everything and does nothing."""


@pytest.fixture
def large(world: World) -> Requested:
    """A request that the contract wants approved."""
    world.scenario.subscribe(INVESTORS[0], usdt(9_000_000))
    asked = world.scenario.request_above_approval_threshold(INVESTORS[0])
    world.finalise()
    return asked


@pytest.fixture
def faulty(world: World) -> Iterator[FaultyNode]:
    """The world's node, through a proxy that can misbehave."""
    with FaultyNode(world.node.url) as node:
        yield node


def through(node: FaultyNode, world: World) -> ChainConfig:
    return replace(world.config, rpc_urls=(node.url,))


def rpc(world: World, method_: str, *params: Any) -> Any:
    return world.scenario.chain.rpc.call(method_, *params)


def mined_count(world: World) -> int:
    """How many transactions of the key the chain has seen."""
    account = SignerAccount.objects.get(tier="HOT")
    return int(rpc(world, "eth_getTransactionCount", account.address, "latest"), 16)


def send_from_elsewhere(world: World) -> None:
    """Somebody else who holds the key sends a transaction with it."""
    address = SignerAccount.objects.get(tier="HOT").address
    rpc(world, "anvil_impersonateAccount", address)
    rpc(world, "eth_sendTransaction", {"from": address, "to": INVESTORS[0].address, "value": "0x1"})
    rpc(world, "anvil_stopImpersonatingAccount", address)


def manager_of(world: World) -> str:
    return world.config.contract("redemption_manager").address


def lift(stop: Stop) -> None:
    """Two administrators lift a stop that a third asked to be lifted."""
    ana, ben = person("ana", "ADMIN"), person("ben", "ADMIN")
    number = operations.propose_lift(
        stop_id=stop.pk, reason="we looked", actor=SYSTEM, at=clock.now()
    )
    ticket = Ticket.objects.get(pk=number)
    cast(ana, ticket, at=clock.now())
    cast(ben, Ticket.objects.get(pk=number), at=clock.now())


class TestNodes:
    def test_a_send_that_timed_out_though_accepted_is_one_transaction(
        self, world: World, large: Requested, faulty: FaultyNode
    ) -> None:
        faulty.add(AnswerLost(), when=method("eth_sendRawTransaction"))
        row = submit(large.id)

        new_sender(world, config=through(faulty, world)).step()
        sent = last_attempt(row)
        world.send_all()

        assert sent.last_error
        assert again(row).status == TransactionStatus.FINAL
        assert (Attempt.objects.count(), mined_count(world)) == (1, 1)

    @pytest.mark.parametrize(
        ("code", "words"),
        [
            (-32000, "already known"),
            (-32003, "transaction already imported"),
            (-32010, "Known transaction"),
            (-32603, "internal error: ALREADY_EXISTS"),
        ],
    )
    def test_a_clients_own_words_for_known_bytes_do_not_matter(
        self,
        world: World,
        large: Requested,
        faulty: FaultyNode,
        monkeypatch: pytest.MonkeyPatch,
        code: int,
        words: str,
    ) -> None:
        mine_by_hand(world)
        faulty.add(
            Refuse(code, words, forwarded=True), when=method("eth_sendRawTransaction"), times=3
        )
        monkeypatch.setattr(watching, "REBROADCAST_SECONDS", 0)
        sender = new_sender(world, config=through(faulty, world))
        row = submit(large.id)

        for _ in range(3):
            sender.step()
        world.scenario.mine(1)
        world.finalise()
        sender.step()

        assert again(row).status == TransactionStatus.FINAL
        assert Attempt.objects.count() == 1

    @pytest.mark.parametrize("words", ["nonce too low", "Transaction nonce is too low", "OldNonce"])
    def test_mined_bytes_sent_again_are_found_by_their_hash(
        self,
        world: World,
        large: Requested,
        faulty: FaultyNode,
        monkeypatch: pytest.MonkeyPatch,
        words: str,
    ) -> None:
        """The process died after sending; its successor sends the stored bytes again."""
        row = submit(large.id)
        sender = new_sender(world)

        def sends_and_dies(desk: Desk, intent: Transaction) -> Transaction:
            desk.client.call("eth_sendRawTransaction", last_attempt(intent).raw)
            raise SystemExit

        with monkeypatch.context() as patch:
            patch.setattr(broadcasting, "send", sends_and_dies)
            with pytest.raises(SystemExit):
                sender.step()
        faulty.add(Reword(-32000, words), when=method("eth_sendRawTransaction"))
        second = new_sender(world, config=through(faulty, world))
        second.step()
        world.finalise()
        second.step()

        assert again(row).status == TransactionStatus.FINAL
        assert last_attempt(row).last_error == words
        assert mined_count(world) == 1

    def test_a_node_without_simulation_can_still_be_used(
        self, world: World, large: Requested, faulty: FaultyNode
    ) -> None:
        unknown = Refuse(-32601, "the method eth_simulateV1 does not exist/is not available")
        faulty.add(unknown, when=method("eth_simulateV1"))
        row = submit(large.id)

        new_sender(world, config=through(faulty, world)).step()

        row = again(row)
        assert row.status == TransactionStatus.BROADCAST
        assert row.simulation is not None
        assert row.simulation["compared"] is False

    def test_a_node_without_simulation_still_refuses_what_reverts(
        self, world: World, large: Requested, faulty: FaultyNode
    ) -> None:
        faulty.add(Refuse(-32601, "Method not found"), when=method("eth_simulateV1"))
        world.scenario.approve(large.id)
        row = submit(large.id)

        new_sender(world, config=through(faulty, world)).step()

        assert again(row).status == TransactionStatus.FAILED
        assert again(row).error.startswith("NotPendingApproval(")

    def test_a_node_in_trouble_is_no_verdict(
        self, world: World, large: Requested, faulty: FaultyNode
    ) -> None:
        faulty.add(Refuse(-32000, "header not found"), when=method("eth_simulateV1"))
        row = submit(large.id)

        new_sender(world, config=through(faulty, world)).step()

        assert again(row).status == TransactionStatus.QUEUED
        assert "header not found" in again(row).error

    def test_a_gap_in_the_pool_is_closed_with_the_same_bytes_in_order(
        self, world: World, large: Requested, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = world.scenario.request_above_approval_threshold(INVESTORS[0])
        world.finalise()
        mine_by_hand(world)
        rows = [submit(large.id, "a"), submit(other.id, "b")]
        sender = new_sender(world)
        sender.step()
        rpc(world, "anvil_removePoolTransactions", sender.signer.address)
        monkeypatch.setattr(watching, "REBROADCAST_SECONDS", 0)

        sender.step()
        world.scenario.mine(1)
        world.finalise()
        sender.step()

        assert [again(row).status for row in rows] == [TransactionStatus.FINAL] * 2
        assert Attempt.objects.count() == 2
        assert [attempt.sends for attempt in Attempt.objects.order_by("id")] == [2, 2]

    def test_gas_above_the_cap_waits_and_says_so(self, world: World, large: Requested) -> None:
        rpc(world, "anvil_setNextBlockBaseFeePerGas", hex(150 * 10**9))
        world.scenario.mine(1)
        row = submit(large.id)

        new_sender(world).step()
        waiting = again(row)
        world.scenario.mine(80)
        Transaction.objects.update(not_before=None)
        world.send_all()

        assert waiting.status == TransactionStatus.SIGNING
        assert waiting.error.endswith("the cap is 100.")
        assert again(row).status == TransactionStatus.FINAL
        assert Attempt.objects.count() == 1


class TestKeyUsedElsewhere:
    def test_stops_the_signer_and_sends_anew_once_people_lifted_it(
        self, world: World, large: Requested
    ) -> None:
        mine_by_hand(world)
        sender = new_sender(world)
        row = submit(large.id)
        sender.step()
        rpc(world, "anvil_removePoolTransactions", sender.signer.address)
        send_from_elsewhere(world)
        world.scenario.mine(1)
        world.read()
        sender.step()
        not_final = again(row).status
        world.finalise()
        sender.step()
        displaced = again(row)
        sender.step()
        [stop] = stops_in_force()
        waiting = again(row)
        world.scenario.chain.automine()
        lift(stop)
        Transaction.objects.update(not_before=None)
        world.send_all()

        assert not_final == TransactionStatus.BROADCAST
        assert (displaced.status, displaced.nonce) == (TransactionStatus.QUEUED, None)
        assert stop.scope == scopes.of_signer(CHAIN, sender.signer.address)
        assert "is the key elsewhere?" in stop.reason
        assert Notification.objects.filter(kind="SENDING_STOPPED").exists()
        assert (waiting.status, waiting.nonce) == (TransactionStatus.QUEUED, None)
        row = again(row)
        assert row.status == TransactionStatus.FINAL
        assert [a.status for a in row.attempts.order_by("id")] == [
            AttemptStatus.DROPPED,
            AttemptStatus.MINED,
        ]
        assert SignerAccount.objects.get(tier="HOT").next_nonce == mined_count(world)

    def test_what_was_being_cancelled_ends_with_its_nonce(
        self, world: World, large: Requested
    ) -> None:
        mine_by_hand(world)
        sender = new_sender(world)
        row = submit(large.id)
        sender.step()
        rpc(world, "anvil_removePoolTransactions", sender.signer.address)
        send_from_elsewhere(world)
        world.scenario.mine(1)
        operations.cancel_transaction(
            transaction_id=row.pk, reason="not now", actor=SYSTEM, at=clock.now()
        )
        world.finalise()
        sender.step()

        assert again(row).status == TransactionStatus.CANCELLED
        assert len(stops_in_force()) == 1

    def test_is_noticed_before_a_nonce_is_taken(self, world: World, large: Requested) -> None:
        sender = new_sender(world)
        sender.step()
        send_from_elsewhere(world)
        send_from_elsewhere(world)
        row = submit(large.id)
        sender.step()
        not_final = again(row)
        world.finalise()
        Transaction.objects.update(not_before=None)
        sender.step()

        assert (not_final.status, not_final.nonce) == (TransactionStatus.SIMULATED, None)
        assert not_final.error.startswith("The chain counts 2 transactions")
        [stop] = stops_in_force()
        assert scopes.is_signers(stop.scope)
        assert again(row).nonce is None
        assert SignerAccount.objects.get(tier="HOT").next_nonce == 2


class TestContracts:
    def test_simulation_passes_and_mined_reverts(self, world: World, large: Requested) -> None:
        mine_by_hand(world)
        sender = new_sender(world)
        row = submit(large.id)
        sender.step()
        rpc(world, "anvil_dropTransaction", last_attempt(row).tx_hash)
        world.scenario.chain.automine()
        world.scenario.approve(large.id)  # another approver's transaction comes first
        rpc(world, "eth_sendRawTransaction", last_attempt(row).raw)
        world.finalise()
        sender.step()

        row = again(row)
        assert row.status == TransactionStatus.REVERTED
        assert row.error.startswith("NotPendingApproval(")
        assert not stops_in_force()

    def test_success_without_the_expected_event_stops_all_calls_of_its_kind(
        self, world: World, large: Requested
    ) -> None:
        mine_by_hand(world)
        sender = new_sender(world)
        row = submit(large.id)
        sender.step()
        code = rpc(world, "eth_getCode", manager_of(world), "latest")
        rpc(world, "anvil_setCode", manager_of(world), STOP_OPCODE)
        world.scenario.mine(1)
        rpc(world, "anvil_setCode", manager_of(world), code)
        world.finalise()
        sender.step()
        second = submit(large.id, "second")
        sender.step()

        assert again(row).status == TransactionStatus.MISMATCH
        assert again(row).error.startswith("It was mined, but RedemptionApproved(requestId = ")
        [stop] = stops_in_force()
        assert stop.scope == scopes.of_stream(CHAIN, row.kind)
        assert Notification.objects.filter(kind="SENDING_STOPPED").exists()
        assert again(second).status == TransactionStatus.QUEUED

    def test_an_amount_below_what_was_expected_is_a_mismatch(
        self, world: World, large: Requested
    ) -> None:
        mine_by_hand(world)
        sender = new_sender(world)
        row = submit(large.id)
        sender.step()
        with guards_off():
            Transaction.objects.update(
                expects={**row.expects, "at_least": {"settlementTime": str(2**200)}}
            )
        world.scenario.mine(1)
        world.finalise()
        sender.step()

        assert again(row).status == TransactionStatus.MISMATCH

    def test_one_that_was_upgraded_since_the_approval_is_not_called(
        self, world: World, large: Requested
    ) -> None:
        """It would succeed, and do nothing: an effect is compared, not the absence of a revert."""
        row = submit(large.id)
        rpc(world, "anvil_setCode", manager_of(world), STOP_OPCODE)

        new_sender(world).step()

        row = again(row)
        assert row.status == TransactionStatus.FAILED
        assert row.error.startswith("It would succeed without RedemptionApproved(requestId = ")
        assert row.error.endswith("it would emit nothing.")
        assert row.nonce is None
        assert row.simulation is not None
        assert row.simulation["compared"] is True


class TestRelays:
    @pytest.fixture(autouse=True)
    def nobody_guards_trades(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What goes out here only passes for a trade; nobody knows its price."""
        monkeypatch.setattr(guarding, "_guards", [])

    @pytest.fixture
    def relays(self, world: World) -> Iterator[tuple[FaultyNode, FaultyNode]]:
        with FaultyNode(world.node.url) as one, FaultyNode(world.node.url) as two:
            yield one, two

    def private(self, world: World, relays: tuple[FaultyNode, ...], **changes: Any) -> ChainConfig:
        urls = tuple(relay.url for relay in relays)
        return replace(world.config, private_relays=urls, **changes)

    def test_all_get_the_bytes_and_the_public_pool_does_not(
        self,
        world: World,
        large: Requested,
        relays: tuple[FaultyNode, FaultyNode],
        faulty: FaultyNode,
    ) -> None:
        config = replace(self.private(world, relays), rpc_urls=(faulty.url,))
        row = submit(large.id)
        with guards_off():
            Transaction.objects.update(trades=True)

        new_sender(world, config=config).step()
        world.finalise()

        assert [relay.count("eth_sendRawTransaction") for relay in relays] == [1, 1]
        assert faulty.count("eth_sendRawTransaction") == 0
        assert last_attempt(row).sent_to == ", ".join(relay.url for relay in relays)

    @pytest.mark.parametrize(("moved", "private"), [(51, True), (50, False)])
    def test_large_amounts_are_private_too(
        self,
        world: World,
        large: Requested,
        relays: tuple[FaultyNode, FaultyNode],
        moved: int,
        private: bool,
    ) -> None:
        config = self.private(world, relays, private_above_units=50)
        submit(large.id)
        with guards_off():
            Transaction.objects.update(moved_assets=moved * 10**18)

        new_sender(world, config=config).step()

        assert (relays[0].count("eth_sendRawTransaction") > 0) is private

    def test_one_that_swallows_it_is_made_up_for_by_the_other(
        self, world: World, large: Requested, relays: tuple[FaultyNode, FaultyNode]
    ) -> None:
        relays[0].add(Swallow())
        config = self.private(world, relays)
        row = submit(large.id)
        with guards_off():
            Transaction.objects.update(trades=True)
        sender = new_sender(world, config=config)

        sender.step()
        world.finalise()
        sender.step()

        assert again(row).status == TransactionStatus.FINAL

    def test_what_all_swallow_is_sent_again_and_then_bumped_but_never_public(
        self,
        world: World,
        large: Requested,
        relays: tuple[FaultyNode, FaultyNode],
        faulty: FaultyNode,
    ) -> None:
        for relay in relays:
            relay.add(Swallow())
        config = replace(self.private(world, relays), rpc_urls=(faulty.url,))
        at = HandClock()
        sender = new_sender(world, at, config)
        row = submit(large.id)
        with guards_off():
            Transaction.objects.update(trades=True)
        sender.step()
        at.advance(watching.REBROADCAST_SECONDS + 1)
        sender.step()
        sent_again = last_attempt(row)
        at.advance(STUCK)
        sender.step()
        bumped = last_attempt(row)
        for relay in relays:
            relay.heal()
        at.advance(watching.REBROADCAST_SECONDS + 1)
        sender.step()
        world.finalise()
        sender.step()

        assert (sent_again.kind, sent_again.sends) == ("ORIGINAL", 2)
        assert bumped.kind == "BUMP"
        assert faulty.count("eth_sendRawTransaction") == 0
        assert again(row).status == TransactionStatus.FINAL
        assert mined_count(world) == 1

    @pytest.mark.parametrize("fallback", [False, True])
    def test_no_relay_answers(self, world: World, large: Requested, fallback: bool) -> None:
        config = replace(
            world.config,
            private_relays=("http://127.0.0.1:1", "http://127.0.0.1:2"),
            public_fallback=fallback,
        )
        row = submit(large.id)
        with guards_off():
            Transaction.objects.update(trades=True)

        new_sender(world, config=config).step()
        known = Client(world.config).call("eth_getTransactionByHash", last_attempt(row).tx_hash)

        assert again(row).status == TransactionStatus.BROADCAST
        assert (known is not None) is fallback
        assert ("public pool" in last_attempt(row).sent_to) is fallback


class TestPeople:
    def test_a_stop_between_the_decision_and_the_sending_holds_the_bytes(
        self, world: World, large: Requested, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        row = submit(large.id)
        real = broadcasting.send

        def stopped_just_before(desk: Desk, intent: Transaction) -> Transaction:
            operations.stop_sending(scope="all", reason="odd", actor=SYSTEM, at=clock.now())
            return real(desk, intent)

        with monkeypatch.context() as patch:
            patch.setattr(broadcasting, "send", stopped_just_before)
            new_sender(world).step()
        held = again(row)
        on_chain = mined_count(world)
        lift(stops_in_force()[0])
        Transaction.objects.update(not_before=None)
        world.send_all()

        assert (held.status, on_chain) == (TransactionStatus.SIGNED, 0)
        assert again(row).status == TransactionStatus.FINAL
        assert Attempt.objects.count() == 1

    def test_a_role_lost_after_the_vote_fails_it_before_anything_is_spent(
        self, world: World, large: Requested
    ) -> None:
        vera = person("vera", "VIP_APPROVER")
        cast(vera, Ticket.objects.get(), at=clock.now())
        row = Transaction.objects.get()
        vera.groups.clear()

        new_sender(world).step()

        assert again(row).status == TransactionStatus.FAILED
        assert "0 of its votes still count" in again(row).error
        assert again(row).nonce is None
        assert Ticket.objects.get().execution_status == "FAILED"

    def test_a_role_lost_after_the_nonce_spends_it_on_nothing(
        self, world: World, large: Requested, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        vera = person("vera", "VIP_APPROVER")
        cast(vera, Ticket.objects.get(), at=clock.now())
        row = Transaction.objects.get()
        monkeypatch.setattr(broadcasting, "send", lambda _desk, intent: intent)
        new_sender(world).step()
        monkeypatch.undo()
        signed = again(row).status
        vera.groups.clear()
        world.send_all()

        assert signed == TransactionStatus.SIGNED
        row = again(row)
        assert row.status == TransactionStatus.CANCELLED
        assert [a.kind for a in row.attempts.order_by("id")] == ["ORIGINAL", "CANCEL"]
        assert world.scenario.request(large.id)["status"] != STATUS_APPROVED

    def test_what_is_decided_meanwhile_by_another_is_noticed_by_the_second_look(
        self, world: World, large: Requested, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A stop holds it after its simulation; when it is lifted the request is long approved."""
        row = submit(large.id)
        real = simulating.simulate

        def and_then_stopped(desk: Desk, intent: Transaction, *args: Any, **kw: Any) -> Transaction:
            operations.stop_sending(scope="all", reason="odd", actor=SYSTEM, at=clock.now())
            return real(desk, intent, *args, **kw)

        with monkeypatch.context() as patch:
            patch.setattr(simulating, "simulate", and_then_stopped)
            new_sender(world).step()
        waiting = again(row).status
        world.scenario.approve(large.id)
        lift(stops_in_force()[0])
        Transaction.objects.update(not_before=None)
        new_sender(world).step()

        assert waiting == TransactionStatus.SIMULATED
        assert again(row).status == TransactionStatus.FAILED
        assert again(row).nonce is None
