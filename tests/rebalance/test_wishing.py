"""A log asks for a plan by a row, and the clock thinks about it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from apps.chain.client import ChainUnavailable
from apps.chain.events import NavUpdated, Source, SubscriptionProcessed
from apps.chain.models import Cursor
from apps.core import bus, clock
from apps.rebalance import operations
from apps.rebalance.models import Policy, TriggerEvent, Wish
from tests.forcing import guards_off

from .helpers import Fund
from .running import CHAIN, CPCS, MTMM, NGTR, NOON, USDT, final_at, holding, situation

pytestmark = pytest.mark.django_db

VAULT = "0x" + "b1" * 20
WAD = 10**18


def source(serial: int = 1, *, ago: timedelta = timedelta(0)) -> Source:
    """A log of the vault, so long before the head."""
    return Source(
        log_id=serial,
        chain_id=CHAIN,
        address=VAULT,
        contract_kind="vault",
        block_number=1_000,
        block_hash="0x" + "ab" * 32,
        block_time=NOON - ago,
        tx_hash="0x" + f"{serial:064x}",
        position=0,
        log_index=0,
    )


def subscription(units: int, **changes: Any) -> SubscriptionProcessed:
    return SubscriptionProcessed(
        source=source(**changes),
        sender="0x" + "a1" * 20,
        receiver="0x" + "a1" * 20,
        assets=units * USDT,
        shares=units * USDT,
    )


def nav(old_bps: int, new_bps: int) -> NavUpdated:
    return NavUpdated(
        source=source(),
        old_nav_per_share=WAD * old_bps // 10_000,
        new_nav_per_share=WAD * new_bps // 10_000,
        updated_at=NOON,
    )


@pytest.fixture(autouse=True)
def head() -> None:
    """The chain's head is of noon."""
    final_at(NOON)
    Cursor.objects.update(head_at=NOON)


def hear(fact: object) -> None:
    with transaction.atomic():
        bus.react(fact)


class TestWished:
    def test_for_a_large_subscription(self) -> None:
        hear(subscription(100_001))

        wish = Wish.objects.get()
        assert "100,001.00 USDT" in wish.reason
        assert (wish.aim["kind"], wish.considered_at) == ("DEPLOY", None)

    def test_not_for_an_ordinary_one(self) -> None:
        hear(subscription(100_000))

        assert not Wish.objects.exists()

    @pytest.mark.parametrize("new_bps", [10_501, 9_499])
    def test_for_a_jump_of_the_nav(self, new_bps: int) -> None:
        hear(nav(10_000, new_bps))

        assert Wish.objects.get().aim["kind"] == "TIERS"

    @pytest.mark.parametrize("new_bps", [10_500, 9_500, 10_000])
    def test_not_for_less(self, new_bps: int) -> None:
        hear(nav(10_000, new_bps))

        assert not Wish.objects.exists()

    def test_once_for_a_log(self) -> None:
        hear(subscription(200_000))
        hear(subscription(200_000))

        assert Wish.objects.count() == 1

    def test_not_for_history(self) -> None:
        hear(subscription(200_000, ago=timedelta(hours=1, seconds=1)))

        assert not Wish.objects.exists()

    def test_a_log_is_applied_whatever_the_state_of_rebalancing(self) -> None:
        with guards_off():
            Policy.objects.all()._raw_delete("default")

        hear(subscription(200_000))

        assert not Wish.objects.exists()


class TestConsidered:
    def test_leads_to_a_trigger_and_is_done(self, fund_now: Fund) -> None:
        fund_now.stands = situation(
            100_000,
            holdings=(holding(MTMM, 300_000), holding(CPCS, 300_000), holding(NGTR, 300_000)),
        )
        hear(subscription(200_000))
        (number,) = operations.due_wishes(at=clock.now())

        event = operations.consider_wish(wish_id=number, at=NOON)

        assert event is not None
        assert (event.kind, event.outcome) == ("EVENT", "NOTHING")
        assert event.reason == Wish.objects.get().reason
        assert operations.due_wishes(at=clock.now()) == []
        assert operations.consider_wish(wish_id=number, at=NOON) is None
        assert TriggerEvent.objects.get().times == 1

    def test_waits_while_no_node_answers(self, fund_now: Fund) -> None:
        fund_now.stands = ChainUnavailable("no node answers")
        hear(subscription(200_000))
        (number,) = operations.due_wishes(at=clock.now())

        with pytest.raises(ChainUnavailable):
            operations.consider_wish(wish_id=number, at=NOON)

        assert operations.due_wishes(at=clock.now()) == [number]

    def test_is_let_go_after_an_hour(self) -> None:
        hear(subscription(200_000))

        assert operations.due_wishes(at=clock.now() + timedelta(hours=1)) == []
