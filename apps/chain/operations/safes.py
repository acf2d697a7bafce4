"""A Safe's proposals: opened, judged by the chain, ended. Their nonces: ``safe_nonces``."""

from datetime import datetime

from django.db import transaction

from apps.audit import operations as audit
from apps.chain.config import SignerTier
from apps.chain.contracts import safe as safe_contract
from apps.chain.contracts.safe import SafeState
from apps.chain.events import SafeProposed
from apps.chain.models import (
    UNFINISHED,
    ProposalStatus,
    Reservation,
    SafeProposal,
    SignerAccount,
    Transaction,
    TransactionStatus,
)
from apps.chain.models.safe import LIVE
from apps.chain.operations.safe_nonces import held_nonces, nonce_for
from apps.chain.operations.stopping import stop_sending
from apps.chain.queries import safes as proposals
from apps.chain.queries.stops import is_stopped
from apps.chain.rules import scopes
from apps.core import bus
from apps.core.actor import Actor
from apps.core.errors import Refused


class NotForTheSafe(Refused):
    """The Safe is not asked for this: it is not a warm transaction ready to be proposed, or it
    would have the Safe call itself, which can change its owners."""


class NonceIsUsed(Refused):
    """There is nothing to reject any more."""


def propose(
    *, transaction_id: int, safe: str, state: SafeState, block: int, actor: Actor, at: datetime
) -> SafeProposal:
    """Ask the Safe's owners for a simulated transaction, under the Safe's next free nonce.

    Asking again answers the same proposal. ``state`` was read at ``block``, the newest.

    Raises:
        NotForTheSafe: not a simulated warm transaction, or the Safe itself is its target.
        NonceIsUsed: it was to use up a nonce.
    """
    with transaction.atomic():
        account, row = _locked(transaction_id, safe)
        found = proposals.proposal_of(row.pk)
        if found is not None:
            return found
        if row.status != TransactionStatus.SIMULATED or row.tier != SignerTier.WARM:
            raise NotForTheSafe(f"Transaction {row.pk} does not wait for the warm wallet.")
        rejected = proposals.rejected_nonce(row)
        if row.to == safe and rejected is None:
            raise NotForTheSafe("The Safe would call itself, which can change its owners.")
        if rejected is not None and rejected != nonce_for(row, safe, state.nonce):
            raise NonceIsUsed(f"Nonce {rejected} is used, or held by another proposal.")
        return _open(account, row, safe, state, block, actor, at)


def move_down(
    *, proposal_id: int, state: SafeState, block: int, actor: Actor, at: datetime
) -> SafeProposal:
    """Give a proposal that nobody has signed a lower nonce that became free: else it would wait for
    a nonce that no transaction uses."""
    with transaction.atomic():
        row = SafeProposal.objects.get(pk=proposal_id)
        account, intent = _locked(row.transaction_id, row.safe)
        row = _locked_proposal(proposal_id)
        if (
            row.status != ProposalStatus.OPEN
            or row.confirmations.exists()
            or nonce_for(intent, row.safe, state.nonce) >= row.safe_nonce
        ):
            return row
        _end(row, ProposalStatus.WITHDRAWN, "A lower nonce of the Safe became free.", actor, at)
        return _open(account, intent, row.safe, state, block, actor, at)


def make_ready(*, proposal_id: int, state: SafeState, actor: Actor, at: datetime) -> bool:
    """Judge a proposal by what the chain says now; whether it can be executed at once.

    Then the bytes that the executor carries are fixed.
    """
    with transaction.atomic():
        row = _locked_proposal(proposal_id)
        if row.status not in LIVE:
            return False
        counting = proposals.counted(row, state.owners)
        row.owners, row.threshold, row.checked_at = list(state.owners), state.threshold, at
        row.waits_because = _obstacle(row, state, len(counting))
        was = row.status
        if row.waits_because or len(counting) < state.threshold:
            row.status, row.carried = ProposalStatus.OPEN, ""
        else:
            chosen = dict(sorted(counting.items())[: state.threshold])
            row.status = ProposalStatus.READY
            row.carried = safe_contract.execution(to=row.to, data=row.data, signatures=chosen)
            if was != row.status:
                _audit(row, "SAFE_READY", actor, at, {"owners": sorted(chosen)})
        row.save()
        return row.status == ProposalStatus.READY


def follow(*, proposal_id: int, carried_by_others: str, actor: Actor, at: datetime) -> None:
    """End a proposal whose transaction has come to its end.

    ``carried_by_others`` is the hash of a transaction, not ours, that executed it; then a person
    must look before the Safe does anything else.
    """
    with transaction.atomic():
        row = _locked_proposal(proposal_id)
        intent = row.transaction
        if row.status not in LIVE or intent.status in UNFINISHED:
            return
        if carried_by_others:
            _executed_by_others(row, carried_by_others, actor, at)
        elif intent.status in {TransactionStatus.FINAL, TransactionStatus.MISMATCH}:
            _end(row, ProposalStatus.EXECUTED, f"Carried by {intent.mined_hash}.", actor, at)
        else:
            how = f"Its transaction is {intent.get_status_display().lower()}."
            _end(row, ProposalStatus.WITHDRAWN, how, actor, at)


