"""Balances and locked shares from facts."""

import itertools
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from apps.chain.events import (
    PendingApprovalSharesAdded,
    PendingApprovalSharesConverted,
    PendingApprovalSharesRemoved,
    SharesBurned,
    SharesLocked,
    SharesTransferred,
    SharesUnlocked,
)
from apps.core import bus
from apps.core.units import UINT256_MAX
from apps.fund.models import FactContradicted, Holder, ShareMovement
from apps.fund.operations import clear_projections
from apps.fund.operations.projections.holders import (
    LockWithoutHolder,
    NegativeBalance,
    NegativeLock,
)
from apps.fund.operations.snapshots import _holders
from apps.fund.queries import balances, holder_count, holder_rows, holders
from tests.fund.facts import ALICE, BOB, CAROL, CHAIN_ID, VAULT, ZERO, Logs, rows

pytestmark = pytest.mark.django_db


def project(*facts: Any) -> None:
    with transaction.atomic():
        for fact in facts:
            bus.project(fact)


def moved(logs: Logs, sender: str, recipient: str, shares: int, **options: Any) -> Any:
    return logs.fact(
        SharesTransferred, sender=sender, recipient=recipient, shares=shares, **options
    )


class TestEscrow:
    """v2: the vault's own account holds what is locked or waits for approval."""

    def asked(self, logs: Logs) -> None:
        project(
            moved(logs, ZERO, ALICE, 100),
            moved(logs, ALICE, VAULT, 60),
            logs.fact(PendingApprovalSharesAdded, same_tx=True, owner=ALICE, shares=60),
        )

    def shares(self) -> tuple[int, int, int, int]:
        row = Holder.objects.get(address=ALICE)
        return row.balance_shares, row.pending_shares, row.locked_shares, row.free_shares

    def test_shares_wait_for_approval(self, logs: Logs) -> None:
        self.asked(logs)

        assert self.shares() == (40, 60, 0, 40)

    def test_a_rejection_gives_them_back(self, logs: Logs) -> None:
        self.asked(logs)

        project(
            moved(logs, VAULT, ALICE, 60),
            logs.fact(PendingApprovalSharesRemoved, same_tx=True, owner=ALICE, shares=60),
        )

        assert self.shares() == (100, 0, 0, 100)

    def test_an_approval_locks_them_and_the_settlement_burns_them(self, logs: Logs) -> None:
        self.asked(logs)

        project(
            logs.fact(PendingApprovalSharesConverted, owner=ALICE, shares=60),
            logs.fact(SharesLocked, same_tx=True, owner=ALICE, shares=60, in_escrow=True),
        )
        assert self.shares() == (40, 0, 60, 40)

        project(
            moved(logs, VAULT, ZERO, 60),
            logs.fact(SharesBurned, same_tx=True, owner=ALICE, shares=60),
        )
        assert self.shares() == (40, 0, 0, 40)
        assert balances() == {ALICE: 40}

    def test_the_vault_is_no_holder_and_what_it_keeps_is_still_theirs(self, logs: Logs) -> None:
        self.asked(logs)
        project(moved(logs, ZERO, BOB, 60), moved(logs, BOB, VAULT, 60))
        project(logs.fact(PendingApprovalSharesAdded, owner=BOB, shares=60))

        assert Holder.objects.get(address=VAULT).balance_shares == 120
        assert holder_count() == 2, "BOB's shares are all kept by the vault, and are his"
        assert [view.address for view in holders()] == [ALICE, BOB]
        assert VAULT not in [view.address for view in holders(invested_only=False)]
        assert {row.address for row in holder_rows()} == {ALICE, BOB}

    def test_a_snapshot_of_then_counts_as_one_of_now(self, logs: Logs) -> None:
        self.asked(logs)
        project(
            logs.fact(PendingApprovalSharesConverted, owner=ALICE, shares=60),
            logs.fact(SharesLocked, same_tx=True, owner=ALICE, shares=60, in_escrow=True),
            moved(logs, ALICE, BOB, 40),
            moved(logs, VAULT, ZERO, 60),
            logs.fact(SharesBurned, same_tx=True, owner=ALICE, shares=60),
        )
        numbers = sorted(set(ShareMovement.objects.values_list("block_number", flat=True)))
        assert _holders(CHAIN_ID, numbers[-1]) == holder_count() == 1
        project(moved(logs, ZERO, CAROL, 1))

        counted = [_holders(CHAIN_ID, number) for number in numbers]

        assert counted == [1, 1, 1, 2, 1], "minted, asked, approved, the rest sold, burned"

    def test_more_than_is_pending_is_refused(self, logs: Logs) -> None:
        self.asked(logs)

        with pytest.raises(NegativeLock, match="60 shares pending"):
            project(logs.fact(PendingApprovalSharesConverted, owner=ALICE, shares=61))

    def test_pending_shares_of_a_stranger_are_refused(self, logs: Logs) -> None:
        with pytest.raises(LockWithoutHolder):
            project(logs.fact(PendingApprovalSharesAdded, owner=BOB, shares=1))


