"""Asking for the register to be changed: what is frozen, and every way in which it is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.approvals import operations as approvals
from apps.approvals.models import Ticket
from apps.chain.events import AssetAdded, AssetAllocationUpdated, AssetRemoved
from apps.chain.terms import Tier
from apps.core import clock
from apps.fund import operations, queries
from apps.fund.models import Asset
from apps.fund.queries import panel
from apps.fund.rules.called import Called
from apps.fund.rules.terms import BadTerms, Terms
from tests.accounts.people import Person
from tests.fund.facts import CHAIN_ID, CONTROLLER, START, TOKEN, USDT, Logs
from tests.fund.people import decide, team
from tests.fund.states import asset, state

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("chain_file")]

OTHER = "0x" + "71" * 20
NEW = "0x" + "72" * 20
TERMS = Terms(issuer="Larch Street Capital")
HOSTILE = "\u202e<script>alert(1)</script>\x00\n"


@pytest.fixture
def admins() -> list[Person]:
    return team()


@pytest.fixture(autouse=True)
def _register(logs: Logs, project: Callable[..., None]) -> None:
    project(listed(logs, TOKEN, 6_000), listed(logs, OTHER, 3_000))
    read()


def listed(logs: Logs, token: str, share_bps: int, symbol: str = "MMF") -> AssetAdded:
    return logs.fact(
        AssetAdded,
        CONTROLLER,
        token=token,
        tier=Tier.L2,
        allocation_bps=share_bps,
        name=symbol,
        symbol=symbol,
        decimals=6,
    )


def read(number: int = 100, **values: Any) -> None:
    operations.take_snapshot(
        kind="LIVE",
        chain_id=CHAIN_ID,
        slot=START.replace(second=number - 100),
        state=state(number, START, assets=(asset(**values), asset(token=OTHER, balance=0))),
        at=clock.now(),
    )


def tried(
    ok: bool = True, error: str = "", price: int | None = USDT, **words: Any
) -> queries.Trial:
    called = Called(**{"name": b"Larch Bills", "symbol": b"LRCB", "decimals": 6, **words})
    return queries.Trial(ok=ok, error=error, block_number=7, price_assets=price, called=called)


def common(who: Person, token: str) -> dict[str, Any]:
    return {
        "token": token,
        "reason": "Because",
        "chain_id": CHAIN_ID,
        "actor": who.actor,
        "at": clock.now(),
    }


def add(who: Person, token: str = NEW, share_bps: int = 1_000, **changes: Any) -> int:
    arguments = {
        **common(who, token),
        "tier": Tier.L2,
        "share_bps": share_bps,
        "terms": TERMS,
        "tried": tried(),
    }
    return operations.propose_addition(**{**arguments, **changes})


def target(who: Person, share_bps: int, token: str = TOKEN) -> int:
    return operations.propose_allocation(share_bps=share_bps, **common(who, token))


def remove(who: Person, token: str = TOKEN, *, drop_holding: bool = False) -> int:
    return operations.propose_removal(drop_holding=drop_holding, **common(who, token))


class TestAddition:
    def test_freezes_what_is_asked(self, admins: list[Person]) -> None:
        ticket = Ticket.objects.get(pk=add(admins[0], NEW.upper().replace("X", "x")))

        assert (ticket.kind, ticket.subject_id) == ("ASSET_ADD", NEW)
        assert ticket.facts["shareBps"] == "1000"
        assert (ticket.facts["tierSharesBefore"], ticket.facts["tierSharesAfter"]) == (
            "9000",
            "10000",
        )
        assert ticket.facts["new"]["issuer"] == "Larch Street Capital"

    def test_freezes_what_the_token_calls_itself_to_the_byte(self, admins: list[Person]) -> None:
        ticket = Ticket.objects.get(
            pk=add(admins[0], tried=tried(name=b"Larch\x00 \xe2\x80\xaeslliB \xff", symbol=b"LRCB"))
        )

        assert ticket.title.startswith(f"List LRCB, {NEW}, in L2")
        assert ticket.facts["symbol"] == "LRCB"
        assert ticket.facts["name"] == "Larch slliB \ufffd"
        assert ticket.facts["nameBytes"] == "0x" + b"Larch\x00 \xe2\x80\xaeslliB \xff".hex()
        assert ticket.facts["decimals"] == "6"

    @pytest.mark.parametrize(
        ("words", "missing"),
        [
            ({"symbol": None}, "symbol"),
            ({"symbol": b"\x00\x00"}, "symbol"),
            ({"symbol": "\u202e\u200b".encode()}, "symbol"),
            ({"name": None}, "name"),
            ({"name": b""}, "name"),
            ({"decimals": None}, "decimals"),
            ({"name": None, "symbol": None, "decimals": None}, "symbol and name and decimals"),
        ],
    )
    def test_refuses_what_does_not_say_what_it_is(
        self, admins: list[Person], words: dict[str, Any], missing: str
    ) -> None:
        with pytest.raises(operations.TokenNameless, match=f"does not say its {missing} in"):
            add(admins[0], tried=tried(**words))

    def test_no_decimals_at_all_are_decimals(self, admins: list[Person]) -> None:
        assert Ticket.objects.get(pk=add(admins[0], tried=tried(decimals=0))).facts["decimals"]

    @pytest.mark.parametrize(
        ("symbol", "met"), [(b"LRCB", True), (b"mm\x00f", True), (b"mmf", False)]
    )
    def test_says_when_a_listed_asset_has_the_same_symbol(
        self, admins: list[Person], symbol: bytes, met: bool
    ) -> None:
        ticket = Ticket.objects.get(pk=add(admins[0], tried=tried(symbol=symbol)))

        assert ticket.conditions[-1]["met"] is met

    def test_refuses_shares_beyond_the_whole(self, admins: list[Person]) -> None:
        with pytest.raises(operations.SharesBeyondWhole, match=r"100\.01 %"):
            add(admins[0], share_bps=1_001)

    @pytest.mark.parametrize("share_bps", [-1, 10_001])
    def test_refuses_a_share_that_is_none(self, admins: list[Person], share_bps: int) -> None:
        with pytest.raises(operations.SharesBeyondWhole):
            add(admins[0], share_bps=share_bps, tier=Tier.L3)

    def test_refuses_what_is_listed(self, admins: list[Person]) -> None:
        with pytest.raises(operations.AlreadyListed):
            add(admins[0], TOKEN, 0)

    @pytest.mark.parametrize("token", ["", "0x12", "0x" + "00" * 20, "0x" + "gg" * 20, HOSTILE])
    def test_refuses_what_is_no_address(self, admins: list[Person], token: str) -> None:
        with pytest.raises(operations.BadToken):
            add(admins[0], token)

    def test_refuses_what_the_controller_refuses(self, admins: list[Person]) -> None:
        with pytest.raises(operations.TokenRefused, match="no decimals"):
            add(admins[0], tried=tried(ok=False, error="no decimals"))

    @pytest.mark.parametrize(("price", "met"), [(USDT, True), (None, False), (0, False)])
    def test_says_whether_its_price_is_known(
        self, admins: list[Person], price: int | None, met: bool
    ) -> None:
        ticket = Ticket.objects.get(pk=add(admins[0], tried=tried(price=price)))

        assert [one["met"] for one in ticket.conditions] == [True, True, met, True]

    @pytest.mark.parametrize(
        "terms",
        [
            Terms(issuer=" \n"),
            Terms(issuer="x" * 201),
            Terms(issuer="x", notice_days=-1),
            Terms(issuer="x", matures_at=START.replace(tzinfo=None)),
        ],
    )
    def test_refuses_terms_that_name_nobody(self, admins: list[Person], terms: Terms) -> None:
        with pytest.raises(BadTerms):
            add(admins[0], terms=terms)

    def test_refuses_without_a_reason(self, admins: list[Person]) -> None:
        with pytest.raises(approvals.NoReason):
            add(admins[0], reason="")

    def test_needs_three_people_who_could_vote(self, admins: list[Person]) -> None:
        admins[2].user.groups.clear()
        admins[3].user.groups.clear()

        with pytest.raises(approvals.TooFewEligible):
            add(admins[0])

    def test_nobody_votes_once_it_is_listed(
        self, admins: list[Person], logs: Logs, project: Callable[..., None]
    ) -> None:
        ticket_id = add(admins[0])
        project(listed(logs, NEW, 1_000))

        with pytest.raises(approvals.FiguresChanged):
            decide(admins[1], ticket_id)

    def test_nobody_votes_once_the_tier_is_full(
        self, admins: list[Person], logs: Logs, project: Callable[..., None]
    ) -> None:
        ticket_id = add(admins[0])
        project(
            logs.fact(
                AssetAllocationUpdated,
                CONTROLLER,
                token=OTHER,
                old_allocation_bps=3_000,
                new_allocation_bps=3_001,
            )
        )

        with pytest.raises(approvals.FiguresChanged):
            decide(admins[1], ticket_id)


class TestTarget:
    def test_freezes_old_and_new(self, admins: list[Person]) -> None:
        ticket = Ticket.objects.get(pk=target(admins[0], 7_000))

        assert (ticket.kind, ticket.subject_id) == ("CONFIG_CHANGE", f"fund:allocation:{TOKEN}")
        assert (ticket.facts["oldShareBps"], ticket.facts["newShareBps"]) == ("6000", "7000")

    def test_refuses_the_same(self, admins: list[Person]) -> None:
        with pytest.raises(approvals.NothingChanges):
            target(admins[0], 6_000)

    def test_refuses_shares_beyond_the_whole(self, admins: list[Person]) -> None:
        with pytest.raises(operations.SharesBeyondWhole):
            target(admins[0], 7_001)

    def test_refuses_what_is_not_listed(self, admins: list[Person]) -> None:
        with pytest.raises(operations.NotListed):
            target(admins[0], 1, NEW)

    def test_nobody_votes_once_it_is_another(
        self, admins: list[Person], logs: Logs, project: Callable[..., None]
    ) -> None:
        ticket_id = target(admins[0], 7_000)
        project(
            logs.fact(
                AssetAllocationUpdated,
                CONTROLLER,
                token=TOKEN,
                old_allocation_bps=6_000,
                new_allocation_bps=5_000,
            )
        )

        with pytest.raises(approvals.FiguresChanged):
            decide(admins[1], ticket_id)


class TestRemoval:
    def test_of_what_is_not_held_changes_nothing_in_nav(self, admins: list[Person]) -> None:
        ticket = Ticket.objects.get(pk=remove(admins[0], OTHER))

        assert ticket.facts["dropsHolding"] is False
        assert ticket.conditions[0]["met"] is True
        assert "NAV stays as it is" in queries.describe_ticket(ticket)["sentence"]

    def test_of_what_is_held_says_what_drops_out(self, admins: list[Person]) -> None:
        with pytest.raises(operations.StillHeld, match=r"300,000.00 USDT of MMF, 30.00 %"):
            remove(admins[0])

        ticket = Ticket.objects.get(pk=remove(admins[0], drop_holding=True))

        assert ticket.facts["heldAssets"] == str(300_000 * USDT)
        assert ticket.facts["dropsHolding"] is True
        assert ticket.conditions[0]["met"] is False
        assert "no longer counts in NAV" in queries.describe_ticket(ticket)["sentence"]

    def test_of_what_nobody_can_value_is_held(self, admins: list[Person]) -> None:
        read(101, price=None, value_assets=None)

        with pytest.raises(operations.StillHeld, match="not known"):
            remove(admins[0])

    def test_refuses_what_is_not_listed(self, admins: list[Person]) -> None:
        with pytest.raises(operations.NotListed):
            remove(admins[0], NEW)

    def test_nobody_votes_once_some_is_held(self, admins: list[Person]) -> None:
        ticket_id = remove(admins[0], OTHER)
        operations.take_snapshot(
            kind="LIVE",
            chain_id=CHAIN_ID,
            slot=START.replace(second=9),
            state=state(109, START, assets=(asset(), asset(token=OTHER, balance=1))),
            at=clock.now(),
        )

        with pytest.raises(approvals.FiguresChanged):
            decide(admins[1], ticket_id)

    def test_nobody_votes_once_it_is_gone(
        self, admins: list[Person], logs: Logs, project: Callable[..., None]
    ) -> None:
        ticket_id = remove(admins[0], OTHER)
        project(logs.fact(AssetRemoved, CONTROLLER, token=OTHER))

        with pytest.raises(approvals.FiguresChanged):
            decide(admins[1], ticket_id)


class TestHostileMetadata:
    def test_is_kept_as_text_and_can_be_decided(
        self, admins: list[Person], logs: Logs, project: Callable[..., None]
    ) -> None:
        project(listed(logs, NEW, 1_000, symbol=HOSTILE))
        assert "\x00" not in Asset.objects.get(token=NEW).symbol

        ticket_id = target(admins[0], 500, NEW)

        title = Ticket.objects.get(pk=ticket_id).title
        assert title.isprintable(), "a mail's subject is one line"
        assert decide(admins[1], ticket_id).status == "APPROVED"


class TestWhatTheTokenSaysNow:
    @pytest.mark.parametrize(
        ("now", "shown"),
        [
            ({}, {"Symbol": "the same", "Name": "the same", "Decimals": "the same"}),
            (
                {"symbol": b"USDT", "decimals": None},
                {
                    "Symbol": "changed: USDT",
                    "Name": "changed: Larch Bills",
                    "Decimals": "changed: says none",
                },
            ),
            ({"name": b"Larch Bills\x00"}, {"Name": "changed: Larch Bills"}),
        ],
    )
    def test_is_shown_beside_what_was_frozen(
        self,
        admins: list[Person],
        monkeypatch: pytest.MonkeyPatch,
        now: dict[str, Any],
        shown: dict[str, str],
    ) -> None:
        ticket = Ticket.objects.get(pk=add(admins[0]))
        monkeypatch.setattr(panel, "called_now", lambda _token: tried(**now).called)

        rows = {row["name"]: row for row in queries.describe_ticket(ticket)["changes"]}

        assert rows["Symbol"]["then"] == "LRCB"
        assert (rows["Name"]["then"], rows["Decimals"]["then"]) == ("Larch Bills", "6")
        assert {name: rows[name]["now"] for name in shown} == shown

    def test_is_not_known_without_a_node(self, admins: list[Person]) -> None:
        ticket = Ticket.objects.get(pk=add(admins[0]))

        rows = {row["name"]: row for row in queries.describe_ticket(ticket)["changes"]}

        assert rows["Symbol"]["now"] == "not known"
