"""What a check found wrong, written down once for as long as it lasts."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F

from apps.chain.events import FindingOpened
from apps.chain.models import Finding, FindingKind
from apps.chain.queries import Difference
from apps.core import bus
from apps.core.locks import transaction_lock


def note_finding(
    *,
    chain_id: int,
    kind: FindingKind,
    subject: str,
    detail: str,
    at: datetime,
    block_number: int | None = None,
    outcome: str = "",
) -> bool:
    """Write a difference down; True when it is news, not one that is open already.

    One with an outcome was put right at once: it is closed in the same breath.
    """
    closed_at = at if outcome else None
    subject = subject[:200]
    with transaction.atomic():
        transaction_lock(f"findings:{chain_id}")  # two checks may see the same at once
        seen = Finding.objects.filter(
            chain_id=chain_id, kind=kind, subject=subject, closed_at__isnull=True
        ).update(
            detail=detail,
            last_seen_at=at,
            times_seen=F("times_seen") + 1,
            closed_at=closed_at,
            outcome=outcome,
        )
        if seen:
            return False
        row = Finding.objects.create(
            chain_id=chain_id,
            kind=kind,
            subject=subject,
            detail=detail,
            block_number=block_number,
            first_seen_at=at,
            last_seen_at=at,
            closed_at=closed_at,
            outcome=outcome[:200],
        )
        bus.publish(
            FindingOpened(
                finding_id=row.pk,
                chain_id=chain_id,
                kind=kind,
                subject=row.subject,
                detail=detail,
                outcome=row.outcome,
                at=at,
            )
        )
    return True


def close_finding(
    *, chain_id: int, kind: FindingKind, subject: str, outcome: str, at: datetime
) -> bool:
    """Close what a check no longer sees; False when nothing was open."""
    return bool(
        Finding.objects.filter(
            chain_id=chain_id, kind=kind, subject=subject, closed_at__isnull=True
        ).update(closed_at=at, outcome=outcome)
    )


def settle_findings(
    *,
    chain_id: int,
    kinds: Collection[FindingKind],
    seen: Sequence[Difference],
    at: datetime,
    block_number: int | None = None,
) -> int:
    """Write down all that a check of these kinds saw, and close what it no longer sees.

    Returns how many differences are news.
    """
    with transaction.atomic():
        transaction_lock(f"findings:{chain_id}")
        news = sum(
            note_finding(
                chain_id=chain_id,
                kind=found.kind,
                subject=found.subject,
                detail=found.detail,
                block_number=block_number,
                at=at,
            )
            for found in seen
        )
        still = {(found.kind, found.subject[:200]) for found in seen}
        for row in Finding.objects.filter(
            chain_id=chain_id, kind__in=kinds, closed_at__isnull=True
        ):
            if (row.kind, row.subject) not in still:
                row.closed_at, row.outcome = at, "A later check no longer saw it"
                row.save(update_fields=["closed_at", "outcome"])
    return news
