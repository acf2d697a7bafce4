"""Asking for fees to be paid out: what is frozen, and every way in which it is refused."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.approvals import operations as approvals
from apps.approvals.models import Ticket
from apps.chain.calls import CollectFees
from apps.chain.contracts.fund_state import LiquidityBreakdown, PendingFees, RedemptionFees
from apps.core import clock
from apps.fund import operations, queries
from apps.fund.models import FeeEntry
from apps.fund.queries.calls import call_of
from tests.accounts.people import Person, person
from tests.fund.facts import CHAIN_ID, START, USDT
from tests.fund.people import decide, team
from tests.fund.states import state

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("chain_file")]


@pytest.fixture
def admins() -> list[Person]:
    return team()


@pytest.fixture
def operator() -> Person:
    return person("OPERATOR")


def read(number: int = 100, *, at: datetime = START, **values: Any) -> None:
    """The fund as just read, at a block of that time."""
    operations.take_snapshot(
        kind="LIVE",
        chain_id=CHAIN_ID,
        slot=at + timedelta(seconds=number),
        state=state(number, at, **values),
        at=clock.now(),
    )


def told(at: datetime) -> dict[str, Any]:
    """Where a log of the block before stands."""
    return {
        "chain_id": CHAIN_ID,
        "block_number": 99,
        "log_index": 0,
        "position": 0,
        "contract": "0x" + "c0" * 20,
        "tx_hash": "0x" + "77" * 32,
        "at": at,
    }


def ask_redemption(operator: Person, assets: int = 4_000 * USDT, reason: str = "Month end") -> int:
    return operations.propose_redemption_fees(
        assets=assets, reason=reason, actor=operator.actor, at=clock.now()
    )


def ask_accrued(operator: Person, reason: str = "Month end", *, at: datetime | None = None) -> int:
    return operations.propose_accrued_fees(
        reason=reason, actor=operator.actor, at=at or clock.now()
    )


@pytest.mark.usefixtures("admins")
class TestRedemptionFees:
    def test_freeze_the_figures_they_are_decided_on(self, operator: Person) -> None:
        read()

        ticket = Ticket.objects.get(pk=ask_redemption(operator))

        assert (ticket.kind, ticket.subject_id, ticket.amount) == (
            "FEE_WITHDRAW",
            "redemption",
            4_000 * USDT,
        )
        assert ticket.facts == {
            "fees": "redemption",
            "assets": str(4_000 * USDT),
            "withdrawable": str(10_000 * USDT),
            "cashBefore": str(60_000 * USDT),
            "cashAfter": str(56_000 * USDT),
            "l1BpsBefore": "1000",
            "l1BpsAfter": "963",
            "block": "100",
            "reason": "Month end",
        }
        assert ticket.conditions[0]["met"] is True
        assert ticket.maker_user_id == operator.id

    def test_say_when_l1_falls_below_its_minimum(self, operator: Person) -> None:
        read(layer1_liquidity=52_000 * USDT, layer3_value=648_000 * USDT)

        ticket = Ticket.objects.get(pk=ask_redemption(operator))

        assert ticket.conditions[0]["met"] is False

    @pytest.mark.parametrize("assets", [0, -1])
    def test_refuse_nothing(self, operator: Person, assets: int) -> None:
        read()

        with pytest.raises(operations.BadAmount):
            ask_redemption(operator, assets)

    def test_refuse_more_than_there_are(self, operator: Person) -> None:
        read()

        with pytest.raises(operations.NothingToWithdraw, match=r"10,000\.00"):
            ask_redemption(operator, 10_000 * USDT + 1)

    def test_refuse_more_than_the_cash(self, operator: Person) -> None:
        read(breakdown=LiquidityBreakdown(3_999 * USDT, 0, 0, 0))

        with pytest.raises(operations.NotEnoughCash, match=r"3,999\.00"):
            ask_redemption(operator)

    def test_refuse_without_a_reason(self, operator: Person) -> None:
        read()

        with pytest.raises(approvals.NoReason):
            ask_redemption(operator, reason="  ")

    def test_refuse_old_figures(self, operator: Person) -> None:
        with pytest.raises(queries.FiguresTooOld, match="not been read"):
            ask_redemption(operator)
        read()

        with pytest.raises(queries.FiguresTooOld, match="too old"):
            operations.propose_redemption_fees(
                assets=1,
                reason="Late",
                actor=operator.actor,
                at=clock.now() + timedelta(minutes=11),
            )

    @pytest.mark.parametrize("silent", ["withdrawable_redemption_fees", "breakdown"])
    def test_refuse_when_the_contracts_do_not_say(self, operator: Person, silent: str) -> None:
        read(**{silent: None}, redemption_fees=None)

        with pytest.raises(operations.NotKnown):
            ask_redemption(operator)

    def test_are_asked_for_once_at_a_time(self, operator: Person) -> None:
        read()
        first = ask_redemption(operator)

        with pytest.raises(approvals.AlreadyProposed, match=f"Ticket {first}"):
            ask_redemption(operator)

        assert ask_accrued(operator) != first

    def test_nobody_votes_once_they_are_gone(self, operator: Person, admins: list[Person]) -> None:
        read()
        ticket_id = ask_redemption(operator)
        read(101, withdrawable_redemption_fees=3_999 * USDT)

        with pytest.raises(approvals.FiguresChanged):
            decide(admins[0], ticket_id)

    def test_votes_count_while_cash_moves(self, operator: Person, admins: list[Person]) -> None:
        read()
        ticket_id = ask_redemption(operator)
        read(101, breakdown=LiquidityBreakdown(50_000 * USDT, 0, 0, 0))

        assert decide(admins[0], ticket_id).status == "PARTIALLY_APPROVED"


@pytest.mark.usefixtures("admins")
class TestAccruedFees:
    def test_freeze_both_kinds(self, operator: Person) -> None:
        read()

        ticket = Ticket.objects.get(pk=ask_accrued(operator))

        assert ticket.subject_id == "management and performance"
        assert ticket.facts["management"] == str(7 * USDT)
        assert ticket.facts["performance"] == str(3 * USDT)

    def test_state_what_will_have_accrued_by_the_deadline(self, operator: Person) -> None:
        now = clock.now().replace(microsecond=0)
        collected = now - timedelta(hours=24)
        read(at=now, pending_fees=PendingFees(24 * USDT, 3 * USDT, 27 * USDT, collected, 0))

        ticket = Ticket.objects.get(pk=ask_accrued(operator, at=now))

        # one USDT an hour, and people have 24 hours
        assert ticket.deadline_at - now == timedelta(hours=24)
        assert ticket.facts["accruesByDeadline"] == str(24 * USDT)
        assert ticket.amount == int(ticket.facts["assets"]) == 51 * USDT
        assert ticket.title.endswith("of at most 51.00 USDT")
        assert ticket.conditions[1]["met"] is True
        assert ticket.conditions[1]["text"].startswith(
            "27.00 USDT are pending now, at most 51.00 USDT by the deadline ("
        )
        call = CollectFees(chain_id=CHAIN_ID, expected_assets=51 * USDT)
        assert call_of(ticket) == call
        assert call.moved_assets == 51 * USDT

    def test_right_after_a_collection_go_by_its_rate_on_todays_assets(
        self, operator: Person
    ) -> None:
        now = clock.now().replace(microsecond=0)
        FeeEntry.objects.create(
            **told(now),
            kind="MANAGEMENT",
            direction="ACCRUED",
            assets=10 * USDT,
            basis_assets=475_000 * USDT,
            period_seconds=10 * 3_600,
        )
        read(at=now, pending_fees=PendingFees(0, 0, 0, now, 0), unpaid_fees=5 * USDT)

        ticket = Ticket.objects.get(pk=ask_accrued(operator, at=now))

        # the assets have doubled: two USDT an hour
        assert ticket.facts["accruesByDeadline"] == str(48 * USDT)
        assert ticket.amount == 53 * USDT

    def test_say_when_nobody_knows_the_rate(self, operator: Person) -> None:
        now = clock.now().replace(microsecond=0)
        read(at=now, pending_fees=PendingFees(0, 5 * USDT, 5 * USDT, None, 0))

        ticket = Ticket.objects.get(pk=ask_accrued(operator, at=now))

        assert ticket.facts["accruesByDeadline"] is None
        assert ticket.amount == 5 * USDT
        assert ticket.conditions[1] == {
            "text": "5.00 USDT are pending now; how fast more accrues is not known.",
            "met": None,
        }

    def test_can_be_voted_on_while_what_was_pending_is_there(
        self, operator: Person, admins: list[Person]
    ) -> None:
        now = clock.now().replace(microsecond=0)
        collected = now - timedelta(hours=1)
        read(at=now, pending_fees=PendingFees(USDT, 0, USDT, collected, 0))
        first = ask_accrued(operator, at=now)
        read(101, at=now, pending_fees=PendingFees(2 * USDT, 0, 2 * USDT, collected, 0))
        assert decide(admins[0], first).status == "PARTIALLY_APPROVED"

        read(102, at=now, pending_fees=PendingFees(0, 0, 0, now, 0))

        with pytest.raises(approvals.FiguresChanged):
            decide(admins[1], first)

    def test_show_what_is_pending_and_at_most(self, operator: Person) -> None:
        now = clock.now().replace(microsecond=0)
        collected = now - timedelta(hours=24)
        pending = PendingFees(24 * USDT, 0, 24 * USDT, collected, 0)
        breakdown = LiquidityBreakdown(10_030 * USDT, 0, 0, 0)
        read(at=now, pending_fees=pending, breakdown=breakdown)
        ticket = Ticket.objects.get(pk=ask_accrued(operator, at=now))

        said = queries.describe_ticket(ticket)

        rows = {row["name"]: (row["then"], row["now"], row["after"]) for row in said["changes"]}
        assert rows["Pending"] == ("24.00 USDT", "24.00 USDT", "0.00 USDT")
        assert rows["At most by the deadline"] == ("48.00 USDT", "", "")
        # what is kept for redemption fees stays
        assert rows["Cash"] == ("10,030.00 USDT", "10,030.00 USDT", "10,000.00 USDT")

    def test_refuse_when_none_accrued(self, operator: Person) -> None:
        read(pending_fees=PendingFees(0, 0, 0, START, 0))

        with pytest.raises(operations.NothingToWithdraw):
            ask_accrued(operator)

    def test_leave_the_cash_that_is_kept_for_redemption_fees(self, operator: Person) -> None:
        read(breakdown=LiquidityBreakdown(10_009 * USDT, 0, 0, 0))

        with pytest.raises(operations.NotEnoughCash, match=r" 9\.00 USDT in cash"):
            ask_accrued(operator)

    def test_refuse_when_the_contracts_do_not_say(self, operator: Person) -> None:
        read(pending_fees=None)

        with pytest.raises(operations.NotKnown):
            ask_accrued(operator)


class TestPanel:
    def test_shows_figures_then_now_and_after(self, operator: Person, admins: list[Person]) -> None:
        read()
        ticket = Ticket.objects.get(pk=ask_redemption(operator))
        read(
            101,
            breakdown=LiquidityBreakdown(50_000 * USDT, 0, 0, 0),
            redemption_fees=RedemptionFees(12_000 * USDT, 10_000 * USDT, 2_000 * USDT),
        )

        said = queries.describe_ticket(ticket)

        rows = {row["name"]: (row["then"], row["now"], row["after"]) for row in said["changes"]}
        assert rows["Cash"] == ("60,000.00 USDT", "50,000.00 USDT", "46,000.00 USDT")
        assert rows["Pending"] == ("10,000.00 USDT", "10,000.00 USDT", "6,000.00 USDT")
        assert rows["L1 of assets"] == ("10.00 %", "10.00 %", "9.63 %")
        assert said["dry_run"]["ok"] is None  # nobody answers at this chain's node
        assert said["url"].endswith("/fund/feeentry/")
