"""Owners' signatures: whose count, and whose never."""

from collections.abc import Callable

import pytest

from apps.accounts import operations as accounts
from apps.accounts.rules.signatures import CURVE_ORDER
from apps.chain.models import SafeConfirmation, SafeProposal, Transaction
from apps.chain.operations import safe_signing
from apps.core import clock
from devnet.accounts import STRANGER
from tests.accounts.people import Person, person, sign_typed_data
from tests.chain.safes.desk import Desk
from tests.forcing import guards_off

pytestmark = [pytest.mark.chain, pytest.mark.django_db]


def give(desk: Desk, proposal: SafeProposal, who: Person, signature: str) -> None:
    safe_signing.confirm(
        proposal_id=proposal.pk,
        user=who.user,
        safe_tx_hash=proposal.safe_tx_hash,
        signature=signature,
        actor=who.actor,
        at=clock.now(),
    )


def asked(proposal: SafeProposal, who: Person) -> dict[str, object]:
    return safe_signing.prepare_confirmation(proposal_id=proposal.pk, user=who.user).typed_data


def high_s(raw: bytes) -> bytes:
    """The malleable twin: the same signer recovers from it."""
    s = CURVE_ORDER - int.from_bytes(raw[32:64], "big")
    return raw[:32] + s.to_bytes(32, "big") + bytes([55 - raw[64]])


class TestWhoMaySign:
    def test_an_owner_with_the_registered_wallet(self, desk: Desk) -> None:
        proposal = desk.propose()

        desk.sign(proposal, desk.owners[0])

        [confirmation] = SafeConfirmation.objects.all()
        assert confirmation.owner == desk.owners[0].wallet

    def test_not_the_same_owner_twice(self, desk: Desk) -> None:
        proposal = desk.propose()
        desk.sign(proposal, desk.owners[0])

        with pytest.raises(safe_signing.CannotConfirm, match="you have signed it"):
            desk.sign(proposal, desk.owners[0])

        assert SafeConfirmation.objects.count() == 1

    def test_not_one_who_is_no_owner(self, desk: Desk) -> None:
        proposal = desk.propose()

        with pytest.raises(safe_signing.CannotConfirm, match="not an owner"):
            desk.sign(proposal, person("ADMIN", key=STRANGER.account))

    def test_not_an_owner_without_the_role(self, desk: Desk) -> None:
        proposal = desk.propose()
        desk.owners[0].user.groups.clear()
        user = type(desk.owners[0].user).objects.get(pk=desk.owners[0].id)

        with pytest.raises(safe_signing.CannotConfirm, match="your role"):
            safe_signing.prepare_confirmation(proposal_id=proposal.pk, user=user)

    def test_not_the_one_who_asked(self, desk: Desk) -> None:
        row = desk.ask(requester=desk.owners[0].user.username)
        desk.prepare(row)

        with pytest.raises(safe_signing.CannotConfirm, match="you asked for this"):
            desk.sign(desk.proposal(row), desk.owners[0])

    def test_nobody_for_another(self, desk: Desk) -> None:
        proposal = desk.propose()
        first, second = desk.owners[:2]
        signature = sign_typed_data(second, asked(proposal, second))

        with pytest.raises(safe_signing.NotYourSignature):
            safe_signing.confirm(
                proposal_id=proposal.pk,
                user=second.user,
                safe_tx_hash=proposal.safe_tx_hash,
                signature=signature,
                actor=first.actor,
                at=clock.now(),
            )
        with pytest.raises(accounts.WrongSigner):
            give(desk, proposal, first, signature)


class TestWhatIsSigned:
    @pytest.mark.parametrize(
        "changed",
        [
            {"operation": 1},
            {"nonce": 7},
            {"value": 1},
            {"to": STRANGER.address},
            {"data": "0x"},
            {"gasPrice": 1},
            {"refundReceiver": STRANGER.address},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_another_transaction_is_refused(self, desk: Desk, changed: dict[str, object]) -> None:
        """A delegate call (operation 1) among them."""
        proposal, who = desk.propose(), desk.owners[0]
        typed = asked(proposal, who)
        typed["message"] = {**typed["message"], **changed}  # type: ignore[dict-item]

        with pytest.raises(accounts.WrongSigner):
            give(desk, proposal, who, sign_typed_data(who, typed))

        assert not SafeConfirmation.objects.exists()

    def test_another_safe_is_refused(self, desk: Desk) -> None:
        proposal, who = desk.propose(), desk.owners[0]
        typed = asked(proposal, who)
        typed["domain"] = {"chainId": 31337, "verifyingContract": STRANGER.address}

        with pytest.raises(accounts.WrongSigner):
            give(desk, proposal, who, sign_typed_data(who, typed))

    @pytest.mark.parametrize(
        "twist",
        [
            high_s,
            lambda raw: raw[:64],
            lambda raw: raw + b"\x00",
            lambda raw: raw[:64] + bytes([raw[64] + 4]),
            lambda raw: raw[:64] + b"\x01",
        ],
        ids=["twin", "short", "long", "eth_sign", "approved"],
    )
    def test_only_the_canonical_signature(
        self, desk: Desk, twist: Callable[[bytes], bytes]
    ) -> None:
        """v of 31 means eth_sign to a Safe, v of 1 an approval on chain: neither is this."""
        proposal, who = desk.propose(), desk.owners[0]
        raw = bytes.fromhex(sign_typed_data(who, asked(proposal, who))[2:])

        with pytest.raises(accounts.BadSignature):
            give(desk, proposal, who, "0x" + twist(raw).hex())

    def test_what_was_shown_must_stand(self, desk: Desk) -> None:
        proposal, who = desk.propose(), desk.owners[0]
        signature = sign_typed_data(who, asked(proposal, who))

        with pytest.raises(safe_signing.ProposalChanged):
            safe_signing.confirm(
                proposal_id=proposal.pk,
                user=who.user,
                safe_tx_hash="0x" + "00" * 32,
                signature=signature,
                actor=who.actor,
                at=clock.now(),
            )

    def test_a_proposal_stands_for_its_transaction_alone(self, desk: Desk) -> None:
        """Whoever could write to the proposal cannot have another call signed."""
        proposal, who = desk.propose(), desk.owners[0]
        with guards_off():
            SafeProposal.objects.update(to=STRANGER.address, data="0x")

        typed = asked(proposal, who)

        row = Transaction.objects.get()
        assert typed["message"]["to"].lower() == row.to  # type: ignore[index]
        assert typed["message"]["data"] == row.calldata  # type: ignore[index]
