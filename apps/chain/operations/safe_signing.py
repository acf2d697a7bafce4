"""Owners of the Safe at work: they sign a proposal with their own wallets, or take it back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.db import transaction

from apps.accounts import operations as accounts
from apps.accounts import queries as people
from apps.audit import operations as audit
from apps.chain.contracts import safe as safe_contract
from apps.chain.models import SafeConfirmation, SafeProposal
from apps.chain.operations import safes
from apps.chain.operations.steering import cancel_transaction
from apps.chain.queries import safes as proposals
from apps.core.actor import Actor
from apps.core.errors import NotAllowed, Refused


class CannotConfirm(Refused):
    """This person may not sign this proposal (now)."""

    code: ClassVar[str] = "FORBIDDEN"


class ProposalChanged(Refused):
    """What was shown is not what the Safe would be asked now."""


class NotYourSignature(NotAllowed):
    """Somebody acts with another person's signature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeTxToSign:
    """The Safe's own typed data, and the wallet that is to sign it."""

    typed_data: dict[str, Any]
    safe_tx_hash: str
    address: str


def prepare_confirmation(*, proposal_id: int, user: Any) -> SafeTxToSign:
    """What this person's wallet is asked to sign.

    Raises:
        proposals.NoProposal, CannotConfirm.
    """
    row = proposals.proposal(proposal_id)
    _refuse_unless_able(row, user)
    return SafeTxToSign(
        typed_data=_typed_data(row),
        safe_tx_hash=row.safe_tx_hash,
        address=people.wallet_of(user.pk) or "",
    )


@transaction.atomic
def confirm(
    *,
    proposal_id: int,
    user: Any,
    safe_tx_hash: str,
    signature: str,
    actor: Actor,
    at: datetime,
) -> SafeProposal:
    """Store an owner's signature, made by the wallet registered to exactly this person.

    Args:
        safe_tx_hash: what the person was shown; it must be what stands.

    Raises:
        proposals.NoProposal, CannotConfirm, NotYourSignature, ProposalChanged.
        accounts.BadSignature: not a canonical signature; the twin with the high s is none.
        accounts.WrongSigner: another wallet made it, or it covers something else.
    """
    if actor.user_id != user.pk:
        raise NotYourSignature("Everybody signs for themselves.")
    proposals.proposal(proposal_id)
    row = SafeProposal.objects.select_for_update().get(pk=proposal_id)
    _refuse_unless_able(row, user)
    if safe_tx_hash != row.safe_tx_hash:
        raise ProposalChanged("The proposal is not what you were shown. Reload the page.")
    owner = accounts.check_signature(
        user_id=user.pk, typed_data=_typed_data(row), signature=signature
    )
    SafeConfirmation.objects.create(
        proposal=row,
        owner=owner,
        signature=signature.lower(),
        user_id_by_value=user.pk,
        user_name=user.get_username(),
        at=at,
    )
    audit.record(
        actor=actor,
        action="SAFE_CONFIRM",
        object_type="safe proposal",
        object_id=str(row.pk),
        after={"owner": owner, "safe_tx_hash": row.safe_tx_hash, "nonce": row.safe_nonce},
        level="HIGH",
        at=at,
    )
    return row


@transaction.atomic
def withdraw(*, proposal_id: int, reason: str, actor: Actor, at: datetime) -> bool:
    """Take a proposal back with the transaction it is for; True when both ended at once.

    Once the executor has a nonce for it, the sender spends that on nothing; the Safe may still be
    faster, and is a success then.

    Doors ask for the right ``chain.manage_transaction``.

    Raises:
        proposals.NoProposal, approvals.NoReason.
        CannotCancel: it is mined or ended; only the chain can say how it ends.
    """
    row = proposals.proposal(proposal_id)
    ended = cancel_transaction(transaction_id=row.transaction_id, reason=reason, actor=actor, at=at)
    if ended:
        safes.follow(proposal_id=row.pk, carried_by_others="", actor=actor, at=at)
    return ended


def _refuse_unless_able(row: SafeProposal, user: Any) -> None:
    why_not = proposals.why_cannot_confirm(row, user)
    if why_not is not None:
        raise CannotConfirm(f"You cannot sign this, because {why_not}.")


def _typed_data(row: SafeProposal) -> dict[str, Any]:
    """Built from the transaction itself, so that a proposal cannot stand for another call."""
    return safe_contract.typed_data(
        chain_id=row.chain_id,
        safe=row.safe,
        to=row.transaction.to,
        data=row.transaction.calldata,
        nonce=row.safe_nonce,
    )
