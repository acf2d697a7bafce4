"""What the pages' buttons share: which tickets are about a subject, whether somebody may ask, and
numbers as people type them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict

from apps.approvals import queries as tickets
from apps.approvals.queries import Ticket
from apps.core import clock
from apps.core.actor import Actor
from apps.core.admin import carry_out
from apps.core.errors import Invalid
from apps.core.units import BPS_ONE, AmountOutOfRange, from_decimal
from apps.fund import operations
from apps.fund.rules.terms import Terms

PROPOSE_FEES = "fund.propose_fees"
PROPOSE_ASSETS = "fund.propose_assets"
_WHO = {
    PROPOSE_FEES: "Operators and administrators ask for this.",
    PROPOSE_ASSETS: "Administrators ask for this.",
}


class NotANumber(Invalid):
    """That is no amount, share, number of days or date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A button: empty ``why_not`` when it may be pressed; the ticket that stands in the way, and
    the newest one whose transaction failed."""

    why_not: str
    ticket: Ticket | None
    failed: Ticket | None


def door(
    request: HttpRequest,
    *,
    permission: str,
    kind: str,
    subject_id: str,
    chain_id: int,
    obstacle: str = "",
) -> Door:
    """Whether this person may ask for it now; ``obstacle`` is what else speaks against it."""
    user: Any = request.user
    newest = tickets.tickets_for([kind], subject_id, chain_id=chain_id).first()
    waits = newest is not None and (newest.is_open or newest.execution_status == "SENT")
    in_the_way = newest if waits else None
    if not user.has_perm(permission):
        why = _WHO[permission]
    elif in_the_way is not None and in_the_way.is_open:
        why = f"Ticket #{in_the_way.pk} about this waits for votes."
    elif in_the_way is not None:
        why = f"What ticket #{in_the_way.pk} decided is on its way to the chain."
    else:
        why = obstacle
    failed = newest if newest and newest.execution_status == "FAILED" else None
    return Door(why_not=why, ticket=in_the_way, failed=failed)


def failed_tickets(kinds: Iterable[str]) -> list[Ticket]:
    """The newest ticket of each subject, where its transaction failed."""
    rows = tickets.every().filter(kind__in=list(kinds)).order_by("subject_id", "-id")
    return [row for row in rows.distinct("subject_id") if row.execution_status == "FAILED"]


def retry(request: HttpRequest, ticket_id: int, *, back_to: tuple[str, int | None]) -> HttpResponse:
    """Send what a ticket decided again."""

    def act() -> str:
        operations.retry_decision(
            ticket_id=ticket_id, actor=Actor.of_request(request), at=clock.now()
        )
        return f"What ticket #{ticket_id} decided is on its way again."

    return carry_out(request, permission="approvals.decide_ticket", back_to=back_to, act=act)


def assets_in(post: QueryDict, name: str) -> int:
    """An amount of USDT as base units.

    Raises:
        NotANumber.
    """
    try:
        return from_decimal(_digits(post, name))
    except AmountOutOfRange as error:
        raise NotANumber(f"{post.get(name, '')[:40]!r} is no amount of USDT.") from error


def share_in(post: QueryDict, name: str) -> int:
    """A percentage as basis points; at most two decimals.

    Raises:
        NotANumber.
    """
    try:
        bps = Decimal(_digits(post, name)) * 100
        whole = int(bps)
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise NotANumber(f"{post.get(name, '')[:40]!r} is no percentage.") from error
    if whole != bps or not 0 <= whole <= BPS_ONE:
        raise NotANumber("A share is 0 to 100 %, with at most two decimals.")
    return whole


def terms_in(post: QueryDict) -> Terms:
    """Terms as typed; an empty date means that the asset has no end.

    Raises:
        NotANumber.
    """
    day, notice = post.get("matures", "").strip(), post.get("notice_days", "").strip() or "0"
    try:
        end = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC) if day else None
    except ValueError as error:
        raise NotANumber(f"{day[:40]!r} is no date.") from error
    if not notice.isascii() or not notice.isdigit() or len(notice) > 6:
        raise NotANumber(f"{notice[:40]!r} is no number of days.")
    return Terms(
        issuer=post.get("issuer", ""),
        otc_contact=post.get("otc_contact", ""),
        matures_at=end,
        notice_days=int(notice),
    )


def _digits(post: QueryDict, name: str) -> str:
    return post.get(name, "").replace(",", "").replace(" ", "").strip()
