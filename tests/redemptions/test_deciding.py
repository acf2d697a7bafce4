"""From a waiting request to a ticket, from the ticket to a transaction, and back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from apps.approvals import operations as approvals
from apps.approvals.models import Rule, Ticket
from apps.approvals.rules import facts_hash
from apps.audit import queries as audit
from apps.chain import queries as chain
from apps.chain.calls import ApproveRedemption, RejectRedemption
from apps.chain.events import TransactionFinished
from apps.chain.models import Transaction
from apps.chain.terms import Channel
from apps.core import bus, clock
from apps.redemptions import operations
from apps.redemptions.models import Redemption
from paimon import panels
from tests.approvals.helpers import actor_of, address_of, cast, person, seed_rules
from tests.forcing import guards_off

from .helpers import (
    BLOCK,
    CHAIN,
    NOON,
    OWNER,
    RECEIVER,
    USDT,
    apply,
    approved,
    cancelled,
    final_at,
    project,
    rejected,
    requested,
)

pytestmark = pytest.mark.django_db
NOW = clock.now()


@pytest.fixture(autouse=True)
def _ready(overview: Callable[..., None]) -> None:
    seed_rules()
    final_at(NOON)
    overview(None)


def ticket() -> Ticket:
    return Ticket.objects.latest("id")


def finish(transaction_id: int, outcome: str, error: str = "") -> None:
    """End a transaction as the sender would: its row, then the fact."""
    row = Transaction.objects.get(pk=transaction_id)
    with guards_off():
        Transaction.objects.filter(pk=transaction_id).update(
            status=outcome, finished_at=NOW, error=error
        )
    from django.db import transaction

    with transaction.atomic():
        bus.publish(
            TransactionFinished(
                kind=row.kind,
                transaction_id=row.pk,
                subject_id=row.subject_id,
                ticket_id=row.ticket_id,
                outcome=outcome,
                error=error,
                tx_hash="0x" + "99" * 32 if outcome == "FINAL" else "",
                at=NOW,
                details={},
            )
        )


class TestAsking:
    def test_a_waiting_request_gets_its_ticket(self) -> None:
        row = apply(requested())

        opened = ticket()
        assert (opened.kind, opened.subject_id, opened.chain_id) == (
            "STANDARD_REDEMPTION",
            "1",
            CHAIN,
        )
        assert opened.party_wallets == [OWNER, RECEIVER]
        assert opened.amount == row.gross_assets
        assert opened.facts["grossAmount"] == str(row.gross_assets)
        assert opened.calls_hash == chain.calls_hash(
            [ApproveRedemption(chain_id=CHAIN, request_id=1)]
        )
        assert opened.conditions[0]["met"] is True
        assert opened.assessment["level"] == "MEDIUM"
        assert [row.action for row in audit.trail("redemption", "1")] == [
            "redemption.pending_approval"
        ]

    def test_one_that_needs_no_approval_gets_none(self) -> None:
        apply(requested(requires_approval=False))

        assert not Ticket.objects.exists()

    @pytest.mark.parametrize(
        ("channel", "kind"),
        [
            (Channel.STANDARD, "STANDARD_REDEMPTION"),
            (Channel.SCHEDULED, "STANDARD_REDEMPTION"),
            (Channel.EMERGENCY, "EMERGENCY_REDEMPTION"),
        ],
    )
    def test_the_channel_chooses_the_rule(self, channel: Channel, kind: str) -> None:
        apply(requested(channel=channel, gross_assets=1))

        assert ticket().kind == kind

    def test_history_opens_no_ticket_until_it_is_caught_up(self) -> None:
        final_at(NOON, BLOCK + 500)
        apply(requested(1), requested(2))
        assert not Ticket.objects.exists()
        apply(cancelled(2))

        opened = operations.open_missing_tickets(NOW)

        assert opened == 1
        assert ticket().subject_id == "1"
        assert operations.open_missing_tickets(NOW) == 0

    def test_nothing_is_opened_while_the_head_is_far(self) -> None:
        final_at(NOON, BLOCK + 500, head=BLOCK + 9_000)
        apply(requested())

        assert operations.open_missing_tickets(NOW) == 0

    def test_a_replay_opens_nothing(self) -> None:
        fact = requested()
        apply(fact)
        operations.clear_projections(chain_id=CHAIN)

        project(fact)

        assert Ticket.objects.count() == 1

    def test_names_a_colleague_who_asks_as_maker(self) -> None:
        victor = person("victor", "VIP_APPROVER")

        apply(requested(owner=address_of("victor")))

        assert ticket().maker_user_id == victor.pk
        with pytest.raises(approvals.MakerCannotCheck):
            cast(victor, ticket(), at=NOW)

    @pytest.mark.parametrize("fact", [approved, rejected, cancelled])
    def test_the_ticket_goes_when_the_chain_answers(self, fact: Callable[[], Any]) -> None:
        apply(requested())

        apply(fact())

        assert ticket().status == "CANCELLED"
        assert "chain" in ticket().outcome_reason or "holder" in ticket().outcome_reason


class TestDeciding:
    def test_an_approval_starts_by_itself(self) -> None:
        victor = person("victor", "VIP_APPROVER")
        apply(requested())

        cast(victor, ticket(), at=NOW)

        sent = Transaction.objects.get()
        assert sent.key == f"redemption:{CHAIN}:1:approve"
        assert (sent.kind, sent.ticket_id) == ("APPROVE_REDEMPTION", ticket().pk)
        assert sent.call_hash == ticket().calls_hash
        assert ticket().execution_status == "SENT"
        assert Redemption.objects.get().status == "PENDING_APPROVAL"  # the chain has not said so

    def test_a_rejection_carries_its_reason_to_the_chain(self) -> None:
        victor = person("victor", "VIP_APPROVER")
        apply(requested())

        cast(victor, ticket(), "REJECT", "Docs <b>missing</b>", at=NOW)

        sent = Transaction.objects.get()
        assert sent.key == f"redemption:{CHAIN}:1:reject"
        call = RejectRedemption(chain_id=CHAIN, request_id=1, reason="Docs <b>missing</b>")
        assert sent.call_hash == ticket().rejection_calls_hash == chain.calls_hash([call])

    def test_an_expiry_rejects(self) -> None:
        with guards_off():
            Rule.objects.filter(kind="STANDARD_REDEMPTION").update(auto_reject=True)
        apply(requested())

        approvals.tick(clock.now() + timedelta(hours=25))

        assert ticket().status == "EXPIRED"
        assert Transaction.objects.get().kind == "REJECT_REDEMPTION"

    def test_a_vote_on_changed_figures_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        victor = person("victor", "VIP_APPROVER")
        apply(requested())
        from apps.redemptions.queries import detail

        assert facts_hash(detail.facts_of(Redemption.objects.get())) == ticket().facts_hash
        panels.register()
        Redemption.objects.update(estimated_fee_assets=1)

        with pytest.raises(approvals.FiguresChanged):
            cast(victor, ticket(), at=NOW)

        assert not Transaction.objects.exists()

    def test_the_end_is_shown_on_the_ticket(self) -> None:
        victor = person("victor", "VIP_APPROVER")
        apply(requested())
        cast(victor, ticket(), at=NOW)

        finish(Transaction.objects.get().pk, "FINAL")

        assert (ticket().status, ticket().execution_status) == ("APPROVED", "DONE")
        assert ticket().execution_tx_hash == "0x" + "99" * 32


class TestRecordOutcome:
    def ended(self, ticket_id: int) -> TransactionFinished:
        return TransactionFinished(
            kind=ApproveRedemption.kind,
            transaction_id=71,
            subject_id="1",
            ticket_id=ticket_id,
            outcome="FINAL",
            error="",
            tx_hash="0x" + "99" * 32,
            at=NOW,
            details={},
        )

    def test_an_unknown_ticket_holds_up_no_end(self) -> None:
        operations.record_outcome(self.ended(4_711))

        [said] = audit.trail("transaction", "71")
        assert said.after == {"ticket": 4_711, "outcome": "FINAL"}
        assert said.result == "Not shown on its ticket: There is no ticket 4711."

    def test_an_undecided_ticket_holds_up_no_end(self) -> None:
        apply(requested())

        operations.record_outcome(self.ended(ticket().pk))

        [said] = audit.trail("transaction", "71")
        assert said.result.endswith("is pending: nothing is executed.")
        assert (ticket().status, ticket().execution_status) == ("PENDING", "")

    def test_any_other_refusal_is_raised(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(**_values: Any) -> None:
            raise approvals.VoteRefused("not this")

        monkeypatch.setattr("apps.approvals.operations.closing.record_execution", refuse)

        with pytest.raises(approvals.VoteRefused):
            operations.record_outcome(self.ended(1))


class TestRetryDecision:
    def failed(self) -> Any:
        victor = person("victor", "VIP_APPROVER")
        apply(requested())
        cast(victor, ticket(), at=NOW)
        finish(Transaction.objects.get().pk, "FAILED", "NotPendingApproval(1)")
        return victor

    def test_sends_again_under_the_next_key(self) -> None:
        victor = self.failed()
        assert ticket().execution_error == "NotPendingApproval(1)"

        operations.retry_decision(key=f"{CHAIN}-1", actor=actor_of(victor), at=NOW)

        keys = list(Transaction.objects.order_by("id").values_list("key", flat=True))
        assert keys == [f"redemption:{CHAIN}:1:approve", f"redemption:{CHAIN}:1:approve:2"]
        assert ticket().execution_status == "SENT"

    def test_refuses_while_one_is_on_its_way(self) -> None:
        victor = self.failed()
        operations.retry_decision(key=f"{CHAIN}-1", actor=actor_of(victor), at=NOW)

        with pytest.raises(operations.NothingToRetry):
            operations.retry_decision(key=f"{CHAIN}-1", actor=actor_of(victor), at=NOW)

    def test_refuses_people_without_the_role(self) -> None:
        self.failed()
        ana = person("ana", "OPERATOR")

        with pytest.raises(Exception, match="VIP_APPROVER"):
            operations.retry_decision(key=f"{CHAIN}-1", actor=actor_of(ana), at=NOW)

    def test_refuses_when_nothing_failed(self) -> None:
        victor = person("victor", "VIP_APPROVER")
        apply(requested())

        with pytest.raises(operations.NothingToRetry):
            operations.retry_decision(key=f"{CHAIN}-1", actor=actor_of(victor), at=NOW)

    def test_asks_again_when_the_vote_no_longer_counts(self) -> None:
        victor = self.failed()
        vera = person("vera", "VIP_APPROVER")
        first = ticket()
        victor.groups.clear()

        said = operations.retry_decision(key=f"{CHAIN}-1", actor=actor_of(vera), at=NOW)

        assert ticket().pk != first.pk
        assert f"#{ticket().pk}" in said
        assert ticket().status == "PENDING"
        assert Transaction.objects.count() == 1


class TestAssessmentOfTheTicket:
    def test_is_frozen_from_the_newest_snapshot(self, overview: Callable[..., None]) -> None:
        from .conftest import Figures

        overview(Figures(taken_at=clock.now()))

        apply(requested(gross_assets=120_000 * USDT))

        assert ticket().assessment["factors"][0] == "20.00 % of L1 + L2"
        assert ticket().conditions[2] == {"text": "20 % of L1 + L2 ≥ 5 %", "met": True}

    def test_an_old_snapshot_is_unknown(self, overview: Callable[..., None]) -> None:
        from .conftest import Figures

        overview(Figures(taken_at=clock.now() - timedelta(minutes=11)))

        apply(requested())

        assert "unknown" in ticket().assessment["factors"][0]
