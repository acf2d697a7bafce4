"""What people must have approved, counted again in the rows themselves."""

from datetime import timedelta
from typing import Any

import pytest

from apps.approvals.models import Rule
from apps.chain import operations, queries
from apps.chain.calls import AllocateToLayer, ApproveRedemption, Call, SettleRedemption
from apps.chain.models import Reservation, SignerAccount, Transaction
from apps.chain.queries.findings import Difference
from apps.chain.terms import Tier
from apps.core.units import WAD
from tests.approvals.helpers import CHAIN, NOON, SYSTEM, seed_rules
from tests.chain.tickets import approved
from tests.forcing import guards_off

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet_chain")]

SIGNER = "0x" + "51" * 20
APPROVE = ApproveRedemption(chain_id=CHAIN, request_id=1)


@pytest.fixture(autouse=True)
def rules(quiet_chain: None) -> None:
    seed_rules()


def allocation(units: int) -> Call:
    return AllocateToLayer(chain_id=CHAIN, tier=Tier.L2, assets=units * WAD)


def sent(call: Call, key: str, ticket_id: int | None = None, **changes: Any) -> Transaction:
    """Mined and final, unless changed."""
    pk = operations.submit(call=call, key=key, ticket_id=ticket_id, actor=SYSTEM, at=NOON)
    account, _ = SignerAccount.objects.get_or_create(
        chain_id=CHAIN,
        address=SIGNER,
        defaults={"per_day_assets": 10**30, "calls_per_day": 100},
    )
    final = {"nonce": pk, "status": "FINAL", "mined_at": NOON, "finished_at": NOON}
    with guards_off():
        Transaction.objects.filter(pk=pk).update(signer=SIGNER, **(final | changes))
        row = Transaction.objects.get(pk=pk)
        Reservation.objects.create(
            transaction=row, signer=account, assets=row.moved_assets, at=NOON
        )
    return row


def without_its_ticket(row: Transaction) -> None:
    with guards_off():
        Transaction.objects.filter(pk=row.pk).update(ticket_id=None)


def found(at: Any = NOON) -> list[Difference]:
    broken = queries.broken_invariants(CHAIN, at=at)
    return [one for one in broken if "transaction" in one.subject or "trades" in one.subject]


class TestApproved:
    def test_what_has_its_ticket_holds(self) -> None:
        sent(APPROVE, "a", approved(APPROVE, at=NOON))
        sent(SettleRedemption(chain_id=CHAIN, request_id=1), "b")

        assert found() == []

    @pytest.mark.parametrize("status", ["BROADCAST", "FINAL"])
    def test_what_left_without_one_endangers_money(self, status: str) -> None:
        row = sent(APPROVE, "a", approved(APPROVE, at=NOON), status=status)
        without_its_ticket(row)

        wrong = [one for one in found() if "no ticket" in one.detail]

        assert [(one.subject, one.endangers_money) for one in wrong] == [
            (f"transaction {row.pk}", True)
        ]

    def test_what_was_never_signed_is_the_senders_to_refuse(self) -> None:
        row = sent(APPROVE, "a", approved(APPROVE, at=NOON), status="QUEUED", nonce=None)
        without_its_ticket(row)

        assert found() == []


class TestSmallTrades:
    def test_below_the_amount_hold(self) -> None:
        sent(allocation(30_000), "a")
        sent(allocation(19_999), "b")

        assert found() == []

    def test_together_beyond_it_endanger_money(self) -> None:
        sent(allocation(30_000), "a")
        sent(allocation(15_000), "b")
        with guards_off():
            Reservation.objects.update(assets=30_000 * WAD)

        [wrong] = found()

        assert wrong.subject == "trades without a ticket"
        assert "60,000.00 USDT in 24 hours; people are asked from 50,000.00" in wrong.detail
        assert wrong.endangers_money

    def test_those_of_yesterday_do_not_count(self) -> None:
        sent(allocation(49_000), "a")
        with guards_off():
            Reservation.objects.update(assets=90_000 * WAD)

        assert found(NOON + timedelta(hours=24)) == []

    def test_an_amount_that_people_lowered_since_stops_nothing(self) -> None:
        sent(allocation(30_000), "a")
        with guards_off():
            Rule.objects.filter(kind="REBALANCE_SMALL").update(
                ticket_id=7, thresholds=[{"figure": "amount", "op": ">=", "value": str(9 * WAD)}]
            )

        [wrong] = found()

        assert not wrong.endangers_money
