"""The warm wallet's proposals: what each does, who has signed, who may."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.accounts import queries as accounts
from apps.approvals import queries as approvals
from apps.chain import config as chain_config
from apps.chain import contracts
from apps.chain.calls import SAFE_REJECTION
from apps.chain.config import SignerTier
from apps.chain.models import ProposalStatus, SafeConfirmation, SafeProposal, Transaction
from apps.chain.models.safe import LIVE
from apps.core.errors import NotFound

CONFIRM = "chain.confirm_safeproposal"


class NoProposal(NotFound):
    """There is no such proposal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerState:
    """One owner of the Safe beside a proposal: who it is to us, and their signature."""

    address: str
    name: str
    confirmation: SafeConfirmation | None
    counts: bool


def proposal(proposal_id: int) -> SafeProposal:
    """One proposal.

    Raises:
        NoProposal: there is none with this number.
    """
    found = SafeProposal.objects.select_related("transaction").filter(pk=proposal_id).first()
    if found is None:
        raise NoProposal(f"There is no Safe proposal {proposal_id}.")
    return found


def proposal_of(transaction_id: int) -> SafeProposal | None:
    """The proposal that carries a transaction, or carried it; None when none does now."""
    return (
        SafeProposal.objects.filter(transaction_id=transaction_id)
        .exclude(status=ProposalStatus.WITHDRAWN)
        .first()
    )


def rejected_nonce(row: Transaction) -> int | None:
    """The Safe nonce that a transaction is to use up on nothing; None when it does something."""
    empty = row.kind == SAFE_REJECTION and row.tier == SignerTier.WARM and row.calldata == "0x"
    return int(row.subject_id) if empty else None


def may_be_rejected(row: SafeProposal) -> bool:
    """Whether a withdrawn proposal's nonce, as far as we know, is free for anybody's use."""
    if row.status != ProposalStatus.WITHDRAWN:
        return False
    same = SafeProposal.objects.filter(chain_id=row.chain_id, safe=row.safe)
    taken = same.filter(safe_nonce=row.safe_nonce).exclude(status=ProposalStatus.WITHDRAWN)
    passed = same.filter(safe_nonce__gt=row.safe_nonce, status=ProposalStatus.EXECUTED)
    return not taken.exists() and not passed.exists()


def live_proposals(chain_id: int) -> list[SafeProposal]:
    """Every proposal of a chain that still holds its nonce, in the order of the nonces."""
    rows = SafeProposal.objects.filter(chain_id=chain_id, status__in=LIVE)
    return list(rows.select_related("transaction").order_by("safe", "safe_nonce"))


def counted(row: SafeProposal, owners: Sequence[str]) -> dict[str, str]:
    """Signatures by owner that count now: of present owners, whose wallet still belongs to the same
    active person, who still may sign."""
    found = {}
    for confirmation in row.confirmations.order_by("id"):
        person = accounts.owner_of_wallet(confirmation.owner)
        if (
            confirmation.owner in owners
            and person is not None
            and person.pk == confirmation.user_id_by_value
            and person.has_perm(CONFIRM)
        ):
            found[confirmation.owner] = confirmation.signature
    return found


def owner_states(row: SafeProposal) -> list[OwnerState]:
    """Every owner as last read, then signatures of people who are owners no more."""
    given = {confirmation.owner: confirmation for confirmation in row.confirmations.all()}
    counting = counted(row, row.owners)
    everybody = [*row.owners, *(owner for owner in given if owner not in row.owners)]
    names = accounts.labels_of(everybody)
    return [
        OwnerState(
            address=owner,
            name=names[owner],
            confirmation=given.get(owner),
            counts=owner in counting,
        )
        for owner in everybody
    ]


def why_cannot_confirm(row: SafeProposal, user: Any) -> str | None:
    """Why a person cannot sign a proposal, as the end of a sentence; None when they can."""
    if row.status == ProposalStatus.READY:
        return "enough owners have signed and it is being carried out"
    if row.status != ProposalStatus.OPEN:
        return f"it is {row.get_status_display().lower()}"
    if not user.is_active or not user.has_perm(CONFIRM):
        return "your role does not sign for the warm wallet"
    return _why_not_this_owner(row, user)


def _why_not_this_owner(row: SafeProposal, user: Any) -> str | None:
    wallet = accounts.wallet_of(user.pk)
    if wallet is None:
        return "you have no registered wallet"
    if wallet not in row.owners:
        return "your registered wallet is not an owner of this Safe"
    if is_requester(row.transaction, user):
        return "you asked for this transaction, so others sign for it"
    if row.confirmations.filter(owner=wallet).exists():
        return "you have signed it"
    return None


def is_requester(row: Transaction, user: Any) -> bool:
    """Whether a person asked for a transaction, by themselves or as the maker of its ticket."""
    if row.requested_by == user.get_username():
        return True
    return row.ticket_id is not None and (approvals.ticket(row.ticket_id).maker_user_id == user.pk)


def waiting_for_signature_of(user: Any) -> int:
    """How many proposals wait for this person's signature."""
    if not user.has_perm(CONFIRM):
        return 0
    rows = SafeProposal.objects.filter(status=ProposalStatus.OPEN).select_related("transaction")
    return sum(why_cannot_confirm(row, user) is None for row in rows)


def inner_call(row: SafeProposal) -> tuple[str, str, dict[str, Any]]:
    """(contract's kind, function, arguments by name) of what the Safe is to do; the function is its
    selector where we cannot read the bytes."""
    contract = chain_config.chain(row.chain_id).contract_at(row.to)
    if rejected_nonce(row.transaction) is not None:
        return "the Safe itself", "none: an empty call", {}
    if contract is None:
        return "unknown contract", row.data[:10], {}
    function, args = contracts.decode_call(contract, row.data) or (row.data[:10], {})
    return contract.kind, function, args
