"""Limits of a signer change by a ticket that names them, and no other way."""

import pytest
from django.db import DatabaseError, transaction

from apps.accounts.models import User
from apps.approvals import operations as approvals
from apps.approvals.models import Ticket
from apps.audit.models import OperationLog
from apps.chain import operations
from apps.chain.models import SignerAccount
from apps.chain.rules.limits import Limits
from apps.core.errors import NotFound
from apps.core.units import WAD
from tests.approvals.helpers import (
    CHAIN,
    NOON,
    actor_of,
    address_of,
    cast,
    open_ticket,
    person,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet_chain")]

SIGNER = address_of("signer")
OLD = {"per_transaction_assets": 100 * WAD, "per_day_assets": 500 * WAD, "calls_per_day": 5}
NEW = Limits(per_transaction_assets=200 * WAD, per_day_assets=900 * WAD, calls_per_day=7)


@pytest.fixture
def account() -> SignerAccount:
    return SignerAccount.objects.create(chain_id=CHAIN, address=SIGNER, name="operations", **OLD)


@pytest.fixture
def admins() -> list[User]:
    return [person(name, "ADMIN") for name in ("ana", "ben")]


def propose(maker: User, new: Limits = NEW, address: str = SIGNER) -> Ticket:
    number = operations.propose_limits(
        chain_id=CHAIN,
        address=address,
        new=new,
        reason="quarter end",
        actor=actor_of(maker),
        at=NOON,
    )
    return Ticket.objects.get(pk=number)


class TestChange:
    def test_counts_once_another_administrator_approves(
        self, account: SignerAccount, admins: list[User]
    ) -> None:
        ticket = propose(admins[0])
        before = SignerAccount.objects.get().per_day_assets

        cast(admins[1], ticket)

        row = SignerAccount.objects.get()
        assert before == 500 * WAD
        assert row.per_transaction_assets == NEW.per_transaction_assets
        assert row.per_day_assets == NEW.per_day_assets
        assert row.calls_per_day == NEW.calls_per_day
        assert row.limits_ticket_id == ticket.pk
        log = OperationLog.objects.get(action="CHANGE_LIMITS")
        assert log.level == "HIGH"
        assert (log.before["calls_per_day"], log.after["calls_per_day"]) == (5, 7)
        assert Ticket.objects.get(pk=ticket.pk).execution_status == "DONE"

    def test_a_rejected_one_changes_nothing(
        self, account: SignerAccount, admins: list[User]
    ) -> None:
        cast(admins[1], propose(admins[0]), "REJECT", "too much")

        assert SignerAccount.objects.get().per_day_assets == 500 * WAD

    def test_another_change_of_configuration_is_not_ours(
        self, account: SignerAccount, admins: list[User]
    ) -> None:
        ticket = open_ticket(kind="CONFIG_CHANGE", subject_id="signers of pools:7")

        cast(admins[1], ticket)

        assert SignerAccount.objects.get().per_day_assets == 500 * WAD

    @pytest.mark.parametrize(
        ("new", "refusal"),
        [
            (Limits(**OLD), approvals.NothingChanges),
            (
                Limits(per_transaction_assets=2, per_day_assets=1, calls_per_day=1),
                operations.BadLimits,
            ),
            (
                Limits(per_transaction_assets=1, per_day_assets=1, calls_per_day=-1),
                operations.BadLimits,
            ),
            (
                Limits(per_transaction_assets=1, per_day_assets=2**256, calls_per_day=1),
                operations.BadLimits,
            ),
        ],
    )
    def test_refuses_what_makes_no_sense(
        self,
        account: SignerAccount,
        admins: list[User],
        new: Limits,
        refusal: type[Exception],
    ) -> None:
        with pytest.raises(refusal):
            propose(admins[0], new)

    def test_refuses_an_unknown_signer(self, account: SignerAccount, admins: list[User]) -> None:
        with pytest.raises(NotFound):
            propose(admins[0], address=address_of("nobody"))


class TestNoOtherWay:
    def test_by_a_shell(self, account: SignerAccount) -> None:
        with pytest.raises(DatabaseError), transaction.atomic():
            SignerAccount.objects.update(per_day_assets=10**30)

    def test_to_other_limits_than_were_approved(
        self, account: SignerAccount, admins: list[User]
    ) -> None:
        ticket = propose(admins[0])
        cast(admins[1], ticket)

        with pytest.raises(DatabaseError), transaction.atomic():
            SignerAccount.objects.update(calls_per_day=8, limits_ticket_id=ticket.pk)

    def test_back_by_an_older_ticket(self, account: SignerAccount, admins: list[User]) -> None:
        first = propose(admins[0])
        cast(admins[1], first)
        cast(admins[1], propose(admins[0], Limits(**OLD)))

        with pytest.raises(DatabaseError), transaction.atomic():
            SignerAccount.objects.update(
                per_transaction_assets=NEW.per_transaction_assets,
                per_day_assets=NEW.per_day_assets,
                calls_per_day=NEW.calls_per_day,
                limits_ticket_id=first.pk,
            )

    def test_by_a_new_row_for_the_same_account(self, account: SignerAccount) -> None:
        with pytest.raises(DatabaseError), transaction.atomic():
            SignerAccount.objects.all().delete()
