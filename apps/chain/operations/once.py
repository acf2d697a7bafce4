"""A ticket's call moves something as often as the ticket lists it, and no more: another key, or
another try, is no other approval. A trigger holds the same for whoever writes."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.approvals import queries as approvals
from apps.chain import contracts
from apps.chain.models import BEFORE_NONCE, ProposalStatus, SafeProposal, Transaction
from apps.chain.models import TransactionStatus as Status
from apps.chain.operations.ending import MOVED_NOTHING
from apps.core import locks
from apps.core.errors import Refused

ABOUT_A_REQUEST = frozenset(
    kind for kind, call in contracts.CALLS.items() if "request_id" in call.__dataclass_fields__
)
"""A request is decided and paid once by its contract, whatever we send. Where our transaction was
mined without the expected event nothing was done, and people send the decision again."""

_DECIDED_AGAIN = [*MOVED_NOTHING, Status.MISMATCH]


class AlreadyCarried(Refused):
    """The ticket's call was done or is on its way, as often as was approved; nothing was queued."""


def not_undone(rows: QuerySet[Transaction]) -> QuerySet[Transaction]:
    """Of these transactions, those that did something or still may: the signatures of the Safe's
    owners outlive the transaction they were given for."""
    proposals = SafeProposal.objects.filter(transaction=OuterRef("pk"))
    signed = Exists(proposals.exclude(status=ProposalStatus.WITHDRAWN))
    return rows.filter(~Q(status__in=list(MOVED_NOTHING)) | signed)


def refuse_beyond_ticket(*, ticket_id: int, call_hash: str, key: str) -> None:
    """Confirm that a ticket's call may be queued under a key; hold that until the transaction ends.

    What is queued under it already is not asked for again.

    Raises:
        AlreadyCarried: it may not.
        approvals.TicketNotFound.
    """
    locks.transaction_lock(f"chain:ticket:{ticket_id}:{call_hash}")
    if not Transaction.objects.filter(key=key).exists():
        _refuse(Transaction.objects.all(), ticket_id, call_hash)


def refuse_second(row: Transaction) -> None:
    """Confirm that an unsigned transaction is not one too many of its ticket's: those that were
    queued before it, or have a nonce, come first.

    Raises:
        AlreadyCarried: it is.
        approvals.TicketNotFound.
    """
    if row.ticket_id is not None:
        first = Transaction.objects.exclude(pk=row.pk).filter(
            Q(pk__lt=row.pk) | ~Q(status__in=list(BEFORE_NONCE))
        )
        _refuse(first, row.ticket_id, row.call_hash)


def _refuse(rows: QuerySet[Transaction], ticket_id: int, call_hash: str) -> None:
    same = not_undone(rows.filter(ticket_id=ticket_id, call_hash=call_hash))
    of_requests = Q(kind__in=ABOUT_A_REQUEST)
    taken = list(same.exclude(of_requests & Q(status__in=_DECIDED_AGAIN)).order_by("id"))
    approved = approvals.times_listed(ticket_id=ticket_id, calls_hash=call_hash)
    if len(taken) >= approved:
        last = taken[-1]
        raise AlreadyCarried(
            f"Ticket {ticket_id} approved “{last.sentence}” {_times(approved)}, and transaction "
            f"{last.pk} is {last.get_status_display().lower()}.",
            transaction_id=last.pk,
        )


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
