"""Before anything is spent: whether this may be sent at all, and by whom.

Everything is decided in one database transaction under the signer's row lock, from rows and the
chain file alone, so that of two requests that fit only one by one, one is let through.
"""

from datetime import datetime, timedelta

from apps.approvals import queries as approvals
from apps.chain import contracts
from apps.chain.config import ChainConfig, SignerConfig, SignerTier
from apps.chain.models import (
    BEFORE_NONCE,
    Reservation,
    SignerAccount,
    Stop,
    Transaction,
    TransactionStatus,
)
from apps.chain.operations import once
from apps.chain.operations.guarding import TradeQuestion, why_not_trade
from apps.chain.operations.ticketing import (
    NeedsTicket,
    refuse_beyond_rule,
    refuse_without_ticket,
)
from apps.chain.queries.routes import key_for, limits_of, spent_by
from apps.chain.queries.stops import is_stopped, stops_over
from apps.chain.rules import limits, scopes
from apps.chain.sender import safes
from apps.chain.sender.desk import Desk, Expires, Fails, Waits, account_for, locked
from apps.core.errors import Refused

TRIED_AGAIN_AFTER = timedelta(minutes=10)
"""So old may be what a trade was tried on when its bytes leave."""


def decide(desk: Desk, row: Transaction) -> Transaction:
    """Let an unsigned transaction through to its simulation, with its share of the limits reserved.

    Raises:
        Expires: nobody signed it in time.
        Waits: a stop is in force.
        Fails: an unknown destination or call, votes that no longer count, above every limit.
    """
    at = desk.clock()
    with desk.writing() as account:
        warm = _warm_account(desk)  # before the transaction's row, as its owners' signatures do
        row = locked(row)
        if row.status not in BEFORE_NONCE:
            return row
        refuse_unless_standing(row, account.address, at)
        if row.status == TransactionStatus.QUEUED:  # later only its nonce is asked about again
            refuse_unguarded(row, at)
        refuse_other_calls(desk.config, row)
        tier, share = _route(desk, row, account, warm, at)
        Reservation.objects.update_or_create(
            transaction=row,
            defaults={
                "signer": share,
                "assets": row.moved_assets,
                "at": at,
                "released_at": None,
            },
        )
        row.tier = tier.value
        row.save()
    return row


def refuse_unless_standing(row: Transaction, signer: str, at: datetime) -> None:
    """Confirm that an unsigned transaction may still go on: its deadline, stops, its votes, or that
    it needs none.

    Raises:
        Expires, Waits, Fails.
    """
    late = deadline_missed(row, at)
    if late:
        raise Expires(late)
    refuse_when_stopped(row, signer)
    lapsed = votes_lapsed(row, at)
    if lapsed:
        raise Fails(lapsed)
    _refuse_beyond_approval(row, at)


def refuse_unguarded(row: Transaction, at: datetime) -> None:
    """Confirm that by what upper apps know now the assets of a trade may be traded.

    Raises:
        Fails: they may not; whoever planned it looks again.
    """
    why_not = unguarded(row, at)
    if why_not:
        raise Fails(why_not)


def unguarded(row: Transaction, at: datetime) -> str:
    """Why the assets of a trade may not be traded now; "" when they may, or it is none."""
    if not row.trades:
        return ""
    why_not = why_not_trade(
        TradeQuestion(chain_id=row.chain_id, kind=row.kind, subject_id=row.subject_id, at=at)
    )
    return f"{why_not.rstrip('.')}; preview again." if why_not else ""


def outdated(row: Transaction, at: datetime) -> str:
    """Why a trade that has its nonce should not leave, or not once more; "" when it may.

    It was tried and allowed as the market was then. A key that did not answer, a stop that was
    lifted or a reorg must not let it out at another price.
    """
    if not row.trades:
        return ""
    tried_at = datetime.fromisoformat(row.simulation["at"]) if row.simulation else row.created_at
    if at - tried_at > TRIED_AGAIN_AFTER:
        return f"It was tried at {tried_at:%Y-%m-%d %H:%M} UTC, too long ago; preview again."
    return unguarded(row, at)


def _refuse_beyond_approval(row: Transaction, at: datetime) -> None:
    """Confirm that a transaction needs no ticket, or does no more than its ticket says.

    Raises:
        Fails: it needs one, or it is one too many.
    """
    kind, assets = row.kind, row.moved_assets
    try:
        if row.ticket_id is None:
            refuse_without_ticket(
                chain_id=row.chain_id, kind=kind, assets=assets, at=at, besides=row.pk
            )
        else:
            once.refuse_second(row)
            refuse_beyond_rule(
                ticket_id=row.ticket_id,
                kind=kind,
                call_hash=row.call_hash,
                assets=assets,
                besides=row.pk,
            )
    except (NeedsTicket, once.AlreadyCarried) as refused:
        raise Fails(refused.message) from refused


def refuse_when_stopped(row: Transaction, signer: str) -> None:
    """Confirm that no stop covers a transaction of this signer.

    Raises:
        Waits: one does.
    """
    stop = is_stopped(row.chain_id, signer, row.kind)
    if stop is not None:
        raise Waits(stopped_in_words(stop))


