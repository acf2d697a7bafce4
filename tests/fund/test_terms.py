"""Issuer and terms of an asset: asked for by one, approved by another, kept by the database."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from apps.approvals import operations as approvals
from apps.approvals.models import Ticket
from apps.audit.models import OperationLog
from apps.chain.events import AssetAdded
from apps.chain.terms import Tier
from apps.core import clock
from apps.fund import operations, queries
from apps.fund.models import AssetProfile
from apps.fund.rules.terms import BadTerms, Terms
from tests.accounts.people import Person
from tests.approvals.helpers import SYSTEM
from tests.fund.facts import CHAIN_ID, CONTROLLER, START, TOKEN, Logs
from tests.fund.people import decide, team

NEW = Terms(
    issuer="Larch Street Capital",
    otc_contact="desk@larch.example",
    matures_at=datetime(2027, 3, 31, tzinfo=UTC),
    notice_days=30,
)


class TestCleaning:
    @given(st.text(max_size=300), st.text(max_size=300), st.integers(-5, 5_000))
    def test_keeps_one_printable_line_or_refuses(
        self, issuer: str, contact: str, notice: int
    ) -> None:
        try:
            kept = Terms(issuer=issuer, otc_contact=contact, notice_days=notice).cleaned()
        except BadTerms:
            return
        for text in (kept.issuer, kept.otc_contact):
            assert text == text.strip()
            assert all(letter.isprintable() for letter in text)
            assert len(text) <= 200
        assert kept.issuer
        assert kept.cleaned() == kept

    @given(
        st.builds(
            Terms,
            issuer=st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1),
            matures_at=st.none()
            | st.integers(1, 2**32).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
            notice_days=st.integers(0, 3_650),
        )
    )
    def test_facts_say_all_of_it(self, terms: Terms) -> None:
        try:
            kept = terms.cleaned()
        except BadTerms:
            return

        assert Terms.from_facts(kept.as_facts()) == kept


@pytest.mark.django_db
@pytest.mark.usefixtures("chain_file")
class TestChanging:
    @pytest.fixture
    def admins(self) -> list[Person]:
        return team()

    @pytest.fixture(autouse=True)
    def _register(self, logs: Logs, project: Callable[..., None]) -> None:
        project(
            logs.fact(
                AssetAdded,
                CONTROLLER,
                token=TOKEN,
                tier=Tier.L2,
                allocation_bps=6_000,
                name="MMF",
                symbol="MMF",
                decimals=6,
            )
        )

    def ask(self, who: Person, new: Terms = NEW, **changes: Any) -> int:
        arguments = {
            "token": TOKEN,
            "new": new,
            "reason": "The prospectus",
            "chain_id": CHAIN_ID,
            "actor": who.actor,
            "at": clock.now(),
        }
        return operations.propose_terms(**{**arguments, **changes})

    def test_another_person_makes_it_so(self, admins: list[Person]) -> None:
        ticket_id = self.ask(admins[0])
        assert queries.terms_of(chain_id=CHAIN_ID, token=TOKEN) is None

        decide(admins[1], ticket_id)

        assert queries.terms_of(chain_id=CHAIN_ID, token=TOKEN) == NEW
        assert AssetProfile.objects.get().ticket_id == ticket_id
        assert Ticket.objects.get(pk=ticket_id).execution_status == "DONE"
        assert OperationLog.objects.filter(action="CHANGE_TERMS").count() == 1
        view = queries.assets()[0]
        assert (view.issuer, view.notice_days, view.matures_at) == (
            "Larch Street Capital",
            30,
            NEW.matures_at,
        )

    def test_a_rejection_changes_nothing(self, admins: list[Person]) -> None:
        decide(admins[1], self.ask(admins[0]), "REJECT", "Not theirs")

        assert not AssetProfile.objects.exists()

    def test_refuses_the_same(self, admins: list[Person]) -> None:
        decide(admins[1], self.ask(admins[0]))

        with pytest.raises(approvals.NothingChanges):
            self.ask(admins[0])

    def test_refuses_what_is_not_listed(self, admins: list[Person]) -> None:
        with pytest.raises(operations.NotListed):
            self.ask(admins[0], token="0x" + "99" * 20)

    def test_refuses_without_a_reason(self, admins: list[Person]) -> None:
        with pytest.raises(approvals.NoReason):
            self.ask(admins[0], reason="\n")

    def test_the_maker_cannot_check(self, admins: list[Person]) -> None:
        with pytest.raises(approvals.MakerCannotCheck):
            decide(admins[0], self.ask(admins[0]))

    def test_the_panel_shows_old_and_new(self, admins: list[Person]) -> None:
        decide(admins[1], self.ask(admins[0]))
        later = Terms(issuer="Oak Street", notice_days=1)
        ticket = Ticket.objects.get(pk=self.ask(admins[0], later))

        rows = {row["name"]: row for row in queries.describe_ticket(ticket)["changes"]}

        assert (rows["Issuer"]["then"], rows["Issuer"]["after"]) == (
            "Larch Street Capital",
            "Oak Street",
        )
        assert (rows["Matures"]["then"], rows["Matures"]["after"]) == (
            "2027-03-31 00:00 UTC",
            "never",
        )


@pytest.mark.django_db
class TestTheDatabase:
    def test_refuses_terms_that_no_ticket_says(self) -> None:
        with transaction.atomic():
            load({TOKEN: NEW})

        with pytest.raises(IntegrityError, match="approved ticket"), transaction.atomic():
            AssetProfile.objects.update(issuer="Somebody else")
        with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
            AssetProfile.objects.all().delete()
        with pytest.raises(IntegrityError, match="approved ticket"), transaction.atomic():
            AssetProfile.objects.create(
                chain_id=CHAIN_ID,
                token="0x" + "98" * 20,
                issuer="Nobody",
                ticket_id=999,
                changed_at=START,
            )


@pytest.mark.django_db
class TestLoading:
    def test_an_installation_starts_with_some(self) -> None:
        assert load({TOKEN: NEW}) == 1

        assert queries.terms_of(chain_id=CHAIN_ID, token=TOKEN) == NEW

    def test_refuses_once_there_are_any(self) -> None:
        load({TOKEN: NEW})

        with pytest.raises(operations.AlreadyLoaded):
            load({"0x" + "97" * 20: NEW})

    def test_refuses_all_when_one_is_bad(self) -> None:
        with pytest.raises(BadTerms):
            load({TOKEN: NEW, "0x" + "97" * 20: Terms(issuer="")})

        assert not AssetProfile.objects.exists()


def load(terms: dict[str, Terms]) -> int:
    return operations.load_terms(
        terms=terms, chain_id=CHAIN_ID, actor=SYSTEM, at=START + timedelta(days=1)
    )


class TestFile:
    GOOD = f"""
