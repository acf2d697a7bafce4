"""The chain's pages: what each shows, and what each button may do."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.approvals.models import Ticket
from apps.chain import config as chain_config
from apps.chain.calls import ApproveRedemption, SettleRedemption
from apps.chain.models import (
    Coverage,
    Cursor,
    Finding,
    FindingKind,
    Provider,
    ReorgEvent,
    SignerAccount,
    Stop,
    Transaction,
    TransactionStatus,
)
from apps.chain.operations import submit
from apps.core import clock
from apps.core.actor import Actor
from tests.accounts.people import person, signed_in
from tests.approvals.helpers import seed_rules
from tests.chain.tickets import approved
from tests.redemptions.helpers import CHAIN, write_chain_file
from tests.system import samples

pytestmark = pytest.mark.django_db

SIGNER = "0x" + "51" * 20


@pytest.fixture(autouse=True)
def chain_file(settings: LazySettings, tmp_path: Path) -> None:
    settings.CHAIN_FILE = str(write_chain_file(tmp_path))
    chain_config.reload()
    seed_rules()


@pytest.fixture
def signer() -> SignerAccount:
    return SignerAccount.objects.create(
        chain_id=CHAIN,
        address=SIGNER,
        name="operations",
        next_nonce=7,
        per_transaction_assets=100_000 * 10**18,
        per_day_assets=500_000 * 10**18,
        calls_per_day=500,
    )


def text(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


class TestChain:
    def page(self, role: str = "VIEWER") -> str:
        return text(signed_in(person(role)), reverse("admin:chain_cursor_change", args=[CHAIN]))

    def test_says_how_far_it_is_read_and_by_which_nodes(self) -> None:
        samples.cursor(clock.now())
        Provider.objects.create(
            chain_id=CHAIN,
            key="a",
            label="http://127.0.0.1:1",
            place=0,
            head_number=1_284_511,
            latency_ms=12.4,
            calls=100,
            checked_at=clock.now(),
        )
        Provider.objects.create(
            chain_id=CHAIN,
            key="b",
            label="https://second.example",
            place=1,
            head_number=1_284_500,
            benched_until=clock.now() + timedelta(minutes=1),
            benched_reason="it left out logs of block 1,284,400",
        )

        shown = self.page()

        assert "In use" in shown
        assert "12" in shown
        assert "Benched" in shown
        assert "it left out logs of block 1,284,400" in shown

    def test_shows_what_of_a_contract_is_not_read_yet(self) -> None:
        samples.cursor(clock.now())
        vault = chain_config.chain(CHAIN).contract("vault").address
        Coverage.objects.create(
            chain_id=CHAIN, address=vault, kind="vault", covered=((0, 100), (200, 1_284_497))
        )

        shown = self.page()

        assert "Filling in" in shown
        assert "100–199" in shown

    def test_tells_the_way_out_of_a_halt(self) -> None:
        row = samples.cursor(clock.now())
        row.halted_reason = "Chain left our branch <b>below</b> what was final."
        row.halted_at = clock.now()
        row.save()

        shown = self.page()

        assert "Reading has halted" in shown
        assert f"rewind --chain {CHAIN}" in shown
        assert "&lt;b&gt;below&lt;/b&gt;" in shown

    def test_shows_reorgs_and_open_differences(self) -> None:
        at = clock.now()
        samples.cursor(at)
        ReorgEvent.objects.create(
            chain_id=CHAIN,
            ancestor_number=1_284_000,
            depth=3,
            old_tip="0x" + "01" * 32,
            new_tip="0x" + "02" * 32,
            orphaned_logs=2,
            adopted_logs=5,
            at=at,
        )
        Finding.objects.create(
            chain_id=CHAIN,
            kind=FindingKind.HOLDERS,
            subject="holder 0xab",
            detail="we say 5, the chain says 6",
            first_seen_at=at,
            last_seen_at=at,
        )

        shown = self.page()

        assert "1,284,000" in shown
        assert "we say 5, the chain says 6" in shown

    def test_a_chain_that_is_no_longer_configured_still_has_a_page(self) -> None:
        Cursor.objects.create(chain_id=77, next_block=5)

        shown = text(signed_in(person("VIEWER")), reverse("admin:chain_cursor_change", args=[77]))

        assert "no longer in the chain file" in shown


class TestStops:
    def test_one_person_stops_everything_at_once(self) -> None:
        client = signed_in(person("RISK_OFFICER"))

        client.post(reverse("admin:chain_stop_set"), {"scope": "all", "reason": "a key may be out"})

        stop = Stop.objects.get()
        assert (stop.scope, stop.reason, stop.lifted_at) == ("all", "a key may be out", None)
        assert "In force" in text(client, reverse("admin:chain_stop_changelist"))

    def test_refuses_without_a_reason(self) -> None:
        client = signed_in(person("RISK_OFFICER"))

        client.post(reverse("admin:chain_stop_set"), {"scope": "all", "reason": " "})

        assert not Stop.objects.exists()

    def test_refuses_who_may_only_look(self) -> None:
        client = signed_in(person("VIEWER"))

        response = client.post(reverse("admin:chain_stop_set"), {"scope": "all", "reason": "x"})

        assert response.status_code == 403
        assert not Stop.objects.exists()

    def test_lifting_asks_people_and_lifts_nothing_by_itself(self) -> None:
        for _ in range(3):
            person("ADMIN")
        client = signed_in(person("OPERATOR"))
        client.post(reverse("admin:chain_stop_set"), {"scope": "all", "reason": "a drill"})
        stop = Stop.objects.get()

        client.post(
            reverse("admin:chain_stop_lift", args=[stop.pk]), {"reason": "the drill is over"}
        )

        ticket = Ticket.objects.get()
        assert (ticket.kind, ticket.required_approvals) == ("LIFT_STOP", 2)
        page = text(client, reverse("admin:approvals_ticket_change", args=[ticket.pk]))
        assert "Sending goes on for everything." in page
        assert "“a drill”" in page
        assert "“the drill is over”" in page
        stop.refresh_from_db()
        assert stop.lifted_at is None


class TestSigners:
    def test_shows_limits_and_pauses(self, signer: SignerAccount) -> None:
        client = signed_in(person("OPERATOR"))
        url = reverse("admin:chain_signeraccount_change", args=[signer.pk])
        assert "500,000" in text(client, url)

        client.post(reverse("admin:chain_signer_pause", args=[signer.pk]), {"reason": "odd nonces"})

        assert Stop.objects.get().scope == f"signer:{CHAIN}:{SIGNER}"
        assert "odd nonces" in text(client, url)

    def test_other_limits_are_asked_of_another_person(self, signer: SignerAccount) -> None:
        for _ in range(2):
            person("ADMIN")
        client = signed_in(person("ADMIN"))

        client.post(
            reverse("admin:chain_signer_limits", args=[signer.pk]),
            {
                "per_transaction": "50,000",
                "per_day": "200000.5",
                "calls_per_day": "100",
                "reason": "a quieter season",
            },
        )

        ticket = Ticket.objects.get()
        assert ticket.kind == "CONFIG_CHANGE"
        assert ticket.facts["new"]["perTransactionAssets"] == str(50_000 * 10**18)
        assert ticket.facts["new"]["perDayAssets"] == str(2_000_005 * 10**17)
        page = text(client, reverse("admin:approvals_ticket_change", args=[ticket.pk]))
        assert "in any 24 hours at most 500,000.00 USDT → 200,000.50 USDT" in page
        assert "“a quieter season”" in page
        signer.refresh_from_db()
        assert signer.per_transaction_assets == 100_000 * 10**18

    @pytest.mark.parametrize("nonsense", ["", "much", "1e400", "NaN", "-5", "1" * 90])
    def test_refuses_limits_that_are_no_numbers(self, signer: SignerAccount, nonsense: str) -> None:
        person("ADMIN")
        client = signed_in(person("ADMIN"))

        response = client.post(
            reverse("admin:chain_signer_limits", args=[signer.pk]),
            {
                "per_transaction": nonsense,
                "per_day": "10",
                "calls_per_day": "1",
                "reason": "no reason",
            },
        )

        assert response.status_code == 302
        assert not Ticket.objects.exists()


class TestTransactions:
    @pytest.fixture
    def queued(self) -> Transaction:
        call = ApproveRedemption(chain_id=CHAIN, request_id=7)
        pk = submit(
            call=call,
            key="k",
            ticket_id=approved(call),
            actor=Actor.system("test"),
            at=clock.now(),
        )
        return Transaction.objects.get(pk=pk)

    def test_shows_the_call_in_words(self, queued: Transaction) -> None:
        shown = text(
            signed_in(person("VIEWER")), reverse("admin:chain_transaction_change", args=[queued.pk])
        )

        assert "approveRedemption" in shown
        assert "requestId" in shown
        assert "Cancel this transaction" not in shown

    def test_an_operator_takes_it_back(self, queued: Transaction) -> None:
        client = signed_in(person("OPERATOR"))

        client.post(
            reverse("admin:chain_transaction_cancel", args=[queued.pk]), {"reason": "not needed"}
        )

        assert Transaction.objects.get(pk=queued.pk).status == TransactionStatus.CANCELLED

    def test_tries_it_again(self, queued: Transaction) -> None:
        client = signed_in(person("OPERATOR"))
        client.post(
            reverse("admin:chain_transaction_cancel", args=[queued.pk]), {"reason": "not needed"}
        )

        client.post(reverse("admin:chain_transaction_retry", args=[queued.pk]))

        again = Transaction.objects.latest("id")
        assert again.pk != queued.pk
        assert (again.status, again.call_hash) == (TransactionStatus.QUEUED, queued.call_hash)

    def test_says_why_a_fee_cannot_be_raised(self, queued: Transaction) -> None:
        client = signed_in(person("OPERATOR"))

        response = client.post(
            reverse("admin:chain_transaction_bump", args=[queued.pk]), follow=True
        )

        assert f"Transaction {queued.pk} is queued." in response.content.decode()

    @pytest.mark.parametrize("door", ["cancel", "bump", "retry"])
    def test_refuses_who_may_only_look(self, queued: Transaction, door: str) -> None:
        client = signed_in(person("VIEWER"))

        response = client.post(
            reverse(f"admin:chain_transaction_{door}", args=[queued.pk]), {"reason": "x"}
        )

        assert response.status_code == 403
        assert Transaction.objects.get(pk=queued.pk).status == TransactionStatus.QUEUED


class TestLists:
    """How much is read does not grow with the rows."""

    def queries(self, url: str) -> int:
        client = signed_in(person("VIEWER"))
        client.get(url)
        cache.clear()  # else the sidebar's counts are asked for now and then
        with CaptureQueriesContext(connection) as asked:
            text(client, url)
        return len(asked)

    def test_of_signers(self, signer: SignerAccount) -> None:
        url = reverse("admin:chain_signeraccount_changelist")
        one = self.queries(url)
        for place in range(5):
            address = f"0x{place:040x}"
            SignerAccount.objects.create(chain_id=CHAIN, address=address, name=f"s{place}")

        assert self.queries(url) == one

    def test_of_transactions(self) -> None:
        url = reverse("admin:chain_transaction_changelist")
        queue(0)
        one = self.queries(url)
        for place in range(1, 6):
            queue(place)

        assert self.queries(url) == one

    @pytest.mark.parametrize("door", ["pause", "limits"])
    def test_a_signer_that_is_none_is_not_found(self, door: str) -> None:
        client = signed_in(person("ADMIN"))

        response = client.post(reverse(f"admin:chain_signer_{door}", args=[999]), {"reason": "x"})

        assert response.status_code == 404

    def test_a_chain_that_is_none_cannot_be_stopped(self) -> None:
        client = signed_in(person("ADMIN"))
        data = {"scope": "chain:999", "reason": "x"}

        page = client.post(reverse("admin:chain_stop_set"), data, follow=True).content.decode()

        assert "is on no chain of ours" in page
        assert not Stop.objects.exists()

    def test_buttons_are_no_links(self, signer: SignerAccount) -> None:
        client = signed_in(person("ADMIN"))
        doors = ["admin:chain_signer_pause", "admin:chain_signer_limits"]

        answers = [client.get(reverse(door, args=[signer.pk])) for door in doors]
        answers.append(client.get(reverse("admin:chain_stop_set")))

        assert {answer.status_code for answer in answers} == {405}
        assert not Stop.objects.exists()


def queue(place: int) -> None:
    submit(
        call=SettleRedemption(chain_id=CHAIN, request_id=place),
        key=f"k{place}",
        ticket_id=None,
        actor=Actor.system("test"),
        at=clock.now(),
    )
