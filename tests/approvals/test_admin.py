"""The ticket list and page, and deciding through them."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from apps.approvals import operations
from apps.approvals.models import Ticket, Vote
from apps.approvals.queries import panels
from apps.audit.models import OperationLog
from apps.core import clock
from tests.accounts.people import Person, person, sign_typed_data, signed_in

from .helpers import open_ticket

pytestmark = pytest.mark.django_db
HOSTILE = '"><script>alert(1)</script>\u202e'


@pytest.fixture(autouse=True)
def _chain(redemption_chain: None) -> None:
    """Pages show the chain's state in their strip."""


def page(ticket: Ticket) -> str:
    return reverse("admin:approvals_ticket_change", args=[ticket.pk])


def decide(
    client: Client, who: Person, ticket: Ticket, decision: str, reason: str = ""
) -> tuple[int, int]:
    """Do what the page and its script do: ask what to sign, sign it, send the form."""
    fields = {"decision": decision, "reason": reason, "facts_hash": ticket.facts_hash}
    asked = client.post(reverse("admin:approvals_ticket_sign", args=[ticket.pk]), fields)
    if asked.status_code != 200:
        return asked.status_code, 0
    payload = asked.json()
    fields |= {
        "signature": sign_typed_data(who, payload["typedData"]),
        "nonce": payload["nonce"],
        "expires_at": str(payload["expiresAt"]),
    }
    sent = client.post(reverse("admin:approvals_ticket_vote", args=[ticket.pk]), fields)
    return asked.status_code, sent.status_code


class TestList:
    @pytest.mark.parametrize("tab", ["mine", "others", "decided", "failed", "all", "nonsense", ""])
    @pytest.mark.parametrize("role", ["ADMIN", "VIEWER", "OPERATOR", "SUPER_ADMIN"])
    def test_shows_every_tab_to_every_role(self, tab: str, role: str) -> None:
        person("ADMIN")
        open_ticket(title=HOSTILE, at=clock.now())

        response = signed_in(person(role)).get(
            reverse("admin:approvals_ticket_changelist"), {"tab": tab} if tab else {}
        )

        assert response.status_code in (200, 302)  # an unknown tab goes back to the list
        assert "<script>alert(1)" not in response.content.decode()

    def test_mine_and_others_divide_what_is_open(self) -> None:
        amir = person("ADMIN")
        mine = open_ticket(title="Mine to decide", at=clock.now())
        others = open_ticket(
            title="For others", kind="STANDARD_REDEMPTION", subject_id="9", at=clock.now()
        )
        client = signed_in(amir)

        first = client.get(reverse("admin:approvals_ticket_changelist"), {"tab": "mine"})
        second = client.get(reverse("admin:approvals_ticket_changelist"), {"tab": "others"})

        assert list(first.context["cl"].result_list) == [mine]
        assert list(second.context["cl"].result_list) == [others]

    def test_says_what_next_when_empty(self) -> None:
        response = signed_in(person("ADMIN")).get(
            reverse("admin:approvals_ticket_changelist"), {"tab": "mine"}
        )

        assert "No ticket waits for you." in response.content.decode()

    def test_is_closed_to_strangers(self) -> None:
        response = Client().get(reverse("admin:approvals_ticket_changelist"))

        assert response.status_code == 302