[[assets]]
token = "{TOKEN}"
issuer = "Larch Street Capital"
otc_contact = "desk@larch.example"
matures_at = 2027-03-31T00:00:00Z
notice_days = 30

[[assets]]
token = "0x{"97" * 20}"
issuer = "Oak Street"
"""

    @pytest.mark.django_db
    @pytest.mark.usefixtures("chain_file")
    def test_is_loaded_once(self, tmp_path: Path) -> None:
        path = tmp_path / "terms.toml"
        path.write_text(self.GOOD)

        call_command("load_asset_terms", str(path), stdout=io.StringIO())

        assert queries.terms_by_token(chain_id=CHAIN_ID) == {
            TOKEN: NEW,
            "0x" + "97" * 20: Terms(issuer="Oak Street"),
        }
        with pytest.raises(CommandError, match="by ticket"):
            call_command("load_asset_terms", str(path))

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("", "no .*tables"),
            ("assets = 3", "no .*tables"),
            ("assets = [3]", "no table"),
            ("[[assets]]", "issuer, token"),
            (GOOD + "colour = 3", "colour"),
            (GOOD.replace('"Oak Street"', "3"), "issuer"),
            (GOOD.replace("= 30", "= true"), "notice_days"),
            (GOOD.replace("97" * 20, TOKEN[2:]), "twice"),
            ("[[assets]", "cannot be read"),
        ],
    )
    def test_refuses_what_it_does_not_understand(
        self, tmp_path: Path, text: str, says: str
    ) -> None:
        path = tmp_path / "terms.toml"
        path.write_text(text)

        with pytest.raises(operations.BadTermsFile, match=says):
            operations.read_terms(path)

    def test_refuses_what_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(operations.BadTermsFile, match="cannot be read"):
            operations.read_terms(tmp_path / "nothing.toml")