def votes_lapsed(row: Transaction, at: datetime) -> str:
    """Why the ticket no longer stands behind the call; "" when it does, or none is needed."""
    if row.ticket_id is None:
        return ""
    try:
        approvals.authorises(ticket_id=row.ticket_id, calls_hash=row.call_hash, at=at)
    except Refused as refusal:
        return refusal.message
    return ""


def deadline_missed(row: Transaction, at: datetime) -> str:
    """Why it is too late to sign it; "" when it is not."""
    if row.deadline_at is None or at < row.deadline_at:
        return ""
    return f"It was not signed by {row.deadline_at:%Y-%m-%d %H:%M} UTC."


def taken_back(row: Transaction, at: datetime) -> str:
    """Why people no longer stand behind a call that has its nonce; "" when they do."""
    return row.cancel_reason or votes_lapsed(row, at) or safes.signatures_lapsed(row)


def stops_of(config: ChainConfig, row: Transaction) -> list[Stop]:
    """The stops under which a transaction with a nonce stands: its key's, and the warm wallet's
    where that is what acts."""
    found = stops_over(row.chain_id, row.signer, row.kind)
    safe = config.signer(SignerTier.WARM)
    if row.tier == SignerTier.WARM and safe is not None:
        of_safe = scopes.of_signer(row.chain_id, safe.address)
        found += [
            stop
            for stop in stops_over(row.chain_id, safe.address, row.kind)
            if stop.scope == of_safe
        ]
    return found


def refuse_when_key_is_stopped(row: Transaction) -> None:
    """Confirm that the key that holds a transaction's nonce may be used at all: not even a
    cancellation is signed or sent with one that is stopped.

    Raises:
        Waits: it may not.
    """
    of_key = scopes.of_signer(row.chain_id, row.signer)
    for stop in stops_over(row.chain_id, row.signer, row.kind):
        if stop.scope == of_key:
            raise Waits(stopped_in_words(stop))


def stopped_in_words(stop: Stop) -> str:
    """Why a transaction waits for people."""
    return f"Stopped ({scopes.in_words(stop.scope)}): {stop.reason}"


def refuse_other_calls(config: ChainConfig, row: Transaction) -> None:
    """Confirm that the bytes are a call we know, of a contract of ours, as it was voted on.

    Raises:
        Fails: they are not.
    """
    if safes.is_rejection(row, config):
        return
    contract = config.contract_at(row.to)
    if contract is None:
        raise Fails(f"{row.to} is no contract of chain {config.name}.")
    known = contracts.CALLS.get(row.kind)
    asked = contracts.decode_call(contract, row.calldata)
    if (
        known is None
        or asked is None
        or (known.contract_kind, known.function) != (contract.kind, asked[0])
    ):
        raise Fails(f"The calldata is not {row.kind}, as a {contract.kind} understands it.")
    if contracts.hash_of_calldata(row.chain_id, row.to, row.calldata) != row.call_hash:
        raise Fails("The calldata is not what was asked for when this was queued.")


# -- Who signs -------------------------------------------------------------------------------------


def sender_of(config: ChainConfig, row: Transaction) -> SignerConfig | None:
    """The key that carries a transaction: itself, or as the executor of the warm wallet.

    None when the chain has no key.
    """
    if row.signer:
        keys = [signer for signer in config.signers if signer.tier is SignerTier.HOT]
        first = keys[0] if keys else None
        return next((signer for signer in keys if signer.address == row.signer), first)
    if row.tier == SignerTier.WARM and config.signer(SignerTier.WARM) is not None:
        return safes.executor(config)
    return key_for(config, row.kind)


def _warm_account(desk: Desk) -> SignerAccount | None:
    safe = desk.config.signer(SignerTier.WARM)
    if safe is None:
        return None
    account_for(desk.config, safe)
    return SignerAccount.objects.select_for_update().get(
        chain_id=desk.config.chain_id, address=safe.address
    )


def _route(
    desk: Desk, row: Transaction, account: SignerAccount, warm: SignerAccount | None, at: datetime
) -> tuple[SignerTier, SignerAccount]:
    """The wallet within whose limits it fits, with its row: this key, else the warm wallet.

    What has gone to the owners of the warm wallet stays with them.
    """
    reasons = []
    if row.tier != SignerTier.WARM:
        why_not = _why_not(desk.signer, account, row, at)
        if not why_not:
            return SignerTier.HOT, account
        reasons.append(why_not)
    if warm is not None:
        refuse_when_stopped(row, warm.address)
        why_not = _why_not(safes.wallet(desk.config), warm, row, at)
        if not why_not:
            return SignerTier.WARM, warm
        reasons.append(why_not)
    else:
        reasons.append("there is no warm wallet")
    raise Fails(f"Above the limits: {'; '.join(reasons)}.")


def _why_not(signer: SignerConfig, account: SignerAccount, row: Transaction, at: datetime) -> str:
    if not signer.may_send(row.kind):
        return f"{signer.name} may not send {row.kind}"
    spent = spent_by(account, at=at, besides=row.pk)
    refusal = limits.refusal(limits_of(account), spent, row.moved_assets)
    return f"{signer.name}: {refusal}" if refusal else ""
