"""Who owns a voucher may settle its request; nobody else, and so not we."""

import re
from datetime import timedelta
from typing import Any

import pytest

from apps.chain import events
from apps.fund.models import Holder
from apps.redemptions import operations, queries
from apps.redemptions.models import ZERO_ADDRESS, Redemption, Voucher
from tests.accounts.people import person, signed_in

from .helpers import (
    CHAIN,
    NOON,
    OWNER,
    USDT,
    approved,
    final_at,
    project,
    requested,
    settled,
    source,
)

pytestmark = pytest.mark.django_db

BUYER = "0x" + "b1" * 20
TOKEN = "0x" + "70" * 20
DUE = NOON + timedelta(days=8)


def minted(request_id: int = 1, token_id: int = 7, *, block: int = 1000) -> events.VoucherMinted:
    return events.VoucherMinted(
        source=source(500 + token_id, block=block),
        token_id=token_id,
        request_id=request_id,
        owner=OWNER,
    )


def moved(recipient: str, *, block: int, token_id: int = 7) -> events.VoucherTransferred:
    return events.VoucherTransferred(
        source=source(600 + block, block=block, at=NOON + timedelta(seconds=block)),
        token_id=token_id,
        sender=OWNER,
        recipient=recipient,
    )


def owner() -> str:
    return str(Voucher.objects.get().owner)


class TestVoucher:
    def test_follows_its_transfers(self) -> None:
        project(requested(), moved(OWNER, block=999), minted(block=999))
        assert owner() == OWNER

        project(moved(BUYER, block=1001))

        row = Voucher.objects.get()
        assert (row.request_id, row.owner, row.token_id) == (1, BUYER, 7)
        assert row.minted_at == NOON + timedelta(seconds=999)
        assert row.moved_at == NOON + timedelta(seconds=1001)

    def test_an_older_log_changes_no_owner(self) -> None:
        project(requested(), moved(BUYER, block=1002))

        project(minted(block=1000), moved(OWNER, block=999))

        assert owner() == BUYER
        assert Voucher.objects.get().request_id == 1

    def test_of_an_unknown_request_is_refused(self) -> None:
        with pytest.raises(operations.UnknownRequest):
            project(minted(99))

    def test_stands_for_one_request(self) -> None:
        project(requested(1), requested(2), minted(1))

        with pytest.raises(operations.OutOfOrder, match="request 1 already"):
            project(minted(2, block=1005))

    def test_a_replay_gives_the_same(self) -> None:
        facts = [requested(), minted(), approved(), moved(BUYER, block=1001)]
        project(*facts)
        before = list(Voucher.objects.values())

        project(*facts)
        assert list(Voucher.objects.values()) == before

        operations.clear_projections(chain_id=CHAIN)
        assert not Voucher.objects.exists()
        project(*facts)
        again = list(Voucher.objects.values())
        assert [row | {"id": 0} for row in again] == [row | {"id": 0} for row in before]


class TestTheRightToSettle:
    @pytest.fixture(autouse=True)
    def due(self) -> None:
        project(requested(), approved(), minted())
        final_at(DUE, 2000)

    def test_is_the_owners(self) -> None:
        verdict = queries.settleability(Redemption.objects.get(), at=DUE)

        assert not verdict.possible
        assert verdict.refusal == f"Only the owner of voucher 7, {OWNER}, may settle it."

    def test_and_so_nothing_is_sent_and_nothing_waits_behind_it(self) -> None:
        project(requested(2, requires_approval=False))

        assert [row.request_id for row in queries.due(DUE)] == [2]

    def test_a_burned_voucher_carries_none(self) -> None:
        project(moved(ZERO_ADDRESS, block=1001))

        assert [row.request_id for row in queries.due(DUE)] == [1]

    def test_settlement_by_the_owner_closes_the_request(self) -> None:
        project(moved(ZERO_ADDRESS, block=1001), settled(at=DUE))

        assert Redemption.objects.get().status == "SETTLED"


def test_a_redemption_is_found_by_its_vouchers_owner() -> None:
    project(requested(1), requested(2), minted(1), moved(BUYER, block=1001))

    assert [row.request_id for row in queries.find(BUYER)] == [1]


class TestTimeline:
    def steps(self) -> list[tuple[str, str]]:
        entries = queries.timeline(Redemption.objects.get())
        return [(entry.event, entry.by) for entry in entries if entry.event.startswith("VOUCHER")]

    def test_tells_the_mint_and_the_last_sale(self) -> None:
        project(requested(), moved(OWNER, block=999), minted(block=999))
        assert self.steps() == [("VOUCHER_MINTED", "")]

        project(moved(BUYER, block=1001))
        assert self.steps() == [("VOUCHER_MINTED", ""), ("VOUCHER_MOVED", BUYER)]

    def test_says_nothing_where_there_is_none(self) -> None:
        project(requested())

        assert self.steps() == []


@pytest.mark.parametrize("burned", [False, True])
def test_pages_show_who_may_settle(burned: bool) -> None:
    project(requested(), minted(), moved(ZERO_ADDRESS if burned else BUYER, block=1001))
    client = signed_in(person("VIEWER"))

    pages: list[Any] = [
        client.get("/admin/redemptions/voucher/"),
        client.get(f"/admin/redemptions/voucher/{Voucher.objects.get().pk}/change/"),
        client.get(f"/admin/redemptions/redemption/{CHAIN}-1/change/"),
    ]

    for response in pages:
        assert response.status_code == 200
        text = response.content.decode()
        assert "#7" in text
        assert ("Settled, burned" in text) == burned


@pytest.mark.parametrize(("in_escrow", "after"), [(False, "20,000.00"), (True, "120,000.00")])
def test_what_the_owner_holds_after_payment(in_escrow: bool, after: str) -> None:
    project(requested())
    Holder.objects.create(
        chain_id=CHAIN,
        vault=TOKEN,
        address=OWNER,
        balance_shares=120_000 * USDT,
        in_escrow=in_escrow,
        first_activity_at=NOON,
        last_activity_at=NOON,
    )

    response: Any = signed_in(person("VIEWER")).get(
        f"/admin/redemptions/redemption/{CHAIN}-1/change/"
    )

    assert f"<dt>Holds after</dt><dd>{after}" in re.sub(
        r"<span[^>]*>", "", response.content.decode()
    )
