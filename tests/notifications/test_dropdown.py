"""The bell in a real browser: by mouse, keyboard and finger, light and dark, without a reload."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.urls import reverse

from apps.core import clock
from apps.notifications import operations
from apps.notifications.models import Notification
from apps.notifications.rules import Channel, Severity
from tests.accounts.people import Person, person, signed_in
from tests.journeys.browser import DESKTOP, PHONE, screenshot, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HOSTILE = "<img src=x onerror=alert(1)> \u202eevil"


@pytest.fixture
def omar(page: Any, live_server: Any) -> Person:
    """An operator, who may mend messages, and whose session the window has."""
    cache.clear()
    who = person("OPERATOR", username="omar")
    sign_in(page, live_server.url, signed_in(who))
    return who


def message(who: Person, subject: str, *, minutes: int = 5, **changes: Any) -> None:
    """A message to one person, by mail and in the back-office."""
    arguments: dict[str, Any] = {
        "kind": "PLAN_FINISHED",
        "dedupe_key": f"test:{subject}",
        "user_ids": [who.id],
        "subject": subject,
        "body": "Two of five legs failed: the price moved by more than the limit.",
        "severity": Severity.WARNING,
        "at": clock.now() - timedelta(minutes=minutes),
    }
    with transaction.atomic():
        operations.notify(**arguments | changes)


def failed(subject: str, *, address: str = "ana@example.org") -> None:
    """A mail that the server refused for good."""
    with transaction.atomic():
        (number,) = operations.notify(
            kind="REPORT_READY",
            dedupe_key=f"test:failed:{subject}",
            addresses=[address],
            subject=subject,
            body="The report is attached.",
            at=clock.now() - timedelta(hours=3),
        )
    row = operations.claim_next(clock.now(), channel=Channel.EMAIL)
    assert row is not None
    Notification.objects.filter(pk=number).update(
        status="FAILED", lease_until=None, failure_type="BOUNCED", error="552 mailbox full"
    )


def a_busy_morning(who: Person) -> None:
    failed("The daily report of 1 March 2026 is ready")
    message(who, "Rebalance R-104 is done in part", minutes=190)
    message(who, f"The price of {HOSTILE} is unknown", minutes=42)
    message(
        who,
        "Redemption 7 is due and was not paid: cash is short",
        minutes=3,
        severity=Severity.CRITICAL,
        body="Raise cash from L2 or L3, then settle it.",
        link=f"{reverse('admin:notifications_preferences')}",
    )


def open_start(page: Any, live_server: Any) -> Any:
    page.goto(f"{live_server.url}{reverse('admin:notifications_inbox')}")
    return page.locator(".bell-button")


class TestPanel:
    def test_shows_what_is_new_and_what_failed(
        self, page: Any, live_server: Any, omar: Person
    ) -> None:
        a_busy_morning(omar)
        bell = open_start(page, live_server)

        assert bell.get_attribute("aria-label") == "Messages: 3 unread, 1 did not arrive"
        assert page.locator(".bell-count").inner_text() == "4"
        bell.click()
        page.wait_for_selector("#bell-panel .bell-item")

        words = page.locator("#bell-panel").inner_text()
        assert "Redemption 7 is due" in words
        assert "552 mailbox full" in words
        assert "[U+202E]" in words

    def test_marks_read_sends_again_and_dismisses_in_place(
        self, page: Any, live_server: Any, omar: Person
    ) -> None:
        a_busy_morning(omar)
        open_start(page, live_server).click()
        panel = page.locator("#bell-panel")
        panel.locator("button[aria-label^='Mark as read']").first.click()
        page.wait_for_function("document.querySelector('.bell-count').textContent === '3'")
        panel.get_by_role("button", name="Send again").click()
        panel.get_by_role("status").wait_for()

        assert "will be sent again" in panel.inner_text()
        assert page.locator(".bell-count").inner_text() == "2"
        panel.get_by_role("button", name="Mark all read").click()
        page.wait_for_function("document.querySelector('.bell-count').hidden")
        assert "Nothing new." in panel.inner_text()
        assert not Notification.objects.filter(channel="IN_APP", read_at=None).exists()
        assert Notification.objects.get(kind="REPORT_READY").status == "PENDING"

    def test_by_keyboard_alone(self, page: Any, live_server: Any, omar: Person) -> None:
        a_busy_morning(omar)
        open_start(page, live_server).focus()

        page.keyboard.press("Enter")
        page.wait_for_selector("#bell-panel .bell-item")
        assert page.locator(".bell-button").get_attribute("aria-expanded") == "true"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Mark all read"
        page.keyboard.press("Enter")
        page.wait_for_function("document.querySelector('.bell-count').textContent === '1'")
        assert page.evaluate(
            "document.querySelector('#bell-panel').contains(document.activeElement)"
        )
        page.keyboard.press("Escape")

        assert page.locator("#bell-panel").is_hidden()
        assert page.evaluate("document.activeElement.className") == "bell-button"

    def test_closes_on_a_click_beside_it(self, page: Any, live_server: Any, omar: Person) -> None:
        open_start(page, live_server).click()
        page.wait_for_selector("#bell-panel .bell-note")

        page.locator("#content h2").first.click()

        assert page.locator("#bell-panel").is_hidden()

    def test_who_follows_a_message_has_read_it(
        self, page: Any, live_server: Any, omar: Person
    ) -> None:
        a_busy_morning(omar)
        open_start(page, live_server).click()

        page.locator("#bell-panel a", has_text="Redemption 7").click()
        page.wait_for_url("**/messages/preferences/")

        page.wait_for_function(
            "fetch(document.querySelector('[data-bell]').dataset.countUrl)"
            ".then((answer) => answer.json()).then((now) => now.count === 3)"
        )

    def test_news_change_the_badge_without_a_reload(
        self, page: Any, live_server: Any, omar: Person
    ) -> None:
        open_start(page, live_server)
        assert page.locator(".bell-count").is_hidden()
        message(omar, "Rebalance R-105 failed")

        page.evaluate(
            "document.dispatchEvent(new CustomEvent('paimon:message',"
            " { detail: { channel: 'rebalance:executed', data: {} } }))"
        )

        page.wait_for_function("document.querySelector('.bell-count').textContent === '1'")
        assert page.locator(".bell-button").get_attribute("aria-label") == "Messages: 1 unread"

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
    def test_it_fits(
        self, page: Any, live_server: Any, omar: Person, size: dict[str, int], scheme: str
    ) -> None:
        a_busy_morning(omar)
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        open_start(page, live_server).click()
        page.wait_for_selector("#bell-panel .bell-item")

        box = page.locator("#bell-panel").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size["width"]
        assert box["y"] + box["height"] <= size["height"]
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        screenshot(page, f"bell-{size['width']}-{scheme}")


class TestPages:
    @pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "dark"), (PHONE, "light")])
    def test_the_choices_are_kept(
        self, page: Any, live_server: Any, omar: Person, size: dict[str, int], scheme: str
    ) -> None:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        page.goto(f"{live_server.url}{reverse('admin:notifications_preferences')}")
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        screenshot(page, f"preferences-{size['width']}-{scheme}")

        page.locator("input[name=email_RISK][value=DIGEST]").check()
        page.locator("input[name=in_app_REPORTS]").uncheck()
        page.get_by_role("button", name="Keep these choices").click()
        page.get_by_text("Your choices are kept.").wait_for()

        assert page.locator("input[name=email_RISK][value=DIGEST]").is_checked()
        assert not page.locator("input[name=in_app_REPORTS]").is_checked()
        assert page.locator("input[name=email_PRICES][value=IMMEDIATE]").is_checked()

    def test_they_are_reached_from_the_menu_of_the_person(
        self, page: Any, live_server: Any, omar: Person
    ) -> None:
        open_start(page, live_server)

        page.get_by_text("Omar", exact=True).first.click()
        page.get_by_role("link", name="What I am told").locator("visible=true").first.click()

        page.wait_for_url("**/messages/preferences/")

    @pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")])
    def test_a_message_and_the_list_fit(
        self, page: Any, live_server: Any, omar: Person, size: dict[str, int], scheme: str
    ) -> None:
        message(omar, "Rebalance R-104 is done in part", topic="plan:104")
        row = Notification.objects.get(channel="EMAIL")
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        for name, path in (
            ("message", reverse("admin:notifications_notification_change", args=[row.pk])),
            ("inbox", reverse("admin:notifications_inbox")),
        ):
            page.goto(live_server.url + path)
            assert "Rebalance R-104 is done in part" in page.locator("#content").inner_text()
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
            screenshot(page, f"{name}-{size['width']}-{scheme}")

    def test_many_are_sent_again_over_a_page_between(
        self, page: Any, live_server: Any, omar: Person
    ) -> None:
        failed("One", address="one@example.org")
        failed("Two", address="two@example.org")
        url = reverse("admin:notifications_notification_changelist")
        page.goto(f"{live_server.url}{url}?status__exact=FAILED")
        screenshot(page, "outbox-desktop-light")
        page.locator("#action-toggle").first.check()
        page.locator("select[name=action]").select_option("resend_failed")
        page.locator("button[name=index]").first.click()
        page.get_by_role("button", name="Send again 2 messages").wait_for()
        screenshot(page, "mend-many-desktop-light")

        page.get_by_role("button", name="Send again 2 messages").click()
        page.get_by_text("What was done").wait_for()

        assert set(Notification.objects.values_list("status", flat=True)) == {"PENDING"}
