"""What people and pages are told of plans and prices: once, and only what they can act upon."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from apps.core import bus, clock
from apps.notifications.handlers import live
from apps.notifications.models import Notification, PushMessage
from apps.notifications.rules import CHANNELS, Severity
from apps.oracle.events import PriceLost, PriceRecovered, SourceFailed
from apps.oracle.models import Price
from apps.rebalance.events import PlanDeviated, PlanFinished, PlanSubmitted
from tests.accounts.people import Person, person
from tests.notifications.told import WARNING_PLACES, everywhere, places
from tests.redemptions.helpers import CHAIN

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("everywhere")]
__all__ = ["everywhere"]

TOKEN = "0x" + "d1" * 20


@pytest.fixture
def staff() -> dict[str, Person]:
    return {role: person(role) for role in ("ADMIN", "OPERATOR", "RISK_OFFICER", "VIEWER")}


@pytest.fixture(autouse=True)
def no_plan_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The payload of a plan is tried where plans are."""

    def payload(plan_id: int) -> dict[str, object]:
        return {"plan_id": str(plan_id), "tx_hashes": []}

    monkeypatch.setattr(live.rebalance, "plan_payload", payload)


def publish(*facts: Any) -> None:
    with transaction.atomic():
        bus.publish(*facts)


def mails(**lookups: Any) -> Any:
    """What went out by mail, newest first."""
    return Notification.objects.filter(channel="EMAIL", **lookups)


def told(kind: str) -> set[str]:
    return set(mails(kind=kind).values_list("address", flat=True))


def emails(staff: dict[str, Person], *roles: str) -> set[str]:
    return {staff[role].user.email for role in roles}


def plan_fact(kind: Callable[..., Any], **more: Any) -> Any:
    values = {"plan_id": 7, "chain_id": CHAIN, "trigger": "LIQUIDITY", "at": clock.now()}
    return kind(**values, amount_assets=31_200 * 10**18, **more)


def finished(status: str) -> Any:
    return plan_fact(PlanFinished, status=status, outcome="2 of 2 legs are done.")


class TestPlans:
    def test_one_without_approval_is_to_be_reviewed(self, staff: dict[str, Person]) -> None:
        why = "Below 50,000.00 USDT: no approval is needed."

        publish(plan_fact(PlanSubmitted, ticket_id=None, approval=why))

        assert told("PLAN_SUBMITTED") == emails(staff, "ADMIN", "OPERATOR")
        assert places("PLAN_SUBMITTED") == set()
        message = mails().first()
        assert message is not None
        assert why in message.text
        assert "31,200.00 USDT" in message.text

    def test_of_one_with_a_ticket_the_ticket_tells(self, staff: dict[str, Person]) -> None:
        publish(plan_fact(PlanSubmitted, ticket_id=3, approval="200,000 USDT or more."))

        assert not Notification.objects.exists()

    @pytest.mark.parametrize(
        ("status", "severity"),
        [
            ("COMPLETED", Severity.INFO),
            ("PARTIALLY_COMPLETED", Severity.WARNING),
            ("FAILED", Severity.WARNING),
            ("EXPIRED", Severity.WARNING),
        ],
    )
    def test_the_end_is_told_once_with_its_reason(
        self, staff: dict[str, Person], status: str, severity: Severity
    ) -> None:
        publish(finished(status))
        publish(finished(status))

        assert told("PLAN_FINISHED") == emails(staff, "ADMIN", "OPERATOR")
        broke = status in {"PARTIALLY_COMPLETED", "FAILED"}
        assert places("PLAN_FINISHED") == (WARNING_PLACES if broke else set())
        assert mails().count() == 2
        message = mails().first()
        assert message is not None
        assert message.severity == severity
        assert "2 of 2 legs are done." in message.text

    def test_who_cancels_one_knows_it(self, staff: dict[str, Person]) -> None:
        publish(finished("CANCELLED"))

        assert not Notification.objects.exists()
        assert not PushMessage.objects.exists()

    def test_a_deviation_reaches_the_risk_officer_too(self, staff: dict[str, Person]) -> None:
        publish(plan_fact(PlanDeviated, deviation_bps=132))

        assert told("PLAN_DEVIATED") == emails(staff, "ADMIN", "OPERATOR", "RISK_OFFICER")
        assert places("PLAN_DEVIATED") == WARNING_PLACES
        message = mails().first()
        assert message is not None
        assert "1.32 %" in message.subject
        assert message.severity == Severity.WARNING

    @pytest.mark.parametrize("status", ["COMPLETED", "PARTIALLY_COMPLETED", "FAILED"])
    def test_pages_hear_of_an_executed_one(self, staff: dict[str, Person], status: str) -> None:
        publish(finished(status))

        push = PushMessage.objects.get()
        assert (push.channel, push.data) == (
            "rebalance:executed",
            {"planId": "7", "txHashes": []},
        )

    def test_the_channel_is_for_those_who_may_see_plans(self) -> None:
        assert CHANNELS["rebalance:executed"] == "rebalance.view_plan"
        assert person("VIEWER").user.has_perm("rebalance.view_plan")
        assert not person("INVESTOR").user.has_perm("rebalance.view_plan")