def nonce_was_used(*, proposal_id: int, carried_by_others: str, actor: Actor, at: datetime) -> None:
    """The Safe's nonce has passed a proposal that we never sent: its owners use it elsewhere.

    Everything of the Safe stops until people lift that. If it was another transaction, ours is
    proposed again afterwards; if it was this very one, never.
    """
    with transaction.atomic():
        row = _locked_proposal(proposal_id)
        if row.status not in LIVE:
            return
        if carried_by_others:
            _executed_by_others(row, carried_by_others, actor, at)
            return
        reason = f"Safe nonce {row.safe_nonce} was used by a transaction that is not ours."
        _end(row, ProposalStatus.WITHDRAWN, reason, actor, at)
        _stop(row, f"{reason} Do its owners use it elsewhere?", actor, at)


def _executed_by_others(row: SafeProposal, tx_hash: str, actor: Actor, at: datetime) -> None:
    outcome = f"Carried by {tx_hash}, a transaction that is not ours."
    _end(row, ProposalStatus.EXECUTED, outcome, actor, at)
    # Where the transaction ended before, its share of the limits was given back.
    Reservation.objects.filter(transaction_id=row.transaction_id).update(released_at=None, at=at)
    _stop(row, f"Somebody else carried out “{row.transaction.sentence}”: {tx_hash}.", actor, at)


def _stop(row: SafeProposal, reason: str, actor: Actor, at: datetime) -> None:
    stop_sending(scope=scopes.of_signer(row.chain_id, row.safe), reason=reason, actor=actor, at=at)


def _open(
    account: SignerAccount,
    row: Transaction,
    safe: str,
    state: SafeState,
    block: int,
    actor: Actor,
    at: datetime,
) -> SafeProposal:
    nonce = nonce_for(row, safe, state.nonce)
    account.next_nonce = max(account.next_nonce or 0, nonce + 1)
    account.save(update_fields=["next_nonce"])
    opened = SafeProposal.objects.create(
        transaction=row,
        chain_id=row.chain_id,
        safe=safe,
        safe_nonce=nonce,
        to=row.to,
        data=row.calldata,
        safe_tx_hash=safe_contract.safe_tx_hash(
            chain_id=row.chain_id, safe=safe, to=row.to, data=row.calldata, nonce=nonce
        ),
        owners=list(state.owners),
        threshold=state.threshold,
        checked_at=at,
        proposed_block=block,
        created_at=at,
    )
    detail = {"call": row.sentence, "nonce": nonce, "safe_tx_hash": opened.safe_tx_hash}
    _audit(opened, "SAFE_PROPOSE", actor, at, detail)
    bus.publish(
        SafeProposed(
            proposal_id=opened.pk,
            sentence=row.sentence,
            requested_by=row.requested_by,
            owners=state.owners,
            threshold=state.threshold,
            safe_nonce=nonce,
            at=at,
        )
    )
    return opened


def _obstacle(row: SafeProposal, state: SafeState, counting: int) -> str:
    """Why it is not executed now, beside missing signatures; "" when it would be."""
    stop = is_stopped(row.chain_id, row.safe, row.transaction.kind)
    if stop is not None:
        return f"Stopped ({scopes.in_words(stop.scope)}): {stop.reason}"
    if state.nonce < row.safe_nonce:
        before = state.nonce
        if before in held_nonces(row.chain_id, row.safe, before):
            return f"The Safe executes nonce {before} first."
        return (
            f"The Safe executes nonce {before} first, and no proposal holds it: the next one will, "
            f"or ask its owners to reject it, on the page of the proposal that had it."
        )
    if state.nonce > row.safe_nonce:
        return f"The Safe has used nonce {row.safe_nonce} already; this waits until that is final."
    given = row.confirmations.count()
    if counting < state.threshold <= given:
        return "Signatures of people who are owners no more do not count."
    return ""


def _end(row: SafeProposal, status: str, outcome: str, actor: Actor, at: datetime) -> None:
    row.status, row.outcome, row.finished_at, row.waits_because = status, outcome, at, ""
    row.save()
    _audit(row, f"SAFE_{status}", actor, at, {"outcome": outcome})


def _locked(transaction_id: int, safe: str) -> tuple[SignerAccount, Transaction]:
    intent = Transaction.objects.get(pk=transaction_id)
    account = SignerAccount.objects.select_for_update().get(chain_id=intent.chain_id, address=safe)
    return account, Transaction.objects.select_for_update().get(pk=transaction_id)


def _locked_proposal(proposal_id: int) -> SafeProposal:
    rows = SafeProposal.objects.select_for_update(of=("self",)).select_related("transaction")
    return rows.get(pk=proposal_id)


def _audit(
    row: SafeProposal, action: str, actor: Actor, at: datetime, after: dict[str, object]
) -> None:
    audit.record(
        actor=actor,
        action=action,
        object_type="safe proposal",
        object_id=str(row.pk),
        after=after,
        level="HIGH",
        at=at,
    )
