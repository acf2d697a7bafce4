"""Who signs for us, how much each has moved, and what is stopped."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from apps.chain.models import UNFINISHED, Reservation, SignerAccount, Stop, Transaction
from apps.chain.rules import scopes
from apps.chain.rules.limits import WINDOW


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerView:
    """One signer with what counts against its limits now; amounts are base units."""

    row: SignerAccount
    taken_assets: int
    taken_calls: int
    unfinished: int
    stops: list[Stop]


def counting(*, at: datetime) -> QuerySet[Reservation]:
    """The shares that count against limits: those of the last 24 hours, and any whose transaction
    is still on its way, for it may yet move them together with today's."""
    rows: QuerySet[Reservation] = Reservation.objects.filter(released_at__isnull=True)
    return rows.filter(Q(at__gt=at - WINDOW) | Q(transaction__status__in=list(UNFINISHED)))


def signer_views(rows: Iterable[SignerAccount], *, at: datetime) -> dict[int, SignerView]:
    """Signers as their pages show them, by their rows' ids, read at once."""
    rows = list(rows)
    taken: dict[int, Any] = {
        share["signer"]: share
        for share in counting(at=at)
        .filter(signer__in=rows)
        .values("signer")
        .annotate(assets_taken=Sum("assets"), calls=Count("id"))
    }
    unfinished = {
        (line["chain_id"], line["signer"]): line["count"]
        for line in Transaction.objects.filter(
            status__in=list(UNFINISHED), signer__in=[row.address for row in rows]
        )
        .values("chain_id", "signer")
        .annotate(count=Count("id"))
    }
    stops = list(Stop.objects.filter(lifted_at__isnull=True).order_by("id"))
    found = {}
    for row in rows:
        wanted = {
            scopes.ALL,
            scopes.of_chain(row.chain_id),
            scopes.of_signer(row.chain_id, row.address),
        }
        share = taken.get(row.pk, {"assets_taken": 0, "calls": 0})
        found[row.pk] = SignerView(
            row=row,
            taken_assets=int(share["assets_taken"]),
            taken_calls=share["calls"],
            unfinished=unfinished.get((row.chain_id, row.address), 0),
            stops=[stop for stop in stops if stop.scope in wanted],
        )
    return found