class TestPage:
    @pytest.mark.parametrize(
        "role", ["ADMIN", "VIP_APPROVER", "OPERATOR", "RISK_OFFICER", "VIEWER", "SUPER_ADMIN"]
    )
    def test_renders_for_every_role_and_escapes(self, role: str) -> None:
        person("ADMIN")
        ticket = open_ticket(
            title=HOSTILE,
            requester_name=HOSTILE,
            conditions=[
                {"text": HOSTILE, "met": True},
                {"text": "x", "met": False},
                {"text": "y", "met": None},
            ],
            assessment={"level": "HIGH", "score": 60, "factors": [HOSTILE]},
            at=clock.now(),
        )

        text = signed_in(person(role)).get(page(ticket)).content.decode()

        assert "<script>alert(1)" not in text
        assert "&lt;script&gt;alert(1)" in text
        assert ticket.calls_hash in text
        may = role == "ADMIN"
        assert ("data-sign-url" in text) is may
        assert ("You cannot vote because" in text) is not may

    def test_hostile_reasons_are_text(self) -> None:
        amir = person("ADMIN")
        ticket = open_ticket(at=clock.now())
        from .helpers import actor_of

        wanted = operations.prepare_vote(
            ticket_id=ticket.pk,
            user_id=amir.id,
            decision="REJECT",
            reason=HOSTILE,
            at=clock.now(),
        )
        operations.vote(
            ticket_id=ticket.pk,
            user_id=amir.id,
            decision="REJECT",
            reason=HOSTILE,
            facts_hash_shown=ticket.facts_hash,
            signature=sign_typed_data(amir, wanted.typed_data),
            nonce=wanted.nonce,
            expires_at=wanted.expires_at,
            actor=actor_of(amir.user),
            at=clock.now(),
        )

        text = signed_in(amir).get(page(ticket)).content.decode()

        assert "<script>alert(1)" not in text
        assert "&lt;script&gt;alert(1)" in text

    def test_shows_a_red_bar_and_no_form_when_figures_changed(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        amir = person("ADMIN")
        ticket = open_ticket(at=clock.now())
        monkeypatch.setitem(
            panels._panels,
            ("POOL_ACTION", ""),
            panels.Panel(describe=lambda _: {}, facts_now=lambda _: {"pool": 7, "amount": 1}),
        )

        text = signed_in(amir).get(page(ticket)).content.decode()

        assert "Something changed" in text
        assert "data-sign-url" not in text

    def test_tells_the_maker_why_not(self) -> None:
        amir = person("ADMIN")
        person("ADMIN")
        ticket = open_ticket(maker_user_id=amir.id, at=clock.now())

        text = signed_in(amir).get(page(ticket)).content.decode()

        assert "You cannot vote because you asked for this yourself" in text
        assert "Cancel the ticket" in text

    @pytest.mark.parametrize("number", ["0", "999999", "x", "9" * 30])
    def test_of_no_ticket_is_not_found(self, number: str) -> None:
        response = signed_in(person("ADMIN")).get(
            reverse("admin:approvals_ticket_change", args=[number])
        )

        assert response.status_code in (302, 404)

    def test_takes_no_post(self) -> None:
        person("ADMIN")
        ticket = open_ticket(at=clock.now())

        assert signed_in(person("ADMIN")).post(page(ticket), {}).status_code == 405


@pytest.mark.django_db(transaction=True)
class TestDeciding:
    def test_approves_with_the_wallets_signature(self) -> None:
        amir = person("ADMIN")
        ticket = open_ticket(at=clock.now())

        assert decide(signed_in(amir), amir, ticket, "APPROVE") == (200, 302)

        assert Ticket.objects.get(pk=ticket.pk).status == "APPROVED"

    def test_refuses_the_maker_at_both_doors(self) -> None:
        amir = person("ADMIN")
        person("ADMIN")
        ticket = open_ticket(maker_user_id=amir.id, at=clock.now())
        client = signed_in(amir)

        assert decide(client, amir, ticket, "APPROVE")[0] == 403
        response = client.post(
            reverse("admin:approvals_ticket_vote", args=[ticket.pk]),
            {
                "decision": "APPROVE",
                "facts_hash": ticket.facts_hash,
                "signature": "0x" + "11" * 65,
                "nonce": "0x" + "22" * 32,
                "expires_at": str(int((clock.now() + timedelta(minutes=1)).timestamp())),
            },
            follow=True,
        )

        assert "you asked for this yourself" in response.content.decode()
        assert not Vote.objects.exists()

    def test_refuses_roles_that_do_not_decide(self) -> None:
        person("ADMIN")
        vic = person("VIEWER")
        ticket = open_ticket(at=clock.now())
        client = signed_in(vic)

        assert decide(client, vic, ticket, "APPROVE")[0] == 403
        sent = client.post(reverse("admin:approvals_ticket_vote", args=[ticket.pk]), {})
        assert sent.status_code == 403

    @pytest.mark.parametrize(
        "fields",
        [
            {},
            {"expires_at": "soon"},
            {"expires_at": "1", "decision": "MAYBE"},
            {"expires_at": "9" * 12, "decision": "APPROVE", "nonce": "x", "signature": "y"},
        ],
    )
    def test_says_what_is_wrong_with_a_malformed_form(self, fields: dict[str, str]) -> None:
        amir = person("ADMIN")
        ticket = open_ticket(at=clock.now())
        url = reverse("admin:approvals_ticket_vote", args=[ticket.pk])

        response = signed_in(amir).post(url, fields, follow=True)

        assert response.status_code == 200
        assert len(response.context["messages"]) == 1
        assert not Vote.objects.exists()

    def test_signing_and_voting_take_post_only(self) -> None:
        ada = person("ADMIN")
        ticket = open_ticket(at=clock.now())
        client = signed_in(ada)

        for name in ("sign", "vote", "cancel"):
            url = reverse(f"admin:approvals_ticket_{name}", args=[ticket.pk])
            assert client.get(url).status_code == 405


class TestRules:
    def test_can_be_read(self) -> None:
        response = signed_in(person("VIEWER")).get(reverse("admin:approvals_rule_changelist"))

        assert response.status_code == 200
        assert "EMERGENCY_REDEMPTION" in response.content.decode()


class TestRefusedVotes:
    def test_an_attempt_on_ones_own_request_is_noted(self) -> None:
        amir = person("ADMIN")
        person("ADMIN")  # somebody else could decide it
        ticket = open_ticket(maker_user_id=amir.id, at=clock.now())

        asked, _ = decide(signed_in(amir), amir, ticket, "APPROVE")

        assert asked == 403
        row = OperationLog.objects.get(action="permission.denied")
        assert (row.actor_user_id, "asked for this yourself" in row.result) == (amir.id, True)
