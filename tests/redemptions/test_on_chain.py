"""One large redemption on a real node: asked, decided, sent, settled; and its other endings."""

from datetime import timedelta

import pytest

from apps.approvals.models import Ticket
from apps.chain.models import Log, Transaction
from apps.core import clock
from apps.redemptions import operations
from apps.redemptions.models import Redemption
from devnet.accounts import INVESTORS
from devnet.fund import usdt
from tests.accounts.people import Person, person
from tests.approvals import helpers
from tests.approvals.helpers import SYSTEM, seed_rules
from tests.chain_world import World

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def waiting(committed_world: World) -> tuple[World, int]:
    """A request that needs an approval, final, with its ticket open."""
    seed_rules()
    committed_world.scenario.subscribe(INVESTORS[0], usdt(9_000_000))
    asked = committed_world.scenario.request_above_approval_threshold(INVESTORS[0])
    committed_world.finalise()
    return committed_world, asked.id


def decide(who: Person, decision: str, reason: str = "") -> Ticket:
    return helpers.decide(who, Ticket.objects.latest("id"), decision, reason, at=clock.now())


class TestApproved:
    def test_goes_from_request_to_payment(self, waiting: tuple[World, int]) -> None:
        world, request_id = waiting
        row = Redemption.objects.get()
        assert (row.request_id, row.status) == (request_id, "PENDING_APPROVAL")
        assert not row.locked_nav_is_derived

        decide(person("VIP_APPROVER"), "APPROVE", "Within limits")
        world.send_all()

        row = Redemption.objects.get()
        ticket = Ticket.objects.get()
        assert row.status == "APPROVED"
        assert row.settles_at is not None
        assert (ticket.status, ticket.execution_status) == ("APPROVED", "DONE")
        assert ticket.execution_tx_hash == row.decision_tx_hash

        with pytest.raises(operations.CannotSettle, match="Not due"):
            operations.settle(key=row.key, actor=SYSTEM, at=clock.now())
        world.scenario.advance_time(int(timedelta(days=8).total_seconds()))
        world.finalise()
        results = operations.settle_due(clock.now())
        assert [(r.request_id, r.outcome) for r in results] == [(request_id, "SENT")]
        world.send_all()

        row = Redemption.objects.get()
        assert row.status == "SETTLED"
        assert row.net_assets == row.gross_assets - row.fee_assets  # type: ignore[operator]
        assert operations.settle_due(clock.now()) == []
        assert not Log.objects.filter(status="FAILED").exists()


class TestRejected:
    def test_carries_the_reason_to_the_chain(self, waiting: tuple[World, int]) -> None:
        world, _ = waiting

        decide(person("VIP_APPROVER"), "REJECT", "Documents <b>missing</b>")
        world.send_all()

        row = Redemption.objects.get()
        assert (row.status, row.rejection_reason) == ("REJECTED", "Documents <b>missing</b>")
        assert Ticket.objects.get().execution_status == "DONE"


class TestCancelledOnChain:
    def test_takes_the_ticket_with_it(self, waiting: tuple[World, int]) -> None:
        world, request_id = waiting

        world.scenario.cancel(INVESTORS[0], request_id)
        world.finalise()

        assert Redemption.objects.get().status == "CANCELLED"
        assert Ticket.objects.get().status == "CANCELLED"
        assert not Transaction.objects.exists()


class TestRoleLost:
    def test_nothing_is_sent_when_the_voter_lost_the_role(self, waiting: tuple[World, int]) -> None:
        world, _ = waiting
        victor = person("VIP_APPROVER")
        decide(victor, "APPROVE")
        victor.user.groups.clear()

        world.send_all()

        assert Redemption.objects.get().status == "PENDING_APPROVAL"
        assert Ticket.objects.get().execution_status == "FAILED"
        assert Transaction.objects.get().status == "FAILED"
