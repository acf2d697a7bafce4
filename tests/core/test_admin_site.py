"""Who gets into the admin, and where they land."""

import pytest
from django.test import Client

from tests.accounts.people import PASSWORD, person, signed_in, totp_code

pytestmark = pytest.mark.django_db

DEEP = "/admin/accounts/user/?q=ana"


class TestDoor:
    def test_sends_strangers_to_sign_in_and_remembers_where_to(self, client: Client) -> None:
        response = client.get(DEEP)

        assert response.status_code == 302
        assert response["Location"] == "/admin/login/?next=/admin/accounts/user/%3Fq%3Dana"

    def test_deep_link_survives_signing_in(self, client: Client) -> None:
        sue = person("SUPER_ADMIN")
        form = {
            "username": sue.user.username,
            "password": PASSWORD,
            "otp_token": totp_code(sue),
            "next": DEEP,
        }

        response = client.post("/admin/login/", form)

        assert response.status_code == 302
        assert response["Location"] == DEEP
        assert client.get(DEEP).status_code == 200

    def test_password_alone_does_not_open_it(self, client: Client) -> None:
        client.force_login(person("ADMIN").user)

        assert client.get("/admin/").status_code == 302

    def test_staff_without_an_authenticator_enrol_one_and_come_back(self, client: Client) -> None:
        client.force_login(person("ADMIN", enrolled=False).user)

        response = client.get("/admin/login/", {"next": DEEP})

        assert response.status_code == 302
        assert response["Location"].startswith("/admin/second-factor/?next=%2Fadmin%2Faccounts")

    def test_investors_stay_outside(self) -> None:
        client = signed_in(person("INVESTOR"))

        assert client.get("/admin/").status_code == 302

    def test_who_is_inside_skips_the_form(self) -> None:
        client = signed_in(person("ADMIN"))

        assert client.get("/admin/login/", {"next": DEEP})["Location"] == DEEP

    @pytest.mark.parametrize(
        "target", ["https://evil.example/", "//evil.example", "/admin/login/?next=/admin/", ""]
    )
    def test_goes_nowhere_else(self, target: str) -> None:
        client = signed_in(person("ADMIN"))

        assert client.get("/admin/login/", {"next": target})["Location"] == "/admin/"
