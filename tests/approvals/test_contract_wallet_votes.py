"""A member of staff whose wallet is a Safe: its owners' signatures are the vote's."""

from typing import Any

import pytest

from apps.accounts import operations as accounts
from apps.accounts.models import Wallet
from apps.accounts.rules.signatures import digest_of, signable
from apps.approvals import operations
from apps.approvals.models import Vote
from apps.chain.config import SignerTier
from tests.chain.safe_owners import owners, signed_by
from tests.chain_world import World

from .helpers import NOON, actor_of, open_ticket, person

pytestmark = [pytest.mark.chain, pytest.mark.django_db]


def vote_by(world: World, owners_count: int) -> dict[str, Any]:
    """What the door hands on for a voter with a Safe, so many of whose owners signed."""
    warm = world.config.signer(SignerTier.WARM)
    assert warm is not None
    voter, ticket = person("amir", "ADMIN", wallet=False), open_ticket()
    Wallet.objects.create(user=voter, address=warm.address, registered_at=NOON)
    wanted = operations.prepare_vote(
        ticket_id=ticket.pk, user_id=voter.pk, decision="APPROVE", reason="", at=NOON
    )
    signature = signed_by(
        owners()[:owners_count],
        warm.address,
        world.config.chain_id,
        digest_of(signable(wanted.typed_data)),
    )
    return {
        "ticket_id": ticket.pk,
        "user_id": voter.pk,
        "decision": "APPROVE",
        "reason": "",
        "facts_hash_shown": ticket.facts_hash,
        "signature": "0x" + signature.hex(),
        "nonce": wanted.nonce,
        "expires_at": wanted.expires_at,
        "actor": actor_of(voter),
        "at": NOON,
    }


class TestCastVote:
    def test_counts_when_the_safe_says_yes(self, world: World) -> None:
        vote = vote_by(world, owners_count=2)

        ticket = operations.cast_vote(**vote)

        assert ticket.status == "APPROVED"
        cast = Vote.objects.get(ticket=ticket)
        assert (cast.user_id, cast.signature) == (vote["user_id"], vote["signature"])

    @pytest.mark.parametrize("owners_count", [0, 1])
    def test_does_not_when_it_says_no(self, world: World, owners_count: int) -> None:
        vote = vote_by(world, owners_count)

        with pytest.raises((accounts.BadSignature, accounts.WrongSigner)):
            operations.cast_vote(**vote)

        assert not Vote.objects.exists()

    def test_one_signature_is_one_vote(self, world: World) -> None:
        vote = vote_by(world, owners_count=2)
        operations.cast_vote(**vote)

        with pytest.raises(operations.TicketClosed):
            operations.cast_vote(**vote)
