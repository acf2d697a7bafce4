"""The ticket of a request that waits for approval."""

from datetime import datetime, timedelta

from django.db import transaction

from apps.accounts import queries as accounts
from apps.approvals import operations as approvals
from apps.approvals import queries as tickets
from apps.chain import queries as chain
from apps.chain.events import (
    RedemptionApproved,
    RedemptionCancelled,
    RedemptionRejected,
    RedemptionRequested,
)
from apps.core.actor import Actor
from apps.redemptions import queries
from apps.redemptions.models import Redemption, redemption_key
from apps.redemptions.rules import TICKET_KINDS, Status, assess, explain, short_amount, ticket_kind

CURRENT_BLOCKS = 100
"""A log this near the final head is news; older ones wait until history is caught up with."""

_ENDINGS = {
    RedemptionApproved: "It was approved on chain without this ticket.",
    RedemptionRejected: "It was rejected on chain without this ticket.",
    RedemptionCancelled: "The holder took the request back.",
}


def open_ticket_when_current(fact: RedemptionRequested, *, at: datetime) -> None:
    """Ask people about a new request that waits for approval.

    While history is being caught up with, this opens nothing: the request may have been decided
    long ago. :func:`open_missing_tickets` comes back for the rest.
    """
    if not chain.is_news(fact, within_blocks=CURRENT_BLOCKS):
        return
    row = Redemption.objects.get(key=redemption_key(fact.source.chain_id, fact.request_id))
    if row.status == Status.PENDING_APPROVAL:
        open_ticket(row, at=at)


def open_missing_tickets(at: datetime) -> int:
    """Open tickets for requests that wait for approval and have none, once history is applied."""
    opened = 0
    waiting = Redemption.objects.filter(status=Status.PENDING_APPROVAL).order_by("request_id")
    for chain_id in waiting.order_by().values_list("chain_id", flat=True).distinct():
        if not chain.is_caught_up(chain_id):
            continue
        for row in waiting.filter(chain_id=chain_id):
            known = tickets.tickets_for(TICKET_KINDS, row.subject_id, chain_id=chain_id)
            if not known.exists():
                opened += _open_if_still_waiting(row.key, at)
    return opened


@transaction.atomic
def _open_if_still_waiting(key: str, at: datetime) -> int:
    row = Redemption.objects.select_for_update().filter(key=key).first()
    if row is None or row.status != Status.PENDING_APPROVAL:
        return 0
    open_ticket(row, at=at)
    return 1


def open_ticket(row: Redemption, *, at: datetime, round_number: int = 1) -> int:
    """Open the ticket of a waiting request, with its figures frozen; return its number.

    ``round_number`` above 1 asks again, where the first answer can no longer be carried out.

    Raises:
        NoRule: no rule says who decides.
    """
    kind = ticket_kind(row.channel)
    rule = tickets.rule_for(kind)
    liquidity = queries.liquidity_now(at=at)
    maker = accounts.owner_of_wallet(row.owner)
    key = f"redemption:{row.chain_id}:{row.request_id}"
    ticket = approvals.open_ticket(
        kind=kind,
        subject_id=row.subject_id,
        title=(
            f"Redemption {row.request_id}: {short_amount(row.gross_assets)} USDT"
            f" by the {row.channel.lower()} channel"
        ),
        requester_name=accounts.label_of(row.owner) or row.owner,
        maker_user_id=maker.pk if maker else None,
        party_wallets=[row.owner, row.receiver],
        amount=row.gross_assets,
        currency="USDT",
        facts=queries.facts_of(row),
        conditions=explain(
            rule.thresholds,
            gross_assets=row.gross_assets,
            channel=row.channel,
            liquidity=liquidity,
        ),
        assessment=assess(
            gross_assets=row.gross_assets,
            channel=row.channel,
            requested_24h_assets=queries.requested_24h_before(row),
            decide_within=timedelta(seconds=rule.deadline_after_seconds),
            liquidity=liquidity,
        ),
        calls_hash=chain.calls_hash([queries.decision_call(row, approve=True)]),
        chain_id=row.chain_id,
        actor=Actor.chain(f"redemption_manager {row.manager}"),
        at=at,
        idempotency_key=key if round_number == 1 else f"{key}:{round_number}",
    )
    return ticket.pk


def close_ticket(
    fact: RedemptionApproved | RedemptionRejected | RedemptionCancelled, *, at: datetime
) -> None:
    """Cancel a ticket that is still open although the chain has settled its question."""
    approvals.cancel_for_subject(
        kinds=TICKET_KINDS,
        subject_id=str(fact.request_id),
        chain_id=fact.source.chain_id,
        reason=_ENDINGS[type(fact)],
        actor=Actor.chain(f"redemption_manager {fact.source.address}"),
        at=at,
    )
