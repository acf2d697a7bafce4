"""The pages on which people ask: what they show, what their buttons do, and why some do nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.approvals.models import Ticket
from apps.chain.queries import ChainUnavailable
from apps.core import clock
from apps.fund import operations, queries
from apps.fund.admin import asset_changes
from apps.fund.models import Asset, Snapshot
from apps.fund.rules.called import Called
from apps.fund.rules.terms import Terms
from tests.accounts.people import Person, person, signed_in
from tests.approvals.helpers import SYSTEM
from tests.forcing import guards_off
from tests.fund.facts import CHAIN_ID, START, TOKEN, USDT, Logs
from tests.fund.people import team
from tests.fund.states import asset, state
from tests.fund.test_projections import added

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("chain_file")]

NEW = "0x" + "72" * 20
TERMS = {"issuer": "Larch & Co", "otc_contact": "", "matures": "2027-03-31", "notice_days": "5"}


@pytest.fixture
def admins() -> list[Person]:
    return team()


@pytest.fixture
def client(admins: list[Person]) -> Client:
    return signed_in(admins[0])


@pytest.fixture(autouse=True)
def _fund(logs: Logs, project: Callable[..., None]) -> None:
    project(added(logs))
    read()


def read(number: int = 100, **values: Any) -> None:
    operations.take_snapshot(
        kind="LIVE",
        chain_id=CHAIN_ID,
        slot=START + timedelta(seconds=number),
        state=state(number, START, **values),
        at=clock.now(),
    )


def page(client: Client, name: str, *args: Any) -> str:
    response = client.get(reverse(f"admin:{name}", args=args))
    assert response.status_code == 200
    return response.content.decode()


def post(client: Client, name: str, *args: Any, **data: str) -> str:
    """The page that a button leads to, with what it says."""
    response = client.post(reverse(f"admin:{name}", args=args), data, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def the_asset() -> int:
    return Asset.objects.get().pk


class TestFees:
    def test_shows_periods_and_both_ways_out(self, client: Client) -> None:
        text = page(client, "fund_feeentry_changelist")

        assert "March 2026" in text
        assert "Quarter 1 of 2026" in text
        assert "Since inception" in text
        assert "Ask two people" in text
        assert "disabled" not in text.split("Withdraw redemption fees", 1)[1].split("</form>", 1)[0]

    @pytest.mark.parametrize(
        ("unpaid", "says"),
        [
            (None, "the contract does not say what it has not paid"),
            (25 * USDT, "all that accrued less what the contract says it has not paid yet"),
        ],
    )
    def test_says_how_what_was_paid_is_known(
        self, client: Client, unpaid: int | None, says: str
    ) -> None:
        Snapshot.objects.update(unpaid_fees_assets=unpaid)

        text = page(client, "fund_feeentry_changelist")

        assert says in text
        assert ("that were taken before and wait for cash" in text) == bool(unpaid)

    def test_what_waits_for_cash_is_asked_for_too(self, client: Client) -> None:
        Snapshot.objects.update(unpaid_fees_assets=25 * USDT)

        post(client, "fund_fees_accrued", reason="Quarter end")

        ticket = Ticket.objects.get()
        assert ticket.amount == (7 + 3 + 25) * USDT
        assert ticket.facts["unpaid"] == str(25 * USDT)

    def test_a_button_opens_a_ticket(self, client: Client) -> None:
        text = post(client, "fund_fees_redemption", amount="1,234.5", reason="Quarter end")

        ticket = Ticket.objects.get()
        assert ticket.amount == 12_345 * USDT // 10
        assert f"Ticket #{ticket.pk} asks for it" in text
        assert f"Ticket #{ticket.pk} about this waits for votes." in text

    def test_the_other_button_opens_one_too(self, client: Client) -> None:
        post(client, "fund_fees_accrued", reason="Quarter end")

        assert Ticket.objects.get().subject_id == "management and performance"

    @pytest.mark.parametrize("amount", ["", "many", "-1", "1e400", "NaN", "0.0000000000000000001"])
    def test_nonsense_is_refused_in_words(self, client: Client, amount: str) -> None:
        text = post(client, "fund_fees_redemption", amount=amount, reason="Quarter end")

        assert "is no amount of USDT" in text
        assert not Ticket.objects.exists()

    def test_a_viewer_sees_why_the_button_is_dead_and_cannot_press_it(self) -> None:
        viewer = signed_in(person("VIEWER"))

        text = page(viewer, "fund_feeentry_changelist")

        assert "Operators and administrators ask for this." in text
        url = reverse("admin:fund_fees_redemption")
        assert viewer.post(url, {"amount": "1", "reason": "x"}).status_code == 403
        assert not Ticket.objects.exists()

    def test_buttons_answer_to_posts_alone(self, client: Client) -> None:
        for name in ("fund_fees_redemption", "fund_fees_accrued"):
            assert client.get(reverse(f"admin:{name}")).status_code == 405

    def test_a_failed_ticket_is_shown_with_a_way_on(self, client: Client) -> None:
        post(client, "fund_fees_redemption", amount="1", reason="Quarter end")
        with guards_off():
            Ticket.objects.update(
                status="APPROVED",
                decided_at=clock.now(),
                execution_status="FAILED",
                execution_error="<b>reverted</b>",
            )

        text = page(client, "fund_feeentry_changelist")

        assert "did not reach the chain" in text
        assert "&lt;b&gt;reverted" in text
        assert reverse("admin:fund_fees_retry", args=[Ticket.objects.get().pk]) in text


class TestRegister:
    def test_shows_target_of_the_whole_and_issuer(self, client: Client) -> None:
        operations.load_terms(
            terms={TOKEN: Terms(issuer="Larch <b>Street</b>")},
            chain_id=CHAIN_ID,
            actor=SYSTEM,
            at=START,
        )

        text = page(client, "fund_asset_changelist")

        assert "30.00 %" in text
        assert "Larch &lt;b&gt;Street" in text
        assert "L2: " in text

    def test_a_new_asset_is_tried_before_anybody_is_asked(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tried: list[Any] = []

        def answer(**asked: Any) -> queries.Trial:
            tried.append(asked)
            return queries.Trial(
                ok=True,
                error="",
                block_number=9,
                price_assets=USDT,
                called=Called(name=b"<b>Larch", symbol=b"LR<i>", decimals=6),
            )

        monkeypatch.setattr(asset_changes.queries, "try_adding", answer)

        post(
            client,
            "fund_asset_add_proposal",
            token=NEW,
            tier="L3",
            share="12.5",
            reason="New",
            **TERMS,
        )

        ticket = Ticket.objects.get()
        assert tried[0]["token"] == NEW
        assert ticket.facts["shareBps"] == "1250"
        assert ticket.facts["new"] == {
            "issuer": "Larch & Co",
            "otcContact": "",
            "maturesAt": "1806451200",
            "noticeDays": "5",
        }

    def test_without_a_node_nobody_is_asked(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def silent(**_asked: Any) -> queries.Trial:
            raise ChainUnavailable("No node answers.")

        monkeypatch.setattr(asset_changes.queries, "try_adding", silent)

        text = post(
            client, "fund_asset_add_proposal", token=NEW, tier="L3", share="1", reason="x", **TERMS
        )

        assert "No node answers." in text
        assert not Ticket.objects.exists()

    @pytest.mark.parametrize(
        ("field", "value", "says"),
        [
            ("tier", "L9", "A tier is L1, L2 or L3."),
            ("share", "101", "A share is 0 to 100 %"),
            ("share", "1.234", "A share is 0 to 100 %"),
            ("share", "much", "is no percentage"),
            ("share", "NaN", "is no percentage"),
            ("token", "0x12", "40 hexadecimal digits"),
        ],
    )
    def test_nonsense_is_refused_in_words(
        self, client: Client, field: str, value: str, says: str
    ) -> None:
        fields = {"token": NEW, "tier": "L3", "share": "1", "reason": "x", **TERMS, field: value}

        text = post(client, "fund_asset_add_proposal", **fields)

        assert says in text
        assert not Ticket.objects.exists()

    def test_an_operator_may_not_ask(self) -> None:
        operator = signed_in(person("OPERATOR"))

        assert "Administrators ask for this." in page(operator, "fund_asset_changelist")
        url = reverse("admin:fund_asset_add_proposal")
        assert operator.post(url, {}).status_code == 403


class TestAsset:
    def test_has_its_lines_through_time(self, client: Client) -> None:
        operations.take_snapshot(
            kind="HOURLY",
            chain_id=CHAIN_ID,
            slot=START.replace(hour=9, minute=30),
            state=state(assets=(asset(price=None, value_assets=None),)),
            at=START,
        )

        text = page(client, "fund_asset_change", the_asset())

        assert 'data-points="asset-balance"' in text
        assert "Nobody knows: the contracts did not answer." in text

    def test_a_target_is_asked_for(self, client: Client) -> None:
        post(client, "fund_asset_target", the_asset(), share="55.5", reason="Less")

        assert Ticket.objects.get().facts["newShareBps"] == "5550"

    def test_terms_are_asked_for(self, client: Client) -> None:
        text = post(client, "fund_asset_terms", the_asset(), reason="Prospectus", **TERMS)

        ticket = Ticket.objects.get()
        assert ticket.subject_id == f"fund:asset:{TOKEN}"
        assert f"Ticket #{ticket.pk} about this waits for votes." in text

    @pytest.mark.parametrize(
        ("field", "value"), [("matures", "tomorrow"), ("notice_days", "-1"), ("issuer", "")]
    )
    def test_bad_terms_are_refused(self, client: Client, field: str, value: str) -> None:
        post(client, "fund_asset_terms", the_asset(), reason="x", **{**TERMS, field: value})

        assert not Ticket.objects.exists()

    def test_what_drops_out_of_nav_must_be_meant(self, client: Client) -> None:
        text = post(client, "fund_asset_remove", the_asset(), reason="Default")
        assert "300,000.00 USDT of MMF, 30.00 % of all assets, would drop out of NAV." in text
        assert not Ticket.objects.exists()

        post(client, "fund_asset_remove", the_asset(), reason="Default", drop_holding="on")
        assert Ticket.objects.get().facts["dropsHolding"] is True

    def test_an_operator_sees_the_page_and_cannot_ask(self) -> None:
        operator = signed_in(person("OPERATOR"))

        assert "Administrators ask for this." in page(operator, "fund_asset_change", the_asset())
        for name in ("target", "terms", "remove"):
            url = reverse(f"admin:fund_asset_{name}", args=[the_asset()])
            assert operator.post(url, {}).status_code == 403


class TestTicketPage:
    @pytest.mark.parametrize("kind", ["fees", "target", "terms", "remove"])
    def test_shows_what_will_happen(self, client: Client, admins: list[Person], kind: str) -> None:
        if kind == "fees":
            post(client, "fund_fees_redemption", amount="1", reason="<i>Because</i>")
        elif kind == "target":
            post(client, "fund_asset_target", the_asset(), share="1", reason="<i>Because</i>")
        elif kind == "terms":
            post(client, "fund_asset_terms", the_asset(), reason="<i>Because</i>", **TERMS)
        else:
            form = {"reason": "<i>Because</i>", "drop_holding": "on"}
            post(client, "fund_asset_remove", the_asset(), **form)
        ticket = Ticket.objects.get()

        text = page(signed_in(admins[1]), "approvals_ticket_change", ticket.pk)

        assert str(queries.describe_ticket(ticket)["sentence"]).replace("'", "&#x27;") in text
        assert "&lt;i&gt;Because" in text
        assert "<i>Because" not in text
