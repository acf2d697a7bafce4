"""Other bytes for the same nonce: a higher fee for what is stuck, or nothing for what may no longer
be done. Whichever is mined counts, and only one of them ever is."""

from datetime import timedelta

from apps.chain.client import read_market
from apps.chain.models import Attempt, AttemptKind, Transaction, TransactionStatus
from apps.chain.rules import fees, scopes
from apps.chain.rules.fees import Fees
from apps.chain.sender import broadcasting, policy, signing
from apps.chain.sender.desk import Desk, Waits, locked

STUCK_BLOCKS = 45
STUCK_SECONDS_MIN = 20.0
REPLACEMENTS_MAX = 5
"""Of each kind; a person may ask for more. After so many bumps its nonce is spent on nothing, for
all later ones wait for it."""


def is_due(desk: Desk, row: Transaction, last: Attempt) -> bool:
    """Whether what was sent is stuck, or a person wants it bumped or cancelled."""
    stuck = desk.clock() - (last.sent_at or last.created_at) >= stuck_after(desk)
    cancels = bool(row.cancel_reason) and last.kind != AttemptKind.CANCEL
    return stuck or row.bump_asked or cancels


def replace(desk: Desk, row: Transaction, last: Attempt) -> Transaction:
    """Raise the fee, or, where the call itself may no longer be done, spend the nonce on nothing.

    Raises:
        Waits: it was cancelled often enough, the fees are above the cap, or the key is stopped.
        signer.SignerUnavailable, ChainUnavailable.
    """
    return _replace(desk, row, last, _reason_to_cancel(desk, row, last))


def cancel_when_lapsed(desk: Desk, row: Transaction) -> Transaction:
    """Spend a nonce on nothing whose bytes never left and should not leave any more.

    People no longer stand behind it, its deadline passed while it was held, the market of a trade
    moved on, or a stop that holds it lets others through that wait for its nonce.

    Raises:
        Waits, signer.SignerUnavailable, ChainUnavailable: as for ``replace``.
    """
    last = _last(row)
    if last.sends or last.kind == AttemptKind.CANCEL:
        return row
    at = desk.clock()
    reason = (
        policy.taken_back(row, at) or policy.deadline_missed(row, at) or policy.outdated(row, at)
    )
    if not reason and at - last.created_at >= stuck_after(desk):
        wide = {scopes.ALL, scopes.of_chain(row.chain_id)}
        held = [stop for stop in policy.stops_of(desk.config, row) if stop.scope not in wide]
        reason = policy.stopped_in_words(held[0]) if held else ""
    return _replace(desk, row, last, reason) if reason else row


def stuck_after(desk: Desk) -> timedelta:
    """How long bytes may stay unmined before their fee is raised."""
    return timedelta(seconds=max(STUCK_BLOCKS * desk.config.block_time_seconds, STUCK_SECONDS_MIN))


def _replace(desk: Desk, row: Transaction, last: Attempt, reason: str) -> Transaction:
    """Sign, store and send other bytes; ``reason`` or an earlier cancel makes them empty."""
    cancel = bool(reason) or last.kind == AttemptKind.CANCEL
    kind = AttemptKind.CANCEL if cancel else AttemptKind.BUMP
    policy.refuse_when_key_is_stopped(row)
    cancels = row.attempts.filter(nonce=last.nonce, kind=AttemptKind.CANCEL).count()
    if cancels >= REPLACEMENTS_MAX and not row.bump_asked:
        raise Waits(
            f"It was cancelled {REPLACEMENTS_MAX} times and no cancellation is mined. "
            "Its fee can be raised by hand."
        )
    paid = Fees(max_fee=last.max_fee_per_gas, priority=last.max_priority_fee_per_gas)
    try:
        price = fees.replacing(paid, read_market(desk.client), cap=signing.fee_cap(desk))
    except fees.AboveCap as above:
        raise Waits(str(above)) from above
    made = signing.make(desk, row, kind, price)
    with desk.writing():
        row = locked(row)
        open_ = row.status in {TransactionStatus.SIGNED, TransactionStatus.BROADCAST}
        taken_back_meanwhile = bool(row.cancel_reason) and not cancel
        if not open_ or _last(row).pk != last.pk or taken_back_meanwhile:
            return row
        signing.store(desk, row, made, reason)
        row.bump_asked = False
        row.cancel_reason = row.error = row.cancel_reason or reason
        row.save()
    return broadcasting.send(desk, row)


def _reason_to_cancel(desk: Desk, row: Transaction, last: Attempt) -> str:
    """Why the call itself may or should no longer be done; "" when it may."""
    at = desk.clock()
    against = policy.taken_back(row, at) or policy.outdated(row, at)
    if against:
        return against
    stop = next(iter(policy.stops_of(desk.config, row)), None)
    if stop is not None:
        return policy.stopped_in_words(stop)
    bumps = row.attempts.filter(nonce=last.nonce, kind=AttemptKind.BUMP).count()
    if bumps >= REPLACEMENTS_MAX and not row.bump_asked:
        return f"Its fee was raised {REPLACEMENTS_MAX} times and it was still not mined."
    return ""


def _last(row: Transaction) -> Attempt:
    attempt = row.attempts.order_by("-id").first()
    assert attempt is not None  # noqa: S101 - stored in the same transaction as SIGNED
    return attempt
