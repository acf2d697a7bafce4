"""What may be sent without an approved ticket, alone and together."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connection, transaction

from apps.approvals import queries as approvals
from apps.approvals.models import Rule
from apps.chain import config, operations, queries
from apps.chain.calls import (
    CALLS,
    AllocateToLayer,
    Approval,
    ApproveRedemption,
    Call,
    PauseVault,
    PurchaseAsset,
    SettleRedemption,
    WithdrawRedemptionFees,
)
from apps.chain.models import Reservation, SignerAccount, Transaction, TransactionStatus
from apps.chain.operations import NeedsTicket, ticketing
from apps.chain.terms import Tier
from apps.core import bus
from apps.core.units import WAD
from tests.approvals.helpers import CHAIN, NOON, SYSTEM, open_ticket, seed_rules
from tests.chain.tickets import approved, approver, ticket_for
from tests.forcing import guards_off
from tests.redemptions.helpers import write_chain_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet_chain")]

DAY = timedelta(hours=24)
THRESHOLD = 50_000
LARGE = 200_000


@pytest.fixture(autouse=True)
def rules(quiet_chain: None) -> None:
    seed_rules()
    assert approvals.ticket_threshold("REBALANCE_SMALL") == THRESHOLD * WAD


def allocation(units: int, chain_id: int = CHAIN) -> Call:
    return AllocateToLayer(chain_id=chain_id, tier=Tier.L2, assets=units * WAD)


def submit(
    call: Call, key: str = "k", *, ticket_id: int | None = None, at: datetime = NOON
) -> Transaction:
    pk = operations.submit(call=call, key=key, ticket_id=ticket_id, actor=SYSTEM, at=at)
    return Transaction.objects.get(pk=pk)


def ended(row: Transaction, status: str, *, at: datetime, released: bool) -> None:
    """As the sender leaves a transaction that it had let through."""
    account, _ = SignerAccount.objects.get_or_create(chain_id=CHAIN, address="0x" + "51" * 20)
    with guards_off():
        Reservation.objects.create(
            transaction=row,
            signer=account,
            assets=row.moved_assets,
            at=at,
            released_at=at if released else None,
        )
        Transaction.objects.filter(pk=row.pk).update(status=status, mined_at=at)


class TestKinds:
    def test_only_settlements_need_none_and_only_trades_are_judged_by_amount(self) -> None:
        kinds = {
            approval: {kind for kind, call in CALLS.items() if call.approval is approval}
            for approval in Approval
        }

        assert kinds[Approval.NEVER] == {
            *("SETTLE_REDEMPTION", "SETTLE_SCHEDULED_REDEMPTION", "BATCH_SETTLE_REDEMPTIONS"),
        }
        assert kinds[Approval.BY_AMOUNT] == {kind for kind, call in CALLS.items() if call.trades}

    @pytest.mark.parametrize(
        "call",
        [
            ApproveRedemption(chain_id=CHAIN, request_id=1),
            WithdrawRedemptionFees(chain_id=CHAIN, assets=1),
            PauseVault(chain_id=CHAIN),
        ],
    )
    def test_others_are_refused_without_one(self, call: Call) -> None:
        with pytest.raises(NeedsTicket, match=f"{call.kind} needs an approved ticket"):
            submit(call)

        assert not Transaction.objects.exists()

    def test_a_settlement_goes_without(self) -> None:
        assert submit(SettleRedemption(chain_id=CHAIN, request_id=1)).ticket_id is None

    def test_an_approved_ticket_carries_any(self) -> None:
        call = PauseVault(chain_id=CHAIN)

        assert submit(call, ticket_id=approved(call, at=NOON)).kind == "PAUSE_VAULT"

    def test_a_ticket_that_is_not_approved_carries_none(self) -> None:
        call = PauseVault(chain_id=CHAIN)

        with pytest.raises(approvals.NotAuthorised):
            submit(call, ticket_id=ticket_for(call, at=NOON).pk)

    def test_one_ticket_carries_each_of_several_calls_and_no_other(self) -> None:
        first, second, other = allocation(60_000), allocation(70_000), allocation(80_000)
        ticket_id = approved(first, second, at=NOON)

        submit(first, "a", ticket_id=ticket_id)
        submit(second, "b", ticket_id=ticket_id)

        with pytest.raises(approvals.NotAuthorised):
            submit(other, "c", ticket_id=ticket_id)


class TestRules:
    """A ticket that its rule approved, because of what its opener wrote into it."""

    @pytest.fixture
    def forged(self, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
        def forge(*calls: Call) -> int:
            approver()
            facts = {
                "trigger": "THRESHOLD",
                "riskLevel": "NORMAL",
                "calls": [
                    {"sentence": call.sentence, "hash": queries.calls_hash([call])}
                    for call in calls
                ],
            }
            with transaction.atomic():  # nobody listens: there is no plan with this number
                monkeypatch.setattr(bus, "publish", lambda _fact: None)
                ticket = open_ticket(
                    kind="REBALANCE_SMALL",
                    subject_id="999",
                    amount=1,
                    facts=facts,
                    calls_hash=queries.calls_hash(calls),
                )
            assert ticket.auto_approved_by == "REBALANCE_SMALL v1"
            return ticket.pk

        return forge

    def test_carries_trades_of_its_size(self, forged: Callable[..., int]) -> None:
        call = allocation(LARGE - 1)

        assert submit(call, ticket_id=forged(call)).status == "QUEUED"

    @pytest.mark.parametrize(
        "call",
        [
            WithdrawRedemptionFees(chain_id=CHAIN, assets=WAD),
            PauseVault(chain_id=CHAIN),
            ApproveRedemption(chain_id=CHAIN, request_id=1),
        ],
    )
    def test_carries_nothing_but_trades(self, forged: Callable[..., int], call: Call) -> None:
        with pytest.raises(NeedsTicket, match="people approved, not its rule"):
            submit(call, ticket_id=forged(call))

    def test_carries_no_large_one(self, forged: Callable[..., int]) -> None:
        call = allocation(LARGE)

        with pytest.raises(NeedsTicket, match="people have to approve it"):
            submit(call, ticket_id=forged(call))

    def test_nor_many_that_are_large_together(self, forged: Callable[..., int]) -> None:
        calls = [allocation(90_000), allocation(90_001), allocation(90_002)]
        ticket_id = forged(*calls)
        for number in (0, 1):
            submit(calls[number], f"k{number}", ticket_id=ticket_id)

        with pytest.raises(NeedsTicket, match=r"others of ticket \d+ 180,001\.00"):
            submit(calls[2], "k2", ticket_id=ticket_id)

    def test_a_retry_is_judged_alike(self, forged: Callable[..., int]) -> None:
        call = allocation(LARGE - 1)
        row = submit(call, ticket_id=forged(call))
        with guards_off():
            Transaction.objects.filter(pk=row.pk).update(status="FAILED", moved_assets=LARGE * WAD)

        with pytest.raises(NeedsTicket):
            operations.retry(transaction_id=row.pk, actor=SYSTEM, at=NOON)


class TestAmounts:
    def test_a_small_trade_goes_without(self) -> None:
        assert submit(allocation(THRESHOLD - 1)).ticket_id is None

    def test_one_that_reaches_the_amount_does_not(self) -> None:
        with pytest.raises(NeedsTicket, match=r"from 50,000\.00 together on"):
            submit(allocation(THRESHOLD))

    def test_small_ones_are_counted_together(self) -> None:
        submit(allocation(30_000), "a")

        with pytest.raises(NeedsTicket, match=r"trades without a ticket move 30,000\.00"):
            submit(allocation(20_000), "b")

        assert submit(allocation(19_999), "c").ticket_id is None

    def test_of_all_kinds(self) -> None:
        submit(allocation(30_000), "a")
        other = PurchaseAsset(
            chain_id=CHAIN, token="0x" + "70" * 20, assets=20_000 * WAD, tokens_min=1
        )

        with pytest.raises(NeedsTicket):
            submit(other, "b")

    def test_those_with_a_ticket_do_not_count(self) -> None:
        large = allocation(400_000)
        submit(large, "a", ticket_id=approved(large, at=NOON))

        assert submit(allocation(THRESHOLD - 1), "b").ticket_id is None
        assert queries.moved_without_ticket(chain_id=CHAIN, at=NOON) == (THRESHOLD - 1) * WAD

    def test_those_of_another_chain_do_not_count(
        self, tmp_path: Path, settings: LazySettings
    ) -> None:
        with guards_off():
            row = submit(allocation(30_000), "a")
            Transaction.objects.filter(pk=row.pk).update(chain_id=1)

        assert submit(allocation(30_000), "b").ticket_id is None

    @pytest.mark.parametrize("status", ["FAILED", "CANCELLED", "EXPIRED"])
    def test_what_never_left_gives_back(self, status: str) -> None:
        row = submit(allocation(30_000), "a")
        with guards_off():
            Transaction.objects.filter(pk=row.pk).update(status=status)

        assert submit(allocation(30_000), "b").ticket_id is None

    def test_a_person_who_cancels_gives_back(self) -> None:
        row = submit(allocation(30_000), "a")
        operations.cancel_transaction(
            transaction_id=row.pk, reason="not now", actor=SYSTEM, at=NOON
        )

        assert queries.moved_without_ticket(chain_id=CHAIN, at=NOON) == 0
        assert submit(allocation(30_000), "b").ticket_id is None

    def test_what_reverted_gives_back(self) -> None:
        ended(submit(allocation(30_000), "a"), "REVERTED", at=NOON, released=True)

        assert submit(allocation(30_000), "b").ticket_id is None

    @pytest.mark.parametrize("status", ["FINAL", "MISMATCH"])
    def test_what_was_mined_counts_for_a_day(self, status: str) -> None:
        ended(submit(allocation(30_000), "a"), status, at=NOON, released=False)

        with pytest.raises(NeedsTicket):
            submit(allocation(30_000), "b", at=NOON + DAY - timedelta(seconds=1))
        assert submit(allocation(30_000), "c", at=NOON + DAY).ticket_id is None

    def test_what_is_on_its_way_counts_however_long_it_has_been(self) -> None:
        submit(allocation(30_000), "a")

        with pytest.raises(NeedsTicket):
            submit(allocation(30_000), "b", at=NOON + 3 * DAY)

    @pytest.mark.parametrize("thresholds", [[], [{"figure": "ratio", "op": ">", "value": "1"}]])
    def test_where_no_rule_names_an_amount_every_trade_needs_one(
        self, thresholds: list[dict[str, str]]
    ) -> None:
        with guards_off():
            Rule.objects.filter(kind="REBALANCE_SMALL").update(thresholds=thresholds)

        with pytest.raises(NeedsTicket, match="no rule names an amount"):
            submit(allocation(1))


class TestAgain:
    def test_asking_twice_is_asking_once(self) -> None:
        first = submit(allocation(30_000), "a")

        assert submit(allocation(30_000), "a") == first

    def test_a_retry_is_asked_for_its_ticket_as_the_first_was(self) -> None:
        row = submit(allocation(30_000), "a")
        with guards_off():
            Transaction.objects.filter(pk=row.pk).update(
                status=TransactionStatus.FAILED, finished_at=NOON
            )
        submit(allocation(30_000), "b", ticket_id=None)
        with guards_off():
            Transaction.objects.filter(key="b").update(call_hash="0x" + "0b" * 32)

        with pytest.raises(NeedsTicket):
            operations.retry(transaction_id=row.pk, actor=SYSTEM, at=NOON)

    def test_a_retry_does_not_count_what_it_replaces(self) -> None:
        row = submit(allocation(THRESHOLD - 1), "a")
        with guards_off():
            Transaction.objects.filter(pk=row.pk).update(
                status=TransactionStatus.FAILED, finished_at=NOON
            )

        assert operations.retry(transaction_id=row.pk, actor=SYSTEM, at=NOON) != row.pk


@pytest.mark.django_db(transaction=True)
class TestRace:
    @pytest.fixture
    def quiet_chain(self, tmp_path: Path, settings: LazySettings) -> Iterator[None]:
        settings.CHAIN_FILE = str(write_chain_file(tmp_path))
        config.reload()
        yield
        config.reload()

    @pytest.mark.parametrize(("keys", "rows"), [("ab", 1), ("aa", 1)])
    def test_of_two_that_fit_one_by_one_one_is_queued(
        self, monkeypatch: pytest.MonkeyPatch, keys: str, rows: int
    ) -> None:
        """Each would count the other only if it waited for it: they meet, if they can, where they
        have counted and nothing is queued yet."""
        meeting = threading.Barrier(2)
        outcomes: list[str] = []
        real = ticketing.moved_without_ticket

        def counted(**question: object) -> int:
            found = real(**question)  # type: ignore[arg-type]
            with suppress(threading.BrokenBarrierError):
                meeting.wait(timeout=1)
            return found

        monkeypatch.setattr(ticketing, "moved_without_ticket", counted)

        def run(key: str) -> None:
            try:
                submit(allocation(30_000), key)
                outcomes.append("queued")
            except NeedsTicket:
                outcomes.append("refused")
            finally:
                connection.close()

        threads = [threading.Thread(target=run, args=(key,)) for key in keys]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert Transaction.objects.count() == rows
        asked_for_the_same = keys == "aa"
        assert sorted(outcomes) == (
            ["queued", "queued"] if asked_for_the_same else ["queued", "refused"]
        )
