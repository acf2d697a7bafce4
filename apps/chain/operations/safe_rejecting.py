"""Using a nonce of a Safe up on nothing: an empty call of the Safe to itself, which its owners sign
and the executor carries like any other. Safe's own application calls this a rejection.

It makes signatures that were given, or even published, void at once, and lets later proposals pass
where no new one takes the nonce of a withdrawn one.
"""

from datetime import datetime, timedelta

from django.db import transaction

from apps.audit import operations as audit
from apps.chain import contracts
from apps.chain.calls import SAFE_REJECTION
from apps.chain.config import SignerTier
from apps.chain.models import SignerAccount, Transaction
from apps.chain.operations.ending import MOVED_NOTHING
from apps.chain.queries import safes as proposals
from apps.core.actor import Actor
from apps.core.errors import Refused

_SIGN_WITHIN = timedelta(hours=24)


class CannotReject(Refused):
    """The proposal is not withdrawn, or another one holds its nonce and will use it up."""


@transaction.atomic
def reject_nonce(*, proposal_id: int, actor: Actor, at: datetime) -> int:
    """Ask the Safe's owners to use up a withdrawn proposal's nonce; the transaction's id.

    Asking again while that is under way answers the same.

    Doors ask for the right ``chain.manage_transaction``.

    Raises:
        proposals.NoProposal.
        CannotReject: there is nothing to make void.
    """
    row = proposals.proposal(proposal_id)
    SignerAccount.objects.select_for_update().get(chain_id=row.chain_id, address=row.safe)
    before = Transaction.objects.filter(
        chain_id=row.chain_id,
        kind=SAFE_REJECTION,
        subject_id=str(row.safe_nonce),
        to=row.safe,
    )
    under_way = before.exclude(status__in=list(MOVED_NOTHING)).first()
    if under_way is not None:
        return under_way.pk
    if not proposals.may_be_rejected(row):
        raise CannotReject(f"Nonce {row.safe_nonce} is used or held by another proposal.")
    sentence = f"Use up Safe nonce {row.safe_nonce} on nothing"
    asked = Transaction.objects.create(
        chain_id=row.chain_id,
        key=f"safe-rejection:{row.chain_id}:{row.safe}:{row.safe_nonce}:{before.count() + 1}",
        kind=SAFE_REJECTION,
        subject_id=str(row.safe_nonce),
        sentence=sentence,
        to=row.safe,
        calldata="0x",
        call_hash=contracts.hash_of_calldata(row.chain_id, row.safe, "0x"),
        expects={"event": "", "args": {}},
        tier=SignerTier.WARM.value,
        requested_by=actor.name,
        created_at=at,
        deadline_at=at + _SIGN_WITHIN,
    )
    audit.record(
        actor=actor,
        action="QUEUE",
        object_type="transaction",
        object_id=str(asked.pk),
        after={"call": sentence, "to": row.safe},
        level="HIGH",
        at=at,
    )
    return asked.pk
