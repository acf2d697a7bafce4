"""A ticket's call goes out as often as the ticket lists it, under whichever keys it is asked."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import IntegrityError, connection, transaction

from apps.chain import config, operations
from apps.chain.calls import (
    AllocateToLayer,
    ApproveRedemption,
    Call,
    CollectFees,
    PurchaseAsset,
    RejectRedemption,
)
from apps.chain.models import SafeProposal, Transaction
from apps.chain.operations import AlreadyCarried, CannotRetry, once
from apps.chain.operations.steering import _COPIED as ASKED
from apps.chain.terms import Tier
from apps.core.units import WAD
from tests.approvals.helpers import CHAIN, NOON, SYSTEM, seed_rules
from tests.chain.tickets import approved
from tests.forcing import guards_off
from tests.redemptions.helpers import write_chain_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet_chain")]

MAY_HAVE_MOVED = ["QUEUED", "SIMULATED", "SIGNING", "BROADCAST", "MINED", "FINAL", "MISMATCH"]
UNMOVED = ["FAILED", "CANCELLED", "EXPIRED", "REVERTED"]


@pytest.fixture(autouse=True)
def rules(quiet_chain: None) -> None:
    seed_rules()


def allocation(units: int = 60_000) -> Call:
    return AllocateToLayer(chain_id=CHAIN, tier=Tier.L2, assets=units * WAD)


def purchase(units: int) -> Call:
    return PurchaseAsset(chain_id=CHAIN, token="0x" + "70" * 20, assets=units * WAD, tokens_min=1)


def submit(call: Call, key: str, ticket_id: int | None) -> Transaction:
    pk = operations.submit(call=call, key=key, ticket_id=ticket_id, actor=SYSTEM, at=NOON)
    return Transaction.objects.get(pk=pk)


def became(row: Transaction, status: str) -> Transaction:
    with guards_off():
        Transaction.objects.filter(pk=row.pk).update(status=status)
    return Transaction.objects.get(pk=row.pk)


def another(row: Transaction, key: str) -> Transaction:
    """As a shell would write it."""
    asked = {name: getattr(row, name) for name in (*ASKED, "created_at", "requested_by")}
    return Transaction(key=key, **asked)


def retry(row: Transaction) -> Transaction:
    number = operations.retry(transaction_id=row.pk, actor=SYSTEM, at=NOON)
    return Transaction.objects.get(pk=number)


def signed_by_owners(row: Transaction, status: str) -> SafeProposal:
    return SafeProposal.objects.create(
        transaction=row,
        chain_id=CHAIN,
        safe="0x" + "5a" * 20,
        safe_nonce=row.pk,
        to=row.to,
        data=row.calldata,
        safe_tx_hash="0x" + "5b" * 32,
        owners=[],
        threshold=2,
        checked_at=NOON,
        proposed_block=1,
        created_at=NOON,
        status=status,
    )


class TestSubmit:
    @pytest.mark.parametrize("status", MAY_HAVE_MOVED)
    def test_not_twice_under_two_keys(self, status: str) -> None:
        ticket_id = approved(allocation(), at=NOON)
        became(submit(allocation(), "a", ticket_id), status)

        with pytest.raises(AlreadyCarried, match=f"Ticket {ticket_id} approved .* once"):
            submit(allocation(), "b", ticket_id)

        assert Transaction.objects.count() == 1

    @pytest.mark.parametrize("status", UNMOVED)
    def test_again_after_it_moved_nothing(self, status: str) -> None:
        ticket_id = approved(allocation(), at=NOON)
        became(submit(allocation(), "a", ticket_id), status)

        assert submit(allocation(), "b", ticket_id).status == "QUEUED"

    @pytest.mark.parametrize("status", ["OPEN", "READY", "EXECUTED"])
    def test_not_while_the_owners_signatures_are_about(self, status: str) -> None:
        ticket_id = approved(allocation(), at=NOON)
        signed_by_owners(became(submit(allocation(), "a", ticket_id), "CANCELLED"), status)

        with pytest.raises(AlreadyCarried):
            submit(allocation(), "b", ticket_id)

    def test_again_once_they_are_withdrawn(self) -> None:
        ticket_id = approved(allocation(), at=NOON)
        signed_by_owners(became(submit(allocation(), "a", ticket_id), "CANCELLED"), "WITHDRAWN")

        assert submit(allocation(), "b", ticket_id).status == "QUEUED"

    def test_the_same_key_gives_what_it_stands_for(self) -> None:
        ticket_id = approved(allocation(), at=NOON)
        first = became(submit(allocation(), "a", ticket_id), "FAILED")
        became(retry(first), "FINAL")

        assert submit(allocation(), "a", ticket_id) == first

    def test_as_often_as_the_ticket_lists_it(self) -> None:
        ticket_id = approved(allocation(), purchase(1), allocation(), at=NOON)
        submit(allocation(), "a", ticket_id)
        submit(allocation(), "b", ticket_id)

        with pytest.raises(AlreadyCarried, match="2 times"):
            submit(allocation(), "c", ticket_id)

    def test_another_ticket_is_another_approval(self) -> None:
        submit(allocation(), "a", approved(allocation(), at=NOON))

        assert submit(allocation(), "b", approved(allocation(), at=NOON)).status == "QUEUED"

    @pytest.mark.parametrize(
        "call",
        [
            ApproveRedemption(chain_id=CHAIN, request_id=1),
            RejectRedemption(chain_id=CHAIN, request_id=1, reason="no"),
        ],
    )
    def test_a_decision_that_did_nothing_is_sent_again(self, call: Call) -> None:
        ticket_id = approved(call, at=NOON)
        became(submit(call, "a", ticket_id), "MISMATCH")

        assert submit(call, "b", ticket_id).status == "QUEUED"


class TestTrigger:
    def test_knows_the_same_kinds_by_name(self) -> None:
        assert {
            *("APPROVE_REDEMPTION", "APPROVE_REDEMPTION_WITH_DATE", "REJECT_REDEMPTION"),
            *("SETTLE_REDEMPTION", "SETTLE_SCHEDULED_REDEMPTION"),
        } == once.ABOUT_A_REQUEST

    def test_refuses_whoever_writes(self) -> None:
        ticket_id = approved(allocation(), at=NOON)
        row = submit(allocation(), "a", ticket_id)

        with pytest.raises(IntegrityError, match="approved this call 1 time"), transaction.atomic():
            another(row, "b").save(force_insert=True)

    @pytest.mark.parametrize("status", [*MAY_HAVE_MOVED, *UNMOVED])
    @pytest.mark.parametrize("proposal", ["", "WITHDRAWN", "EXECUTED"])
    @pytest.mark.parametrize(
        "call", [allocation(), ApproveRedemption(chain_id=CHAIN, request_id=1)]
    )
    def test_says_what_the_operation_says(self, call: Call, proposal: str, status: str) -> None:
        ticket_id = approved(call, at=NOON)
        row = became(submit(call, "a", ticket_id), status)
        if proposal:
            signed_by_owners(row, proposal)
        try:
            once.refuse_beyond_ticket(ticket_id=ticket_id, call_hash=row.call_hash, key="b")
            refused = False
        except AlreadyCarried:
            refused = True

        try:
            with transaction.atomic():
                another(row, "b").save(force_insert=True)
            held = False
        except IntegrityError:
            held = True

        assert held == refused


class TestRetry:
    def test_is_not_held_up_by_another_with_the_same_bytes(self) -> None:
        """Fees were collected last year, too."""
        fees = CollectFees(chain_id=CHAIN, expected_assets=WAD)
        became(submit(fees, "fund:1:ticket:7", approved(fees, at=NOON)), "FINAL")
        row = became(submit(fees, "fund:1:ticket:8", approved(fees, at=NOON)), "FAILED")

        assert retry(row).key == "fund:1:ticket:8:2"

    def test_of_one_of_two_equal_legs(self) -> None:
        ticket_id = approved(allocation(), allocation(), at=NOON)
        became(submit(allocation(), "rebalance:9:1", ticket_id), "FINAL")
        second = became(submit(allocation(), "rebalance:9:2", ticket_id), "REVERTED")

        third = became(retry(second), "FINAL")

        assert third.key == "rebalance:9:2:2"
        with pytest.raises(CannotRetry, match="does the same"):
            retry(second)

    def test_never_beyond_what_the_ticket_lists(self) -> None:
        ticket_id = approved(allocation(), at=NOON)
        first = became(submit(allocation(), "a", ticket_id), "FAILED")
        became(submit(allocation(), "b", ticket_id), "FINAL")

        with pytest.raises(AlreadyCarried):
            retry(first)

    def test_never_of_a_try_whose_earlier_one_the_safe_did(self) -> None:
        small = purchase(10)
        first = became(submit(small, "rebalance:9:1", None), "FAILED")
        second = became(retry(first), "FAILED")
        signed_by_owners(first, "EXECUTED")

        with pytest.raises(CannotRetry, match="does the same"):
            retry(second)

    def test_of_a_small_trade_beside_an_equal_one(self) -> None:
        became(submit(purchase(10), "rebalance:8:1", None), "FINAL")
        row = became(submit(purchase(10), "rebalance:9:1", None), "FAILED")

        assert retry(row).key == "rebalance:9:1:2"

    def test_counts_on_from_the_highest_number(self) -> None:
        ticket_id = approved(allocation(), at=NOON)
        first = became(submit(allocation(), "a", ticket_id), "FAILED")
        became(submit(allocation(), "a:7", ticket_id), "FAILED")

        assert retry(first).key == "a:8"

    def test_of_a_decision_is_held_up_by_any_about_the_request(self) -> None:
        call = ApproveRedemption(chain_id=CHAIN, request_id=1)
        row = became(submit(call, "first", approved(call, at=NOON)), "FAILED")
        submit(call, "other", approved(call, at=NOON))

        with pytest.raises(CannotRetry, match="does the same"):
            retry(row)


@pytest.mark.django_db(transaction=True)
class TestRace:
    @pytest.fixture
    def quiet_chain(self, tmp_path: Path, settings: LazySettings) -> Iterator[None]:
        settings.CHAIN_FILE = str(write_chain_file(tmp_path))
        config.reload()
        yield
        config.reload()

    @pytest.mark.parametrize(("keys", "refused"), [("abcd", 3), ("aaaa", 0)])
    def test_of_several_at_once_one_is_queued(self, keys: str, refused: int) -> None:
        ticket_id = approved(allocation(), at=NOON)
        meeting, outcomes = threading.Barrier(len(keys)), list[str]()

        def run(key: str) -> None:
            meeting.wait()
            try:
                submit(allocation(), key, ticket_id)
                outcomes.append("queued")
            except AlreadyCarried:
                outcomes.append("refused")
            finally:
                connection.close()

        threads = [threading.Thread(target=run, args=(key,)) for key in keys]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert Transaction.objects.count() == 1
        assert outcomes.count("refused") == refused
        assert len(outcomes) == len(keys)
