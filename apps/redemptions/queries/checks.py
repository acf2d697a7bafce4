"""Open requests by our rows against the redemption manager, at one final block."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from apps.chain.queries import Difference, FindingKind, RequestBook, RequestState
from apps.redemptions.models import Redemption
from apps.redemptions.rules import ACTIVE, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRows:
    """How many requests we know, and those that are not at their end, by number."""

    count: int
    open_rows: Mapping[int, Redemption]


def request_rows(*, chain_id: int) -> RequestRows:
    """What our rows say of the requests now."""
    rows = Redemption.objects.filter(chain_id=chain_id)
    active = rows.filter(status__in=ACTIVE).order_by("request_id")
    return RequestRows(count=rows.count(), open_rows={row.request_id: row for row in active})


def request_differences(
    rows: RequestRows, book: RequestBook, requests: Mapping[int, RequestState | None]
) -> list[Difference]:
    """Open requests that the manager knows otherwise, or not at all, and lists that differ."""
    return [
        *_of_book(rows, book),
        *(
            found
            for number, row in rows.open_rows.items()
            for found in _of_request(row, requests[number])
        ),
    ]


def _of_book(rows: RequestRows, book: RequestBook) -> Iterator[Difference]:
    if book.count is not None and book.count != rows.count:
        yield _difference(
            "number of requests", f"Our rows are {rows.count}", f"counts {book.count}"
        )
    waiting = tuple(
        number for number, row in rows.open_rows.items() if row.status == Status.PENDING_APPROVAL
    )
    if book.pending_approvals is not None and book.pending_approvals != waiting:
        apart = sorted(set(waiting) ^ set(book.pending_approvals))
        yield _difference(
            "requests that wait for approval",
            f"Our rows have {len(waiting)}",
            f"lists {len(book.pending_approvals)}; they differ in "
            + ", ".join(str(number) for number in apart),
        )


def _of_request(row: Redemption, said: RequestState | None) -> Iterator[Difference]:
    subject = f"request {row.request_id}"
    if said is None:
        yield _difference(subject, f"Our row is {row.status}", "knows no such request")
        return
    settles_at = int(row.settles_at.timestamp()) if row.settles_at else 0
    pairs = {
        "status": (row.status, said.status),
        "owner": (row.owner, said.owner),
        "receiver": (row.receiver, said.receiver),
        "shares": (row.shares, said.shares),
        "gross": (row.gross_assets, said.gross_assets),
        "estimated fee": (row.estimated_fee_assets, said.estimated_fee_assets),
        "channel": (row.channel, said.channel),
        "settlement": (settles_at, said.settles_at),
    }
    if not row.locked_nav_is_derived:
        pairs["locked NAV"] = (row.locked_nav_per_share, said.locked_nav_per_share)
    wrong = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    if wrong:
        yield _difference(
            subject,
            "Our row says " + ", ".join(f"{name} {ours}" for name, (ours, _) in wrong.items()),
            "says " + ", ".join(f"{name} {theirs}" for name, (_, theirs) in wrong.items()),
        )


def _difference(subject: str, ours: str, theirs: str) -> Difference:
    return Difference(
        kind=FindingKind.REQUESTS, subject=subject, detail=f"{ours}, the contract {theirs}."
    )
