"""A transaction above the hot wallet's limits, from its request to final, by the real sender."""

from dataclasses import replace
from typing import Any

import pytest

from apps.chain import operations
from apps.chain.calls import PurchaseAsset
from apps.chain.client import Client
from apps.chain.models import (
    Attempt,
    ProposalStatus,
    Reservation,
    SafeProposal,
    Transaction,
    TransactionStatus,
)
from apps.chain.operations import safe_rejecting
from apps.chain.operations import safes as safe_operations
from apps.chain.rules import scopes
from apps.chain.sender import Sender, broadcasting, nonces, policy, safes, signing
from apps.chain.sender.desk import Fails
from apps.core import clock
from apps.core.actor import Actor
from apps.core.units import WAD
from apps.notifications.models import Notification
from devnet.accounts import STRANGER
from devnet.chain import Reverted
from devnet.fund import usdt
from tests.chain.safes.desk import ASSET, Desk, end
from tests.chain.tickets import approved

pytestmark = [pytest.mark.chain, pytest.mark.django_db]


def buy(desk: Desk, key: str = "k1", amount: int = 240_000, *, tokens_min: int = 1) -> Transaction:
    call = PurchaseAsset(
        chain_id=desk.world.config.chain_id,
        token=desk.world.scenario.tokens[ASSET].address.lower(),
        assets=usdt(amount),
        tokens_min=tokens_min,
    )
    actor = Actor(kind="user", name="ana")
    pk = operations.submit(
        call=call, key=key, ticket_id=approved(call), actor=actor, at=clock.now()
    )
    return Transaction.objects.get(pk=pk)


def step(desk: Desk, steps: int = 1) -> None:
    """A new sender each time, as after a restart; what waits is due and the chain is looked at."""
    for _ in range(steps):
        Transaction.objects.update(not_before=None)
        SafeProposal.objects.update(checked_at=clock.from_timestamp(0))
        Sender(desk.world.config, Client(desk.world.config), clock=clock.now).step()
        desk.world.finalise()


def again(row: Transaction) -> Transaction:
    return Transaction.objects.get(pk=row.pk)


def proposed(desk: Desk, row: Transaction) -> SafeProposal:
    step(desk)
    return desk.proposal(row)


def test_from_request_to_final(desk: Desk) -> None:
    row = buy(desk)
    before = desk.world.scenario.holding(ASSET)

    proposal = proposed(desk, row)
    waiting = again(row)
    asked = {message.recipient_id for message in Notification.objects.filter(kind="SAFE_PROPOSED")}
    desk.sign(proposal, desk.owners[0])
    step(desk)
    one_signature = again(row)
    desk.sign(proposal, desk.owners[1])
    step(desk, 4)

    row = again(row)
    assert (waiting.tier, waiting.status, waiting.nonce) == ("WARM", "SIMULATED", None)
    assert asked == {who.id for who in desk.owners}
    assert one_signature.status == "SIMULATED"
    assert row.status == TransactionStatus.FINAL, row.error
    assert desk.proposal(row).status == ProposalStatus.EXECUTED
    assert row.signer == safes.executor(desk.world.config).address
    assert desk.world.scenario.holding(ASSET) > before
    assert desk.safe.read("nonce") == 1


