"""What every admin page does alike: its buttons, and pages in place of forms."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.test import RequestFactory

from apps.core.admin import carry_out, number_in_path
from apps.core.denials import access_denied
from apps.core.errors import NotAllowed, Refused

PERMISSION = "redemptions.settle_redemption"


class Somebody(AnonymousUser):
    """Has the rights that the test says."""

    def __init__(self, *rights: str) -> None:
        self.rights = rights

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return perm in self.rights


@pytest.fixture
def request_() -> HttpRequest:
    """A press of a button by somebody who may."""
    request = RequestFactory().post("/")
    request.user = Somebody(PERMISSION)
    request._messages = CookieStorage(request)  # type: ignore[attr-defined]
    return request


@pytest.fixture
def denied() -> Iterator[list[str]]:
    """Why somebody was refused, as the audit trail hears it."""
    heard: list[str] = []

    def hear(*, reason: str, **_kwargs: Any) -> None:
        heard.append(reason)

    access_denied.connect(hear)
    yield heard
    access_denied.disconnect(hear)


def press(request: HttpRequest, act: Callable[[], str]) -> tuple[str, list[tuple[str, str]]]:
    """Where the button leads, and what is said there."""
    response = carry_out(request, permission=PERMISSION, back_to=("admin:index", None), act=act)
    said = [(message.level_tag, str(message)) for message in get_messages(request)]
    return response["Location"], said


def refuse(refusal: Refused) -> Callable[[], str]:
    def act() -> str:
        raise refusal

    return act


class TestCarryOut:
    def test_says_what_was_done(self, request_: HttpRequest) -> None:
        assert press(request_, lambda: "Done.") == ("/admin/", [("success", "Done.")])

    def test_says_why_not(self, request_: HttpRequest, denied: list[str]) -> None:
        said = press(request_, refuse(Refused("It is late.")))

        assert said == ("/admin/", [("error", "It is late.")])
        assert not denied

    def test_what_somebody_may_not_do_is_heard(
        self, request_: HttpRequest, denied: list[str]
    ) -> None:
        press(request_, refuse(NotAllowed("Only others may.")))

        assert denied == ["Only others may."]

    def test_does_nothing_without_the_right(self, request_: HttpRequest) -> None:
        request_.user = Somebody()

        with pytest.raises(PermissionDenied):
            press(request_, lambda: pytest.fail("it was done"))


class TestNumberInPath:
    def test_reads_a_number(self) -> None:
        assert number_in_path("17") == 17

    @pytest.mark.parametrize("text", ["", "x", "-1", "1.5", "٣", "9" * 19, "1/2"])
    def test_refuses_anything_else(self, text: str) -> None:
        with pytest.raises(Http404):
            number_in_path(text)
