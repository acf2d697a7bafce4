"""What checks find: differences as a check states them, and those that are open."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from apps.chain.models import Finding, FindingKind, Stop
from apps.chain.rules import scopes


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two things that should agree and do not. ``subject`` names what differs, the same each time;
    ``detail`` is what each side says. With ``endangers_money`` nothing may leave any more."""

    kind: FindingKind
    subject: str
    detail: str
    endangers_money: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """A difference that is open: the last check saw it still."""

    id: int
    chain_id: int
    kind: str
    subject: str
    detail: str
    first_seen_at: datetime
    times_seen: int


def open_findings(chain_id: int | None = None) -> list[FindingView]:
    """Open differences of a chain, or of all, the newest first."""
    rows = Finding.objects.filter(closed_at__isnull=True)
    if chain_id is not None:
        rows = rows.filter(chain_id=chain_id)
    return [
        FindingView(
            id=row.pk,
            chain_id=row.chain_id,
            kind=row.get_kind_display(),
            subject=row.subject,
            detail=row.detail,
            first_seen_at=row.first_seen_at,
            times_seen=row.times_seen,
        )
        for row in rows.order_by("-first_seen_at", "-pk")
    ]


def let_go(chain_id: int, kind: FindingKind) -> set[str]:
    """Subjects of open differences that people knew when they last lifted the chain's stop."""
    stops = Stop.objects.filter(scope=scopes.of_chain(chain_id), lifted_at__isnull=False)
    lifted_at = stops.aggregate(last=Max("lifted_at"))["last"]
    if lifted_at is None:
        return set()
    known = Finding.objects.filter(
        chain_id=chain_id, kind=kind, closed_at__isnull=True, first_seen_at__lte=lifted_at
    )
    return set(known.values_list("subject", flat=True))
