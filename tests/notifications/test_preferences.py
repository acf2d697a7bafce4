"""What a person chooses to hear, and what they hear whatever they choose."""

import pytest
from django.db import IntegrityError, transaction

from apps.audit.models import OperationLog
from apps.core.actor import Actor
from apps.notifications import operations, queries
from apps.notifications.models import Notification, Preference
from apps.notifications.rules import (
    Channel,
    EmailChoice,
    HeldFor,
    Severity,
    Status,
    TopicGroup,
    group_of,
)
from tests.accounts.people import Person, person
from tests.notifications.helpers import NOON, only, tell

pytestmark = pytest.mark.django_db


def choose(
    who: Person, email: EmailChoice, *, in_app: bool = True, group: TopicGroup = TopicGroup.PRICES
) -> Preference:
    return operations.set_preference(
        user_id=who.id,
        topic_group=group,
        email=email,
        in_app=in_app,
        actor=Actor(kind="user", name="vera", user_id=who.id),
        at=NOON,
    )


def tell_prices(**changes: object) -> list[int]:
    arguments = {"addresses": [], "roles": ["OPERATOR"], "kind": "PRICE_LOST"}
    return tell(**arguments | changes)


class TestChoice:
    def test_without_one_it_is_email_at_once_and_in_app(self) -> None:
        person("OPERATOR")

        tell_prices()

        assert only(Channel.EMAIL).status == Status.PENDING
        assert only(Channel.IN_APP).status == Status.SENT

    def test_off_is_off(self) -> None:
        choose(person("OPERATOR"), EmailChoice.OFF, in_app=False)

        assert tell_prices() == []
        assert not Notification.objects.exists()

    def test_digest_holds_the_mail_back(self) -> None:
        choose(person("OPERATOR"), EmailChoice.DIGEST)

        tell_prices()

        assert (only().status, only().held_for) == (Status.HELD, HeldFor.DIGEST)
        assert operations.claim_next(NOON, channel=Channel.EMAIL) is None
        assert only(Channel.IN_APP).status == Status.SENT

    def test_what_is_critical_is_heard_all_the_same(self) -> None:
        choose(person("OPERATOR"), EmailChoice.OFF, in_app=False)

        tell_prices(severity=Severity.CRITICAL)

        assert only(Channel.EMAIL).status == Status.PENDING
        assert only(Channel.IN_APP).status == Status.SENT

    def test_it_is_for_one_group_and_one_person(self) -> None:
        vera, victor = person("OPERATOR"), person("OPERATOR")
        choose(vera, EmailChoice.OFF)

        tell_prices()
        tell(addresses=[], user_ids=[vera.id], kind="PLAN_FAILED", dedupe_key="test:2")

        mails = Notification.objects.filter(channel=Channel.EMAIL.value).order_by("id")
        assert [mail.recipient_id for mail in mails] == [victor.id, vera.id]

    def test_an_address_that_was_named_outright_has_no_choice(self) -> None:
        vera = person("OPERATOR")
        choose(vera, EmailChoice.OFF)

        tell_prices(addresses=[vera.user.email])

        assert only().address == vera.user.email
        assert only().status == Status.PENDING


class TestSetPreference:
    def test_is_shown_and_audited(self) -> None:
        vera = person("OPERATOR")

        choose(vera, EmailChoice.DIGEST, in_app=False)
        choose(vera, EmailChoice.DIGEST, in_app=False)

        shown = {view.topic_group: view for view in queries.preferences(vera.id)}
        assert set(shown) == set(TopicGroup)
        prices = shown[TopicGroup.PRICES]
        assert (prices.email, prices.in_app) == (EmailChoice.DIGEST, False)
        assert (shown[TopicGroup.RISK].email, shown[TopicGroup.RISK].in_app) == ("IMMEDIATE", True)
        [entry] = OperationLog.objects.filter(action="notification.preference_changed")
        assert entry.after == {"group": "PRICES", "email": "DIGEST", "in_app": False}

    def test_there_is_one_for_each_group(self) -> None:
        vera = person("OPERATOR")
        choose(vera, EmailChoice.OFF)

        with pytest.raises(IntegrityError), transaction.atomic():
            Preference.objects.create(user_id=vera.id, topic_group="PRICES")


class TestGroups:
    @pytest.mark.parametrize(
        ("kind", "group"),
        [
            ("RISK_EVENT", TopicGroup.RISK),
            ("CRITICAL_LIQUIDITY", TopicGroup.RISK),
            ("TICKET_OPENED", TopicGroup.APPROVALS),
            ("REDEMPTION_UNPAID", TopicGroup.REDEMPTIONS),
            ("PLAN_COMPLETED", TopicGroup.REBALANCING),
            ("PRICE_LOST", TopicGroup.PRICES),
            ("REPORT_READY", TopicGroup.REPORTS),
            ("CHAIN_HALTED", TopicGroup.SYSTEM),
            ("anything", TopicGroup.SYSTEM),
        ],
    )
    def test_every_kind_has_one(self, kind: str, group: TopicGroup) -> None:
        assert group_of(kind) is group
