"""From signatures to the Safe's execution: what is read again, what is carried, what proves it."""

from typing import Any

import pytest

from apps.accounts.models import Wallet
from apps.chain.contracts import abi
from apps.chain.contracts import safe as safe_contract
from apps.chain.models import SafeProposal
from apps.chain.operations import safe_signing
from apps.chain.operations.stopping import stop_sending
from apps.chain.sender import safes
from apps.core import clock
from apps.core.actor import Actor
from devnet.accounts import STRANGER
from devnet.chain import Reverted
from tests.chain.safes.desk import ASSET, Desk

pytestmark = [pytest.mark.chain, pytest.mark.django_db]

FIRST_OWNER = "0x0000000000000000000000000000000000000001"
"""What stands before the first owner in the contract's linked list."""


def signed_by_two(desk: Desk) -> SafeProposal:
    proposal = desk.propose()
    desk.sign_all(proposal)
    return proposal


class TestReady:
    def test_not_before_enough_owners_have_signed(self, desk: Desk) -> None:
        proposal = desk.propose()
        desk.sign(proposal, desk.owners[0])

        ready = desk.prepare(proposal.transaction)

        assert not ready
        with pytest.raises(safes.NotSigned):
            safes.carrier_of(proposal.transaction)

    def test_the_contract_executes_what_two_have_signed(self, desk: Desk) -> None:
        proposal = signed_by_two(desk)
        before = desk.world.scenario.holding(ASSET)

        assert desk.prepare(proposal.transaction)
        desk.carry(proposal)

        assert desk.world.scenario.holding(ASSET) > before
        assert desk.safe.read("nonce") == 1

    def test_three_signatures_carry_as_many_as_are_needed(self, desk: Desk) -> None:
        proposal = desk.propose()
        desk.sign_all(proposal, 3)

        assert desk.prepare(proposal.transaction)
        desk.carry(proposal)

        assert desk.safe.read("nonce") == 1

    def test_an_owner_removed_in_between_does_not_count(self, desk: Desk) -> None:
        proposal = signed_by_two(desk)
        desk.safe.change("removeOwner", FIRST_OWNER, desk.owners[0].wallet, 2)

        ready = desk.prepare(proposal.transaction)

        proposal = desk.proposal(proposal.transaction)
        assert not ready
        assert proposal.owners == [who.wallet for who in desk.owners[1:]]
        assert "owners no more" in proposal.waits_because

        desk.sign(proposal, desk.owners[2])
        assert desk.prepare(proposal.transaction)
        desk.carry(proposal)
        assert desk.safe.read("nonce") == 1

    def test_a_raised_threshold_waits_for_one_more(self, desk: Desk) -> None:
        proposal = signed_by_two(desk)
        assert desk.prepare(proposal.transaction)
        desk.safe.change("changeThreshold", 3)

        ready = desk.prepare(proposal.transaction)
        opened = desk.proposal(proposal.transaction)
        desk.sign(opened, desk.owners[2])

        assert not ready
        assert (opened.status, opened.carried, opened.threshold) == ("OPEN", "", 3)
        assert desk.prepare(proposal.transaction)

    def test_who_lost_the_role_or_the_wallet_does_not_count(self, desk: Desk) -> None:
        proposal = signed_by_two(desk)
        desk.owners[0].user.groups.clear()
        without_role = desk.prepare(proposal.transaction)
        desk.sign(desk.proposal(proposal.transaction), desk.owners[2])
        assert desk.prepare(proposal.transaction)
        Wallet.objects.filter(user=desk.owners[2].user).update(retired_at=clock.now())

        without_wallet = desk.prepare(proposal.transaction)

        assert (without_role, without_wallet) == (False, False)

    def test_one_after_the_other_in_the_order_of_nonces(self, desk: Desk) -> None:
        first, second = desk.propose("a", 150_000), desk.propose("b", 160_000)
        desk.sign_all(first)
        desk.sign_all(second)

        too_early = desk.prepare(second.transaction)
        waits_because = desk.proposal(second.transaction).waits_because
        assert desk.prepare(first.transaction)
        desk.carry(first)
        assert desk.prepare(second.transaction)
        desk.carry(second)

        assert not too_early
        assert waits_because == "The Safe executes nonce 0 first."
        assert desk.safe.read("nonce") == 2

    def test_a_stop_of_the_safe_holds_it_back(self, desk: Desk) -> None:
        proposal = signed_by_two(desk)
        scope = f"signer:31337:{proposal.safe}"
        stop_sending(scope=scope, reason="a drill", actor=Actor.system("test"), at=clock.now())

        ready = desk.prepare(proposal.transaction)

        assert not ready
        assert "a drill" in desk.proposal(proposal.transaction).waits_because

    def test_a_crash_between_signatures_and_execution_loses_nothing(self, desk: Desk) -> None:
        """Ready is judged anew, from rows and the chain alone; the bytes stay the same."""
        proposal = signed_by_two(desk)
        assert desk.prepare(proposal.transaction)
        carried = safes.carrier_of(proposal.transaction)

        assert desk.prepare(proposal.transaction)

        assert safes.carrier_of(proposal.transaction) == carried
        desk.carry(proposal)
        assert desk.safe.read("nonce") == 1

    def test_nobody_signs_any_more_what_is_being_carried(self, desk: Desk) -> None:
        proposal = signed_by_two(desk)
        assert desk.prepare(proposal.transaction)

        with pytest.raises(safe_signing.CannotConfirm, match="being carried out"):
            desk.sign(desk.proposal(proposal.transaction), desk.owners[2])


