"""Redemptions by number, by search, by what they wait for; sums of a filtered set."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from django.db.models import Count, DecimalField, Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Cast, Coalesce, TruncDate

from apps.approvals import queries as approvals
from apps.chain import queries as chain
from apps.core.errors import NotFound
from apps.core.units import UINT256_MAX
from apps.redemptions.models import ZERO_ADDRESS, Redemption, Voucher, redemption_key
from apps.redemptions.rules import ACTIVE, PAYABLE, TICKET_KINDS, Status

CHANNELS = ("STANDARD", "EMERGENCY", "SCHEDULED")
URGENT_WITHIN = timedelta(hours=2)
_SUM = DecimalField(max_digits=100, decimal_places=0)


class RedemptionNotFound(NotFound):
    """There is no such request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Count and sums of a set of redemptions, in asset base units; net where it is known."""

    count: int
    gross_assets: int
    net_assets: int
    settled_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingSummary:
    """What waits for approval: how many, how much, how many with under two hours left."""

    total_pending: int
    total_assets: int
    urgent_count: int


def by_id(request_id: int) -> Redemption:
    """The request of that number on the fund's chain.

    Raises:
        RedemptionNotFound: there is none.
    """
    return by_key(redemption_key(chain.fund_chain().chain_id, request_id))


def by_key(key: str) -> Redemption:
    """One request by its key.

    Raises:
        RedemptionNotFound: there is none.
    """
    found = Redemption.objects.filter(key=key).first()
    if found is None:
        raise RedemptionNotFound(f"There is no redemption {key.partition('-')[2] or key}.")
    return found


def find(text: str) -> QuerySet[Redemption]:
    """Requests by a number, an address, or any transaction hash of theirs.

    The address may be the owner's, the receiver's, or that of the voucher's owner.
    """
    text = text.strip().lower()
    rows = Redemption.objects.all()
    if text.startswith("0x") and len(text) == 42:
        vouchers = Voucher.objects.filter(
            owner=text, chain_id=OuterRef("chain_id"), request_id=OuterRef("request_id")
        )
        return rows.filter(Q(owner=text) | Q(receiver=text) | Exists(vouchers))
    if text.startswith("0x") and len(text) == 66:
        return rows.filter(
            Q(tx_hash=text)
            | Q(decision_tx_hash=text)
            | Q(cancel_tx_hash=text)
            | Q(settle_tx_hash=text)
        )
    number = text.removeprefix("#")
    if number.isascii() and number.isdigit() and len(number) <= 78 and int(number) <= UINT256_MAX:
        return rows.filter(request_id=int(number))
    return rows.none()


def due(chain_time: datetime) -> QuerySet[Redemption]:
    """Requests that we may settle at a final block's time, the longest due first.

    One with a voucher is its owner's to settle, whenever they like.
    """
    rows = Redemption.objects.filter(status__in=PAYABLE, settles_at__lte=chain_time)
    vouchers = Voucher.objects.filter(
        chain_id=OuterRef("chain_id"), request_id=OuterRef("request_id")
    ).exclude(owner=ZERO_ADDRESS)
    return rows.exclude(Exists(vouchers)).order_by("settles_at", "request_id")


def voucher_of(redemption: Redemption) -> Voucher | None:
    """The voucher that carries the right to settle a request, None when it has none."""
    return Voucher.objects.filter(
        chain_id=redemption.chain_id, request_id=redemption.request_id
    ).first()


def active() -> QuerySet[Redemption]:
    """Requests that are neither paid nor closed."""
    return Redemption.objects.filter(status__in=ACTIVE)


def every() -> QuerySet[Redemption]:
    """All requests, in the order of their numbers."""
    return Redemption.objects.order_by("chain_id", "request_id")


def waiting_tickets(*, user_id: int | None = None, at: datetime) -> set[str]:
    """Keys of the requests whose ticket is open; with a user, only those they may vote on."""
    tickets = (
        approvals.open_tickets().filter(kind__in=TICKET_KINDS)
        if user_id is None
        else [t for t in approvals.waiting_for(user_id, at=at) if t.kind in TICKET_KINDS]
    )
    return {f"{ticket.chain_id}-{ticket.subject_id}" for ticket in tickets}


def totals(rows: QuerySet[Redemption]) -> Totals:
    """Count and sums of exactly these rows.

    The net of what is not settled yet is gross less the estimated fee.
    """
    gross, fee = _as_number("gross_assets"), _as_number("estimated_fee_assets")
    sums = rows.order_by().aggregate(
        count=Count("pk"),
        gross=Sum(gross),
        net=Sum(Coalesce(_as_number("net_assets"), gross - fee)),
        settled=Count("pk", filter=Q(status=Status.SETTLED)),
    )
    return Totals(
        count=sums["count"],
        gross_assets=int(sums["gross"] or Decimal(0)),
        net_assets=int(sums["net"] or Decimal(0)),
        settled_count=sums["settled"],
    )


def due_by_day(rows: QuerySet[Redemption]) -> list[tuple[date, int]]:
    """What these ask for by the UTC day on which they settle, gross, the earliest first; without
    those that have no day yet."""
    days = (
        rows.order_by()
        .exclude(settles_at=None)
        .annotate(day=TruncDate("settles_at", tzinfo=UTC))
        .values("day")
        .annotate(due=Sum(_as_number("gross_assets")))
        .order_by("day")
    )
    return [(row["day"], int(row["due"])) for row in days]


def pending_summary(*, at: datetime) -> PendingSummary:
    """What waits for approval now."""
    sums = totals(Redemption.objects.filter(status=Status.PENDING_APPROVAL))
    urgent = approvals.open_tickets().filter(
        kind__in=TICKET_KINDS, deadline_at__lte=at + URGENT_WITHIN
    )
    return PendingSummary(
        total_pending=sums.count,
        total_assets=sums.gross_assets,
        urgent_count=urgent.count(),
    )


def _as_number(field: str) -> Cast:
    """A uint256 column as a number that PostgreSQL may sum beyond 256 bits."""
    return Cast(F(field), _SUM)
