"""What the list shows beside a row's own figures, read once for all rows of a page."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, Window
from django.db.models.functions import RowNumber
from unfold.views import ChangeList

from apps.accounts import queries as accounts
from apps.approvals import queries as approvals
from apps.chain import queries as chain
from apps.redemptions.models import Redemption
from apps.redemptions.queries.detail import DECISION_KINDS, SETTLE_KINDS
from apps.redemptions.rules import PAYABLE, TICKET_KINDS, Status

from .filters import chain_time


class RedemptionChangeList(ChangeList):
    """Adds ``ticket``, ``queue_place``, ``in_flight`` and ``owner_label`` to the rows shown."""

    result_list: Any

    def get_results(self, request: Any) -> None:
        super().get_results(request)
        rows: list[Any] = list(self.result_list)
        decorate(rows)
        self.result_list = rows


def decorate(rows: Sequence[Any]) -> None:
    """Read what stands around these rows and hang it on them."""
    tickets = _tickets(rows)
    places = _places(rows)
    due_at = chain_time()
    labels = accounts.labels_of(row.owner for row in rows)
    in_flight = _in_flight(rows, tickets, due_at)
    for row in rows:
        row.ticket = tickets.get(row.key)
        row.queue_place = places.get(row.key)
        row.owner_label = labels[row.owner]
        row.in_flight = in_flight.get(row.key)


def _in_flight(
    rows: Sequence[Redemption], tickets: Mapping[str, Any], due_at: datetime | None
) -> dict[str, Any]:
    """The transactions on their way about these rows; asked only where there can be one."""
    wanted: dict[tuple[int, tuple[str, ...]], list[str]] = {}
    for row in rows:
        kinds = _kinds_in_flight(row, tickets.get(row.key), due_at)
        if kinds:
            wanted.setdefault((row.chain_id, kinds), []).append(row.subject_id)
    return {
        f"{chain_id}-{subject_id}": sent
        for (chain_id, kinds), subject_ids in wanted.items()
        for subject_id, sent in chain.open_transactions(chain_id, kinds, subject_ids).items()
    }


def _kinds_in_flight(row: Redemption, ticket: Any, due_at: datetime | None) -> tuple[str, ...]:
    if row.status == Status.PENDING_APPROVAL and ticket is not None:
        return DECISION_KINDS if ticket.execution_status == "SENT" else ()
    if row.status in PAYABLE and row.settles_at and due_at and row.settles_at <= due_at:
        return SETTLE_KINDS
    return ()


def _tickets(rows: Sequence[Redemption]) -> dict[str, Any]:
    """The newest ticket of each row."""
    subjects = [row.subject_id for row in rows if row.requires_approval]
    found = approvals.Ticket.objects.filter(kind__in=TICKET_KINDS, subject_id__in=subjects)
    return {
        f"{ticket.chain_id}-{ticket.subject_id}": ticket
        for ticket in found.order_by("id").prefetch_related("votes")
    }


def _places(rows: Sequence[Redemption]) -> dict[str, int]:
    """Each payable row's place in the line that settlements follow."""
    order = (F("settles_at").asc(), F("request_id").asc())
    line = Redemption.objects.filter(status__in=PAYABLE, settles_at__isnull=False).order_by()
    numbered = line.annotate(place=Window(RowNumber(), order_by=order))
    keys = [row.key for row in rows if row.status in PAYABLE]
    return dict(numbered.filter(key__in=keys).values_list("key", "place")) if keys else {}