class TestTransfer:
    def test_mints_moves_and_burns(self, logs: Logs) -> None:
        project(
            moved(logs, ZERO, ALICE, 100),
            moved(logs, ALICE, BOB, 30),
            moved(logs, BOB, ZERO, 10),
        )

        assert balances() == {ALICE: 70, BOB: 20}

    def test_holds_the_largest_uint256(self, logs: Logs) -> None:
        project(moved(logs, ZERO, ALICE, UINT256_MAX), moved(logs, ALICE, BOB, UINT256_MAX))

        assert balances() == {BOB: UINT256_MAX}

    def test_keeps_a_holder_who_left_but_does_not_count_them(self, logs: Logs) -> None:
        project(moved(logs, ZERO, ALICE, 5), moved(logs, ALICE, BOB, 5))

        assert holder_count() == 1
        assert Holder.objects.get(address=ALICE).balance_shares == 0

    def test_remembers_first_and_last_activity(self, logs: Logs) -> None:
        first, last = moved(logs, ZERO, ALICE, 5), moved(logs, ALICE, BOB, 1)

        project(first, last)

        holder = Holder.objects.get(address=ALICE)
        assert holder.first_activity_at == first.source.block_time
        assert holder.last_activity_at == last.source.block_time

    def test_one_that_comes_late_leaves_what_chain_order_would(self, logs: Logs) -> None:
        first, middle, last = (moved(logs, ZERO, ALICE, 100) for _ in range(3))

        project(last)
        project(middle, first)

        row = Holder.objects.get(address=ALICE)
        assert row.balance_shares == 300
        assert row.first_activity_at == first.source.block_time
        assert row.last_activity_at == last.source.block_time

    def test_to_oneself_changes_nothing(self, logs: Logs) -> None:
        project(moved(logs, ZERO, ALICE, 5), moved(logs, ALICE, ALICE, 5))

        assert balances() == {ALICE: 5}

    def test_to_oneself_of_more_than_one_has_is_refused(self, logs: Logs) -> None:
        project(moved(logs, ZERO, ALICE, 5))

        with pytest.raises(NegativeBalance):
            project(moved(logs, ALICE, ALICE, 6))

    def test_of_nothing_touches_nobody(self, logs: Logs) -> None:
        project(moved(logs, ZERO, ALICE, 5))
        before = Holder.objects.get().last_activity_at

        project(moved(logs, ALICE, CAROL, 0))

        assert Holder.objects.get().last_activity_at == before
        assert ShareMovement.objects.count() == 2

    def test_refuses_to_go_below_zero_and_changes_nothing(self, logs: Logs) -> None:
        project(moved(logs, ZERO, ALICE, 5))

        with pytest.raises(NegativeBalance, match="holds 5 shares, but 6 leave"):
            project(moved(logs, ALICE, BOB, 6))

        assert balances() == {ALICE: 5}
        assert ShareMovement.objects.count() == 1

    def test_refuses_a_sender_never_seen(self, logs: Logs) -> None:
        with pytest.raises(NegativeBalance, match="holds 0 shares"):
            project(moved(logs, CAROL, BOB, 1))


class TestTwice:
    def test_has_one_effect(self, logs: Logs) -> None:
        mint, move = moved(logs, ZERO, ALICE, 100), moved(logs, ALICE, BOB, 30)

        project(mint, move, mint, move, move)

        assert balances() == {ALICE: 70, BOB: 30}
        assert ShareMovement.objects.count() == 2

    def test_with_other_content_is_refused(self, logs: Logs) -> None:
        mint = moved(logs, ZERO, ALICE, 100)
        project(mint)
        forged = SharesTransferred(source=mint.source, sender=ZERO, recipient=ALICE, shares=101)

        with pytest.raises(FactContradicted, match="another shares"):
            project(forged)

        assert balances() == {ALICE: 100}


