"""What must be true when a play is over, whatever happened in it."""

from __future__ import annotations

from collections import Counter

from django.db.models import Q

from apps.approvals.models import Ticket
from apps.chain.models import (
    Attempt,
    Log,
    LogStatus,
    Reaction,
    ReorgEvent,
    Stop,
    Transaction,
    TransactionStatus,
)
from apps.fund.models import Holder
from apps.redemptions.models import Redemption
from apps.system.operations.replaying import rehearse
from tests.simulation import blocks, ledger
from tests.simulation.play import Play

WATCHED = (ledger.VAULT, ledger.MANAGER, ledger.CONTROLLER)
_STATUS = {
    ledger.PENDING: "PENDING",
    ledger.PENDING_APPROVAL: "PENDING_APPROVAL",
    ledger.APPROVED: "APPROVED",
    ledger.SETTLED: "SETTLED",
}


def check(play: Play) -> None:
    """Compare our rows with the chain of the play.

    Raises:
        AssertionError: naming what differs.
    """
    _every_log_once(play)
    _holders(play)
    _requests(play)
    _one_effect_for_each_intent(play)
    _each_log_reacted_to_once()
    _no_phantom_reorg(play)
    _one_ticket_for_each_question(play)
    _a_replay_makes_the_same_rows(play)


def _a_replay_makes_the_same_rows(play: Play) -> None:
    rebuilt = rehearse(
        chain_id=play.config.chain_id, progress=lambda _done, _total: None, at=play.at
    )
    differing = [table for table in rebuilt.tables if not table.is_equal]
    assert not differing, differing
    assert not Stop.objects.exists(), "something was stopped though nobody asked"


def _every_log_once(play: Play) -> None:
    line = play.chain.line(play.chain.tip.hash)
    theirs = Counter(
        (
            log["blockHash"],
            int(log["logIndex"], 16),
            log["address"],
            tuple(log["topics"]),
            log["data"],
        )
        for block in line
        for log in blocks.logs_of(block, WATCHED)
    )
    rows = Log.objects.exclude(status=LogStatus.ORPHANED)
    ours = Counter(
        (row.block_hash, row.log_index, row.address, tuple(row.topics), row.data) for row in rows
    )
    assert ours == theirs, f"missing {theirs - ours}, beyond {ours - theirs}"


def _holders(play: Play) -> None:
    state = play.chain.tip.state
    theirs = {
        owner: (shares, state.locked.get(owner, 0))
        for owner, shares in state.balances.items()
        if shares or state.locked.get(owner, 0)
    }
    rows = Holder.objects.filter(~Q(balance_shares=0) | ~Q(locked_shares=0))
    ours = {row.address: (row.balance_shares, row.locked_shares) for row in rows}
    assert ours == theirs, f"ours {ours}, theirs {theirs}"


def _requests(play: Play) -> None:
    theirs = {
        asked.id: _STATUS.get(asked.status, "REJECTED")
        for asked in play.chain.tip.state.requests.values()
    }
    ours = dict(Redemption.objects.values_list("request_id", "status"))
    assert ours == theirs, f"ours {ours}, theirs {theirs}"


def _one_effect_for_each_intent(play: Play) -> None:
    mined = Counter(
        receipt.tx.hash
        for block in play.chain.line(play.chain.tip.hash)
        for receipt in block.receipts
        if receipt.tx.nonce is not None
    )
    assert all(times == 1 for times in mined.values()), "bytes were mined twice"
    attempts = dict(Attempt.objects.values_list("tx_hash", "transaction_id"))
    assert set(mined) <= set(attempts), "bytes were mined that were never stored"
    per_intent = Counter(attempts[tx_hash] for tx_hash in mined)
    assert all(times == 1 for times in per_intent.values()), "an intent was mined twice"
    nonces = sorted(
        receipt.tx.nonce
        for block in play.chain.line(play.chain.tip.hash)
        for receipt in block.receipts
        if receipt.tx.nonce is not None
    )
    assert nonces == list(range(len(nonces))), nonces
    finished = Transaction.objects.filter(
        status__in=[TransactionStatus.FINAL, TransactionStatus.REVERTED]
    )
    assert {row.mined_hash for row in finished} <= set(mined), "finished, but not on the chain"
    wrong = Transaction.objects.filter(status=TransactionStatus.MISMATCH)
    assert not wrong.exists(), list(wrong)


def _each_log_reacted_to_once() -> None:
    applied = Log.objects.filter(status=LogStatus.APPLIED)
    assert Reaction.objects.count() == applied.count(), "a log was reacted to twice, or never"


def _no_phantom_reorg(play: Play) -> None:
    """A branch was left only when it lost: what was left is not part of the chain."""
    line = {block.hash for block in play.chain.line(play.chain.tip.hash)}
    phantoms = [event for event in ReorgEvent.objects.all() if event.old_tip in line]
    assert not phantoms, phantoms


def _one_ticket_for_each_question(play: Play) -> None:
    asked = [a for a in play.chain.tip.state.requests.values() if a.needs_approval]
    for request in asked:
        tickets = Ticket.objects.filter(subject_id=str(request.id))
        assert (
            tickets.exclude(status="CANCELLED").count()
            <= 1 + tickets.filter(execution_status="FAILED").count()
        )
