"""What a redemption's ticket shows of its subject: before and after, a dry run, the figures now."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.urls import reverse

from apps.approvals.queries import Ticket
from apps.chain import queries as chain
from apps.core import clock
from apps.core.cached import cached
from apps.redemptions.models import Redemption, redemption_key
from apps.redemptions.rules import PAYABLE, Liquidity, Status

from .detail import decision_call, facts_of
from .liquidity import liquidity_now
from .lists import totals

DRY_RUN_SECONDS = 15
"""A dry run is shown with its age, so one reading may serve a few page loads."""


def facts_now(ticket: Ticket) -> Mapping[str, Any] | None:
    """The request's figures now; None when it no longer waits for approval."""
    row = _row(ticket)
    if row is None or row.status != Status.PENDING_APPROVAL:
        return None
    return facts_of(row)


def describe_ticket(ticket: Ticket) -> Mapping[str, Any]:
    """The page's "what will happen". May ask a node; never call it inside a transaction."""
    row = _row(ticket)
    if row is None:
        return {"rows": [], "missing": "There is no such redemption any more."}
    at = clock.now()
    liquidity = liquidity_now(at=at)
    return {
        "sentence": _sentence(row),
        "redemption": row,
        "url": reverse("admin:redemptions_redemption_change", args=[row.key]),
        "effects": effects(row, liquidity),
        "liquidity": liquidity,
        "due_first": due_before(row),
        "dry_run": dry_run(row) if ticket.is_open else None,
    }


def effects(row: Redemption, liquidity: Liquidity) -> list[dict[str, Any]]:
    """Figures before and after the payout, in base units; None where unknown.

    L1 pays first, then L2, as the contract's waterfall does.
    """
    pay = row.payout_assets
    l1, l2 = liquidity.l1_assets, liquidity.l2_assets
    from_l1 = min(pay, l1) if l1 is not None else None
    from_l2 = min(pay - from_l1, l2) if l2 is not None and from_l1 is not None else None
    payable = liquidity.payable_assets
    owed = liquidity.liability_assets
    owed_after = None if owed is None else max(owed - row.gross_assets, 0)
    return [
        _effect("L1 cash", l1, None if l1 is None or from_l1 is None else l1 - from_l1),
        _effect("L2 money market", l2, None if l2 is None or from_l2 is None else l2 - from_l2),
        _effect("L1 + L2", payable, None if payable is None else max(payable - pay, 0)),
        _effect("Open redemptions", owed, owed_after),
    ]


def due_before(row: Redemption) -> dict[str, Any]:
    """What else is due by the time this one could be paid: count and sum."""
    wait = timedelta(days=1 if row.channel == "EMERGENCY" else 7)
    final = chain.final_block(row.chain_id)
    by = row.settles_at or (final.time + wait if final else row.requested_at + wait)
    others = Redemption.objects.filter(
        chain_id=row.chain_id, status__in=PAYABLE, settles_at__lte=by
    ).exclude(key=row.key)
    sums = totals(others)
    return {"by": by, "count": sums.count, "assets": sums.net_assets}


def dry_run(row: Redemption) -> dict[str, Any]:
    """What the approval would do at the newest block; when no node answers, why."""
    call = decision_call(row, approve=True)
    key = f"redemptions:dry-run:{row.key}"
    try:
        return cached(key, DRY_RUN_SECONDS, lambda: chain.dry_run_to_show(call))
    except chain.ChainUnavailable as unavailable:
        return chain.no_dry_run(call, unavailable)


def _sentence(row: Redemption) -> str:
    wait = {
        "STANDARD": "in seven days",
        "EMERGENCY": "in one day",
        "SCHEDULED": "at its quarterly window",
    }[row.channel]
    return f"After approval the holder is paid {wait}; after rejection the shares are free again."


def _effect(name: str, before: int | None, after: int | None) -> dict[str, Any]:
    return {"name": name, "before": before, "after": after}


def _row(ticket: Ticket) -> Redemption | None:
    key = redemption_key(ticket.chain_id, int(ticket.subject_id))
    return Redemption.objects.filter(key=key).first()
