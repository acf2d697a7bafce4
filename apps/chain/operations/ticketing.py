"""What may be sent without an approved ticket, or one that only its rule approved."""

from datetime import datetime

from apps.approvals import queries as approvals
from apps.chain import contracts
from apps.chain.calls import Approval, Call, PauseRedemptions, SetEmergencyMode
from apps.chain.models import Transaction
from apps.chain.operations import once
from apps.chain.queries.ticketless import TRADES_DECIDED_BY, moved_without_ticket
from apps.core import locks
from apps.core.errors import Refused
from apps.core.units import format_amount

_LARGE_TRADES_DECIDED_BY = "REBALANCE_LARGE"
"""The kind whose rule says from which amount on no rule approves by itself."""

_STOPS_DECIDED_BY = "EMERGENCY_MODE"
"""The kind whose rule may stop something without people, where people made it so."""


class NeedsTicket(Refused):
    """The call may only be sent with an approved ticket; nothing was queued."""


def hold_trades(chain_id: int, kind: str) -> None:
    """Where amounts count together, wait until no other transaction is adding to them."""
    if _approval(kind) is Approval.BY_AMOUNT:
        locks.transaction_lock(f"chain:{chain_id}:trades-without-ticket")


def refuse_without_ticket(
    *, chain_id: int, kind: str, assets: int, at: datetime, besides: int | None = None
) -> None:
    """Confirm that a call without a ticket may be sent as it is.

    Args:
        assets: base units that it moves.
        besides: the transaction that carries it, which must not count twice.

    Raises:
        NeedsTicket: it may not.
    """
    approval = _approval(kind)
    if approval is Approval.ALWAYS:
        raise NeedsTicket(f"{kind} needs an approved ticket.")
    if approval is not Approval.BY_AMOUNT:
        return
    threshold = approvals.ticket_threshold(TRADES_DECIDED_BY)
    if threshold is None:
        raise NeedsTicket("Every trade needs an approved ticket: no rule names an amount.")
    others = moved_without_ticket(chain_id=chain_id, at=at, besides=besides)
    if others + assets >= threshold:
        raise NeedsTicket(
            f"It moves {format_amount(assets)} USDT, and trades without a ticket move "
            f"{format_amount(others)} in these 24 hours: from {format_amount(threshold)} together "
            f"on, an approved ticket is needed.",
            assets=str(assets),
            others=str(others),
            threshold=str(threshold),
        )


def refuse_beyond_rule(
    *, ticket_id: int, kind: str, call_hash: str, assets: int, besides: int | None = None
) -> None:
    """Confirm that a ticket which its rule approved, and no person, may carry a call.

    A rule approves what only stops something, and trades of its own size, whatever the ticket's
    opener wrote into it. Sales and purchases are counted each for itself, because one pays for the
    other.

    Args:
        call_hash: of the call alone.
        assets: base units that it moves.
        besides: the transaction that carries it, which must not count twice.

    Raises:
        NeedsTicket: people have to approve it.
        approvals.TicketNotFound.
    """
    ticket = approvals.ticket(ticket_id)
    if not ticket.auto_approved_by:
        return
    if ticket.kind == _STOPS_DECIDED_BY and _only_stops(call_hash, ticket.chain_id):
        return
    if _approval(kind) is not Approval.BY_AMOUNT:
        raise NeedsTicket(f"{kind} needs a ticket that people approved, not its rule.")
    limit = approvals.ticket_threshold(_LARGE_TRADES_DECIDED_BY)
    rows = once.not_undone(Transaction.objects.filter(ticket_id=ticket_id, kind=kind))
    others = sum(row.moved_assets for row in rows if row.pk != besides)
    if limit is not None and others + assets >= limit:
        raise NeedsTicket(
            f"It moves {format_amount(assets)} USDT, and others of ticket {ticket_id} "
            f"{format_amount(others)}: from {format_amount(limit)} together on, people have to "
            "approve it.",
            assets=str(assets),
            others=str(others),
            threshold=str(limit),
        )


def _only_stops(call_hash: str, chain_id: int) -> bool:
    """Whether a call only stops something: emergency mode on, or redemptions paused."""
    stops: list[Call] = [
        SetEmergencyMode(chain_id=chain_id, enabled=True),
        PauseRedemptions(chain_id=chain_id),
    ]
    return call_hash in {contracts.calls_hash([call]) for call in stops}


def _approval(kind: str) -> Approval:
    """Kinds that are no calls of ours (a Safe's own rejection) move nothing and need none."""
    call = contracts.CALLS.get(kind)
    return Approval.NEVER if call is None else call.approval