class TestCarrier:
    def test_of_a_hot_transaction_is_the_call_itself(self, desk: Desk) -> None:
        row = desk.ask()
        row.tier = "HOT"

        assert safes.carrier_of(row) == safes.Carrier(to=row.to, data=row.calldata)

    @pytest.mark.parametrize(
        ("place", "value"),
        [(0, STRANGER.address), (1, 1), (2, b""), (3, 1), (4, 1), (6, 1), (8, STRANGER.address)],
        ids=["to", "value", "data", "delegate", "safeTxGas", "gasPrice", "refund"],
    )
    def test_refuses_bytes_that_are_not_the_plain_call(
        self, desk: Desk, place: int, value: Any
    ) -> None:
        """Whoever could write to the row could else have the Safe do anything."""
        row = desk.ask()
        desk.prepare(row)
        arguments = list(desk.plain(row.to, bytes.fromhex(row.calldata[2:]), 0))
        arguments[place] = value
        function = abi.function("safe", "execTransaction")
        SafeProposal.objects.update(carried=function.encode(*arguments))

        with pytest.raises(safe_contract.NotThePlainCall):
            safes.carrier_of(row)

    def test_signatures_out_of_order_would_be_refused(self, desk: Desk) -> None:
        proposal = desk.propose()
        arguments = list(desk.plain(proposal.to, bytes.fromhex(proposal.data[2:]), 0))
        together = arguments[-1]
        assert isinstance(together, bytes)
        arguments[-1] = together[65:] + together[:65]

        with pytest.raises(Reverted, match="GS026"):
            desk.safe.send(STRANGER, "execTransaction", *arguments)


class TestProof:
    def test_success_is_the_safes_own_word(self, desk: Desk) -> None:
        proposal = signed_by_two(desk)
        assert desk.prepare(proposal.transaction)
        receipt = self.carry(desk, proposal)

        assert safes.trouble_with(proposal.transaction, receipt) == ""

    def test_failure_or_silence_is_none(self, desk: Desk) -> None:
        proposal = signed_by_two(desk)
        assert desk.prepare(proposal.transaction)
        receipt = self.carry(desk, proposal)
        silent: dict[str, Any] = {"logs": []}
        [success] = [
            entry
            for entry in receipt["logs"]
            if entry["topics"][0] == safe_contract.success_topic()
        ]
        failure = abi.keccak_hex(b"ExecutionFailure(bytes32,uint256)")
        failed = {"logs": [{**success, "topics": [failure, success["topics"][1]]}]}
        foreign = {"logs": [{**success, "address": STRANGER.address}]}

        assert "said nothing" in safes.trouble_with(proposal.transaction, silent)
        assert "said ExecutionFailure" in safes.trouble_with(proposal.transaction, failed)
        assert "said nothing" in safes.trouble_with(proposal.transaction, foreign)

    @staticmethod
    def carry(desk: Desk, proposal: SafeProposal) -> dict[str, Any]:
        carrier = safes.carrier_of(proposal.transaction)
        chain = desk.world.scenario.chain
        done = chain.send(STRANGER.address, carrier.to, carrier.data)
        receipt: dict[str, Any] = chain.rpc.call("eth_getTransactionReceipt", done.tx_hash)
        return receipt
