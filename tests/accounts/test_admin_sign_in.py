"""Password and code, lock-out, enrolment: through the real pages."""

import re
from base64 import b32decode
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from apps.audit.models import OperationLog
from tests.accounts.people import PASSWORD, Person, person, signed_in, totp_code

pytestmark = pytest.mark.django_db
WRONG = b"That name, password or code is wrong."
USERS = "/admin/accounts/user/"


@pytest.fixture
def ada() -> Person:
    return person("ADMIN")


def sign_in(client: Client, who: Person, **changes: str) -> Any:
    given = {
        "username": who.user.username,
        "password": PASSWORD,
        "otp_token": totp_code(who),
        "next": "",
        **changes,
    }
    return client.post(reverse("admin:login"), given)


def inside(client: Client) -> bool:
    return client.get(USERS).status_code == 200


def next_code(who: Person) -> str:
    """A code that was not used yet: the next step's, which the tolerance admits."""
    return totp_code(who, timezone.now() + timedelta(seconds=30))


class TestSignIn:
    def test_lets_in_with_password_and_code(self, client: Client, ada: Person) -> None:
        response = sign_in(client, ada)

        assert response.status_code == 302
        assert inside(client)
        row = OperationLog.objects.get(action="auth.sign_in")
        assert (row.actor_name, row.result, row.after["second_factor"]) == (
            ada.user.username,
            "OK",
            True,
        )

    @pytest.mark.parametrize(
        "wrong", [{"password": "wrong"}, {"otp_token": "000000"}, {"otp_token": ""}]
    )
    def test_says_the_same_whatever_is_wrong(
        self, client: Client, ada: Person, wrong: dict[str, str]
    ) -> None:
        response = sign_in(client, ada, **wrong)

        assert WRONG in response.content
        assert not inside(client)
        row = OperationLog.objects.get(action="auth.sign_in")
        assert (row.result, row.object_id) == ("REFUSED", ada.user.username)
        assert PASSWORD not in str(vars(row))

    def test_refuses_a_code_that_was_used(self, client: Client, ada: Person) -> None:
        code = totp_code(ada)
        sign_in(client, ada, otp_token=code)

        response = sign_in(Client(), ada, otp_token=code)

        assert WRONG in response.content

    def test_refuses_somebody_elses_code(self, client: Client, ada: Person) -> None:
        other = person("ADMIN")

        response = sign_in(client, ada, otp_token=totp_code(other))

        assert WRONG in response.content

    def test_refuses_investors_and_the_inactive(self, client: Client) -> None:
        investor, gone = person("INVESTOR"), person("ADMIN")
        type(gone.user).objects.filter(pk=gone.id).update(is_active=False)

        assert WRONG in sign_in(client, investor).content
        assert WRONG in sign_in(client, gone).content

    def test_password_alone_is_not_enough_for_a_session(self, client: Client, ada: Person) -> None:
        client.force_login(ada.user)

        assert not inside(client)
        assert client.get(reverse("second_factor")).status_code == 302
        assert "_auth_user_id" not in client.session, "signed out, to sign in with the code"

    def test_gives_a_new_session_id(self, client: Client, ada: Person) -> None:
        client.get(reverse("admin:login"))
        session = client.session
        session["planted"] = True
        session.save()
        planted = session.session_key

        client.cookies["sessionid"] = planted
        sign_in(client, ada)

        assert client.session.session_key != planted

    @pytest.mark.parametrize(
        ("target", "arrives"),
        [
            ("/admin/accounts/user/?q=ana", "/admin/accounts/user/?q=ana"),
            ("https://evil.example/", "/admin/"),
            ("//evil.example/", "/admin/"),
            ("javascript:alert(1)", "/admin/"),
        ],
    )
    def test_deep_links_survive_if_they_are_ours(
        self, client: Client, ada: Person, target: str, arrives: str
    ) -> None:
        response = sign_in(client, ada, next=target)

        assert response.status_code == 302
        assert response["Location"] == arrives

    def test_deactivation_ends_the_session(self, client: Client, ada: Person) -> None:
        signed_in(ada, client)
        assert inside(client)

        type(ada.user).objects.filter(pk=ada.id).update(is_active=False)

        assert not inside(client)


