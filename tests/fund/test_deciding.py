"""What the end of a transaction does to the ticket that asked for it."""

from typing import Any

import pytest

from apps.approvals import operations as approvals
from apps.approvals.models import Ticket
from apps.audit import queries as audit
from apps.chain.calls import AddAsset, CollectFees
from apps.chain.events import TransactionFinished
from apps.core import clock
from apps.fund import operations
from apps.fund.models import AssetProfile
from apps.fund.rules.terms import Terms
from tests.approvals.helpers import open_ticket
from tests.fund.facts import TOKEN
from tests.fund.people import team

pytestmark = pytest.mark.django_db

TERMS = Terms(issuer="Larch Street Capital", otc_contact="desk@larch.example", notice_days=5)


def ended(ticket_id: int, kind: str = CollectFees.kind) -> TransactionFinished:
    return TransactionFinished(
        kind=kind,
        transaction_id=71,
        subject_id="fees",
        ticket_id=ticket_id,
        outcome="FINAL",
        error="",
        tx_hash="0x" + "99" * 32,
        at=clock.now(),
        details={},
    )


def listing() -> Ticket:
    return open_ticket(
        kind="ASSET_ADD",
        subject_id=TOKEN,
        facts={"new": TERMS.as_facts()},
        party_wallets=[],
        at=clock.now(),
    )


class TestRecordOutcome:
    def test_an_unknown_ticket_holds_up_no_end(self) -> None:
        operations.record_outcome(ended(4_711))

        [said] = audit.trail("transaction", "71")
        assert said.after == {"ticket": 4_711, "outcome": "FINAL"}
        assert said.result == "Not shown on its ticket: There is no ticket 4711."

    def test_an_undecided_ticket_holds_up_no_end_and_its_terms_are_not_kept(self) -> None:
        team()
        ticket = listing()

        operations.record_outcome(ended(ticket.pk, AddAsset.kind))

        [said] = audit.trail("transaction", "71")
        assert said.result.endswith("is pending: nothing is executed.")
        assert not AssetProfile.objects.exists()

    def test_any_other_refusal_is_raised(self, monkeypatch: pytest.MonkeyPatch) -> None:
        team()
        ticket = listing()

        def refuse(**_values: Any) -> None:
            raise approvals.VoteRefused("not this")

        monkeypatch.setattr("apps.approvals.operations.closing.record_execution", refuse)

        with pytest.raises(approvals.VoteRefused):
            operations.record_outcome(ended(ticket.pk))
