"""What moves without a ticket: trades that are small, alone and together."""

from datetime import datetime

from django.db.models import Sum

from apps.chain.calls import Approval
from apps.chain.contracts import CALLS
from apps.chain.models import UNFINISHED, Reservation, Transaction
from apps.chain.rules.limits import WINDOW

TRADES_DECIDED_BY = "REBALANCE_SMALL"
"""The kind of ticket whose rule says from which amount on a trade needs one."""

_KINDS = [kind for kind, call in CALLS.items() if call.approval is Approval.BY_AMOUNT]


def moved_without_ticket(
    *, chain_id: int, at: datetime, besides: int | None = None, signed_only: bool = False
) -> int:
    """Base units that trades without a ticket moved in the last 24 hours or may yet move.

    What was given back does not count, nor does the transaction ``besides``, which is unfinished;
    with ``signed_only`` nor does what has no nonce yet.
    """
    # In two statements: each has its index, their union has none.
    on_their_way = Transaction.objects.filter(
        chain_id=chain_id,
        status__in=list(UNFINISHED),
        kind__in=_KINDS,
        ticket_id__isnull=True,
    )
    if besides is not None:
        on_their_way = on_their_way.exclude(pk=besides)
    if signed_only:
        on_their_way = on_their_way.filter(nonce__isnull=False)
    ended = Reservation.objects.filter(
        signer__chain_id=chain_id,
        released_at__isnull=True,
        at__gt=at - WINDOW,
        transaction__kind__in=_KINDS,
        transaction__ticket_id__isnull=True,
    ).exclude(transaction__status__in=list(UNFINISHED))
    may_move = on_their_way.aggregate(assets=Sum("moved_assets"))["assets"] or 0
    moved = ended.aggregate(assets=Sum("assets"))["assets"] or 0
    return int(may_move) + int(moved)
