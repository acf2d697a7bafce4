"""Proposals of the warm wallet: hashes, nonces, and what ends them."""

from typing import Any

import pytest

from apps.chain import operations as chain_operations
from apps.chain.client import Client, RpcRefused
from apps.chain.contracts import safe as safe_contract
from apps.chain.models import (
    ProposalStatus,
    SafeProposal,
    SignerAccount,
    Transaction,
    TransactionStatus,
)
from apps.chain.operations import safe_signing
from apps.chain.operations import safes as operations
from apps.chain.queries.stops import stops_in_force
from apps.chain.sender import safes
from apps.core import clock
from apps.core.actor import Actor
from tests.chain.safes.desk import Desk, end
from tests.forcing import guards_off

pytestmark = [pytest.mark.chain, pytest.mark.django_db]

NOBODY = "0x" + "00" * 20


class TestHash:
    def test_is_what_the_contract_says(self, desk: Desk) -> None:
        proposal = desk.propose()

        said = desk.safe.read(
            "getTransactionHash",
            *(proposal.to, 0, bytes.fromhex(proposal.data[2:]), 0, 0, 0, 0, NOBODY, NOBODY),
            proposal.safe_nonce,
        )

        assert proposal.safe_tx_hash == "0x" + said.hex()

    def test_owners_and_threshold_are_the_contracts(self, desk: Desk) -> None:
        proposal = desk.propose()

        assert proposal.owners == [who.wallet for who in desk.owners]
        assert proposal.threshold == 2


class TestNonces:
    def test_two_in_a_row_do_not_collide(self, desk: Desk) -> None:
        first, second = desk.propose("a"), desk.propose("b")

        account = SignerAccount.objects.get(address=first.safe)
        assert (first.safe_nonce, second.safe_nonce, account.next_nonce) == (0, 1, 2)

    def test_asking_again_proposes_once(self, desk: Desk) -> None:
        row = desk.ask()

        desk.prepare(row)
        desk.prepare(row)

        assert SafeProposal.objects.count() == 1

    def test_what_the_owners_used_themselves_is_passed_over(self, desk: Desk) -> None:
        desk.use_a_nonce()

        assert desk.propose().safe_nonce == 1

    def test_a_withdrawn_ones_is_taken_by_the_next(self, desk: Desk) -> None:
        first = desk.propose("a")
        desk.sign(first, desk.owners[0])
        end(first.transaction, TransactionStatus.CANCELLED)
        desk.tidy()

        second = desk.propose("b")

        assert SafeProposal.objects.get(pk=first.pk).status == ProposalStatus.WITHDRAWN
        assert second.safe_nonce == first.safe_nonce

    def test_an_unsigned_one_moves_down_when_a_lower_is_free(self, desk: Desk) -> None:
        first, second = desk.propose("a"), desk.propose("b")
        end(first.transaction, TransactionStatus.CANCELLED)
        desk.tidy()

        desk.prepare(second.transaction)

        assert desk.proposal(second.transaction).safe_nonce == 0
        assert SafeProposal.objects.get(pk=second.pk).status == ProposalStatus.WITHDRAWN

    def test_a_signed_one_never_moves_for_both_could_be_executed(self, desk: Desk) -> None:
        first, second = desk.propose("a"), desk.propose("b")
        desk.sign_all(second)
        end(first.transaction, TransactionStatus.CANCELLED)
        desk.tidy()

        ready = desk.prepare(second.transaction)

        still = desk.proposal(second.transaction)
        assert not ready
        assert (still.pk, still.safe_nonce, still.confirmations.count()) == (second.pk, 1, 2)
        assert "no proposal holds it" in still.waits_because


class TestRefusals:
    def test_a_hot_transaction_is_not_proposed(self, desk: Desk) -> None:
        row = desk.ask()
        Transaction.objects.update(tier="HOT")

        with pytest.raises(operations.NotForTheSafe):
            desk.prepare(row)

    def test_the_safe_is_never_asked_to_call_itself(self, desk: Desk) -> None:
        row = desk.ask()
        with guards_off():
            Transaction.objects.update(to=desk.safe.address)

        with pytest.raises(operations.NotForTheSafe, match="call itself"):
            desk.prepare(row)

    def test_an_address_without_a_safe_is_not_signed_for(self, desk: Desk) -> None:
        with pytest.raises(safe_contract.NotThisSafe):
            safe_contract.state_of(31337, desk.safe.address, ["0x"] * 4)

    def test_a_safe_of_another_domain_is_not_signed_for(self, desk: Desk) -> None:
        answers = [
            desk.world.lead.client.call("eth_call", {"to": to, "data": data}, "latest")
            for to, data in safe_contract.state_calls(desk.safe.address)
        ]

        with pytest.raises(safe_contract.NotThisSafe, match="another domain"):
            safe_contract.state_of(56, desk.safe.address.lower(), answers)


