"""Rows follow the chain's facts, once, along the table."""

import pytest
from django.db import IntegrityError, InternalError, transaction

from apps.audit import queries as audit
from apps.redemptions import operations
from apps.redemptions.models import Redemption
from apps.redemptions.rules import TRANSITIONS, Status

from .helpers import (
    APPROVER,
    CHAIN,
    NOON,
    USDT,
    approved,
    cancelled,
    project,
    rejected,
    requested,
    settled,
)

pytestmark = pytest.mark.django_db

MOVES = {
    Status.APPROVED: approved,
    Status.REJECTED: rejected,
    Status.CANCELLED: cancelled,
    Status.SETTLED: settled,
}
PATHS = {
    Status.PENDING: [lambda: requested(requires_approval=False)],
    Status.PENDING_APPROVAL: [requested],
    Status.APPROVED: [requested, approved],
    Status.REJECTED: [requested, rejected],
    Status.CANCELLED: [requested, cancelled],
    Status.SETTLED: [requested, approved, settled],
}


def bring_to(status: Status) -> Redemption:
    project(*[make() for make in PATHS[status]])
    row = Redemption.objects.get()
    assert row.status == status
    return row


class TestTransitions:
    @pytest.mark.parametrize("start", Status)
    @pytest.mark.parametrize("end", MOVES)
    def test_follow_the_table_or_are_refused(self, start: Status, end: Status) -> None:
        bring_to(start)
        fact = MOVES[end]()

        if end in (start, *([Status.APPROVED] if start == Status.SETTLED else [])):
            project(fact)  # the very fact that led here, again
            end = start
        elif end in TRANSITIONS[start]:
            project(fact)
        else:
            with pytest.raises(operations.OutOfOrder):
                project(fact)
            end = start

        assert Redemption.objects.get().status == end

    @pytest.mark.parametrize("start", Status)
    @pytest.mark.parametrize("end", Status)
    def test_the_database_holds_the_same_table(self, start: Status, end: Status) -> None:
        row = bring_to(start)
        values = {
            "status": end,
            "settled_at": NOON if end == Status.SETTLED else None,
            "fee_assets": 1,
            "net_assets": 1,
        }

        if start == end or end in TRANSITIONS[start]:
            Redemption.objects.filter(pk=row.pk).update(**values)
        else:
            with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
                Redemption.objects.filter(pk=row.pk).update(**values)

    @pytest.mark.parametrize("make", MOVES.values())
    def test_of_an_unknown_request_are_refused(self, make: type) -> None:
        with pytest.raises(operations.UnknownRequest):
            project(make(99))


class TestRecordRequest:
    def test_keeps_every_figure(self) -> None:
        project(requested())

        row = Redemption.objects.get()
        assert row.key == f"{CHAIN}-1"
        assert (row.gross_assets, row.estimated_fee_assets) == (120_000 * USDT, 600 * USDT)
        assert row.payout_assets == 119_400 * USDT
        assert row.channel == "STANDARD"
        assert row.settles_at is None

    def test_holds_the_largest_numbers(self) -> None:
        largest = 2**256 - 1
        project(requested(1, gross_assets=largest, window_id=largest))

        row = Redemption.objects.get()
        assert (row.gross_assets, row.window_id) == (largest, largest)

    def test_refuses_a_second_request_of_the_number(self) -> None:
        project(requested())

        with pytest.raises(operations.OutOfOrder):
            project(requested(1, block=2000, source=approved().source))

    def test_what_was_asked_for_is_frozen_in_the_database(self) -> None:
        project(requested())

        with pytest.raises((IntegrityError, InternalError), match="asked"), transaction.atomic():
            Redemption.objects.update(gross_assets=1)


class TestRecordRejection:
    def test_keeps_hostile_text_and_survives_nul(self) -> None:
        project(requested(), rejected(reason="<script>\u202e\x00"))

        assert Redemption.objects.get().rejection_reason == "<script>\u202e\u2400"


class TestRecordSettlement:
    def test_keeps_the_actual_fee(self) -> None:
        project(requested(), approved(), settled())

        row = Redemption.objects.get()
        assert (row.fee_assets, row.net_assets) == (500 * USDT, 119_500 * USDT)
        assert row.payout_assets == 119_500 * USDT
        assert row.decided_by == APPROVER


class TestReplay:
    FACTS = (
        lambda: requested(1),
        lambda: requested(2, requires_approval=False),
        lambda: approved(1),
        lambda: requested(3),
        lambda: rejected(3),
        lambda: settled(2),
        lambda: requested(4),
        lambda: cancelled(4),
    )

    def rows(self) -> list[dict[str, object]]:
        return list(Redemption.objects.order_by("key").values())

    def test_gives_the_same_rows(self) -> None:
        facts = [make() for make in self.FACTS]
        project(*facts)
        before = self.rows()

        operations.clear_projections(chain_id=CHAIN)
        assert self.rows() == []
        project(*facts)

        assert self.rows() == before

    def test_over_existing_rows_changes_nothing(self) -> None:
        facts = [make() for make in self.FACTS]
        project(*facts)
        before = self.rows()

        project(*facts)

        assert self.rows() == before

    def test_writes_no_audit_rows(self) -> None:
        project(requested())

        assert not audit.trail("redemption", "1").exists()
