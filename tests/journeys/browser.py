"""A real headless browser for tests; a machine without Chromium skips them and says so.

@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_something(page, live_server): ...
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium_path() -> str:
    """Where Chromium is; empty when there is none."""
    named = os.environ.get("PAIMON_TEST_CHROMIUM", "")
    return named or next((found for name in _NAMES if (found := shutil.which(name))), "")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A Chromium for the whole run."""
    path = chromium_path()
    if not path:
        pytest.skip("there is no Chromium on this machine (PAIMON_TEST_CHROMIUM may name one)")
    from playwright.sync_api import sync_playwright

    # Playwright's loop lives in this thread, and the ORM of the test is used beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A fresh window, desktop size; it fails the test on a script error or a refused resource."""
    context = browser.new_context(viewport=DESKTOP, timezone_id="Europe/Zurich")
    opened = context.new_page()
    troubles: list[str] = []
    opened.on("pageerror", lambda error: troubles.append(f"script error: {error}"))
    opened.on("console", lambda entry: _collect(entry, troubles))
    opened.on("request", lambda request: _only_here(request.url, troubles))
    yield opened
    context.close()
    assert not troubles, troubles


def sign_in(page: Any, server_url: str, client: Client) -> None:
    """Give the window the session of a signed-in test client."""
    cookie = client.cookies["sessionid"]
    page.context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": server_url}])


def screenshot(page: Any, name: str) -> None:
    """Keep a picture of the whole page where PAIMON_TEST_SCREENSHOTS says, if it says."""
    folder = os.environ.get("PAIMON_TEST_SCREENSHOTS", "")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def open_all_ways(page: Any, url: str, name: str) -> None:
    """Desktop and phone, light and dark; each fits and is kept as a picture."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for size, tag in ((DESKTOP, "desktop"), (PHONE, "phone")):
            page.set_viewport_size(size)
            page.goto(url)
            page.wait_for_selector("#content")
            assert fits(page), (name, scheme, tag)
            screenshot(page, f"{name}-{tag}-{scheme}")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(DESKTOP)


def fits(page: Any) -> bool:
    """Nothing but what scrolls by itself is wider than the window."""
    over = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return bool(over <= 0)


def _collect(entry: Any, troubles: list[str]) -> None:
    # A closed WebSocket port is normal in these tests: nothing serves it.
    if entry.type == "error" and "WebSocket" not in entry.text:
        troubles.append(f"console: {entry.text}")


def _only_here(url: str, troubles: list[str]) -> None:
    if not url.startswith(("http://127.0.0.1", "http://localhost", "data:", "blob:", "ws://127.")):
        troubles.append(f"asked a foreign host: {url}")