class TestLock:
    def test_follows_a_settlement(self, logs: Logs) -> None:
        project(
            moved(logs, ZERO, ALICE, 100),
            logs.fact(SharesLocked, owner=ALICE, shares=100),
            moved(logs, ALICE, ZERO, 100),
            logs.fact(SharesBurned, same_tx=True, owner=ALICE, shares=100),
        )

        holder = Holder.objects.get()
        assert (holder.balance_shares, holder.locked_shares) == (0, 0)

    def test_follows_a_rejection(self, logs: Logs) -> None:
        project(
            moved(logs, ZERO, ALICE, 100),
            logs.fact(SharesLocked, owner=ALICE, shares=60),
            logs.fact(SharesUnlocked, owner=ALICE, shares=20),
        )

        holder = Holder.objects.get()
        assert (holder.balance_shares, holder.locked_shares, holder.free_shares) == (100, 40, 60)

    @pytest.mark.parametrize("fact", [SharesUnlocked, SharesBurned])
    def test_refuses_to_release_more_than_is_locked(self, logs: Logs, fact: Any) -> None:
        project(
            moved(logs, ZERO, ALICE, 100),
            logs.fact(SharesLocked, owner=ALICE, shares=60),
        )

        with pytest.raises(NegativeLock, match="60 shares locked, but 61"):
            project(logs.fact(fact, owner=ALICE, shares=61))

        assert Holder.objects.get().locked_shares == 60

    def test_refuses_an_owner_never_seen(self, logs: Logs) -> None:
        with pytest.raises(LockWithoutHolder):
            project(logs.fact(SharesLocked, owner=ALICE, shares=1))


class TestReplay:
    def test_gives_equal_rows(self, logs: Logs) -> None:
        facts = [
            moved(logs, ZERO, ALICE, 100),
            moved(logs, ALICE, BOB, 30),
            logs.fact(SharesLocked, owner=BOB, shares=10),
            moved(logs, BOB, ZERO, 10),
            logs.fact(SharesBurned, same_tx=True, owner=BOB, shares=10),
            moved(logs, BOB, CAROL, 0),
        ]
        project(*facts)
        before = rows(Holder) + rows(ShareMovement)

        cleared = clear_projections(chain_id=CHAIN_ID)
        project(*facts)

        assert cleared == len(before)
        assert rows(Holder) + rows(ShareMovement) == before


ACCOUNTS = [ALICE, BOB, CAROL, ZERO]
TRANSFERS = st.lists(
    st.tuples(st.sampled_from(ACCOUNTS), st.sampled_from(ACCOUNTS), st.integers(0, 50)),
    max_size=15,
)


class TestAnyTransfers(TestCase):
    @settings(deadline=None)  # real statements on a machine that others use too
    @given(TRANSFERS)
    def test_end_as_a_plain_ledger_does(self, transfers: list[tuple[str, str, int]]) -> None:
        logs = Logs()
        ledger = dict.fromkeys(ACCOUNTS, 0)
        for sender, recipient, shares in itertools.chain([(ZERO, ALICE, 60)], transfers):
            fact = moved(logs, sender, recipient, shares)
            if sender != ZERO and ledger[sender] < shares:
                with pytest.raises(NegativeBalance):
                    project(fact)
                continue
            ledger[sender] -= shares
            ledger[recipient] += shares
            project(fact)

        held = {account: n for account, n in ledger.items() if n > 0 and account != ZERO}
        assert balances() == dict(sorted(held.items()))

    @settings(deadline=None)
    @given(TRANSFERS)
    def test_together_do_what_they_do_one_by_one(
        self, transfers: list[tuple[str, str, int]]
    ) -> None:
        logs, ledger, facts = Logs(), dict.fromkeys(ACCOUNTS, 0), []
        for sender, recipient, shares in itertools.chain([(ZERO, ALICE, 60)], transfers):
            if sender != ZERO and ledger[sender] < shares:
                continue
            ledger[sender] -= shares
            ledger[recipient] += shares
            facts.append(moved(logs, sender, recipient, shares))
        project(*facts)
        one_by_one = rows(Holder) + rows(ShareMovement)
        clear_projections(chain_id=CHAIN_ID)

        with transaction.atomic():
            bus.project(*facts, *facts)  # and twice is once

        assert rows(Holder) + rows(ShareMovement) == one_by_one