def price_fact(kind: Callable[..., Any], **more: Any) -> Any:
    return kind(**{"chain_id": CHAIN, "token": TOKEN, "at": clock.now()} | more)


TOKENS = (TOKEN, "0x" + "d2" * 20)


def observe(prices: dict[str, int | None]) -> None:
    """The newest observation, as its rows are."""
    at = clock.now()
    for token, price in prices.items():
        Price.objects.create(
            chain_id=CHAIN,
            token=token,
            at=at,
            block_number=1,
            block_hash="0x" + "00" * 32,
            price=price,
            reason="" if price else "Gone.",
            sources_used=2 if price else 0,
            oldest_at=at if price else None,
        )


class TestPrices:
    def test_a_lost_price_is_told_with_its_reason(self, staff: dict[str, Person]) -> None:
        publish(price_fact(PriceLost, reason="Only one fresh source is left."))

        assert told("PRICE_LOST") == emails(staff, "OPERATOR", "RISK_OFFICER")
        assert places("PRICE_LOST") == WARNING_PLACES
        message = mails().first()
        assert message is not None
        assert message.severity == Severity.WARNING
        assert "Only one fresh source is left." in message.text
        assert TOKEN in message.subject

    def test_its_return_is_information(self, staff: dict[str, Person]) -> None:
        publish(price_fact(PriceRecovered, price=1_083 * 10**15))

        message = mails().first()
        assert message is not None
        assert (message.kind, message.severity) == ("PRICE_RECOVERED", Severity.INFO)
        assert "1.083000 USDT" in message.text

    def test_one_that_comes_and_goes_is_told_once_an_hour(self, staff: dict[str, Person]) -> None:
        half_past = clock.now().replace(minute=30)

        for minutes in (0, 1, 2, 29, 30):
            at = half_past + timedelta(minutes=minutes)
            publish(price_fact(PriceLost, reason="Gone.", at=at))
        publish(price_fact(PriceLost, reason="Gone.", at=half_past, token="0x" + "d2" * 20))

        assert mails(kind="PRICE_LOST").count() == 2 * 3

    def test_all_lost_at_once_are_one_message(self, staff: dict[str, Person]) -> None:
        observe(dict.fromkeys(TOKENS))

        publish(*(price_fact(PriceLost, reason=f"Gone {n}.", token=TOKENS[n]) for n in (0, 1)))

        assert told("PRICE_LOST") == emails(staff, "OPERATOR", "RISK_OFFICER")
        message = mails(kind="PRICE_LOST").first()
        assert message is not None
        assert mails(kind="PRICE_LOST").count() == 2
        assert message.subject.endswith("No price is known any more")
        for n, token in enumerate(TOKENS):
            assert token in message.text
            assert f"Gone {n}." in message.text

    def test_some_lost_at_once_are_a_message_each(self, staff: dict[str, Person]) -> None:
        observe({**dict.fromkeys(TOKENS), "0x" + "d3" * 20: 10**18})

        publish(*(price_fact(PriceLost, reason="Gone.", token=token) for token in TOKENS))

        assert mails(kind="PRICE_LOST").count() == 2 * 2

    def test_all_back_at_once_are_one_message(self, staff: dict[str, Person]) -> None:
        observe(dict.fromkeys(TOKENS, 10**18))

        publish(*(price_fact(PriceRecovered, price=10**18, token=token) for token in TOKENS))

        subjects = mails().values_list("subject", flat=True)
        assert len(subjects) == 2
        assert all(subject.endswith("Every price is known again") for subject in subjects)

    def test_some_back_at_once_are_a_message_each(self, staff: dict[str, Person]) -> None:
        observe({**dict.fromkeys(TOKENS, 10**18), "0x" + "d3" * 20: None})

        publish(*(price_fact(PriceRecovered, price=10**18, token=token) for token in TOKENS))

        assert mails(kind="PRICE_RECOVERED").count() == 2 * 2

    def test_a_failed_source_is_told_to_those_who_can_replace_it(
        self, staff: dict[str, Person]
    ) -> None:
        publish(price_fact(SourceFailed, source_id=4, name="Vendor", error="Timed out."))

        assert told("PRICE_SOURCE_FAILED") == emails(staff, "OPERATOR", "ADMIN")
        assert places("PRICE_SOURCE_FAILED") == {"slack:operations"}
        message = mails().first()
        assert message is not None
        assert "Vendor" in message.subject
        assert "Timed out." in message.text