class TestLockOut:
    @pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"otp_token": "000000"}])
    def test_locks_after_five_failures_of_either_factor(
        self, client: Client, ada: Person, wrong: dict[str, str]
    ) -> None:
        for _ in range(4):
            assert sign_in(client, ada, **wrong).status_code == 200
        fifth = sign_in(client, ada, **wrong)
        right = sign_in(client, ada)

        assert fifth.status_code == right.status_code == 403
        assert b"Locked for a while" in right.content
        assert b"15 minutes" in right.content
        assert not inside(client)
        assert OperationLog.objects.filter(action="auth.sign_in", result="REFUSED").count() == 6

    def test_does_not_lock_others_out(self, client: Client, ada: Person) -> None:
        for _ in range(5):
            sign_in(client, ada, password="wrong")

        assert sign_in(Client(), person("ADMIN")).status_code == 302


class TestEnrolment:
    @pytest.fixture
    def newcomer(self) -> Person:
        newcomer = person("ADMIN", enrolled=False)
        newcomer.device.delete()
        return newcomer

    def test_leads_newcomers_to_their_authenticator_and_on(
        self, client: Client, newcomer: Person
    ) -> None:
        response = sign_in(client, newcomer, otp_token="", next=USERS)
        assert response["Location"] == USERS

        page = client.get(USERS, follow=True)

        assert page.redirect_chain[-1][0].startswith(reverse("second_factor"))
        assert b"<svg" in page.content
        secret = re.search(rb'id="secret">([A-Z2-7 ]+)<', page.content)
        assert secret is not None
        old_session = client.session.session_key
        done = client.post(reverse("second_factor"), {"code": code_of(secret[1]), "next": USERS})
        assert done["Location"] == USERS
        assert client.session.session_key != old_session
        assert inside(client)
        assert OperationLog.objects.filter(action="user.second_factor_enrolled").exists()

    def test_can_do_nothing_before(self, client: Client, newcomer: Person) -> None:
        sign_in(client, newcomer, otp_token="")

        for url in [USERS, "/admin/", f"{USERS}add/", "/admin/audit/operationlog/"]:
            assert client.get(url).status_code == 302

    def test_refuses_a_wrong_code(self, client: Client, newcomer: Person) -> None:
        sign_in(client, newcomer, otp_token="")

        page = client.post(reverse("second_factor"), {"code": "000000"})

        assert b"does not fit" in page.content
        assert not TOTPDevice.objects.filter(confirmed=True).exists()

    def test_keeps_the_secret_while_the_session_lasts_and_no_longer(
        self, client: Client, newcomer: Person
    ) -> None:
        sign_in(client, newcomer, otp_token="")
        client.get(reverse("second_factor"))
        first = TOTPDevice.objects.get()
        client.get(reverse("second_factor"))
        assert TOTPDevice.objects.get() == first

        other = Client()
        sign_in(other, newcomer, otp_token="")
        other.get(reverse("second_factor"))

        assert TOTPDevice.objects.get().key != first.key

    def test_nobody_replaces_an_authenticator(self, client: Client, ada: Person) -> None:
        signed_in(ada, client)

        response = client.post(reverse("second_factor"), {"code": "123456"})

        assert response["Location"] == "/admin/"
        assert list(TOTPDevice.objects.filter(user=ada.user)) == [ada.device]

    def test_strangers_are_sent_to_sign_in(self, client: Client) -> None:
        assert client.get(reverse("second_factor"))["Location"] == reverse("admin:login")

    def test_can_sign_out_before_enrolling(self, client: Client, newcomer: Person) -> None:
        sign_in(client, newcomer, otp_token="")

        response = client.post(reverse("sign_out"))

        assert response["Location"] == reverse("admin:login")
        assert "_auth_user_id" not in client.session
        assert client.get(reverse("sign_out")).status_code == 405


class TestSignOut:
    def test_is_recorded(self, client: Client, ada: Person) -> None:
        signed_in(ada, client)

        client.post(reverse("admin:logout"))

        assert not inside(client)
        assert OperationLog.objects.filter(action="auth.sign_out", actor_user_id=ada.id).exists()


def code_of(secret: bytes) -> str:
    totp = TOTP(b32decode(secret.replace(b" ", b"")))
    totp.time = timezone.now().timestamp()
    return f"{totp.token():06d}"
