"""One line through chain, staff and system: everything that happened to a request, in order."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from apps.approvals import queries as approvals
from apps.chain import queries as chain
from apps.redemptions.models import Redemption
from apps.redemptions.rules import TICKET_KINDS, Status

from .detail import DECISION_KINDS, SETTLE_KINDS
from .lists import voucher_of

_KINDS = (*DECISION_KINDS, *SETTLE_KINDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One step. ``lane`` is "chain", "staff" or "system"; ``event`` is a stable code."""

    event: str
    at: datetime
    lane: str
    text: str
    by: str = ""
    detail: str = ""
    tx_hash: str = ""
    ticket_id: int | None = None
    failed: bool = False


def timeline(redemption: Redemption) -> list[Entry]:
    """Every step known, oldest first.

    Chain steps carry block times and the others the wall clock. A chain's clock may lag, so a step
    that one of our transactions caused never sorts before that transaction was mined.
    """
    sent = list(_transaction_steps(redemption))
    mined_at = {step.tx_hash: step.at for step in sent if step.event == "TRANSACTION_MINED"}

    def place(entry: Entry) -> tuple[datetime, bool]:
        caused = entry.lane == "chain" and entry.tx_hash in mined_at
        return (max(entry.at, mined_at[entry.tx_hash]) if caused else entry.at, caused)

    return sorted([*_chain_steps(redemption), *_ticket_steps(redemption), *sent], key=place)


def _chain_steps(row: Redemption) -> Iterator[Entry]:
    yield Entry(
        event="REQUESTED",
        at=row.requested_at,
        lane="chain",
        text="Requested",
        by=row.owner,
        tx_hash=row.tx_hash,
    )
    if row.decided_at:
        approved = row.status != Status.REJECTED
        yield Entry(
            event="APPROVED" if approved else "REJECTED",
            at=row.decided_at,
            lane="chain",
            text="Approved on chain" if approved else "Rejected on chain",
            by=row.decided_by,
            detail=row.rejection_reason,
            tx_hash=row.decision_tx_hash,
        )
    yield from _voucher_steps(row)
    if row.cancelled_at:
        yield Entry(
            event="CANCELLED",
            at=row.cancelled_at,
            lane="chain",
            text="Taken back",
            by=row.owner,
            tx_hash=row.cancel_tx_hash,
        )
    if row.settled_at:
        yield Entry(
            event="SETTLED",
            at=row.settled_at,
            lane="chain",
            text="Paid to the receiver",
            tx_hash=row.settle_tx_hash,
        )


def _voucher_steps(row: Redemption) -> Iterator[Entry]:
    voucher = voucher_of(row)
    if voucher is None:
        return
    yield Entry(
        event="VOUCHER_MINTED",
        at=voucher.minted_at,
        lane="chain",
        text=f"Voucher #{voucher.token_id} minted: its owner may settle",
    )
    if voucher.is_live and voucher.moved_at > voucher.minted_at:
        yield Entry(
            event="VOUCHER_MOVED",
            at=voucher.moved_at,
            lane="chain",
            text=f"Voucher #{voucher.token_id} passed on: owned",
            by=voucher.owner,
            tx_hash=voucher.tx_hash,
        )


def _ticket_steps(row: Redemption) -> Iterator[Entry]:
    for ticket in approvals.tickets_for(TICKET_KINDS, row.subject_id, chain_id=row.chain_id):
        steps = [
            ("TICKET_OPENED", ticket.opened_at, f"Ticket #{ticket.pk} opened"),
            ("TICKET_WARNED", ticket.warned_at, "Approvers warned: time is running"),
            (
                "TICKET_ESCALATED",
                ticket.escalated_at,
                f"Escalated to {ticket.escalated_to}",
            ),
            ("TICKET_OVERDUE", ticket.overdue_at, "Deadline passed"),
        ]
        for event, at, text in steps:
            if at:
                yield Entry(event=event, at=at, lane="system", text=text, ticket_id=ticket.pk)
        for vote in ticket.votes.all():
            yield Entry(
                event=f"VOTE_{vote.decision}",
                at=vote.voted_at,
                lane="staff",
                text="Voted to approve" if vote.decision == "APPROVE" else "Rejected",
                by=vote.username,
                detail=vote.reason,
                ticket_id=ticket.pk,
            )
        if ticket.decided_at:
            yield Entry(
                event=f"TICKET_{ticket.status}",
                at=ticket.decided_at,
                lane="system",
                text=f"Ticket #{ticket.pk} {ticket.status.lower()}",
                detail=ticket.outcome_reason,
                ticket_id=ticket.pk,
            )


def _transaction_steps(row: Redemption) -> Iterator[Entry]:
    for sent in chain.transactions(row.chain_id, _KINDS, row.subject_id):
        steps = [
            ("TRANSACTION_QUEUED", sent.created_at, "queued"),
            ("TRANSACTION_SENT", sent.broadcast_at, "sent"),
            ("TRANSACTION_MINED", sent.mined_at, "mined"),
        ]
        for event, at, word in steps:
            if at:
                yield Entry(
                    event=event,
                    at=at,
                    lane="system",
                    text=f"“{sent.sentence}” {word}",
                    tx_hash=sent.tx_hash if event != "TRANSACTION_QUEUED" else "",
                )
        if sent.finished_at:
            final = sent.status == "FINAL"
            yield Entry(
                event=f"TRANSACTION_{sent.status}",
                at=sent.finished_at,
                lane="system",
                text=f"“{sent.sentence}” {'final' if final else sent.status.lower()}",
                detail=sent.error,
                tx_hash=sent.tx_hash,
                failed=not final,
            )