class TestNonceUsedElsewhere:
    def test_stops_the_safe_and_proposes_anew_afterwards(self, desk: Desk) -> None:
        first = desk.propose()
        desk.sign_all(first)
        desk.use_a_nonce()
        desk.world.finalise()

        desk.prepare(first.transaction)
        [stop] = stops_in_force()
        desk.prepare(first.transaction)

        second = desk.proposal(first.transaction)
        assert stop.scope == f"signer:31337:{first.safe}"
        assert "nonce 0 was used by a transaction that is not ours" in stop.reason
        assert SafeProposal.objects.get(pk=first.pk).status == ProposalStatus.WITHDRAWN
        assert (second.safe_nonce, second.confirmations.count()) == (1, 0)

    def test_is_not_believed_before_it_is_final(self, desk: Desk) -> None:
        first = desk.propose()
        desk.use_a_nonce()

        ready = desk.prepare(first.transaction)

        assert not ready
        assert not stops_in_force()
        assert desk.proposal(first.transaction).pk == first.pk

    def test_never_asks_again_for_what_others_carried(self, desk: Desk) -> None:
        """Then the Safe would do it twice."""
        first = desk.propose()
        desk.sign_all(first)
        assert desk.prepare(first.transaction)
        desk.carry(first)

        desk.prepare(first.transaction)

        assert "Somebody else carried out" in stops_in_force()[0].reason
        assert desk.proposal(first.transaction).status == ProposalStatus.EXECUTED
        with pytest.raises(safes.CarriedByOthers):
            desk.prepare(first.transaction)


class TestEnds:
    def test_a_final_transaction_has_executed_its_proposal(self, desk: Desk) -> None:
        proposal = desk.propose()
        end(proposal.transaction, TransactionStatus.FINAL)

        desk.tidy()

        assert SafeProposal.objects.get(pk=proposal.pk).status == ProposalStatus.EXECUTED

    def test_a_reverted_one_gives_its_nonce_to_the_next(self, desk: Desk) -> None:
        proposal = desk.propose("a")
        end(proposal.transaction, TransactionStatus.REVERTED)

        desk.tidy()

        assert SafeProposal.objects.get(pk=proposal.pk).status == ProposalStatus.WITHDRAWN
        assert desk.propose("b").safe_nonce == 0

    def test_reverted_because_others_carried_it_first_stops_the_safe(self, desk: Desk) -> None:
        proposal = desk.propose()
        desk.sign_all(proposal)
        assert desk.prepare(proposal.transaction)
        desk.carry(proposal)
        end(proposal.transaction, TransactionStatus.REVERTED)

        desk.tidy()

        assert SafeProposal.objects.get(pk=proposal.pk).status == ProposalStatus.EXECUTED
        assert len(stops_in_force()) == 1

    def test_one_that_cannot_be_judged_waits_and_stops_no_other(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        reverted, final = desk.propose("a"), desk.propose("b")
        end(reverted.transaction, TransactionStatus.REVERTED)
        end(final.transaction, TransactionStatus.FINAL)
        real = Client.call

        def without_logs(self: Client, method: str, *params: Any) -> Any:
            if method == "eth_getLogs":
                raise RpcRefused(-32005, "too many results", None)
            return real(self, method, *params)

        with monkeypatch.context() as patch:
            patch.setattr(Client, "call", without_logs)
            desk.tidy()
        meanwhile = SafeProposal.objects.get(pk=reverted.pk).status
        desk.tidy()

        assert meanwhile == ProposalStatus.OPEN
        assert SafeProposal.objects.get(pk=final.pk).status == ProposalStatus.EXECUTED
        assert SafeProposal.objects.get(pk=reverted.pk).status == ProposalStatus.WITHDRAWN

    def test_who_withdraws_takes_the_transaction_back(self, desk: Desk) -> None:
        proposal = desk.propose()

        safe_signing.withdraw(
            proposal_id=proposal.pk, reason="no", actor=Actor.system("test"), at=clock.now()
        )

        proposal = SafeProposal.objects.get(pk=proposal.pk)
        assert proposal.status == ProposalStatus.WITHDRAWN
        assert proposal.transaction.status == TransactionStatus.CANCELLED

    def test_once_it_has_left_the_sender_cancels_it_and_the_nonce_stays_held(
        self, desk: Desk
    ) -> None:
        proposal = desk.propose()
        with guards_off():
            Transaction.objects.update(status=TransactionStatus.BROADCAST)

        ended = safe_signing.withdraw(
            proposal_id=proposal.pk, reason="no", actor=Actor.system("test"), at=clock.now()
        )

        assert not ended
        assert SafeProposal.objects.get(pk=proposal.pk).status == ProposalStatus.OPEN
        assert desk.proposal(proposal.transaction).transaction.cancel_reason == "no"

    def test_what_is_mined_cannot_be_withdrawn(self, desk: Desk) -> None:
        proposal = desk.propose()
        with guards_off():
            Transaction.objects.update(status=TransactionStatus.MINED)

        with pytest.raises(chain_operations.CannotCancel):
            safe_signing.withdraw(
                proposal_id=proposal.pk, reason="no", actor=Actor.system("test"), at=clock.now()
            )
