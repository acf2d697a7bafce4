"""What the vault keeps of each holder: some in turn, and nobody who differs is forgotten."""

from datetime import timedelta
from typing import Any

import pytest

from apps.chain import operations as chain_operations
from apps.chain.queries import FindingKind, SharesSetAside
from apps.fund import queries
from apps.fund.models import Holder
from apps.fund.queries import set_aside
from tests.fund.facts import ALICE, BOB, CHAIN_ID, START, VAULT

HOUR = timedelta(hours=1)


def holds(address: str, **values: Any) -> None:
    Holder.objects.create(
        chain_id=CHAIN_ID,
        vault=VAULT,
        address=address,
        first_activity_at=START,
        last_activity_at=START,
        **values,
    )


def sample(hours: int = 0) -> dict[str, SharesSetAside]:
    return queries.set_aside_sample(chain_id=CHAIN_ID, vault=VAULT, at=START + hours * HOUR)


def crowd(count: int) -> set[str]:
    addresses = {f"0x{number:040x}" for number in range(1, count + 1)}
    for address in addresses:
        holds(address)
    return addresses


def keeps(locked: int | None = 0, pending: int | None = 0) -> SharesSetAside:
    return SharesSetAside(locked=locked, pending=pending)


@pytest.mark.django_db
class TestSample:
    def test_says_what_our_rows_say(self) -> None:
        holds(ALICE, balance_shares=5, locked_shares=3, pending_shares=2)
        holds(VAULT, balance_shares=5)

        assert sample() == {ALICE: keeps(3, 2)}

    def test_nobody_is_asked_of_an_empty_fund(self) -> None:
        assert sample() == {}

    def test_few_are_all_looked_at_every_time(self) -> None:
        everybody = crowd(20)

        assert all(set(sample(hour)) == everybody for hour in range(3))

    def test_many_are_looked_at_in_turn_and_all_of_them(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(set_aside, "ACCOUNTS_PER_RUN", 10)
        everybody = crowd(95)
        turns = [set(sample(hour)) for hour in range(10)]

        assert set.union(*turns) == everybody
        assert sum(len(turn) for turn in turns) == 95
        assert max(len(turn) for turn in turns) < 30
        assert set(sample(10)) == turns[0]

    def test_whoever_comes_or_leaves_changes_nobody_elses_turn(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(set_aside, "ACCOUNTS_PER_RUN", 10)
        everybody = crowd(91)
        before = set(sample())
        holds(ALICE)
        Holder.objects.filter(address=min(everybody - before)).delete()

        assert set(sample()) - {ALICE} == before

    def test_an_open_difference_is_looked_at_until_it_is_none(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(set_aside, "ACCOUNTS_PER_RUN", 10)
        crowd(95)
        asked = sample()
        first = min(asked)
        theirs = {account: keeps(locked=int(account == first)) for account in asked}
        chain_operations.settle_findings(
            chain_id=CHAIN_ID,
            kinds=[FindingKind.HOLDERS],
            seen=queries.set_aside_differences(ours=asked, theirs=theirs),
            at=START,
        )

        assert all(first in sample(hour) for hour in range(10))

    def test_another_chains_holders_are_not_ours(self) -> None:
        holds(ALICE)
        Holder.objects.update(chain_id=CHAIN_ID + 1)

        assert sample() == {}


class TestDifferences:
    def differences(self, said: SharesSetAside) -> list[str]:
        ours = {ALICE: keeps(3, 2), BOB: keeps()}
        found = queries.set_aside_differences(ours=ours, theirs={ALICE: said, BOB: keeps()})
        assert {each.subject for each in found} <= {f"shares set aside of {ALICE}"}
        assert {each.kind for each in found} <= {FindingKind.HOLDERS}
        return [each.detail for each in found]

    def test_agree(self) -> None:
        assert self.differences(keeps(3, 2)) == []

    @pytest.mark.parametrize("said", [keeps(None, None), keeps(3, None), keeps(None, 2)])
    def test_what_the_contract_does_not_say_is_no_difference(self, said: SharesSetAside) -> None:
        assert self.differences(said) == []

    def test_each_is_named(self) -> None:
        locked = "locked: our rows say 3, the contract 0"
        pending = "waiting for approval: our rows say 2, the contract 9"

        assert self.differences(keeps(0, 9)) == [f"{locked}; {pending}."]
        assert self.differences(keeps(3, 9)) == [f"{pending}."]
