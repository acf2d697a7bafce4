"""Writing the log, and sealing what was written."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.audit.models import OperationLog, Seal, Unsealed
from apps.audit.queries import content_of
from apps.audit.rules import FIRST_PREVIOUS_HASH, chained_hash, clean_text, plain
from apps.core.actor import Actor
from apps.core.locks import transaction_lock

SEAL_BATCH_MAX = 500  # rows a run seals at most, so that its transaction stays short


def record(
    *,
    actor: Actor,
    action: str,
    object_type: str,
    object_id: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    result: str = "OK",
    level: str = OperationLog.Level.MEDIUM,
    at: datetime,
) -> None:
    """Write down what was done, in the caller's transaction, so that both happen or neither.

    Args:
        action: object and verb, for example "ticket.approved".
        object_type: "ticket", "redemption", "transaction", "user", "wallet", "report", …
        before, after: what changed; anything JSON cannot hold is kept as text.
        result: "OK", or the reason of a refusal.
        level: LOW (kept 90 days), MEDIUM (one year) or HIGH (seven years).
    """
    OperationLog.objects.create(
        at=at,
        actor_kind=actor.kind,
        actor_name=clean_text(actor.name)[:150],
        actor_user_id=actor.user_id,
        actor_role=clean_text(actor.role)[:200],
        actor_wallet=actor.wallet,
        ip=clean_text(actor.ip)[:64],
        user_agent=clean_text(actor.user_agent)[:300],
        request_id=clean_text(actor.request_id)[:64],
        action=action,
        object_type=object_type,
        object_id=clean_text(object_id)[:120],
        before=None if before is None else plain(before),
        after=None if after is None else plain(after),
        result=clean_text(result)[:300],
        level=OperationLog.Level(level),
    )


@transaction.atomic
def seal(at: datetime) -> int:
    """Chain the rows that wait, oldest first; return how many.

    One sealer works at a time. Rows become visible in the order of their commits, so the chain's
    own sequence, not the row's id, says who comes after whom.
    """
    transaction_lock("audit.seal")
    waiting = OperationLog.objects.filter(unsealed__isnull=False).order_by("id")
    rows = list(waiting[:SEAL_BATCH_MAX])
    last = Seal.objects.order_by("-sequence").first()
    sequence = last.sequence if last else 0
    previous_hash = last.hash if last else FIRST_PREVIOUS_HASH

    seals = []
    for row in rows:
        sequence += 1
        digest = chained_hash(
            sequence=sequence, previous_hash=previous_hash, content=content_of(row)
        )
        seals.append(
            Seal(sequence=sequence, log=row, previous_hash=previous_hash, hash=digest, sealed_at=at)
        )
        previous_hash = digest
    Seal.objects.bulk_create(seals)
    Unsealed.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(seals)
