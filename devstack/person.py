"""A member of staff at work, over HTTP: signs in, reads pages, sends forms, signs with a wallet.

What a browser would do and nothing else: cookies, CSRF tokens from the page, and for a signed form
the same three steps as `static/js/wallet.js`. The admin cannot tell the difference.
"""

import re
import time
from collections.abc import Mapping
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import requests
from eth_account import Account
from eth_account.signers.local import LocalAccount

from devstack.errors import DevError
from devstack.management import StaffMember
from devstack.totp import STEP_SECONDS, totp_code

TIMEOUT_SECONDS = 20.0


class PageError(DevError):
    """A page did not answer as it should."""


class Form:
    """One form of a page: where it goes, what it holds, where what must be signed comes from."""

    def __init__(self, action: str, sign_url: str) -> None:
        self.action, self.sign_url = action, sign_url
        self.fields: dict[str, str] = {}
        self.buttons: list[tuple[str, str]] = []


class Person:
    """One member of staff with their browser and, for signing, their wallet."""

    def __init__(self, member: StaffMember, url: str, wallet: LocalAccount | None = None) -> None:
        self.member, self.url, self._wallet = member, url, wallet
        self.session = requests.Session()

    def sign_in(self) -> None:
        """Password and authenticator code, through the sign-in page.

        Raises:
            PageError: it was refused.
        """
        form = self.forms("/admin/login/")[0]
        form.fields |= {
            "username": self.member.username,
            "password": self.member.password,
            "otp_token": _fresh_code(self.member.totp_secret),
            "next": "/admin/",
        }
        answer = self.submit(form, page="/admin/login/")
        if "/admin/login/" in answer.url:
            raise PageError(f"{self.member.username} was not let in.")

    def get(self, path: str, **params: Any) -> requests.Response:
        """A page.

        Raises:
            PageError: it did not answer with 200.
        """
        answer = self.session.get(
            urljoin(self.url, path), params=params or None, timeout=TIMEOUT_SECONDS
        )
        if answer.status_code != requests.codes.ok:
            raise PageError(f"{path} answered {answer.status_code}.")
        return answer

    def forms(self, path: str, **params: Any) -> list[Form]:
        """The forms of a page."""
        return read_forms(self.get(path, **params).text)

    def submit(self, form: Form, *, page: str, **fields: str) -> requests.Response:
        """Send a form as filled in; a form that must be signed is signed first.

        Raises:
            PageError: it was refused, with what the page says.
        """
        data = {**form.fields, **fields}
        headers = {"Referer": urljoin(self.url, page)}
        if form.sign_url:
            data |= self._signed(form.sign_url, data, headers)
        target = urljoin(urljoin(self.url, page), form.action or page)
        answer = self.session.post(target, data=data, headers=headers, timeout=TIMEOUT_SECONDS)
        if answer.status_code != requests.codes.ok:
            raise PageError(f"{form.action or page} answered {answer.status_code}.")
        return answer

    def _signed(
        self, sign_url: str, data: Mapping[str, str], headers: Mapping[str, str]
    ) -> dict[str, str]:
        """Ask what is to be signed, and sign exactly that."""
        if self._wallet is None:
            raise PageError(f"{self.member.username} has no wallet at hand.")
        answer = self.session.post(
            urljoin(self.url, sign_url), data=data, headers=headers, timeout=TIMEOUT_SECONDS
        )
        if answer.status_code != requests.codes.ok:
            raise PageError(f"{sign_url} answered {answer.status_code}: {answer.text[:300]}")
        asked = answer.json()
        signature = Account.sign_typed_data(self._wallet.key, full_message=asked["typedData"])
        return {
            "signature": "0x" + bytes(signature.signature).hex(),
            "nonce": str(asked["nonce"]),
            "expires_at": str(asked["expiresAt"]),
        }


class _FormReader(HTMLParser):
    """Collects forms with the values their fields would send."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        have = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(have.get("action", ""), have.get("data-sign-url", ""))
            self.forms.append(self._open)
        form, name = self._open, have.get("name", "")
        if form is None or not name:
            return
        if tag == "input" and have.get("type") in {"checkbox", "radio"}:
            if "checked" in have:
                form.fields[name] = have.get("value", "on")
        elif tag == "button" or have.get("type") == "submit":
            form.buttons.append((name, have.get("value", "")))
        elif tag in {"input", "textarea"}:
            form.fields[name] = have.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


def read_forms(html: str) -> list[Form]:
    """The forms of a page."""
    reader = _FormReader()
    reader.feed(html)
    return reader.forms


def text_of(html: str) -> str:
    """What a page says, without its tags and scripts."""
    body = re.sub(r"(?s)<(script|style|template)\b.*?</\1>", " ", html)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def _fresh_code(secret: str) -> str:
    """The authenticator's code, waiting out a step that is about to end."""
    left = STEP_SECONDS - time.time() % STEP_SECONDS
    if left < 1:
        time.sleep(left)
    return totp_code(secret)
