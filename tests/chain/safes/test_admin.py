"""The warm wallet's list and page, and signing through them."""

from typing import Any

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from apps.audit.models import OperationLog
from apps.chain.models import (
    ProposalStatus,
    SafeConfirmation,
    SafeProposal,
    Transaction,
    TransactionStatus,
)
from tests.accounts.people import Person, person, sign_typed_data, signed_in
from tests.chain.safes.desk import Desk, end
from tests.journeys.browser import DESKTOP, PHONE, screenshot, sign_in

pytestmark = [pytest.mark.chain, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _nothing_cached() -> None:
    cache.clear()


def page(proposal: SafeProposal) -> str:
    return reverse("admin:chain_safeproposal_change", args=[proposal.pk])


def sign(client: Client, who: Person, proposal: SafeProposal) -> tuple[int, str]:
    """Do what the page and its script do; the status of the asking, and what the page says then."""
    asked = client.post(reverse("admin:chain_safe_sign", args=[proposal.pk]))
    if asked.status_code != 200:
        return asked.status_code, asked.json()["error"]["message"]
    payload = asked.json()
    sent = client.post(
        reverse("admin:chain_safe_confirm", args=[proposal.pk]),
        {
            "signature": sign_typed_data(who, payload["typedData"]),
            "nonce": payload["nonce"],
            "expires_at": payload["expiresAt"],
        },
        follow=True,
    )
    return asked.status_code, sent.content.decode()


def simulated(row: Transaction) -> Transaction:
    row.simulated(gas_limit=1)
    row.save()
    return row


class TestList:
    def test_says_what_waits_for_whom(self, desk: Desk) -> None:
        proposal = desk.propose()
        desk.sign(proposal, desk.owners[0])

        mine = signed_in(desk.owners[1]).get(reverse("admin:chain_safeproposal_changelist"))
        done = signed_in(desk.owners[0]).get(reverse("admin:chain_safeproposal_changelist"))

        assert "1 waits for your signature" in mine.content.decode()
        assert "Nothing waits for your signature" in done.content.decode()
        assert "240,000.00" in mine.content.decode()
        assert "1 / 2" in mine.content.decode()

    def test_the_sidebar_counts_for_owners_alone(self, desk: Desk) -> None:
        desk.propose()

        def badge(who: Person) -> Any:
            groups = signed_in(who).get("/admin/health/").context["sidebar_navigation"]
            items = [item for group in groups for item in group["items"]]
            return next(item for item in items if item["title"] == "Warm wallet").get("badge")

        assert badge(desk.owners[0]) == 1
        assert not badge(person("VIEWER"))

    def test_costs_no_query_for_each_line(
        self, desk: Desk, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(6):
            desk.propose(f"k{number}", 10_000)
        client = signed_in(person("VIEWER"))
        client.get(reverse("admin:chain_safeproposal_changelist"))

        with django_assert_max_num_queries(30):
            client.get(reverse("admin:chain_safeproposal_changelist"))


class TestPage:
    def test_shows_the_call_in_words_and_the_hash(self, desk: Desk) -> None:
        proposal = desk.propose()

        text = signed_in(desk.owners[0]).get(page(proposal)).content.decode()

        assert "purchaseAsset" in text
        assert "240,000.00" in text
        assert f'data-copy="{proposal.safe_tx_hash}"' in text
        assert "Sign for the Safe" in text

    @pytest.mark.parametrize(
        ("role", "why"),
        [
            ("VIEWER", "your role does not sign for the warm wallet"),
            ("ADMIN", "your registered wallet is not an owner of this Safe"),
        ],
    )
    def test_says_why_not(self, desk: Desk, role: str, why: str) -> None:
        proposal = desk.propose()

        text = signed_in(person(role)).get(page(proposal)).content.decode()

        assert why in text
        assert "data-sign-url" not in text

    def test_of_a_withdrawn_one_says_what_voids_its_signatures(self, desk: Desk) -> None:
        proposal = desk.propose()
        desk.sign(proposal, desk.owners[0])
        end(proposal.transaction, TransactionStatus.CANCELLED)
        desk.tidy()

        text = signed_in(desk.owners[0]).get(page(proposal)).content.decode()

        assert "void as soon as another transaction has used nonce 0" in text
        assert "SAFE_" not in text

    @pytest.mark.parametrize("number", ["0", "999", "x", "9" * 30])
    def test_of_none_is_not_found(self, desk: Desk, number: str) -> None:
        path = reverse("admin:chain_safeproposal_change", args=[number])

        assert signed_in(desk.owners[0]).get(path).status_code == 404

    def test_is_closed_to_strangers(self, desk: Desk) -> None:
        assert Client().get(page(desk.propose())).status_code == 302


class TestSigning:
    def test_two_owners_sign(self, desk: Desk) -> None:
        proposal = desk.propose()
        first, second = desk.owners[:2]

        _, one = sign(signed_in(first), first, proposal)
        _, two = sign(signed_in(second), second, proposal)

        assert "One more owner has to sign." in one
        assert "Enough owners have signed" in two
        assert SafeConfirmation.objects.count() == 2
        assert OperationLog.objects.filter(action="SAFE_CONFIRM").count() == 2

    def test_who_may_not_is_told_and_noted(self, desk: Desk) -> None:
        proposal, viewer = desk.propose(), person("VIEWER")

        status, words = sign(signed_in(viewer), viewer, proposal)

        assert (status, "your role" in words) == (403, True)
        assert OperationLog.objects.filter(actor_name=viewer.user.username).exists()

    def test_another_wallet_is_refused(self, desk: Desk) -> None:
        proposal = desk.propose()

        _, words = sign(signed_in(desk.owners[0]), desk.owners[1], proposal)

        assert "not made by your registered wallet" in words
        assert not SafeConfirmation.objects.exists()

    @pytest.mark.parametrize("door", ["sign", "confirm", "withdraw", "reject"])
    def test_only_by_post(self, desk: Desk, door: str) -> None:
        path = reverse(f"admin:chain_safe_{door}", args=[desk.propose().pk])

        assert signed_in(desk.owners[0]).get(path).status_code == 405


class TestWithdrawing:
    def test_takes_the_transaction_back(self, desk: Desk) -> None:
        proposal = desk.propose()
        path = reverse("admin:chain_safe_withdraw", args=[proposal.pk])

        signed_in(person("OPERATOR")).post(path, {"reason": "not any more"})

        proposal = SafeProposal.objects.get(pk=proposal.pk)
        assert proposal.status == ProposalStatus.WITHDRAWN
        assert proposal.transaction.status == TransactionStatus.CANCELLED

    def test_needs_the_right(self, desk: Desk) -> None:
        path = reverse("admin:chain_safe_withdraw", args=[desk.propose().pk])

        assert signed_in(person("VIEWER")).post(path, {"reason": "x"}).status_code == 403


class TestRejecting:
    def test_asks_the_owners_to_use_the_nonce_up(self, desk: Desk) -> None:
        proposal = desk.propose()
        path = reverse("admin:chain_safe_reject", args=[proposal.pk])
        end(proposal.transaction, TransactionStatus.CANCELLED)
        desk.tidy()
        offered = signed_in(desk.owners[0]).get(page(proposal)).content.decode()

        signed_in(person("OPERATOR")).post(path)
        row = Transaction.objects.get(kind="REJECT_SAFE_NONCE")
        desk.prepare(simulated(row))
        text = signed_in(desk.owners[0]).get(page(desk.proposal(row))).content.decode()

        assert "Reject nonce 0" in offered
        assert "the Safe itself" in text
        assert "Sign for the Safe" in text

    def test_needs_the_right(self, desk: Desk) -> None:
        path = reverse("admin:chain_safe_reject", args=[desk.propose().pk])

        assert signed_in(person("VIEWER")).post(path).status_code == 403


@pytest.mark.browser
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
class TestInABrowser:
    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_an_owner_signs_with_the_development_wallet(
        self,
        page: Any,
        live_server: Any,
        committed_desk: Desk,
        settings: LazySettings,
        theme: str,
    ) -> None:
        desk, node = committed_desk, committed_desk.world.node.url
        settings.DEMO, settings.DEV_WALLET_URL = True, node
        directives = dict(settings.CONTENT_SECURITY_POLICY["DIRECTIVES"])
        directives["connect-src"] = [*directives["connect-src"], node]
        settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": directives}
        proposal = desk.propose()
        desk.propose("b", 150_000)
        desk.sign(proposal, desk.owners[0])
        sign_in(page, live_server.url, signed_in(desk.owners[1]))
        page.goto(f"{live_server.url}{reverse('admin:chain_safeproposal_changelist')}")
        page.evaluate(f"localStorage.setItem('adminTheme', '\"{theme}\"')")
        page.reload()
        screenshot(page, f"safe-list-{theme}")
        page.set_viewport_size(PHONE)
        screenshot(page, f"safe-list-{theme}-phone")
        page.set_viewport_size(DESKTOP)

        page.get_by_role("link", name=f"#{proposal.pk} Buy").click()
        page.wait_for_selector(".wallet-development")
        screenshot(page, f"safe-page-{theme}")
        page.set_viewport_size(PHONE)
        page.wait_for_timeout(200)
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        screenshot(page, f"safe-page-{theme}-phone")
        page.get_by_role("button", name="Sign for the Safe").click()
        page.wait_for_selector("text=Enough owners have signed")
        screenshot(page, f"safe-signed-{theme}-phone")

        assert overflow <= 0
        assert desk.prepare(proposal.transaction)