def test_a_price_that_moved_while_the_owners_signed_ends_it(desk: Desk) -> None:
    """It was tried when they were asked; what counts is what it brings when it would go out."""
    fund = desk.world.scenario
    row = buy(desk, tokens_min=usdt(240_000) * WAD // fund.price(ASSET) * 98 // 100)
    proposal = proposed(desk, row)
    assert again(row).status == TransactionStatus.SIMULATED
    fund.set_prices({ASSET: fund.price(ASSET) * 120 // 100})
    desk.world.finalise()

    desk.sign_all(proposal)
    step(desk, 2)

    assert again(row).status == TransactionStatus.FAILED
    assert "It would succeed without AssetPurchased" in again(row).error
    assert (desk.safe.read("nonce"), Attempt.objects.count()) == (0, 0)


def test_so_do_prices_that_are_unknown_by_then(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    row = buy(desk)
    proposal = proposed(desk, row)
    monkeypatch.setattr(policy, "why_not_trade", lambda _question: "The price is unknown.")
    step(desk)
    waiting = again(row)

    desk.sign_all(proposal)
    step(desk, 2)

    assert waiting.status == TransactionStatus.SIMULATED
    assert again(row).status == TransactionStatus.FAILED
    assert again(row).error == "The price is unknown; preview again."
    assert Attempt.objects.count() == 0


def test_two_in_a_row_are_executed_in_their_order(desk: Desk) -> None:
    rows = [buy(desk, "a", 150_000), buy(desk, "b", 160_000)]
    step(desk)
    for row in reversed(rows):
        desk.sign_all(desk.proposal(row))

    step(desk, 6)

    rows = [again(row) for row in rows]
    assert {row.status for row in rows} == {TransactionStatus.FINAL}, rows[1].error
    assert desk.safe.read("nonce") == 2


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("room", "dies_in"),
    [(safes, "prepare"), (nonces, "take"), (signing, "sign"), (safes, "tidy")],
    ids=["prepare", "take", "sign", "tidy"],
)
def test_a_crash_in_between_ends_with_one_execution(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, room: Any, dies_in: str, when: str
) -> None:
    row = buy(desk)
    desk.sign_all(proposed(desk, row))
    real = getattr(room, dies_in)

    def dying(*args: Any, **kwargs: Any) -> Any:
        if when == "after":
            real(*args, **kwargs)
        raise SystemExit("killed")

    with monkeypatch.context() as patch:
        patch.setattr(room, dies_in, dying)
        with pytest.raises(SystemExit):
            step(desk, 4)
    step(desk, 5)

    assert again(row).status == TransactionStatus.FINAL, again(row).error
    assert desk.safe.read("nonce") == 1
    assert Attempt.objects.count() == 1


def test_an_owner_removed_after_signing_makes_it_wait(desk: Desk) -> None:
    row = buy(desk)
    desk.sign_all(proposed(desk, row))
    first = "0x0000000000000000000000000000000000000001"
    desk.safe.change("removeOwner", first, desk.owners[0].wallet, 2)

    step(desk, 2)

    assert again(row).status == TransactionStatus.SIMULATED
    assert not Attempt.objects.exists()


def test_what_would_revert_by_now_is_not_carried_and_says_why(desk: Desk) -> None:
    row = buy(desk)
    proposal = proposed(desk, row)
    desk.sign_all(proposal)
    desk.world.scenario.pause("controller")

    step(desk, 2)

    assert again(row).status == TransactionStatus.FAILED
    assert again(row).error.startswith("EnforcedPause")
    assert SafeProposal.objects.get(pk=proposal.pk).status == ProposalStatus.WITHDRAWN
    assert not Attempt.objects.exists()


def test_asked_for_again_takes_the_nonce_it_was_signed_under(desk: Desk) -> None:
    """Else the old signatures could have the Safe do it a second time."""
    first, second = buy(desk, "a", 150_000), buy(desk, "b", 160_000)
    step(desk)
    desk.sign_all(desk.proposal(second))
    signed_under = desk.proposal(second).safe_nonce
    for row in (first, second):
        operations.cancel_transaction(
            transaction_id=row.pk, reason="later", actor=Actor.system("test"), at=clock.now()
        )
    step(desk)

    retried = buy(desk, "b:2", 160_000)
    step(desk, 3)

    assert signed_under == 1
    assert desk.proposal(retried).safe_nonce == signed_under


def test_cancelled_while_owners_sign_frees_its_nonce_for_the_next(desk: Desk) -> None:
    row = buy(desk)
    proposal = proposed(desk, row)
    desk.sign_all(proposal)

    operations.cancel_transaction(
        transaction_id=row.pk, reason="not now", actor=Actor.system("test"), at=clock.now()
    )
    step(desk)
    other = buy(desk, "other", 150_000)
    successor = proposed(desk, other)
    desk.sign_all(successor)
    step(desk, 4)

    assert SafeProposal.objects.get(pk=proposal.pk).status == ProposalStatus.WITHDRAWN
    assert successor.safe_nonce == proposal.safe_nonce
    assert again(other).status == TransactionStatus.FINAL


def test_what_somebody_else_carries_first_is_never_done_twice(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signatures are public as soon as our transaction is; then its own one reverts."""
    row = buy(desk)
    desk.sign_all(proposed(desk, row))
    before = desk.world.scenario.holding(ASSET)
    real = signing.sign

    def overtaken(sender_desk: Any, intent: Transaction) -> Transaction:
        carrier = safes.carrier_of(intent)
        desk.world.scenario.chain.send(STRANGER.address, carrier.to, carrier.data)
        return real(sender_desk, intent)

    with monkeypatch.context() as patch:
        patch.setattr(signing, "sign", overtaken)
        step(desk)
    bought = desk.world.scenario.holding(ASSET) - before
    step(desk, 4)

    assert again(row).status == TransactionStatus.REVERTED
    assert desk.proposal(row).status == ProposalStatus.EXECUTED
    assert "not ours" in desk.proposal(row).outcome
    assert desk.world.scenario.holding(ASSET) - before == bought
    with pytest.raises(operations.CannotCancel):
        operations.cancel_transaction(
            transaction_id=row.pk, reason="x", actor=Actor.system("test"), at=clock.now()
        )


class TestRejecting:
    def test_lets_a_signed_one_pass_that_waits_behind_a_withdrawn_one(self, desk: Desk) -> None:
        first, second = buy(desk, "a", 150_000), buy(desk, "b", 160_000)
        step(desk)
        withdrawn = desk.proposal(first)
        desk.sign_all(desk.proposal(second))
        operations.cancel_transaction(
            transaction_id=first.pk, reason="later", actor=Actor.system("test"), at=clock.now()
        )
        step(desk, 2)
        blocked = again(second).status

        asked = safe_rejecting.reject_nonce(
            proposal_id=withdrawn.pk, actor=Actor.system("test"), at=clock.now()
        )
        step(desk)
        rejection = Transaction.objects.get(pk=asked)
        desk.sign_all(desk.proposal(rejection))
        step(desk, 6)

        assert blocked == TransactionStatus.SIMULATED
        assert desk.proposal(rejection).safe_nonce == 0
        assert again(rejection).status == TransactionStatus.FINAL, again(rejection).error
        assert again(second).status == TransactionStatus.FINAL, again(second).error
        assert desk.safe.read("nonce") == 2

    def test_makes_signatures_void(self, desk: Desk) -> None:
        row = buy(desk)
        proposal = proposed(desk, row)
        desk.sign_all(proposal)
        assert desk.prepare(row)
        public = safes.carrier_of(again(row))
        operations.cancel_transaction(
            transaction_id=row.pk, reason="no", actor=Actor.system("test"), at=clock.now()
        )
        step(desk)
        asked = safe_rejecting.reject_nonce(
            proposal_id=proposal.pk, actor=Actor.system("test"), at=clock.now()
        )
        step(desk)
        desk.sign_all(desk.proposal(Transaction.objects.get(pk=asked)))
        step(desk, 5)

        with pytest.raises(Reverted, match="GS026"):
            desk.world.scenario.chain.send(STRANGER.address, public.to, public.data)

    def test_asking_twice_asks_once(self, desk: Desk) -> None:
        proposal = proposed(desk, buy(desk))
        operations.cancel_transaction(
            transaction_id=proposal.transaction_id,
            reason="no",
            actor=Actor.system("test"),
            at=clock.now(),
        )
        step(desk)

        asked = {
            safe_rejecting.reject_nonce(
                proposal_id=proposal.pk, actor=Actor.system("test"), at=clock.now()
            )
            for _ in range(2)
        }

        assert len(asked) == 1

    def test_not_of_a_live_one(self, desk: Desk) -> None:
        proposal = proposed(desk, buy(desk))

        with pytest.raises(safe_rejecting.CannotReject):
            safe_rejecting.reject_nonce(
                proposal_id=proposal.pk, actor=Actor.system("test"), at=clock.now()
            )

    def test_of_a_nonce_that_is_used_by_now_fails(self, desk: Desk) -> None:
        proposal = proposed(desk, buy(desk))
        operations.cancel_transaction(
            transaction_id=proposal.transaction_id,
            reason="no",
            actor=Actor.system("test"),
            at=clock.now(),
        )
        step(desk)
        asked = safe_rejecting.reject_nonce(
            proposal_id=proposal.pk, actor=Actor.system("test"), at=clock.now()
        )
        desk.use_a_nonce()

        step(desk)

        row = Transaction.objects.get(pk=asked)
        assert (row.status, row.error) == (
            "FAILED",
            "Nonce 0 is used, or held by another proposal.",
        )


class TestLastLook:
    def test_a_stop_of_the_safe_holds_what_is_signed_already(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        row = buy(desk)
        desk.sign_all(proposed(desk, row))
        with monkeypatch.context() as patch:
            patch.setattr(broadcasting, "send", lambda _desk, intent: intent)
            step(desk)
        signed = again(row).status
        scope = scopes.of_signer(desk.world.config.chain_id, desk.safe.address)
        operations.stop_sending(
            scope=scope, reason="odd", actor=Actor.system("test"), at=clock.now()
        )
        step(desk)

        assert signed == TransactionStatus.SIGNED
        assert again(row).status == TransactionStatus.SIGNED
        assert again(row).error.endswith(": odd")
        assert desk.safe.read("nonce") == 0

    def test_owners_who_lost_their_role_before_it_left_do_not_count(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        row = buy(desk)
        desk.sign_all(proposed(desk, row))
        with monkeypatch.context() as patch:
            patch.setattr(broadcasting, "send", lambda _desk, intent: intent)
            step(desk)
        desk.owners[0].user.groups.clear()
        step(desk, 3)

        assert again(row).status == TransactionStatus.CANCELLED
        assert "may still sign" in again(row).error
        assert desk.safe.read("nonce") == 0

    def test_what_the_safe_has_done_is_never_tried_again(self, desk: Desk) -> None:
        """Its own transaction reverted, for somebody else was faster with the same bytes."""
        row = buy(desk)
        proposal = proposed(desk, row)
        end(row, TransactionStatus.REVERTED)
        actor = Actor.system("test")

        with pytest.raises(operations.CannotRetry, match=f"see its proposal {proposal.pk}"):
            operations.retry(transaction_id=row.pk, actor=actor, at=clock.now())
        safe_operations.follow(
            proposal_id=proposal.pk, carried_by_others="0x" + "22" * 32, actor=actor, at=clock.now()
        )
        with pytest.raises(operations.CannotRetry, match=f"see its proposal {proposal.pk}"):
            operations.retry(transaction_id=row.pk, actor=actor, at=clock.now())
        assert Reservation.objects.get(transaction=row).released_at is None

    def test_another_safe_in_the_chain_file_carries_nothing_of_the_first(self, desk: Desk) -> None:
        proposal = desk.propose()
        desk.sign_all(proposal)
        config = desk.world.config
        moved = tuple(
            replace(signer, address="0x" + "5a" * 20) if signer.tier == "WARM" else signer
            for signer in config.signers
        )

        with pytest.raises(Fails, match="is the Safe no more"):
            safes.prepare(
                proposal.transaction,
                replace(config, signers=moved),
                Client(config),
                at=clock.now(),
            )
