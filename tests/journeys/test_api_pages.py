"""The API's own pages in a real browser: local files only, within the content security policy."""

from typing import Any
from urllib.parse import urlsplit

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class TestApiPages:
    def test_swagger_shows_the_operations(self, page: Any, live_server: Any) -> None:
        page.goto(f"{live_server.url}/api/v1/docs")

        page.wait_for_selector(".opblock-summary-path[data-path='/api/v1/fund/overview']")

    def test_redoc_shows_the_operations_and_nothing_comes_from_elsewhere(
        self, browser: Any, live_server: Any
    ) -> None:
        window = browser.new_page()
        answered: list[str] = []
        window.on("response", lambda response: answered.append(response.url))

        window.goto(f"{live_server.url}/api/v1/redoc")
        window.wait_for_selector("h2:has-text('The fund at a glance')")

        # ReDoc's badge asks its maker's server for a picture; the policy keeps it from doing so.
        hosts = {urlsplit(url).netloc for url in answered if url.startswith("http")}
        assert hosts == {urlsplit(live_server.url).netloc}
        window.close()
