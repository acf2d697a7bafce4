"""PostgreSQL itself keeps plans and their legs on their tables, whoever writes."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.approvals.models import Rule, Ticket
from apps.rebalance.models import (
    Leg,
    LegStatus,
    Plan,
    PlanStatus,
    Policy,
    Preview,
    TriggerEvent,
    Wish,
)
from tests.forcing import guards_off

from .helpers import admins, planned, ticket_of
from .running import CHAIN, MTMM, NGTR, NOON, USDT, approved, executing, sell

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(minutes=1)
ENDED = {"finished_at": LATER, "outcome": "a shell says so"}


def write(row: Any, **changes: Any) -> None:
    """What a shell would write, in a transaction of its own."""
    with transaction.atomic():
        type(row).objects.filter(pk=row.pk).update(**changes)


def refused(row: Any, match: str, **changes: Any) -> None:
    with pytest.raises(IntegrityError, match=match):
        write(row, **changes)


def in_state(status: str) -> Plan:
    plan = approved(sell(1, MTMM, 20_000))
    ended = {} if status in ("DRAFT", "PENDING_APPROVAL", "APPROVED", "EXECUTING") else ENDED
    with guards_off():
        Plan.objects.filter(pk=plan.pk).update(status=status, **ended)
    return Plan.objects.get(pk=plan.pk)


ALLOWED = {
    "DRAFT": {"PENDING_APPROVAL", "APPROVED", "CANCELLED", "EXPIRED"},
    "PENDING_APPROVAL": {"APPROVED", "CANCELLED", "EXPIRED"},
    "APPROVED": {"EXECUTING", "FAILED", "CANCELLED", "EXPIRED"},
    "EXECUTING": {"COMPLETED", "PARTIALLY_COMPLETED", "FAILED"},
}


class TestPlan:
    @pytest.mark.parametrize("before", PlanStatus.values)
    def test_refuses_every_step_off_its_table(self, before: str) -> None:
        plan = in_state(before)

        for after in set(PlanStatus.values) - ALLOWED.get(before, set()) - {before}:
            match = "how a plan ended" if before not in ALLOWED else f"from {before} to {after}"
            opens = after in ALLOWED
            refused(plan, match, status=after, **({"finished_at": None} if opens else ENDED))

    def test_takes_the_steps_of_its_table(self) -> None:
        for before, afters in ALLOWED.items():
            for after in sorted(afters - {"PENDING_APPROVAL", "APPROVED"}):
                plan = in_state(before)
                write(plan, status=after, **({} if after in ALLOWED else ENDED))
                with guards_off():
                    Plan.objects.filter(pk=plan.pk).update(status="FAILED", **ENDED)

    def test_begins_as_a_draft(self) -> None:
        plan = approved(sell(1, MTMM, 20_000))
        with guards_off():
            Plan.objects.filter(pk=plan.pk).update(status="FAILED", **ENDED)
        plan.pk = None
        plan.ticket_id = None

        with pytest.raises(IntegrityError, match="begins as DRAFT"), transaction.atomic():
            plan.save(force_insert=True)

    @pytest.mark.parametrize(
        "changes",
        [
            {"amount_assets": 1},
            {"slippage_assets": 1},
            {"calls_hash": "0x" + "00" * 32},
            {"situation": {}},
            {"blueprint": {}},
            {"trigger": "MANUAL", "trigger_reason": "other"},
            {"policy_version": 9},
            {"created_by_name": "somebody else"},
            {"expires_at": NOON + timedelta(days=9)},
            {"ticket_id": 7},
            {"approved_at": LATER},
        ],
        ids=lambda changes: next(iter(changes)),
    )
    def test_keeps_what_was_planned(self, changes: dict[str, Any]) -> None:
        plan = planned(sell(1, MTMM, 20_000))

        refused(plan, "does not change|keeps its ticket", **changes)

    def test_keeps_how_it_ended(self) -> None:
        plan = in_state("FAILED")

        refused(plan, "how a plan ended", outcome="it went well")

    def test_is_reviewed_once(self) -> None:
        plan = in_state("COMPLETED")
        write(plan, to_review=False, reviewed_at=LATER, reviewed_by_name="ana")

        refused(plan, "reviewed once", reviewed_by_name="ben")

    def test_is_never_deleted(self) -> None:
        plan = in_state("FAILED")

        with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
            Plan.objects.filter(pk=plan.pk)._raw_delete("default")


class TestApproval:
    def test_a_large_plan_is_not_approved_without_a_ticket(self) -> None:
        plan = approved(sell(1, MTMM, 20_000))
        with guards_off():
            Plan.objects.filter(pk=plan.pk).update(
                status="DRAFT", approved_at=None, amount_assets=50_000 * USDT
            )

        refused(plan, "needs a ticket", status="APPROVED", approved_at=LATER)

    def test_what_its_legs_move_counts_too(self) -> None:
        plan = approved(sell(1, MTMM, 20_000))
        with guards_off():
            Plan.objects.filter(pk=plan.pk).update(status="DRAFT", approved_at=None)
            Leg.objects.filter(plan=plan).update(assets=50_000 * USDT)

        refused(plan, "needs a ticket", status="APPROVED", approved_at=LATER)

    def test_without_a_rule_every_plan_needs_one(self) -> None:
        plan = approved(sell(1, MTMM, 20_000))
        with guards_off():
            Plan.objects.filter(pk=plan.pk).update(status="DRAFT", approved_at=None)
            Rule.objects.filter(kind="REBALANCE_SMALL").update(active=False)

        refused(plan, "needs a ticket", status="APPROVED", approved_at=LATER)

    def test_below_the_rules_amount_none_is_needed(self) -> None:
        plan = approved(sell(1, MTMM, 49_999))

        assert (plan.status, plan.ticket_id) == ("APPROVED", None)

    def test_waits_for_its_own_ticket_only(self) -> None:
        admins()
        other = planned(sell(1, MTMM, 60_000))
        ticket = ticket_of(other)
        with guards_off():
            Plan.objects.filter(pk=other.pk).update(status="FAILED", **ENDED)
        plan = approved(sell(1, MTMM, 20_000))
        with guards_off():
            Plan.objects.filter(pk=plan.pk).update(status="DRAFT", approved_at=None)

        refused(plan, "waits for a ticket about it", status="PENDING_APPROVAL", ticket_id=ticket.pk)
        refused(plan, "waits for a ticket about it", status="PENDING_APPROVAL", ticket_id=None)

    def test_a_small_ticket_does_not_do_for_a_large_plan(self) -> None:
        admins()
        plan = planned(sell(1, MTMM, 60_000))
        with guards_off():
            Plan.objects.filter(pk=plan.pk).update(
                status="DRAFT", ticket_id=None, amount_assets=200_000 * USDT
            )
            Ticket.objects.filter(pk=plan.ticket_id).update(amount=200_000 * USDT)

        refused(
            plan,
            "waits for a ticket about it",
            status="PENDING_APPROVAL",
            ticket_id=plan.ticket_id,
        )

    def test_is_not_approved_before_its_ticket(self) -> None:
        admins()
        plan = planned(sell(1, MTMM, 60_000))

        refused(plan, "approved by its ticket", status="APPROVED", approved_at=LATER)


class TestLeg:
    @pytest.mark.parametrize("before", LegStatus.values)
    def test_refuses_every_step_off_its_table(self, before: str) -> None:
        allowed = {"PLANNED": {"SENT", "SKIPPED"}, "SENT": {"DONE", "FAILED"}}.get(before, set())
        plan = executing(sell(1, MTMM, 20_000))
        figures = {"realised_assets": 1, "realised_tokens": 1, "tx_hash": "0x" + "ab" * 32}
        row = plan.legs.get()
        with guards_off():
            Leg.objects.filter(pk=row.pk).update(status=before, **figures)

        for after in set(LegStatus.values) - allowed - {before}:
            refused(row, "a leg does not go from|how a leg ended", status=after)

    @pytest.mark.parametrize(
        "changes",
        [{"assets": 1}, {"token": NGTR}, {"tokens_min": 0}, {"call_hash": "0x" + "00" * 32}],
        ids=lambda changes: next(iter(changes)),
    )
    def test_keeps_what_was_planned(self, changes: dict[str, Any]) -> None:
        plan = executing(sell(1, MTMM, 20_000))

        refused(plan.legs.get(), "what was planned", **changes)

    def test_keeps_how_it_ended(self) -> None:
        plan = executing(sell(1, MTMM, 20_000))
        row = plan.legs.get()
        write(row, status="SKIPPED", error="left out", finished_at=NOON)

        refused(row, "how a leg ended", error="something else")

    def test_none_is_added_once_the_plan_left_draft(self) -> None:
        plan = approved(sell(1, MTMM, 20_000))
        row = plan.legs.get()
        row.pk, row.position = None, 2

        with pytest.raises(IntegrityError, match="gets no further legs"), transaction.atomic():
            row.save(force_insert=True)

    def test_is_sent_only_for_a_plan_that_is_being_executed(self) -> None:
        plan = approved(sell(1, MTMM, 20_000))

        refused(plan.legs.get(), "nothing is sent for a plan", status="SENT", transaction_id=1)

    def test_is_sent_only_by_a_transaction_of_its_call(self) -> None:
        plan = executing(sell(1, MTMM, 20_000))

        refused(plan.legs.get(), "a transaction of its own call", status="SENT", transaction_id=1)

    def test_keeps_its_transaction(self) -> None:
        plan = executing(sell(1, MTMM, 20_000))
        row = plan.legs.get()

        refused(row, "keeps its transaction", transaction_id=7)

    def test_is_never_deleted(self) -> None:
        plan = approved(sell(1, MTMM, 20_000))

        with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
            Leg.objects.filter(plan=plan).delete()


class TestPolicy:
    def test_a_second_version_needs_its_ticket(self) -> None:
        first = Policy.objects.get()
        write(first, active=False)

        with pytest.raises(IntegrityError, match="approved ticket"), transaction.atomic():
            Policy.objects.create(version=2, values=first.values, ticket_id=7, created_at=NOON)
        with pytest.raises(IntegrityError), transaction.atomic():
            Policy.objects.create(version=2, values=first.values, created_at=NOON)

    def test_stays_as_it_was_approved(self) -> None:
        first = Policy.objects.get()

        refused(first, "only ever replaced", values=first.values | {"move_bps": "9999"})

    def test_an_old_one_does_not_come_back(self) -> None:
        first = Policy.objects.get()
        write(first, active=False)

        refused(first, "only ever replaced", active=True)

    def test_is_never_deleted(self) -> None:
        with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
            Policy.objects.all().delete()


class TestTheRest:
    def test_a_preview_stays_as_it_was_looked_at(self) -> None:
        row = Preview.objects.create(
            chain_id=CHAIN,
            created_by_id=1,
            created_by_name="ana",
            created_at=NOON,
            expires_at=LATER,
            aim={},
            situation={},
            blueprint={},
            content_hash="0x" + "00" * 32,
            policy_version=1,
        )

        refused(row, "stays as it was looked at", expires_at=LATER + timedelta(days=1))

    @pytest.mark.parametrize(
        "changes",
        [
            {"times": 1},
            {"times": 0},
            {"reason": "other"},
            {"times": 2, "last_at": NOON - LATER.resolution},
        ],
        ids=["same", "fewer", "reason", "earlier"],
    )
    def test_what_asked_only_counts_up(self, changes: dict[str, Any]) -> None:
        row = TriggerEvent.objects.create(
            chain_id=CHAIN,
            kind="LIQUIDITY",
            reason="L1 is low",
            outcome="NOTHING",
            explanation="in band",
            first_at=NOON,
            last_at=NOON,
        )

        refused(row, "only counts up", **changes)
        write(row, times=2, last_at=LATER)
        with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
            row.delete()

    def test_a_wish_is_considered_once(self) -> None:
        row = Wish.objects.create(
            chain_id=CHAIN, key="1:0x:0", reason="much came in", aim={}, wished_at=NOON
        )

        refused(row, "considered once", reason="other")
        write(row, considered_at=LATER)
        refused(row, "considered once", considered_at=LATER + timedelta(hours=1))
