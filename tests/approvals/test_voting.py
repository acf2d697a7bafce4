"""One person, one signed vote."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, transaction

from apps.accounts import operations as accounts
from apps.accounts.models import Wallet
from apps.approvals import operations, queries
from apps.approvals.events import TicketDecided, VoteCast
from apps.approvals.models import Ticket, Vote
from apps.approvals.queries import panels
from apps.audit import queries as audit

from .helpers import (
    CALLS,
    NOON,
    actor_of,
    address_of,
    cast,
    key_of,
    open_ticket,
    person,
    sign,
    signed,
)

pytestmark = pytest.mark.django_db
HIGHER_S = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def nothing_happened(ticket: Ticket) -> bool:
    return (
        Ticket.objects.get(pk=ticket.pk).status == "PENDING"
        and not Vote.objects.filter(ticket=ticket).exists()
    )


class TestVote:
    def test_one_approval_of_one_approves(self, facts: list[object]) -> None:
        amir, ticket = person("amir", "ADMIN"), open_ticket()
        facts.clear()

        after = cast(amir, ticket, reason="Fine")

        assert after.status == "APPROVED"
        assert after.decided_at == NOON
        about = {"ticket_id": ticket.pk, "kind": "POOL_ACTION", "subject_id": "7", "at": NOON}
        assert facts == [
            VoteCast(decision="APPROVE", user_id=amir.pk, **about),
            TicketDecided(decision="APPROVED", reason="Fine", **about),
        ]
        vote = Vote.objects.get(ticket=ticket)
        assert (vote.username, vote.role, vote.wallet) == ("amir", "ADMIN", address_of("amir"))
        assert vote.typed_data["message"]["factsHash"] == ticket.facts_hash
        actions = [row.action for row in audit.trail("ticket", str(ticket.pk))]
        assert actions == ["ticket.created", "ticket.approved"]

    def test_the_first_of_two_only_moves_it_on(self, facts: list[object]) -> None:
        people = [person(name, "ADMIN") for name in ("amir", "ada", "adam")]
        ticket = open_ticket(kind="EMERGENCY_MODE")

        first = cast(people[0], ticket).status
        second = cast(people[1], ticket).status

        assert (first, second) == ("PARTIALLY_APPROVED", "APPROVED")
        assert len([fact for fact in facts if isinstance(fact, TicketDecided)]) == 1

    def test_one_rejection_rejects(self, facts: list[object]) -> None:
        people = [person(name, "ADMIN") for name in ("amir", "ada", "adam")]
        ticket = open_ticket(kind="EMERGENCY_MODE")
        cast(people[0], ticket)

        after = cast(people[1], ticket, "REJECT", "The price is stale")

        assert after.status == "REJECTED"
        assert after.outcome_reason == "The price is stale"
        assert isinstance(facts[-1], TicketDecided)
        assert facts[-1].decision == "REJECTED"

    def test_a_vote_of_somebody_who_lost_the_role_no_longer_counts(self) -> None:
        people = [person(name, "ADMIN") for name in ("amir", "ada", "adam")]
        ticket = open_ticket(kind="EMERGENCY_MODE")
        cast(people[0], ticket)
        people[0].groups.clear()

        after_second = cast(people[1], ticket).status
        after_third = cast(people[2], ticket).status

        assert (after_second, after_third) == ("PARTIALLY_APPROVED", "APPROVED")


class TestVoteRefuses:
    def test_the_maker(self) -> None:
        amir = person("amir", "ADMIN")
        person("ada", "ADMIN")
        ticket = open_ticket(maker_user_id=amir.pk)

        with pytest.raises(operations.MakerCannotCheck):
            cast(amir, ticket)

        assert nothing_happened(ticket)

    def test_whoever_ever_owned_a_partys_wallet(self) -> None:
        amir = person("amir", "ADMIN")
        Wallet.objects.create(
            user=amir,
            address=address_of("old"),
            registered_at=NOON - timedelta(days=99),
            retired_at=NOON - timedelta(days=9),
        )
        person("ada", "ADMIN")
        ticket = open_ticket(party_wallets=[address_of("old")])

        with pytest.raises(operations.PartyCannotCheck):
            cast(amir, ticket)

        assert nothing_happened(ticket)

    def test_a_wallet_registered_to_a_party_after_the_page_was_read(self) -> None:
        amir, ticket = person("amir", "ADMIN"), open_ticket()
        arguments = signed(amir, ticket)
        Wallet.objects.create(
            user=amir, address=address_of("investor"), registered_at=NOON, retired_at=NOON
        )

        with pytest.raises(operations.PartyCannotCheck):
            operations.vote(**arguments)

    @pytest.mark.parametrize("role", ["VIEWER", "VIP_APPROVER", "SUPER_ADMIN", "OPERATOR"])
    def test_other_roles(self, role: str) -> None:
        person("ada", "ADMIN")
        other, ticket = person("someone", role), open_ticket()

        with pytest.raises(operations.VoteRefused, match="ADMIN"):
            cast(other, ticket)

    def test_somebody_whose_role_went_while_they_signed(self) -> None:
        amir, ticket = person("amir", "ADMIN"), open_ticket()
        arguments = signed(amir, ticket)
        amir.groups.clear()

        with pytest.raises(operations.VoteRefused):
            operations.vote(**arguments)

        assert nothing_happened(ticket)

    def test_an_inactive_person(self) -> None:
        amir, ticket = person("amir", "ADMIN"), open_ticket()
        arguments = signed(amir, ticket)
        amir.is_active = False
        amir.save()

        with pytest.raises(operations.VoteRefused):
            operations.vote(**arguments)

    def test_a_second_vote_of_one_person(self) -> None:
        people = [person(name, "ADMIN") for name in ("amir", "ada", "adam")]
        ticket = open_ticket(kind="EMERGENCY_MODE")
        cast(people[0], ticket)

        with pytest.raises(operations.AlreadyVoted):
            cast(people[0], ticket)

    def test_a_vote_after_the_outcome(self) -> None:
        amir, ada, ticket = person("amir", "ADMIN"), person("ada", "ADMIN"), open_ticket()
        arguments = signed(ada, ticket, "REJECT", "No")
        cast(amir, ticket)

        with pytest.raises(operations.TicketClosed):
            operations.vote(**arguments)

        assert Ticket.objects.get(pk=ticket.pk).status == "APPROVED"

    def test_a_vote_in_another_persons_name(self) -> None:
        amir, ada, ticket = person("amir", "ADMIN"), person("ada", "ADMIN"), open_ticket()

        with pytest.raises(operations.NotYourVote):
            operations.vote(**signed(amir, ticket) | {"actor": actor_of(ada)})

    def test_a_rejection_without_a_reason(self) -> None:
        amir, ticket = person("amir", "ADMIN"), open_ticket()

        with pytest.raises(Exception, match="why"):
            cast(amir, ticket, "REJECT", "  ")

    def test_figures_other_than_the_tickets(self) -> None:
        amir, ticket = person("amir", "ADMIN"), open_ticket()

        with pytest.raises(operations.FiguresChanged):
            operations.vote(**signed(amir, ticket) | {"facts_hash_shown": "0x" + "00" * 32})

        assert nothing_happened(ticket)

    @pytest.mark.parametrize("now", [{"pool": 7, "amount": 1}, None])
    def test_a_subject_that_changed_since(
        self, now: dict[str, Any] | None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        amir, ticket = person("amir", "ADMIN"), open_ticket()
        panel = queries.Panel(describe=lambda _: {}, facts_now=lambda _: now)
        monkeypatch.setitem(panels._panels, ("POOL_ACTION", ""), panel)

        with pytest.raises(operations.FiguresChanged):
            cast(amir, ticket)

        assert nothing_happened(ticket)


class TestSignature:
    """What was signed is what is counted, and once."""

    def test_is_refused_when_replayed(self) -> None:
        people = [person(name, "ADMIN") for name in ("amir", "ada", "adam")]
        first = open_ticket(kind="EMERGENCY_MODE")
        second = open_ticket(kind="EMERGENCY_MODE", subject_id="8")
        arguments = signed(people[0], first)
        operations.vote(**arguments)

        with pytest.raises(accounts.NonceUsed):
            operations.vote(**arguments | {"ticket_id": second.pk})

        assert nothing_happened(second)

    def test_is_refused_for_the_other_decision(self) -> None:
        amir, ticket = person("amir", "ADMIN"), open_ticket()
        arguments = signed(amir, ticket, "APPROVE", "words")

        with pytest.raises(accounts.WrongSigner):
            operations.vote(**arguments | {"decision": "REJECT"})

        assert nothing_happened(ticket)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("factsHash", "0x" + "00" * 32),
            ("callsHash", "0x" + "00" * 32),
            ("reason", "other words"),
            ("ticketId", 999),
            ("subject", "Close pool 8"),
            ("ruleVersion", 2),
        ],
    )
    def test_is_refused_over_anything_else(self, field: str, value: object) -> None:
        amir, ticket = person("amir", "ADMIN"), open_ticket()

        with pytest.raises(accounts.WrongSigner):
            cast(amir, ticket, edit=lambda message: message.update({field: value}))

        assert nothing_happened(ticket)

    def test_is_refused_from_another_wallet(self) -> None:
        amir, ticket = person("amir", "ADMIN"), open_ticket()

        with pytest.raises(accounts.WrongSigner):
            cast(amir, ticket, key=key_of("mallory"))

    def test_is_refused_after_its_five_minutes(self) -> None:
        amir, ticket = person("amir", "ADMIN"), open_ticket()
        arguments = signed(amir, ticket)

        with pytest.raises(accounts.SignatureExpired):
            operations.vote(**arguments | {"at": NOON + timedelta(minutes=6)})

    def test_its_malleable_twin_is_refused(self) -> None:
        amir, ticket = person("amir", "ADMIN"), open_ticket()
        arguments = signed(amir, ticket)
        raw = bytes.fromhex(arguments["signature"][2:])
        s = HIGHER_S - int.from_bytes(raw[32:64], "big")
        twin = raw[:32] + s.to_bytes(32, "big") + bytes([27 + 28 - raw[64]])

        with pytest.raises(accounts.BadSignature):
            operations.vote(**arguments | {"signature": "0x" + twin.hex()})

    def test_a_refused_vote_leaves_its_nonce_usable(self) -> None:
        amir, ticket = person("amir", "ADMIN"), open_ticket()
        arguments = signed(amir, ticket)
        with pytest.raises(operations.FiguresChanged):
            operations.vote(**arguments | {"facts_hash_shown": "0x" + "00" * 32})

        assert operations.vote(**arguments).status == "APPROVED"


class TestPrepareVote:
    def test_refuses_before_anybody_signs(self) -> None:
        amir = person("amir", "ADMIN")
        person("ada", "ADMIN")
        ticket = open_ticket(maker_user_id=amir.pk)

        with pytest.raises(operations.MakerCannotCheck):
            operations.prepare_vote(
                ticket_id=ticket.pk, user_id=amir.pk, decision="APPROVE", reason="", at=NOON
            )

    def test_names_the_wallet_that_must_sign(self) -> None:
        amir, ticket = person("amir", "ADMIN"), open_ticket()

        wanted = operations.prepare_vote(
            ticket_id=ticket.pk, user_id=amir.pk, decision="APPROVE", reason="", at=NOON
        )

        assert wanted.address == address_of("amir")
        assert operations.vote(**sign(amir, ticket, wanted)).status == "APPROVED"


class TestTheDatabaseItself:
    def vote_row(self, ticket: Ticket, **changes: object) -> Vote:
        values: dict[str, Any] = {
            "ticket": ticket,
            "user_id": 4711,
            "username": "shell",
            "role": "ADMIN",
            "wallet": address_of("shell"),
            "decision": "APPROVE",
            "signature": "0x",
            "typed_data": {},
            "voted_at": NOON,
        }
        return Vote(**values | changes)

    def test_takes_no_vote_of_the_maker(self) -> None:
        maker = person("ana", "OPERATOR")
        person("amir", "ADMIN")
        ticket = open_ticket(maker_user_id=maker.pk)

        with pytest.raises((IntegrityError, InternalError), match="maker"), transaction.atomic():
            self.vote_row(ticket, user_id=maker.pk).save()

    def test_takes_no_vote_of_a_partys_wallet(self) -> None:
        person("amir", "ADMIN")
        ticket = open_ticket()

        with pytest.raises((IntegrityError, InternalError), match="party"), transaction.atomic():
            self.vote_row(ticket, wallet=address_of("investor")).save()

    def test_takes_no_vote_in_another_role(self) -> None:
        person("amir", "ADMIN")
        ticket = open_ticket()

        with pytest.raises((IntegrityError, InternalError), match="role"), transaction.atomic():
            self.vote_row(ticket, role="SUPER_ADMIN").save()

    def test_takes_no_vote_on_a_decided_ticket(self) -> None:
        amir, ticket = person("amir", "ADMIN"), open_ticket()
        cast(amir, ticket)

        with pytest.raises((IntegrityError, InternalError), match="nobody"), transaction.atomic():
            self.vote_row(ticket).save()

    def test_changes_and_deletes_no_vote(self) -> None:
        amir, ticket = person("amir", "ADMIN"), open_ticket()
        cast(amir, ticket)

        with pytest.raises((IntegrityError, InternalError), match="once"), transaction.atomic():
            Vote.objects.update(decision="REJECT", reason="x")
        with pytest.raises((IntegrityError, InternalError), match="once"), transaction.atomic():
            Vote.objects.all().delete()


class TestAuthorises:
    def test_the_calls_that_were_voted_on(self) -> None:
        amir, ticket = person("amir", "ADMIN"), open_ticket()
        cast(amir, ticket)

        queries.authorises(ticket_id=ticket.pk, calls_hash=CALLS, at=NOON)

    def test_no_other_calls(self) -> None:
        amir, ticket = person("amir", "ADMIN"), open_ticket()
        cast(amir, ticket)

        with pytest.raises(queries.NotAuthorised, match="other calls"):
            queries.authorises(ticket_id=ticket.pk, calls_hash="0x" + "cd" * 32, at=NOON)

    def test_nothing_before_the_outcome(self) -> None:
        person("amir", "ADMIN")
        ticket = open_ticket()

        with pytest.raises(queries.NotAuthorised, match="PENDING"):
            queries.authorises(ticket_id=ticket.pk, calls_hash=CALLS, at=NOON)

    @pytest.mark.parametrize("loss", ["role", "account", "wallet becomes a party's"])
    def test_nothing_once_the_voter_does_not_count(self, loss: str) -> None:
        amir, ticket = person("amir", "ADMIN"), open_ticket()
        cast(amir, ticket)
        if loss == "role":
            amir.groups.clear()
        elif loss == "account":
            amir.is_active = False
            amir.save()
        else:
            Wallet.objects.create(
                user=amir, address=address_of("investor"), registered_at=NOON, retired_at=NOON
            )

        with pytest.raises(queries.NotAuthorised):
            queries.authorises(ticket_id=ticket.pk, calls_hash=CALLS, at=NOON)

    def test_a_rejection_only_with_the_calls_bound_to_it(self) -> None:
        amir, ticket = person("amir", "ADMIN"), open_ticket()
        cast(amir, ticket, "REJECT", "No")
        bound = "0x" + "ef" * 32

        with pytest.raises(queries.NotAuthorised):
            queries.authorises(ticket_id=ticket.pk, calls_hash=bound, at=NOON)
        operations.bind_rejection(
            ticket_id=ticket.pk, calls_hash=bound, actor=actor_of(amir), at=NOON
        )

        queries.authorises(ticket_id=ticket.pk, calls_hash=bound, at=NOON)
        with pytest.raises(queries.NotAuthorised):
            queries.authorises(ticket_id=ticket.pk, calls_hash=CALLS, at=NOON)


class TestWaitingFor:
    def test_lists_what_i_may_decide_most_urgent_first(self) -> None:
        amir = person("amir", "ADMIN")
        for name in ("ada", "adam", "alva"):
            person(name, "ADMIN")
        slow = open_ticket(subject_id="1")
        urgent = open_ticket(kind="EMERGENCY_MODE", subject_id="2")
        open_ticket(subject_id="3", maker_user_id=amir.pk)
        open_ticket(subject_id="4", party_wallets=[address_of("amir")])
        open_ticket(kind="STANDARD_REDEMPTION", subject_id="5")
        voted = open_ticket(kind="EMERGENCY_MODE", subject_id="6")
        cast(amir, voted)

        assert queries.waiting_for(amir.pk) == [urgent, slow]

    def test_is_empty_for_other_roles(self) -> None:
        person("amir", "ADMIN")
        viewer = person("vic", "VIEWER")
        open_ticket()

        assert queries.waiting_for(viewer.pk) == []


class TestMayStillVote:
    def test_leaves_out_maker_and_voters(self) -> None:
        people = [person(name, "ADMIN") for name in ("amir", "ada", "adam", "alva")]
        ticket = open_ticket(kind="EMERGENCY_MODE", maker_user_id=people[0].pk)
        cast(people[1], ticket)

        names = {state.user_id for state in queries.may_still_vote(ticket, at=NOON)}

        assert names == {people[2].pk, people[3].pk}
